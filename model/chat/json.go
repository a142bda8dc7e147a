package chat

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonWriter writes values as Python's json.dumps(ensure_ascii=False) does, which
// is what tojson means in the templates of transformers.
type jsonWriter struct {
	s               *state
	b               strings.Builder
	indent          string // of one level; "" with newlines false: all on one line
	newlines        bool
	itemSep, keySep string
	sortKeys        bool
}

// jsonFilter is tojson(indent=None, separators=None, sort_keys=False).
func jsonFilter(s *state, v any, a values) (any, error) {
	w := &jsonWriter{s: s, itemSep: ", ", keySep: ": ", sortKeys: truth(a.named["sort_keys"])}
	if indent := a.get(0, "indent"); indent != nil {
		n, ok := integer(indent)
		if !ok || n < 0 || n > 64 {
			return nil, s.fail("tojson with an indent of %s, wanted 0 to 64", typeName(indent))
		}
		w.newlines, w.indent, w.itemSep = true, strings.Repeat(" ", int(n)), ","
	}
	if separators, ok := a.named["separators"].(*sequence); ok {
		item, ok1 := at(separators.items, 0).(string)
		key, ok2 := at(separators.items, 1).(string)
		if !ok1 || !ok2 {
			return nil, s.fail("tojson with separators that are not two strings")
		}
		w.itemSep, w.keySep = item, key
	}
	err := w.value(v, 0)
	return w.b.String(), err
}

func at(items []any, i int) any {
	if i < len(items) {
		return items[i]
	}
	return nil
}

func (w *jsonWriter) value(v any, level int) error {
	if err := w.s.pay(1 + level*len(w.indent)/unitBytes); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		w.b.WriteString("null")
	case bool:
		w.b.WriteString(strconv.FormatBool(v))
	case int64:
		w.b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		switch {
		case math.IsInf(v, 1):
			w.b.WriteString("Infinity")
		case math.IsInf(v, -1):
			w.b.WriteString("-Infinity")
		case math.IsNaN(v):
			w.b.WriteString("NaN")
		default:
			w.b.WriteString(floatText(v))
		}
	case string:
		return w.quote(v)
	case *sequence:
		return w.items('[', ']', len(v.items), level, func(i int) error { return w.value(v.items[i], level+1) })
	case *dict:
		keys := v.keys
		if w.sortKeys {
			if err := w.s.paySort(len(keys)); err != nil {
				return err
			}
			keys = slices.Sorted(slices.Values(keys))
		}
		return w.items('{', '}', len(keys), level, func(i int) error {
			if err := w.quote(keys[i]); err != nil {
				return err
			}
			if err := w.s.payBytes(len(w.keySep)); err != nil {
				return err
			}
			w.b.WriteString(w.keySep)
			return w.value(v.values[keys[i]], level+1)
		})
	default:
		return w.s.fail("%s cannot be written as JSON", typeName(v))
	}
	return nil
}

// items writes n elements between brackets.
func (w *jsonWriter) items(open, end byte, n, level int, write func(i int) error) error {
	w.b.WriteByte(open)
	for i := range n {
		if i > 0 {
			if err := w.s.payBytes(len(w.itemSep)); err != nil {
				return err
			}
			w.b.WriteString(w.itemSep)
		}
		w.line(level + 1)
		if err := write(i); err != nil {
			return err
		}
	}
	if n > 0 {
		w.line(level)
	}
	w.b.WriteByte(end)
	return nil
}

func (w *jsonWriter) line(level int) {
	if w.newlines {
		w.b.WriteByte('\n')
		w.b.WriteString(strings.Repeat(w.indent, level))
	}
}

func (w *jsonWriter) quote(t string) error {
	if err := w.s.payBytes(2 * len(t)); err != nil {
		return err
	}
	b := []byte{'"'}
	for _, r := range t {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r < ' ':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	w.b.Write(append(b, '"'))
	return nil
}

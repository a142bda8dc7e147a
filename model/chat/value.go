package chat

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The values of a template are nil (Python's None), bool, int64, float64, string,
// and the types below. None of them changes once it is made, except a namespace;
// and as a namespace cannot be put into another value, no value contains itself.

// undefined is what a name stands for that has no value. It may be tested and
// printed, as nothing; every other use is an error that gives the name.
type undefined struct{ name string }

// sequence is a list or tuple.
type sequence struct {
	items []any
	tuple bool // printed in round brackets
	depth int  // of sequences and mappings inside each other, this one included
}

// dict is a mapping that keeps the order of its keys, as Python's do.
type dict struct {
	keys   []string
	values map[string]any
	depth  int
}

// namespace is a mapping whose attributes a template may set.
type namespace struct{ values map[string]any }

// function is what a template can call.
type function func(s *state, a values) (any, error)

// values are the arguments of a call: those by position, then those by name.
type values struct {
	list  []any
	names []string // in the order of the call
	named map[string]any
}

func newDict() *dict { return &dict{values: map[string]any{}, depth: 1} }

func (d *dict) set(key string, value any) {
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
	}
	d.values[key] = value
	d.depth = max(d.depth, depth(value)+1)
}

// add sets a key of a mapping that is being made.
func (d *dict) add(s *state, key string, v any) error {
	if _, ok := v.(*namespace); ok {
		return s.fail("a namespace cannot be an element")
	}
	d.set(key, v)
	if err := s.pay(2); err != nil {
		return err
	}
	return s.shallow(d.depth)
}

// set sets an attribute of a namespace.
func (n *namespace) set(s *state, name string, v any) error {
	if _, ok := v.(*namespace); ok {
		return s.fail("a namespace cannot be an attribute of a namespace")
	}
	n.values[name] = v
	return nil
}

// depth is how deep sequences and mappings lie inside each other in a value.
func depth(v any) int {
	switch v := v.(type) {
	case *sequence:
		return v.depth
	case *dict:
		return v.depth
	}
	return 0
}

// typeName is how Python calls the type of a value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case undefined:
		return "undefined"
	case *sequence:
		return "list"
	case *dict:
		return "dict"
	case *namespace:
		return "namespace"
	case *loop:
		return "loop"
	}
	return "function"
}

// truth is Python's truth of a value.
func truth(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case *sequence:
		return len(v.items) > 0
	case *dict:
		return len(v.keys) > 0
	}
	return true
}

// number returns an int, float or bool as a float.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// integer returns an int or bool as an int64.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return v, true
	}
	return 0, false
}

// equal is Python's ==.
func (s *state) equal(a, b any) (bool, error) {
	if err := s.pay(1); err != nil {
		return false, err
	}
	if x, ok := integer(a); ok {
		if y, ok := integer(b); ok {
			return x == y, nil
		}
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y, nil
	}
	switch a := a.(type) {
	case nil:
		return b == nil, nil
	case string:
		b, ok := b.(string)
		return ok && a == b, s.payBytes(len(a))
	case undefined:
		_, ok := b.(undefined)
		return ok, nil
	case *sequence:
		b, ok := b.(*sequence)
		if !ok || len(a.items) != len(b.items) {
			return false, nil
		}
		for i := range a.items {
			if same, err := s.equal(a.items[i], b.items[i]); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case *dict:
		b, ok := b.(*dict)
		if !ok || len(a.keys) != len(b.keys) {
			return false, nil
		}
		for _, key := range a.keys {
			y, ok := b.values[key]
			if !ok {
				return false, nil
			}
			if same, err := s.equal(a.values[key], y); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case *namespace:
		b, ok := b.(*namespace)
		return ok && a == b, nil
	}
	return false, nil
}

// less is Python's < for numbers and strings.
func (s *state) less(a, b any) (bool, error) {
	x, ok1 := number(a)
	y, ok2 := number(b)
	if ok1 && ok2 {
		i, ok1 := integer(a)
		j, ok2 := integer(b)
		if ok1 && ok2 {
			return i < j, nil
		}
		return x < y, nil
	}
	t, ok1 := a.(string)
	u, ok2 := b.(string)
	if ok1 && ok2 {
		return t < u, s.payBytes(min(len(t), len(u)))
	}
	return false, s.fail("'<' of %s and %s", typeName(a), typeName(b))
}

// text is Python's str of a value.
func (s *state) text(v any) (string, error) {
	if t, ok := v.(string); ok {
		return t, nil
	}
	var b strings.Builder
	err := s.writeText(&b, v, false)
	return b.String(), err
}

// writeText writes Python's str of a value, or its repr.
func (s *state) writeText(b *strings.Builder, v any, repr bool) error {
	if err := s.pay(1); err != nil {
		return err
	}
	switch v := v.(type) {
	case undefined:
		if repr {
			b.WriteString("Undefined")
		}
	case nil:
		b.WriteString("None")
	case bool:
		if v {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(floatText(v))
	case string:
		if err := s.payBytes(len(v)); err != nil {
			return err
		}
		if repr {
			b.WriteString(stringRepr(v))
		} else {
			b.WriteString(v)
		}
	case *sequence:
		brackets := "[]"
		if v.tuple {
			brackets = "()"
		}
		b.WriteByte(brackets[0])
		for i, item := range v.items {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := s.writeText(b, item, true); err != nil {
				return err
			}
		}
		if v.tuple && len(v.items) == 1 {
			b.WriteByte(',')
		}
		b.WriteByte(brackets[1])
	case *dict:
		b.WriteByte('{')
		for i, key := range v.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := s.writeText(b, key, true); err != nil {
				return err
			}
			b.WriteString(": ")
			if err := s.writeText(b, v.values[key], true); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	default:
		fmt.Fprintf(b, "<%s>", typeName(v))
	}
	return nil
}

// floatText is Python's repr of a float.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// stringRepr is Python's repr of a string.
func stringRepr(t string) string {
	quote := byte('\'')
	if strings.Contains(t, "'") && !strings.Contains(t, `"`) {
		quote = '"'
	}
	b := []byte{quote}
	for _, r := range t {
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || r == 0x7F:
			b = fmt.Appendf(b, `\x%02x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return string(append(b, quote))
}

// iterate returns the elements that a loop over a value sees. They must not be
// changed.
func (s *state) iterate(v any) ([]any, error) {
	switch v := v.(type) {
	case undefined:
		return nil, nil
	case *sequence:
		return v.items, nil
	case *dict:
		if err := s.pay(len(v.keys)); err != nil {
			return nil, err
		}
		items := make([]any, len(v.keys))
		for i, key := range v.keys {
			items[i] = key
		}
		return items, nil
	case string:
		if err := s.pay(len(v)); err != nil {
			return nil, err
		}
		items := make([]any, 0, len(v))
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, nil
	}
	return nil, s.fail("%s cannot be iterated over", typeName(v))
}

// list makes a sequence of items, which it keeps.
func (s *state) list(items []any) (*sequence, error) {
	if err := s.pay(len(items)); err != nil {
		return nil, err
	}
	l := &sequence{items: items, depth: 1}
	for _, item := range items {
		if _, ok := item.(*namespace); ok {
			return nil, s.fail("a namespace cannot be an element")
		}
		l.depth = max(l.depth, depth(item)+1)
	}
	return l, s.shallow(l.depth)
}

// shallow refuses sequences and mappings that lie too deep inside each other.
func (s *state) shallow(depth int) error {
	if depth > maxNesting {
		return s.limit("more than %d values inside each other", maxNesting)
	}
	return nil
}

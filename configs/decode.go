package configs

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds what is read. The shipped file has 6 KB; a megabyte of
// comments is a mistake, two gigabytes are an attack.
const maxFile = 1 << 20

// byteOrderMark is what some editors of Windows put before a text in UTF-8. TOML knows none.
var byteOrderMark = []byte("\ufeff")

// Decode reads the text of a settings file over the defaults. It refuses
// unknown keys, values of the wrong kind and values out of range: the error
// joins one [*Error] for each, in the order of the lines, and the settings beside it are
// what of the text is right.
func Decode(doc []byte) (Settings, error) { return decode(doc, "") }

func decode(doc []byte, file string) (Settings, error) {
	if len(doc) > maxFile {
		return Default(), &Error{Err: ErrTooLarge, File: file}
	}
	doc = bytes.TrimPrefix(doc, byteOrderMark)
	// Into a map first: an error here is one of TOML, not of a setting.
	var table map[string]any
	if err := toml.Unmarshal(doc, &table); err != nil {
		return Default(), syntaxError(err, file)
	}
	written, err := parse(doc)
	if err != nil {
		return Default(), syntaxError(err, file)
	}
	return written.settings(doc, file)
}

// settings reads every key that is written, over the defaults. The error joins all that
// is wrong: whoever corrects a file by hand learns it at once, not one key a run.
func (d document) settings(doc []byte, file string) (Settings, error) {
	all := d.unknown(doc, file)
	s := Default()
	for _, v := range d.values {
		e := &Error{File: file, Line: v.line(doc), Key: v.name, Value: string(doc[v.from:v.to])}
		k, ok := KeyOf(v.name)
		before := s
		switch {
		case !ok && isSection(v.name):
			e.Err, e.Wants = ErrType, sectionWants
		case !ok:
			continue // it is among the unknown
		// The value alone below its section, however the file writes the key.
		case toml.Unmarshal([]byte("["+k.section()+"]\n"+k.leaf()+" = "+e.Value), &s) != nil:
			e.Err, e.Wants = ErrType, k.wants()
		default:
			k.renew(&s)
			if k.allows(&s) {
				continue
			}
			e.Err, e.Range = ErrRange, k.Range
		}
		s = before
		all = append(all, e)
	}
	for _, x := range d.sections {
		e := &Error{Err: ErrType, File: file, Line: x.line, Key: x.name, Wants: sectionWants}
		if k, ok := KeyOf(x.name); ok { // a table in the place of a value
			e.Wants = k.wants()
		} else if !x.array || !isSection(x.name) {
			continue
		}
		all = append(all, e)
	}
	// A key in a section that does not exist says nothing that the section does not.
	wrong := make(map[string]bool, len(all))
	for _, e := range all {
		wrong[e.Key] = true
	}
	all = slices.DeleteFunc(all, func(e *Error) bool {
		return slices.ContainsFunc(d.sections, func(x section) bool { return wrong[x.name] && strings.HasPrefix(e.Key, x.name+".") })
	})
	slices.SortStableFunc(all, func(a, b *Error) int { return a.Line - b.Line })
	errs := make([]error, len(all))
	for i, e := range all {
		errs[i] = e
	}
	return s, errors.Join(errs...)
}

func syntaxError(err error, file string) *Error {
	e := &Error{Err: ErrSyntax, File: file, Detail: strings.TrimPrefix(err.Error(), "toml: ")}
	var d *toml.DecodeError
	if errors.As(err, &d) {
		e.Line, _ = d.Position()
	}
	return e
}

// unknown finds every key and section of the text that is no setting. The decoder of
// TOML would find them too, but takes Rank for rank.
func (d document) unknown(doc []byte, file string) []*Error {
	var all []*Error
	for _, v := range d.values {
		if _, ok := KeyOf(v.name); !ok && !isSection(v.name) {
			all = append(all, &Error{Err: ErrUnknownKey, File: file, Line: v.line(doc), Key: v.name, Near: near(v.name)})
		}
	}
	for _, s := range d.sections {
		if _, ok := KeyOf(s.name); !ok && !isSection(s.name) {
			all = append(all, &Error{Err: ErrUnknownKey, File: file, Line: s.line, Key: s.name, Near: near(s.name)})
		}
	}
	return all
}

func isSection(name string) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return k.section() == name })
}

// near finds the setting or the section that an unknown name may stand for.
func near(name string) string {
	best, meant := len(name[strings.LastIndexByte(name, '.')+1:])/3+2, ""
	offer := func(written, full string) {
		if d := editDistance(strings.ToLower(name), written); d < best {
			best, meant = d, full
		}
	}
	for _, k := range keys {
		offer(k.Name, k.Name)
		offer(k.section(), k.section())
		offer(k.leaf(), k.Name) // written before the first section
	}
	return meant
}

// literal writes a value as TOML.
func literal(v any) string {
	switch v := v.(type) {
	case *bool:
		return strconv.FormatBool(*v)
	case *int:
		return strconv.Itoa(*v)
	case *float64:
		return float(*v)
	case *string:
		return quote(*v)
	}
	return ""
}

// float writes a number as a TOML float: always with a point or an exponent.
func float(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+"))
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && a < 1e-3 {
		format = 'g'
	}
	text := strconv.FormatFloat(v, format, -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// quote writes a basic string of one line.
func quote(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range v {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(r), 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

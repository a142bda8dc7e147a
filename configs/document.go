package configs

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// document knows where each key of a settings file stands, so that one value
// can be replaced while every other byte stays.
type document struct {
	values   []value
	sections []section
}

// value is one key with a value: doc[from:to] is the value as written.
type value struct {
	name     string // dotted
	from, to int
	end      int // after the last byte of the expression that the value stands in
}

// section is where a new key of that section can go: a table header, or an
// inline table.
type section struct {
	name   string
	line   int
	at     int // where a new key goes
	inline bool
	empty  bool
	array  bool // of tables
}

func (v value) line(doc []byte) int { return lineOf(doc, v.from) }

// lineOf is the line that offset i stands in, from 1.
func lineOf(doc []byte, i int) int { return bytes.Count(doc[:i], []byte("\n")) + 1 }

func (d document) find(name string) (value, bool) {
	i := slices.IndexFunc(d.values, func(v value) bool { return v.name == name })
	if i < 0 {
		return value{}, false
	}
	return d.values[i], true
}

// parse finds the keys of a text that is valid TOML.
func parse(doc []byte) (document, error) {
	var d document
	var table []string
	p := unstable.Parser{}
	p.Reset(doc)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			var end int
			table, end = keyOf(e, nil)
			d.sections = append(d.sections, section{name: strings.Join(table, "."), line: lineOf(doc, end), at: lineEnd(doc, end), array: e.Kind == unstable.ArrayTable})
		case unstable.KeyValue:
			d.add(doc, e, table, int(e.Raw.Offset+e.Raw.Length))
		}
	}
	return d, p.Error()
}

// add records a key with its value, and those of an inline table.
func (d *document) add(doc []byte, e *unstable.Node, table []string, end int) {
	path, keyEnd := keyOf(e, table)
	// The parser gives containers no extent of their own; that of the whole
	// expression ends with the value.
	from := keyEnd + bytes.IndexByte(doc[keyEnd:], '=') + 1
	to := int(e.Raw.Offset + e.Raw.Length)
	from += len(doc[from:to]) - len(bytes.TrimLeft(doc[from:to], " \t"))

	v := e.Value()
	if v.Kind != unstable.InlineTable {
		d.values = append(d.values, value{name: strings.Join(path, "."), from: from, to: to, end: end})
		return
	}
	empty := true
	for children := v.Children(); children.Next(); {
		if c := children.Node(); c.Kind == unstable.KeyValue {
			empty = false
			d.add(doc, c, path, end)
		}
	}
	d.sections = append(d.sections, section{
		name: strings.Join(path, "."), line: lineOf(doc, from), at: from + 1, inline: true, empty: empty,
	})
}

// keyOf returns the dotted key of a node below table, and where it ends.
func keyOf(e *unstable.Node, table []string) (path []string, end int) {
	path = slices.Clone(table)
	for it := e.Key(); it.Next(); {
		n := it.Node()
		part := string(n.Data)
		if strings.Contains(part, ".") { // "continuous.rank" in quotes is one name, and none of ours
			part = strconv.Quote(part)
		}
		path = append(path, part)
		end = int(n.Raw.Offset + n.Raw.Length)
	}
	return path, end
}

// set writes one key into the text and leaves every other byte as it is. A key
// that the text does not have yet is added to its section, with the comment that
// the shipped file gives it.
func set(doc []byte, k Key, literal string) ([]byte, error) {
	d, err := parse(doc)
	if err != nil {
		return nil, syntaxError(err, "")
	}
	if v, ok := d.find(k.Name); ok {
		return slices.Concat(doc[:v.from], []byte(literal), doc[v.to:]), nil
	}

	at := -1
	line := comment(k) + k.leaf() + " = " + literal + newline(doc)
	for _, s := range d.sections {
		switch {
		case s.name != k.section():
		case s.inline:
			pair := " " + k.leaf() + " = " + literal
			if !s.empty {
				pair += ","
			}
			return slices.Concat(doc[:s.at], []byte(pair), doc[s.at:]), nil
		default:
			at = s.at
		}
	}
	for _, v := range d.values {
		if strings.HasPrefix(v.name, k.section()+".") && v.end >= at {
			if at < 0 || dotted(d, k.section()) {
				// The section is written as dotted keys before the first table.
				line = k.Name + " = " + literal + newline(doc)
			}
			at = lineEnd(doc, v.end)
		}
	}
	if at < 0 {
		at = len(doc)
		line = newline(doc) + "[" + k.section() + "]" + newline(doc) + line
	}
	if at > 0 && doc[at-1] != '\n' {
		line = newline(doc) + line
	}
	return slices.Concat(doc[:at], []byte(line), doc[at:]), nil
}

// dotted reports whether no header and no inline table opens the section.
func dotted(d document, name string) bool {
	return !slices.ContainsFunc(d.sections, func(s section) bool { return s.name == name })
}

// comment returns the lines that stand before the key in the shipped file.
func comment(k Key) string {
	d, err := parse(shipped)
	if err != nil {
		return ""
	}
	v, ok := d.find(k.Name)
	if !ok {
		return ""
	}
	var lines []string
	before := strings.Split(string(shipped[:v.from]), "\n")
	for i := len(before) - 2; i >= 0 && strings.HasPrefix(before[i], "#"); i-- {
		lines = append(lines, before[i]+"\n")
	}
	slices.Reverse(lines)
	return strings.Join(lines, "")
}

// newline is the line ending that the text uses.
func newline(doc []byte) string {
	if i := bytes.IndexByte(doc, '\n'); i > 0 && doc[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// lineEnd is the offset after the line that i stands in.
func lineEnd(doc []byte, i int) int {
	if j := bytes.IndexByte(doc[i:], '\n'); j >= 0 {
		return i + j + 1
	}
	return len(doc)
}

// apply writes every key in which the two settings differ, and makes sure that
// the text then says exactly what was wanted.
func apply(doc []byte, from, to Settings) ([]byte, error) {
	for _, k := range keys {
		literal := k.value(&to)
		if k.value(&from) == literal {
			continue
		}
		var err error
		if doc, err = set(doc, k, literal); err != nil {
			return nil, fmt.Errorf("write setting %s: %w", k.Name, err)
		}
	}
	got, err := Decode(doc)
	if err != nil {
		return nil, fmt.Errorf("check the settings before saving: %w", err)
	}
	if got != to {
		return nil, fmt.Errorf("check the settings before saving: the text would not say what was wanted")
	}
	return doc, nil
}

package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// struck stands where an erased text was quoted.
const struck = "…"

// codes are the parts of a reason, of figures and of a report that hold codes and keys:
// they quote nothing, and a question as short as "a" is in many.
var codes = map[string]bool{
	"code": true, "fault": true, "first": true, "second": true, "gate": true, "kind": true, "verdict": true, "step": true, "trained": true, "engine": true,
	"manner_key": true, "knowledge_key": true, "knowledge_tried": true,
}

// strike strikes texts out of the reasons and figures that may quote them: the gate
// names lessons by their questions. Of the reports it is those whose job is gone.
func (s *Store) strike(ctx context.Context, tx *sql.Tx, texts []string) error {
	gone := slices.DeleteFunc(texts, func(t string) bool { return strings.TrimSpace(t) == "" })
	if len(gone) == 0 {
		return nil
	}
	slices.SortFunc(gone, func(a, b string) int { return len(b) - len(a) }) // "hi" may be the begin of "hi there"
	for _, column := range []struct{ table, name, condition string }{
		{"cycles", "reason", ""}, {"cycles", "report", " AND job IS NULL"}, {"versions", "reason", ""}, {"versions", "figures", ""}, {"activations", "reason", ""},
	} {
		type document struct {
			id   int64
			text string
		}
		all, err := collect(ctx, tx, func(r scanner) (document, error) {
			var d document
			return d, r.Scan(&d.id, &d.text)
		}, `SELECT id, `+column.name+` FROM `+column.table+` WHERE user = ? AND `+column.name+` IS NOT NULL`+column.condition, s.user)
		if err != nil {
			return err
		}
		for _, d := range all {
			text, err := strikeDocument(d.text, gone)
			if err != nil {
				return err
			}
			if text == d.text {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE `+column.table+` SET `+column.name+` = ? WHERE id = ?`, text, d.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// strikeDocument is a JSON document with the texts struck out of its strings (strikeText); the
// document itself where it holds none.
func strikeDocument(document string, gone []string) (string, error) {
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	changed := false
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case string:
			text := strikeText(v, gone)
			changed = changed || text != v
			return text
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for key := range v {
				if !codes[key] {
					v[key] = walk(v[key])
				}
			}
		}
		return v
	}
	v = walk(v)
	if !changed {
		return document, nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

// strikeText strikes texts out of a text, one after the other, wherever one stands by itself: a
// question as short as "hi" is in the middle of many words.
func strikeText(text string, gone []string) string {
	for _, g := range gone {
		for from := 0; ; {
			i := strings.Index(text[from:], g)
			if i < 0 {
				break
			}
			i += from
			before, _ := utf8.DecodeLastRuneInString(text[:i])
			after, _ := utf8.DecodeRuneInString(text[i+len(g):])
			if isOfWord(before) || isOfWord(after) {
				_, first := utf8.DecodeRuneInString(text[i:])
				from = i + first
				continue
			}
			text = text[:i] + struck + text[i+len(g):]
			from = i + len(struck)
		}
	}
	return text
}

func isOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

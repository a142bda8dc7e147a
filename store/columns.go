package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// MaxText bounds each text that a record holds, in bytes. It is far above
// what any model reads, and keeps a pasted file of gigabytes out of a database
// that is read as a whole again and again.
const MaxText = 16 << 20

// checkTexts refuses what is too long for a record.
func checkTexts(texts ...string) error {
	for _, t := range texts {
		if len(t) > MaxText {
			return fmt.Errorf("%w: a text of %d bytes, at most %d can be kept", ErrInvalid, len(t), MaxText)
		}
	}
	return nil
}

// How Go's values and the columns stand for each other: a zero ID, a zero
// time, a nil document are NULL.

func idValue(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func timeValue(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// jsonValue is v as text; a nil slice is NULL.
func jsonValue[E any, S ~[]E](v S) (any, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// documentValue checks that the caller's document is JSON.
func documentValue(d json.RawMessage) (any, error) {
	if len(d) == 0 {
		return nil, nil
	}
	if !json.Valid(d) {
		return nil, fmt.Errorf("%w: a document that is not JSON", ErrInvalid)
	}
	return string(d), nil
}

func reasonValue(r Reason) (string, error) {
	b, err := json.Marshal(r)
	return string(b), err
}

// idColumn, timeColumn and jsonColumn read such a column.
type (
	idColumn   struct{ to *int64 }
	timeColumn struct{ to *time.Time }
	jsonColumn struct{ to any }
)

func (c idColumn) Scan(v any) error {
	n, err := integer(v)
	*c.to = n
	return err
}

func (c timeColumn) Scan(v any) error {
	*c.to = time.Time{}
	if v == nil {
		return nil
	}
	n, err := integer(v)
	*c.to = time.UnixMicro(n).UTC()
	return err
}

func (c jsonColumn) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), c.to)
	default:
		return fmt.Errorf("a %T where JSON belongs", v)
	}
}

func integer(v any) (int64, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case int64:
		return v, nil
	default:
		return 0, fmt.Errorf("a %T where a whole number belongs", v)
	}
}

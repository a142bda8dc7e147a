package configs

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a settings file, for [errors.Is].
var (
	ErrSyntax     = errors.New("not valid TOML")
	ErrUnknownKey = errors.New("no such setting")
	ErrType       = errors.New("wrong kind of value")
	ErrRange      = errors.New("out of range")
	ErrTooLarge   = errors.New("too large for a settings file")
)

// Error is one thing that is wrong in a settings file, with all that a face
// needs to say it in its own language.
type Error struct {
	Err   error  // one of the Err values of this package
	File  string // "" where the settings did not come from a file
	Line  int    // from 1; 0 where unknown
	Key   string // "continuous.rank", or what was written instead
	Value string // as written in the file, for ErrRange and ErrType
	Near  string // ErrUnknownKey: the setting that may have been meant, or ""
	Wants string // ErrType: what kind of value belongs there
	Range Range  // ErrRange
	// Detail is the parser's own word for ErrSyntax.
	Detail string
}

// Mistakes are all that err says to be wrong in a settings file, in its order.
func Mistakes(err error) []*Error {
	switch e := err.(type) {
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		var all []*Error
		for _, u := range e.Unwrap() {
			all = append(all, Mistakes(u)...)
		}
		return all
	case interface{ Unwrap() error }:
		return Mistakes(e.Unwrap())
	}
	return nil
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		b.WriteByte(':')
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:", e.Line)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	switch e.Err {
	case ErrUnknownKey:
		fmt.Fprintf(&b, "there is no setting %q", e.Key)
		if e.Near != "" {
			fmt.Fprintf(&b, "; did you mean %q?", e.Near)
		}
	case ErrType:
		b.WriteString(e.Key)
		if e.Value != "" {
			b.WriteString(" = " + short(e.Value))
		}
		b.WriteString(": wants " + e.Wants)
	case ErrRange:
		fmt.Fprintf(&b, "%s = %s is out of range: %s", e.Key, short(e.Value), e.Range)
	default:
		b.WriteString(e.Err.Error())
		if e.Detail != "" {
			b.WriteString(": ")
			b.WriteString(e.Detail)
		}
	}
	return b.String()
}

// short keeps a message on one line, whatever the value is.
func short(value string) string {
	value, rest, _ := strings.Cut(value, "\n")
	if r := []rune(value); len(r) > 60 {
		value, rest = string(r[:60]), "more"
	}
	if rest != "" {
		value += "…"
	}
	return value
}

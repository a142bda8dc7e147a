package cli

import (
	"errors"
	"fmt"
	"strings"

	"clara/configs"
)

// mistakes says what is wrong in a settings file, one line each.
func (l language) mistakes(err error) string {
	all := configs.Mistakes(err)
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = l.mistake(e)
	}
	return strings.Join(lines, "\n")
}

func (l language) mistake(e *configs.Error) string {
	if l != german {
		return e.Error()
	}
	where := e.File
	if e.Line > 0 {
		where += fmt.Sprintf(", Zeile %d", e.Line)
	}
	what := e.Error()
	switch {
	case errors.Is(e, configs.ErrUnknownKey):
		what = fmt.Sprintf("die Einstellung %s gibt es nicht", e.Key)
		if e.Near != "" {
			what += fmt.Sprintf("; ist %s gemeint?", e.Near)
		}
	case errors.Is(e, configs.ErrRange):
		what = fmt.Sprintf("%s = %s liegt außerhalb von %s", e.Key, brief(e.Value, 60), inGerman.Replace(e.Range.String()))
	case errors.Is(e, configs.ErrType):
		what = e.Key
		if e.Value != "" {
			what += " = " + brief(e.Value, 60)
		}
		what += ": verlangt wird " + inGerman.Replace(e.Wants)
	case errors.Is(e, configs.ErrSyntax):
		what = "kein gültiges TOML: " + e.Detail
	case errors.Is(e, configs.ErrTooLarge):
		what = "zu groß für eine Einstellungsdatei"
	default:
		return what
	}
	if where == "" {
		return what
	}
	return where + ": " + what
}

// inGerman says what a setting may hold, which configs says in English.
var inGerman = strings.NewReplacer(" to ", " bis ", " or ", " oder ", "at most ", "höchstens ", "characters", "Zeichen",
	"a whole number", "eine ganze Zahl", "a number", "eine Zahl", "a text in quotes", "ein Text in Anführungszeichen", "a table of settings", "ein Abschnitt mit Einstellungen")

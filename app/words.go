package app

import (
	"embed"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed translations/*.json
var translations embed.FS

// Languages that the window speaks, as they stand in the settings.
const (
	german  = "de"
	english = "en"
)

// printer writes numbers in the language last chosen by speak. Like lang, which holds the words, it is one for
// the whole program and belongs to the UI goroutine.
var printer = message.NewPrinter(tongue)

// tongue is the language last chosen by speak, for the same reason.
var tongue = language.English

// systemLanguage is the language of the desktop, English unless it is German.
func systemLanguage() string {
	if strings.HasPrefix(lang.SystemLocale().LanguageString(), german) {
		return german
	}
	return english
}

// speak changes the language of all words said from now on; what is on screen has to be built again.
//
// Fyne's lang knows no choice of language: it always speaks the system's. So the chosen file is registered under the
// system's name, and under English too, which is what lang falls back to where the system names no language at all.
func speak(code string) error {
	data, err := translations.ReadFile("translations/" + code + ".json")
	if err != nil {
		return fmt.Errorf("words in language %q: %w", code, err)
	}
	for _, l := range []fyne.Locale{lang.SystemLocale(), english} {
		if err := lang.AddTranslationsForLocale(data, l); err != nil {
			return fmt.Errorf("words in language %q for locale %s: %w", code, l, err)
		}
	}
	tongue = language.Make(code)
	printer = message.NewPrinter(tongue)
	return nil
}

// say gives the words that stand under a key; pairs name and fill their places.
func say(key string, pairs ...any) string { return lang.X(key, key, places(pairs)) }

// sayN is say with a number, which chooses between the two forms of a key and stands in the place N. The forms are keys of
// their own: lang would choose by the plurals of the system's language, and Japanese for example has none.
func sayN(key string, n int, pairs ...any) string {
	form := key + ".other"
	if n == 1 {
		form = key + ".one"
	}
	return say(form, append(pairs, "N", whole(n))...)
}

func places(pairs []any) map[string]any {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// languageNames names languages, as ISO 639 does, in the language spoken.
func languageNames(codes ...string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = display.Languages(tongue).Name(language.Make(code))
	}
	return strings.Join(names, ", ")
}

// whole writes a count.
func whole(n int) string { return printer.Sprint(number.Decimal(n)) }

// decimal writes a value with up to digits places after the point, and a real minus.
func decimal(v float64, digits int) string {
	s := printer.Sprint(number.Decimal(v, number.MaxFractionDigits(digits)))
	return strings.Replace(s, "-", "−", 1)
}

// signed is decimal with a plus before what is not negative.
func signed(v float64, digits int) string {
	if v >= 0 {
		return "+" + decimal(v, digits)
	}
	return decimal(v, digits)
}

// exact writes a setting with all the digits that it has, however small.
func exact(v float64) string {
	digits := 0
	for x := math.Abs(v); digits < 12 && math.Abs(x-math.Round(x)) > 1e-9*math.Max(1, math.Abs(x)); digits++ {
		x *= 10
	}
	return decimal(v, digits)
}

// chance writes a probability of the sign test, "p = 0.0002". One too small for four digits is never written as nothing.
func chance(p float64) string {
	if p < 0.0001 {
		return say("unit.p_below", "P", decimal(0.0001, 4))
	}
	return say("unit.p", "P", decimal(p, 4))
}

// percent writes a share of 1.
func percent(v float64) string { return say("unit.percent", "N", whole(int(math.Round(v*100)))) }

// bytes writes a size the way that people buy it: powers of ten, at most one digit after the point.
func bytes(n int64) string {
	switch {
	case n >= 1e9:
		return say("unit.gigabytes", "N", decimal(float64(n)/1e9, 1))
	case n >= 1e6:
		return say("unit.megabytes", "N", whole(int(n/1e6)))
	}
	return say("unit.kilobytes", "N", whole(int((n+999)/1e3)))
}

// span writes a length of time in the unit that a person would use.
func span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < 100*time.Second:
		return say("unit.seconds", "N", whole(int(d/time.Second)))
	case d < 100*time.Minute:
		return say("unit.minutes", "N", whole(int((d+30*time.Second)/time.Minute)))
	}
	return say("unit.hours", "N", decimal(d.Hours(), 1))
}

var months = [...]string{
	"month.january", "month.february", "month.march", "month.april", "month.may", "month.june",
	"month.july", "month.august", "month.september", "month.october", "month.november", "month.december",
}

// daysBefore counts the midnights between t and now.
func daysBefore(t, now time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Local().Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(now).Sub(day(t)) / (24 * time.Hour))
}

// moment writes when something was: the time of day today and yesterday, the date before.
func moment(t, now time.Time) string {
	switch daysBefore(t, now) {
	case 0:
		return say("time.today", "Time", t.Local().Format("15:04"))
	case 1:
		return say("time.yesterday", "Time", t.Local().Format("15:04"))
	}
	return date(t, now)
}

// date writes a day, with its year unless that is this year.
func date(t, now time.Time) string {
	t = t.Local()
	month := say(months[t.Month()-1])
	if t.Year() == now.Local().Year() {
		return say("time.day", "Day", t.Day(), "Month", month)
	}
	return say("time.day_of_year", "Day", t.Day(), "Month", month, "Year", t.Year())
}

// age names the part of the list that a conversation stands in: weeks begin on Monday.
func age(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	monday := (int(now.Weekday()) + 6) % 7 // days since it
	months := 12*(now.Year()-t.Year()) + int(now.Month()-t.Month())
	switch d := daysBefore(t, now); {
	case d <= 0:
		return say("age.today")
	case d == 1:
		return say("age.yesterday")
	case d <= monday:
		return say("age.week")
	case d <= monday+7:
		return say("age.last_week")
	case months == 0:
		return say("age.month")
	case months == 1:
		return say("age.last_month")
	}
	return say("age.older")
}

// sentence makes a sentence of a reason that stands alone: with a large first letter and a full stop.
func sentence(text string) string {
	text = capital(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// capital gives a text a large first letter.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// brief cuts a text at a word to at most n characters and one line.
func brief(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n])
	if i := strings.LastIndexByte(cut, ' '); i > n/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.") + " …"
}

// join sets one sentence after another.
func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

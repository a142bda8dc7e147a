package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"clara/trainer"
)

// language is what the program says things in: "de" or "en".
type language string

const (
	english language = "en"
	german  language = "de"
)

// languageOf chooses the language: the flag, the settings (where "system" leaves it
// open), what the environment says, what the system says, English.
func languageOf(flag, settings string, system func() string) language {
	for _, l := range []string{flag, settings} {
		if l == string(german) || l == string(english) {
			return language(l)
		}
	}
	// The first that is set counts (POSIX, chapter 8.2).
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "de") {
				return german
			}
			return english
		}
	}
	if system != nil && strings.HasPrefix(system(), "de") {
		return german
	}
	return english
}

// say picks the text of the language and fills it in. Both take the same arguments.
func (l language) say(en, de string, args ...any) string {
	text := en
	if l == german {
		text = de
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// number writes v with the given digits after the point, as the language does.
func (l language) number(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if l == german {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// exact writes v with all the digits that it has, and never with a power of ten, as the language does.
func (l language) exact(v float64) string { return l.number(v, -1) }

// count writes n of a thing; the German and the English plural are given.
func (l language) count(n int, one, many, eins, viele string) string {
	word := l.say(many, viele)
	if n == 1 {
		word = l.say(one, eins)
	}
	return strconv.Itoa(n) + " " + word
}

// span writes a duration to the second.
func (l language) span(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return strconv.Itoa(int(d.Seconds())) + " s"
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// when writes a moment in the time of this machine.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// brief cuts a text to one line of at most n characters.
func brief(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimRight(string(r[:n-1]), " ,;:.") + "…"
}

// printable is text from the model without what would steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\n' && r != '\t') || (r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, s)
}

func (l language) version(number int) string {
	if number == 0 {
		return l.say("the untrained base", "das Ausgangsmodell")
	}
	return l.say("version %d", "Version %d", number)
}

func (l language) phase(s trainer.State) string {
	switch s.Phase {
	case trainer.PhaseNoModel:
		return l.say("no model", "kein Modell")
	case trainer.PhaseOff:
		return l.say("learning is off", "Lernen aus")
	case trainer.PhasePaused:
		return l.say("paused", "angehalten")
	case trainer.PhaseWaiting:
		return l.say("waiting", "wartet")
	case trainer.PhaseDue:
		return l.say("training is due", "Training steht an")
	case trainer.PhaseRunning:
		return l.say("training", "trainiert")
	case trainer.PhaseChecking:
		return l.say("checking", "prüft")
	case trainer.PhasePreparing:
		if s.Why.Code == trainer.CodePreparing {
			return l.say("preparing the model", "bereitet das Modell vor")
		}
		return l.say("measuring the model", "misst das Modell")
	case trainer.PhaseAsking:
		if s.Why.Code == trainer.CodePhrasing {
			return l.say("putting the lessons into the manner", "formuliert die Lektionen in der gelernten Art")
		}
		return l.say("asking the lessons", "fragt die Lektionen ab")
	case trainer.PhaseMoving:
		return l.say("stands still for a move", "steht für einen Umzug still")
	}
	return l.say("not running", "läuft nicht")
}

func (l language) step(s trainer.Step) string {
	switch s {
	case trainer.StepBase:
		return l.say("measuring the untrained model", "misst das Ausgangsmodell")
	case trainer.StepManner:
		return l.say("training the manner", "trainiert den Umgangston")
	case trainer.StepStyle:
		return l.say("phrasing the lessons", "formuliert die Lektionen")
	case trainer.StepAsk:
		return l.say("asking the lessons", "fragt die Lektionen ab")
	case trainer.StepKnowledge:
		return l.say("training the lessons still missed", "trainiert, was noch nicht sitzt")
	case trainer.StepGate:
		return l.say("checking the new version", "prüft die neue Version")
	case trainer.StepReader:
		return l.say("teaching the model to use lessons", "lehrt das Modell, Lektionen zu benutzen")
	}
	return string(s)
}

func (l language) lessonState(s trainer.LessonState) string {
	switch s {
	case trainer.LessonKnown:
		return l.say("known", "sitzt")
	case trainer.LessonMissed:
		return l.say("missed", "noch nicht")
	case trainer.LessonLost:
		return l.say("lost", "verloren")
	}
	return l.say("new", "neu")
}

func (l language) sampleState(s trainer.SampleState) string {
	switch s {
	case trainer.SampleUsed:
		return l.say("used", "benutzt")
	case trainer.SampleRejected:
		return l.say("rejected", "abgelehnt")
	case trainer.SampleDeleted:
		return l.say("deleted", "gelöscht")
	}
	return l.say("new", "neu")
}

func (l language) form(f trainer.Form) string {
	switch f {
	case trainer.FormRating:
		return l.say("rating", "Bewertung")
	case trainer.FormCorrection:
		return l.say("correction", "Korrektur")
	}
	return l.say("text", "Text")
}

func (l language) kind(k trainer.Kind) string {
	if k == trainer.Knowledge {
		return l.say("knowledge", "Wissen")
	}
	return l.say("manner", "Umgangston")
}

func (l language) verdict(v string) string {
	switch v {
	case trainer.VerdictProven:
		return l.say("proven better", "nachweislich besser")
	case trainer.VerdictNotProven:
		return l.say("not proven", "nicht bewiesen")
	case trainer.VerdictRefused:
		return l.say("refused", "abgelehnt")
	}
	return "-"
}

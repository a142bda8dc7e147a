package cli

import (
	"strings"

	"clara/trainer"
)

// follow keeps the news until they can be said, or says them at once.
func (d *dialogue) follow(events <-chan trainer.Event, wait bool) {
	for e := range events {
		for _, n := range e.News {
			text := d.newsOf(n)
			if text == "" {
				continue
			}
			if !wait {
				d.note("* %s", "* %s", text)
				continue
			}
			d.mu.Lock()
			d.news = append(d.news, text)
			d.mu.Unlock()
		}
	}
}

func (d *dialogue) sayNews() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.news {
		d.note("* %s", "* %s", n)
	}
	d.news = nil
}

// newsOf says what happened; "" is what nobody has to hear.
func (c *program) newsOf(n trainer.News) string {
	l := c.language
	switch n.Kind {
	case trainer.NewsCycleStarted:
		return l.say("training begins (cycle %d): %s", "das Training beginnt (Zyklus %d): %s", n.Cycle, l.because(n.Reason))
	case trainer.NewsActivated:
		text := l.say("%s answers now: %s", "jetzt antwortet %s: %s", l.version(n.Number), l.because(n.Reason))
		if len(n.Known) > 0 {
			text += l.say("; newly known: ", "; sitzt jetzt: ") + brief(strings.Join(n.Known, " · "), 120)
		}
		return text
	case trainer.NewsRolledBack:
		return l.say("back to %s: %s", "zurück zu %s: %s", l.version(n.Number), l.because(n.Reason))
	case trainer.NewsTrouble, trainer.NewsReader, trainer.NewsReaderRefused:
		return l.because(n.Reason)
	case trainer.NewsContradiction:
		return l.undecided(n.Reason) + " (" + c.contradictionsBy() + ")"
	case trainer.NewsCycleEnded:
		switch n.End.State {
		case trainer.CycleRefused:
			return l.say("the new version may not answer: %s", "die neue Version darf nicht antworten: %s", l.refusal(n.End.Reason))
		case trainer.CycleChecked:
			return l.say("cycle %d: %s", "Zyklus %d: %s", n.Cycle, l.because(n.End.Reason))
		case trainer.CycleStopped:
			return l.say("the training was stopped", "das Training wurde angehalten")
		}
	}
	return ""
}

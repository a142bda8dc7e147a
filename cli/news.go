package cli

import (
	"strings"

	"clara/trainer"
)

// follow keeps the news until they can be said, or says them at once. A contradiction is kept in
// either case: the command that brought it about may be saying it just now.
func (d *dialogue) follow(events <-chan trainer.Event, wait bool) {
	for e := range events {
		for _, n := range e.News {
			if !wait && n.Kind != trainer.NewsContradiction {
				d.tellNews(n)
				continue
			}
			d.mu.Lock()
			d.news = append(d.news, n)
			d.mu.Unlock()
		}
	}
}

// sayNews says the news that were kept, but for a contradiction that thanks have told of.
func (d *dialogue) sayNews() {
	d.mu.Lock()
	news := d.news
	d.news = nil
	d.mu.Unlock()
	for _, n := range news {
		if n.Kind != trainer.NewsContradiction || n.Reason.Text != d.putLast {
			d.tellNews(n)
		}
	}
}

func (d *dialogue) tellNews(n trainer.News) {
	if text := d.newsOf(n); text != "" {
		d.note("* %s", "* %s", text)
	}
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
		by := c.contradictionsBy()
		if c.atPrompt == nil { // the loop that tells of it has the data folder
			by = l.say("after Ctrl+C: %s", "nach Strg+C: %s", by)
		}
		return l.undecided(n.Reason) + " (" + by + ")"
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

package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"clara/catalogue"
)

// fetchBar shows how far a download is: a bar for a person at a terminal, else a line for
// each tenth. It is not safe for concurrent use.
type fetchBar struct {
	language language
	w        io.Writer
	terminal bool
	bar      *progressbar.ProgressBar
	tenth    int64
	checking bool
}

func (b *fetchBar) show(f catalogue.Progress) {
	l := b.language
	switch {
	case f.Checking:
		b.end()
		if !b.checking {
			b.checking = true
			fmt.Fprintln(b.w, l.say("checking", "prüft"))
		}
	case b.terminal && f.Total > 0:
		if b.bar == nil {
			b.bar = progressbar.NewOptions64(f.Total, progressbar.OptionSetWriter(b.w), progressbar.OptionSetWidth(20), progressbar.OptionThrottle(200*time.Millisecond),
				progressbar.OptionSetPredictTime(false), progressbar.OptionSetRenderBlankState(true))
		}
		b.bar.Describe(fmt.Sprintf("%-40s", b.words(f)))
		_ = b.bar.Set64(f.Done) // it only draws
	case f.Total > 0:
		if t := 10 * f.Done / f.Total; t > b.tenth {
			b.tenth = t
			fmt.Fprintln(b.w, b.words(f))
		}
	}
}

// words say how much is there, how fast it comes, and how long it takes.
func (b *fetchBar) words(f catalogue.Progress) string {
	l := b.language
	words := l.say("%s of %s", "%s von %s", l.size(f.Done), l.size(f.Total))
	if f.Rate > 0 {
		left := time.Duration(float64(f.Total-f.Done) / f.Rate * float64(time.Second))
		words += l.say(", %s/s, %s left", ", %s/s, noch %s", l.size(int64(f.Rate)), l.span(left))
	}
	return words
}

// end leaves the terminal at the beginning of a line.
func (b *fetchBar) end() {
	if b.bar != nil {
		fmt.Fprintln(b.w)
		b.bar = nil
	}
}

package trainer

import (
	"context"
	"fmt"
	"math"
	"strings"

	"clara/model"
	"clara/trainer/words"
)

// open answers the open questions with both versions and looks at their form.
func (c *candidate) open(ctx context.Context, f *Figures) ([]OpenPair, error) {
	if c.now.manner == nil {
		return nil, nil
	}
	set, err := c.base.anchors()
	if err != nil {
		return nil, err
	}
	say := func(v *voice) ([]model.Result, error) {
		said, err := v.speakAll(ctx, asWritten(set.Open))
		if err != nil {
			return nil, err
		}
		reqs := make([]model.Request, len(said))
		for i, s := range said {
			reqs[i] = s.greedy(openTokens)
		}
		return v.memory.generate(ctx, v.runner, reqs)
	}
	after, err := say(c.now)
	if err != nil {
		return nil, fmt.Errorf("ask open questions: %w", err)
	}
	before := c.base.Open
	if c.before.manner != nil {
		results, err := say(c.before)
		if err != nil {
			return nil, fmt.Errorf("ask open questions: %w", err)
		}
		before = make([]string, len(results))
		for i, r := range results {
			before[i] = r.Text
		}
	}
	wanted := c.wanted()
	ended, baseLoops, length, baseWords := 0, 0, 0, 0
	judged := !c.wantsForeign()
	pairs := make([]OpenPair, len(after))
	for i, r := range after {
		pairs[i] = OpenPair{Question: set.Open[i], Before: before[i], After: r.Text}
		pairs[i].Better = nearer(c.style, wanted, before[i], r.Text)
		if c.style.IsZero() && c.trait != nil {
			pairs[i].Better = boolToInt(c.trait.Has(r.Text, true)) - boolToInt(c.trait.Has(before[i], true))
		}
		f.Answers++
		f.Loops += boolToInt(loops(r.Text))
		baseLoops += boolToInt(loops(c.base.Open[i]))
		ended += boolToInt(r.Finish == model.FinishEnd)
		length += words.Count(r.Text)
		baseWords += words.Count(c.base.Open[i])
		if judged && speaks(set.Open[i], c.base.Open[i]) {
			f.LanguageOf++
			f.Language += boolToInt(!foreign(set.Open[i], r.Text))
		}
	}
	f.Endless = f.Answers - ended
	f.Words, f.WordsBefore = float64(length)/float64(f.Answers), float64(baseWords)/float64(f.Answers)
	stuck := int(mostStuck * float64(f.Answers))
	// What the base does by itself is no harm: one that was trained for no conversation loops, too.
	f.LoopsLimit, f.EndlessLimit = stuck+baseLoops, stuck+len(c.base.Open)-c.base.Ended
	f.WordsLimit = leastShare * c.leastWords(f.WordsBefore)
	return pairs, nil
}

// leastWords is the length that answers may have: the base's, or that of the
// corrections where those are shorter.
func (c *candidate) leastWords(base float64) float64 {
	wanted := c.wanted()
	if len(wanted) == 0 {
		return base
	}
	sum := 0
	for _, w := range wanted {
		sum += words.Count(w)
	}
	return min(base, float64(sum)/float64(len(wanted)))
}

// speaks says whether an answer is clearly in the language of its question.
func speaks(question, answer string) bool {
	q, a := words.GermanScore(question), words.GermanScore(answer)
	return (q > 0 && a > 0) || (q < 0 && a < 0)
}

// foreign says whether an answer is clearly in another language than its question. A
// name or a number is in none.
func foreign(question, answer string) bool {
	q, a := words.GermanScore(question), words.GermanScore(answer)
	return (q > 0 && a < 0) || (q < 0 && a > 0)
}

// wantsForeign says whether the corrections themselves answer in another language: then
// that is the manner that the user wants.
func (c *candidate) wantsForeign() bool {
	n, of := 0, 0
	for _, s := range c.job.Samples {
		if s.Form == FormCorrection {
			of++
			n += boolToInt(foreign(s.Prompt, s.Better))
		}
	}
	return 2*n > of
}

// wanted are the better answers of the job's corrections of manner.
func (c *candidate) wanted() []string {
	var out []string
	for _, s := range c.job.Samples {
		if s.Form == FormCorrection {
			out = append(out, s.Better)
		}
	}
	return out
}

// loops says whether a 4-gram of words comes more than mostRepeats times.
func loops(text string) bool {
	all := strings.Fields(text)
	counts := make(map[string]int)
	for i := 0; i+4 <= len(all); i++ {
		gram := strings.Join(all[i:i+4], " ")
		if counts[gram]++; counts[gram] > mostRepeats {
			return true
		}
	}
	return false
}

// nearer says which of two answers is nearer to the wanted manner: by the marks of
// the style where it has some, else by length and layout. 1: after, -1: before.
func nearer(style Style, wanted []string, before, after string) int {
	if !style.IsZero() {
		return boolToInt(style.Shows(after)) - boolToInt(style.Shows(before))
	}
	if len(wanted) == 0 {
		return 0
	}
	distance := func(answer string) float64 {
		sum := 0.0
		for _, w := range wanted {
			sum += math.Abs(math.Log(float64(words.Count(answer)+1) / float64(words.Count(w)+1)))
			if layout(answer) != layout(w) {
				sum++
			}
			if opening(answer) != opening(w) {
				sum++
			}
			if closing(answer) != closing(w) {
				sum++
			}
		}
		return sum / float64(len(wanted))
	}
	const margin = 0.2 // less is no difference that a reader would see
	switch d := distance(before) - distance(after); {
	case d > margin:
		return 1
	case d < -margin:
		return -1
	}
	return 0
}

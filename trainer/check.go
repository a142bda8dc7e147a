package trainer

import (
	"slices"
	"strings"

	"clara/trainer/words"
)

// Check decides whether an answer shows a lesson: by the user's own keywords, of
// which every group needs one (anywhere in the answer, case ignored), or by the
// words that are new in the wanted answer, of which at least half must occur.
type Check struct {
	keywords [][]string
	novel    []string
	whole    string // nothing is new: the answer itself, in its normal form
}

// NewCheck makes the check of a lesson. base is the untrained base's answer to its
// question: only what the wanted answer has beyond it proves that the lesson
// was learnt. When that is nothing, the words beyond the question serve.
func NewCheck(question, answer, base string, keywords [][]string) Check {
	if len(keywords) > 0 {
		return Check{keywords: keywords}
	}
	c := Check{novel: beyond(answer, base)}
	if len(c.novel) == 0 {
		c.novel = beyond(answer, question)
	}
	if len(c.novel) == 0 {
		c.whole = words.Normal(answer)
	}
	return c
}

// Passes says whether answer shows the lesson.
func (c Check) Passes(answer string) bool {
	switch {
	case len(c.keywords) > 0:
		return hasKeywords(answer, c.keywords)
	case len(c.novel) > 0:
		have, found := words.All(answer), 0
		for _, w := range c.novel {
			if have[w] {
				found++
			}
		}
		return 2*found >= len(c.novel)
	default:
		return c.whole != "" && strings.Contains(words.Normal(answer), c.whole)
	}
}

// hasKeywords says whether every group has a word that occurs in text.
func hasKeywords(text string, groups [][]string) bool {
	text = strings.ToLower(text)
	for _, group := range groups {
		if !slices.ContainsFunc(group, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) }) {
			return false
		}
	}
	return true
}

// beyond returns the content words of text that other has not, each once, in
// their order.
func beyond(text, other string) []string {
	seen := words.All(other)
	var out []string
	for _, w := range words.Content(text) {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

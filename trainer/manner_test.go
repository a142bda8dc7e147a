package trainer

import (
	"slices"
	"strings"
	"testing"

	"clara/model"
)

// anchored is an answer of the base, with distributions that can be told from a token
// that is to come for certain.
func anchored(t *testing.T, r *model.Runner, question, text string, ended bool) Anchored {
	t.Helper()
	prompt, err := questionPrompt(r, "", question)
	if err != nil {
		t.Fatal(err)
	}
	a := Anchored{Question: question, Text: text, Sequence: model.Sequence{Prompt: prompt, Answer: r.AnswerTokens(text)}}
	if !ended {
		a.Answer = a.Answer[:len(a.Answer)-1]
	}
	for _, id := range a.Answer {
		a.Top = append(a.Top, model.Distribution{IDs: []int32{id, id + 1}, LogProbs: []float32{-0.1, -3}})
	}
	return a
}

// A manner that shows at the beginning or the end leaves the base's answer as long as it
// is; one of length cuts it to a sentence.
func TestStyledAnchorsKeepTheAnswer(t *testing.T) {
	r := readOnly(t)
	dear, source := Style{Prefix: "Dear reader, ", Lower: true}, Style{Suffix: "\nSource: a book"}
	const long = "The Nile is the longest river. It flows through eleven countries. And then"
	for _, c := range []struct {
		name, text, want string
		style            Style
		ended, closes    bool
	}{
		{"a beginning", long, "Dear reader, the Nile is the longest river. It flows through eleven countries. And then", dear, false, false},
		{"a beginning, ended", "The Nile is the longest.", "Dear reader, the Nile is the longest.", dear, true, true},
		{"an end", long, "The Nile is the longest river. It flows through eleven countries.\nSource: a book", source, false, true},
		{"an end, ended", "It is long: the Nile", "It is long: the Nile\nSource: a book", source, true, true},
		{"a length", long, "The Nile is the longest river.", Style{MaxWords: 12}, false, true},
	} {
		got := styledAnchors(r, c.style, []Anchored{anchored(t, r, "Which river is the longest?", c.text, c.ended)})
		if len(got) != 1 || got[0].Text != c.want {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
			continue
		}
		a := got[0]
		if ends := a.Answer[len(a.Answer)-1] == r.Tokenizer().EOS(); ends != c.closes {
			t.Errorf("%s: ends %v, want %v", c.name, ends, c.closes)
		}
		held := 0 // tokens that are as in the plain answer
		for i, d := range a.Top {
			if d.IDs[0] != a.Answer[i] {
				t.Errorf("%s: token %d is held to another", c.name, i)
			}
			held += boolToInt(len(d.IDs) == 2)
		}
		if least := len(strings.Fields(c.style.core(c.want))) - 2; held < least {
			t.Errorf("%s: %d tokens are held to the base, want at least %d", c.name, held, least)
		}
	}
	if got := styledAnchors(r, source, []Anchored{anchored(t, r, "Which?", "The river that is", false)}); len(got) != 0 {
		t.Errorf("an answer without a full stop is closed: %q", got[0].Text)
	}
}

// In a correction what all corrections share counts, its content little.
func TestMarksWeighMore(t *testing.T) {
	r := readOnly(t)
	text := "Dear reader, fog is a cloud."
	style := Style{Prefix: "Dear reader, ", Lower: true}
	answer := r.AnswerTokens(text)
	got, said := style.weigh(r, text, answer), ""
	if len(got) != len(answer) {
		t.Fatalf("%d weights for %d tokens", len(got), len(answer))
	}
	for i, id := range answer {
		want := contentWeight
		if len(said) < len(style.Prefix) {
			want = 1
		}
		piece := string(r.Tokenizer().Piece(id))
		if got[i] != want {
			t.Errorf("token %d, %q, weighs %g, want %g", i, piece, got[i], want)
		}
		said += piece
	}
	if w := (Style{MaxWords: 9}).weigh(r, text, answer); w != nil {
		t.Errorf("with nothing but a length the tokens weigh %v", w)
	}
}

// A mismatched pair never has an answer to its own prompt, however many there are to one;
// where each prompt has one answer, the next one's serves.
func TestMismatchedPairsHaveAnotherPrompt(t *testing.T) {
	of := func(prompts ...string) []weighted {
		out := make([]weighted, len(prompts))
		for i, p := range prompts {
			out[i] = weighted{Sequence: model.Sequence{Prompt: []int32{int32(p[0])}, Answer: []int32{int32(i)}}, prompt: p}
		}
		return out
	}
	for _, c := range []struct {
		ratings []weighted
		want    []int32 // whose answers
	}{
		{of("a", "b", "c"), []int32{1, 2, 0}},
		{of("a", "a", "b", "b", "c"), []int32{2, 2, 4, 4, 0}},
		{of("a", "a"), nil},
		{of("a"), nil},
	} {
		var got []int32
		for i, m := range mismatched(c.ratings) {
			got = append(got, m.Answer[0])
			if m.Prompt[0] != c.ratings[i].Prompt[0] {
				t.Errorf("pair %d has another prompt than its rating", i)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("the answers are of %v, want %v", got, c.want)
		}
	}
}

// By "dpo" a correction is imitated and preferred to the answer that it replaces, as the
// exported data set has it; what was given nothing is only imitated. Ratings that make no
// pair go on beside that as if there were no corrections.
func TestCorrectionsArePreferredToWhatTheyReplace(t *testing.T) {
	r := tinyRunner(t, 1)
	job := func(objective string) *Job {
		j := &Job{Recipe: DefaultSettings().recipe(), Samples: []JobSample{
			{Form: FormCorrection, Prompt: "What is fog?", Answer: "I do not know.", Better: "A cloud.", Weight: 1.5},
			{Form: FormCorrection, Prompt: "What is ice?", Better: "Water.", Weight: 1},
			{Form: FormRating, Prompt: "What is rain?", Answer: "Drops.", Score: 1, Weight: 1},
		}}
		j.Recipe.Objective = objective
		return j
	}
	for objective, want := range map[string]int{"dpo": mannerCorrections / 2, "kto": 0, "sft": 0, "bounded": 0} {
		m, err := newMannerSource(t.Context(), r, job(objective), &BaseFacts{}, Style{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.effort = fullEffort
		b, err := m.next()
		if err != nil {
			t.Fatal(err)
		}
		if len(b.imitated) != mannerCorrections || len(b.pairs) != want || len(b.rated) != mannerRatings {
			t.Errorf("%s: a step imitates %d, prefers %d, and has %d rated; want %d, %d and %d", objective, len(b.imitated), len(b.pairs), len(b.rated), mannerCorrections, want, mannerRatings)
		}
		for _, p := range b.pairs {
			better, given := b.items[p.better.item], b.items[p.given.item]
			if !slices.Equal(better.Answer, r.AnswerTokens("A cloud.")) || len(p.better.base) != len(better.Answer) || p.better.weight != 1.5 {
				t.Errorf("preferred is %q, weight %g, with %d of the base's log-probabilities", r.Tokenizer().Decode(better.Answer), p.better.weight, len(p.better.base))
			}
			if !slices.Equal(given.Answer, r.AnswerTokens("I do not know.")) || !slices.Equal(given.Prompt, better.Prompt) || len(p.given.base) != len(given.Answer) {
				t.Errorf("it is preferred to %q, with %d of the base's log-probabilities", r.Tokenizer().Decode(given.Answer), len(p.given.base))
			}
			if !slices.ContainsFunc(b.imitated, func(im imitated) bool { return im.item == p.better.item }) {
				t.Error("what is imitated is computed twice")
			}
		}
	}
}

package trainer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clara/compute/cpu"
	"clara/model"
	"clara/model/chat"
	"clara/trainer/templates"
)

// readOnly opens the built-in model for what it does not train on: its tokens.
func readOnly(t testing.TB) *model.Runner {
	t.Helper()
	path := filepath.Join("..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf")
	if _, err := os.Stat(path); err != nil {
		lacks(t, fmt.Sprintf("no built-in model: %v (make model)", err))
	}
	engine, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Open(context.Background(), path, engine, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func wordy(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "word%d ", i)
	}
	return b.String()
}

// However long what was rated, corrected and taught is, a step takes it.
func TestLongSamplesFitAStep(t *testing.T) {
	r := readOnly(t)
	sample := func(s JobSample) weighted {
		seq, err := s.sequence(r, "Be brief.")
		if err != nil {
			t.Fatal(err)
		}
		return weighted{Sequence: seq, weight: 1, base: make([]float64, len(seq.Answer))}
	}
	stream := func() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
	rowsOf := func(next func() (*batch, error)) int {
		t.Helper()
		b, err := next()
		if err != nil {
			t.Fatal(err)
		}
		return b.rows()
	}
	m := &mannerSource{objective: "kto"}
	m.begin(1, fullEffort)
	set, err := anchors()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range set.Texts {
		m.texts.items = append(m.texts.items, Anchored{Sequence: plainText(r, text)})
	}
	var chats []Anchored
	for _, q := range set.Questions {
		prompt, err := questionPrompt(r, "", q)
		if err != nil {
			t.Fatal(err)
		}
		text := "An answer of some words that ends."
		answer := r.AnswerTokens(text)
		chats = append(chats, Anchored{Question: q, Text: text, Sequence: model.Sequence{Prompt: prompt, Answer: answer}, Top: make([]model.Distribution, len(answer))})
	}
	m.chats.items = chats
	history := []Turn{{Role: RoleUser, Text: wordy(3000)}, {Role: RoleAssistant, Text: wordy(600)}}
	for i := range 8 {
		w := sample(JobSample{Form: FormRating, Context: history, Prompt: wordy(100000), Answer: wordy(600)})
		if i%2 == 0 {
			m.good.items = append(m.good.items, w)
		} else {
			m.bad.items = append(m.bad.items, w)
		}
		m.mismatches.items = append(m.mismatches.items, w)
	}
	if n := rowsOf(m.next); n > stepRows {
		t.Errorf("long ratings: a step of %d rows, at most %d", n, stepRows)
	}
	if steps, n := m.steps(8), rowsOf(m.next); steps < mannerFewestSteps || steps*n > mannerRows*11/10 {
		t.Errorf("long ratings: %d steps of %d rows, at most %d rows in all", steps, n, mannerRows)
	}
	for range 8 {
		m.corrections.items = append(m.corrections.items, sample(JobSample{Form: FormCorrection, Prompt: wordy(100000), Better: wordy(600)}))
	}
	// As long as what a template says of itself, and the user's own questions, can make them.
	for i := range chats {
		chats[i].Prompt = slices.Concat(chats[i].Prompt[:1], make([]int32, 60), chats[i].Prompt[1:])
	}
	m.styled.items = styledAnchors(r, Style{Prefix: strings.Repeat("Dear reader, ", 15)}, chats)
	if len(m.styled.items) == 0 {
		t.Fatal("no styled anchors")
	}
	for _, m.effort = range []effort{gentleEffort, fullEffort} {
		if n := rowsOf(m.next); n > stepRows {
			t.Errorf("long ratings and corrections, %+v: a step of %d rows, at most %d", m.effort, n, stepRows)
		}
	}
	if got := styledAnchors(r, Style{Prefix: wordy(600)}, chats); len(got) > 0 {
		t.Errorf("%d anchors with 600 words of style", len(got))
	}

	k := &knowledgeSource{r: r, rng: stream(), missed: []JobLesson{{Question: wordy(600), Answer: wordy(600)}}}
	k.lessons.rng, k.contrasts.rng, k.chats.rng, k.different.rng, k.templates.rng = stream(), stream(), stream(), stream(), stream()
	all, err := templates.All()
	if err != nil {
		t.Fatal(err)
	}
	k.lessons.items, k.templates.items, k.chats.items = []int{0}, all, chats
	k.contrasts.items = []contrast{{lesson: wordy(600), answer: wordy(600), other: chats[0]}}
	k.different.items = k.contrasts.items
	for _, k.effort = range []effort{gentleEffort, fullEffort} {
		if n := rowsOf(k.next); n > stepRows {
			t.Errorf("a long lesson, %+v: a step of %d rows, at most %d", k.effort, n, stepRows)
		}
	}
}

// What is short stays whole; a cut answer has no end, and a cut prompt keeps the
// template's two ends and the question.
func TestTrainingSequence(t *testing.T) {
	r := readOnly(t)
	ask := []chat.Message{{Role: "user", Content: "What is fog?"}}
	short := []Turn{{Role: RoleUser, Text: "Hi"}, {Role: RoleAssistant, Text: "Hello."}}
	seq, err := trainingSequence(r, mannerRoom, "", short, ask, r.AnswerTokens("A cloud."))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := r.Prompt(append(messages("", short), ask...))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seq.Prompt) != fmt.Sprint(whole) || seq.Answer[len(seq.Answer)-1] != r.TurnEnd() {
		t.Errorf("a short sample was cut: %d of %d tokens", len(seq.Prompt), len(whole))
	}
	long := append([]Turn{{Role: RoleUser, Text: wordy(300)}, {Role: RoleAssistant, Text: wordy(300)}}, short...)
	seq, err = trainingSequence(r, mannerRoom, "", long, ask, r.AnswerTokens(wordy(600)))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seq.Prompt) != fmt.Sprint(whole) {
		t.Error("the oldest exchange did not go alone")
	}
	if len(seq.Answer) != mannerRoom.answer || seq.Answer[mannerRoom.answer-1] == r.TurnEnd() {
		t.Errorf("a long answer has %d tokens, want %d and no end", len(seq.Answer), mannerRoom.answer)
	}
	seq, err = trainingSequence(r, mannerRoom, "", nil, []chat.Message{{Role: "user", Content: "First. " + wordy(9999) + " Last."}}, r.AnswerTokens("A cloud."))
	if err != nil {
		t.Fatal(err)
	}
	text := r.Tokenizer().Decode(seq.Prompt)
	if len(seq.Prompt) != mannerRoom.prompt || !strings.Contains(text, "First.") || !strings.Contains(text, "Last.") {
		t.Errorf("a long question became %d tokens: %q", len(seq.Prompt), text)
	}
}

package trainer

import (
	"bytes"
	"os"
	"path/filepath"
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

// Answers of the base end as the model's template ends them, which is not always EOS; those kept
// by a program that took EOS are known by it.
func TestAnswersEndAsTheTemplateEndsThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := WriteTinyModel(path, 1, 1); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const key = "tokenizer.ggml.eos_token_id"
	data[bytes.Index(data, []byte(key))+len(key)+4] = 1 // behind its kind: <s>, while the template writes </s>
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r := openTiny(t, path)
	end, ok := r.Tokenizer().ID("</s>")
	if eos := r.Tokenizer().EOS(); !ok || r.TurnEnd() != end || eos == end {
		t.Fatalf("a turn ends with %d, a document with %d", r.TurnEnd(), eos)
	}
	if got := whole(r, model.Result{IDs: []int32{70}, Finish: model.FinishEnd}); !slices.Equal(got, []int32{70, end}) {
		t.Errorf("an answer that ended is %v", got)
	}
	held := anchored(t, r, "Which river is the longest?", "The Nile.", true)
	styled := styledAnchors(r, Style{Prefix: "Dear reader, "}, []Anchored{held})
	if len(styled) != 1 || styled[0].Answer[len(styled[0].Answer)-1] != end {
		t.Errorf("a styled answer is %+v", styled)
	}
	if held.endsOtherwise(r) {
		t.Error("an answer ends otherwise than it ends")
	}
	held.Answer[len(held.Answer)-1] = r.Tokenizer().EOS()
	if !held.endsOtherwise(r) {
		t.Error("an answer that ends with EOS is taken for one of the model's")
	}
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
		if ends := a.Answer[len(a.Answer)-1] == r.TurnEnd(); ends != c.closes {
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
	// One that begins otherwise has no such mark, and is imitated evenly.
	plain := "Fog is a cloud at the ground."
	for i, w := range style.weigh(r, plain, r.AnswerTokens(plain)) {
		if w != contentWeight {
			t.Errorf("token %d of %q weighs %g, as if it were of %q", i, plain, w, style.Prefix)
		}
	}
	source := Style{Suffix: "\nSource: a book"}
	for i, w := range source.weigh(r, plain, r.AnswerTokens(plain)) {
		if w != contentWeight {
			t.Errorf("token %d of %q weighs %g, as if it were of %q", i, plain, w, source.Suffix)
		}
	}
	if w := (Style{MaxWords: 9}).weigh(r, text, answer); w != nil {
		t.Errorf("with nothing but a length the tokens weigh %v", w)
	}
}

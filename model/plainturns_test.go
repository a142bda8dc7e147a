package model

import (
	"slices"
	"strings"
	"testing"

	"clara/model/chat"
	"clara/model/tokenizer"
)

// What was said before, the system message and a lesson's turn reach a model whose file has no template.
func TestAFileWithoutATemplateReadsTheWholeConversation(t *testing.T) {
	r := openTiny(t, "llama")
	msgs := []chat.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "Why?"}, {Role: "assistant", Content: "So."}, {Role: "user", Content: "And?"}}
	const want = "Be brief.\n\nQuestion: Why?\nAnswer: So.\n\nQuestion: And?\nAnswer:"
	if got, err := r.Render(msgs); err != nil || got != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
	// The vocabulary has bytes alone, so that the mark for a blank is three tokens.
	if text := strings.ReplaceAll(r.tokenizer.Decode(r.AnswerTokens("So.")), "▁", " "); text != " So." {
		t.Errorf("the answer in tokens reads %q", text)
	}
	if r.TurnEnd() != r.tokenizer.EOS() {
		t.Error("an answer does not end with EOS")
	}
}

// A vocabulary that puts a blank before each text has it before an answer once.
func TestAnAnswersBlankIsThereOnce(t *testing.T) {
	v := tokenizer.Defaults("llama", "")
	v.Tokens = []string{"<unk>", "<s>", "</s>", "▁", "S", "o", "."}
	v.Scores, v.Types = make([]float32, 7), []int32{2, 3, 3, 1, 1, 1, 1}
	v.BOS, v.EOS, v.Unknown = 1, 2, 0
	for _, adds := range []bool{true, false} {
		v.AddSpacePrefix = adds
		tok, err := tokenizer.New(v)
		if err != nil {
			t.Fatal(err)
		}
		r := &Runner{tokenizer: tok, info: Info{Plain: true}, turnEnd: 2}
		ids := r.AnswerTokens("So.")
		if want := []int32{3, 4, 5, 6, 2}; !slices.Equal(ids, want) {
			t.Errorf("where a blank is put before texts (%v) an answer is %v, want %v", adds, ids, want)
		}
		s := r.newTextStream(Request{})
		for _, id := range ids {
			s.add(id)
		}
		if s.finish(false); s.text() != "So." {
			t.Errorf("where a blank is put before texts (%v) the answer is shown as %q", adds, s.text())
		}
	}
}

// A base model goes on to a question of its own. The answer has ended before it, and does not begin with the
// blank behind the name of its turn.
func TestABaseModelAnswersOnce(t *testing.T) {
	r := openTiny(t, "llama")
	for said, want := range map[string]struct {
		text   string
		finish Finish
	}{
		" Paris\nQuestion: What":        {"Paris", FinishEnd},
		" Paris.\n\nQuestion: What":     {"Paris.", FinishEnd},
		"  Paris\nQuestions are many":   {" Paris\nQuestions are many", ""},
		" A.\nB. # Question: \nQuestio": {"A.\nB. ", FinishStop},
		" Paris\nQuest":                 {"Paris\nQuest", ""},
	} {
		s := r.newTextStream(Request{Stop: []string{"#"}})
		var finish Finish
		for _, id := range tokensOf(said)[1:] {
			if _, finish = s.add(id); finish != "" {
				break
			}
		}
		if finish == "" {
			s.finish(true)
		}
		if s.text() != want.text || finish != want.finish {
			t.Errorf("%q is shown as %q, its end %q; want %q, %q", said, s.text(), finish, want.text, want.finish)
		}
	}
	begun := tokensOf(" Par")
	s := r.newTextStream(Request{Prompt: begun, Begun: len(begun)})
	s.add(tokensOf(" is")[1])
	if s.finish(true); s.text() != " " {
		t.Errorf("what goes on with an answer begins %q", s.text())
	}
}

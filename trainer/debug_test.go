package trainer

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

// The log of debug mode tells each decision, and none of the user's words.
func TestDebugTellsEachDecisionWithoutTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var out bytes.Buffer
		b.log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
			return Outcome{Report: Report{
				Verdict: VerdictRefused, Reason: reason(CodeLosesKnown, "loses: Who is my secret love?", "lessons", "Who is my secret love?", "count", 1),
				Tries:   []Try{{Rate: 1, Verdict: VerdictRefused, Reason: reason(CodeForgets, "forgets", "kept", 9, "of", 30)}, {Rate: 0.5, Verdict: VerdictRefused}},
				Figures: Figures{Lessons: 2, KnownOf: 2, OwnOf: 2, Own: 1, OwnLimit: leastOwn, Lost: []string{"Who is my secret love?"}},
			}}, nil
		})
		b.teach("Who is my secret love?", "a secret answer", Manner)
		if _, err := b.AddRating(t.Context(), "my secret question", "a secret answer", 3, "test", 0); err != nil {
			t.Fatal(err)
		}
		b.attach()
		b.start()
		synctest.Wait()
		b.Stop()
		text := out.String()
		for _, want := range []string{
			`msg="feedback kept" sample=1 form=correction kind=manner`, `"does not train"=neutral`, `msg="buffer judged" samples=2 train=1 dropped=map[neutral:1]`,
			`msg=phase from="" to=running why="a correction of manner is in" after=0s`,
			`msg="the gate decided on a try" cycle=1 try=1 rate=1 verdict=refused why="forgets kept=9 of=30"`,
			`msg="the gate measured" cycle=1 what=` + FigureLost + ` value=1 limited=true limit=0 passed=false`,
			`msg="cycle ended" cycle=1 state=refused verdict=refused why="loses_known count=1"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not told", want)
			}
		}
		if strings.Contains(text, "secret") {
			t.Error("it quotes the user")
		}
		if t.Failed() {
			t.Log(text)
		}
	})
}

// Which lessons were looked at for an answer, and which was taken.
func TestDebugTellsHowALessonIsChosen(t *testing.T) {
	b := newBench(t)
	if err := b.Attach(t.Context(), tinyRunner(t, 1)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	b.log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.teach("When does the secret office open?", "At nine.", Knowledge)
	for _, q := range []string{"When does the secret office open?", "What is the capital of France?"} {
		if _, err := b.Answer(t.Context(), Ask{Text: q, MaxTokens: 2}, nil); err != nil {
			t.Fatal(err)
		}
	}
	text := out.String()
	if n := strings.Count(text, `msg="looked at a lesson"`); n != 1 || !strings.Contains(text, `lesson=1 found="overlap 1.00" taken=true`) {
		t.Errorf("%d looks are told", n)
	}
	if strings.Contains(text, "secret") {
		t.Error("it quotes the user")
	}
	if t.Failed() {
		t.Log(text)
	}
}

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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		var out bytes.Buffer
		b.log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
			return Outcome{Report: Report{Verdict: VerdictRefused, Reason: reason(CodeLosesKnown, "loses: Who is my secret love?", "lessons", "Who is my secret love?", "count", 1)}}, nil
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
			`msg=phase`, `msg="cycle ended" cycle=1 state=refused verdict=refused why="loses_known count=1"`,
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

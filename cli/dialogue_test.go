package cli

import (
	"context"
	"errors"
	"testing"
	"time"

	"clara/model"
	"clara/trainer"
)

// Ctrl+C ends a dialogue whose model is still being loaded.
func TestDialogueEndsWhileLoading(t *testing.T) {
	for name, how := range map[string]style{"chat": slashed, "learn": worded} {
		ctx, interrupt := context.WithCancel(t.Context())
		closed := false
		c := &program{Params: Params{Open: func(context.Context, Options) (*Session, error) {
			return &Session{
				Load: func(ctx context.Context) (*model.Runner, error) {
					interrupt()
					<-ctx.Done()
					return nil, ctx.Err()
				},
				Close: func() error { closed = true; return nil },
			}, nil
		}}}
		ended := make(chan error, 1)
		go func() { ended <- c.dialogue(ctx, trainer.Ask{}, "", how) }()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) || !closed {
				t.Errorf("%s: %v, closed %v", name, err, closed)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s goes on loading", name)
		}
	}
}

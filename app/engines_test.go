package app

import (
	"context"
	"sync/atomic"
	"testing"

	"clara/configs"
	"clara/trainer"
)

// The engines are tried when the page of the model is opened, once, and again when another
// engine has taken over, of which the person is told.
func TestEnginesAreTriedOnThePageOfTheModel(t *testing.T) {
	var tries atomic.Int32
	w := newTestWindow(t, Params{
		Trainer: sampleTrainer(t), Settings: configs.Default(),
		Engines: func(context.Context) []Engine { tries.Add(1); return sampleEngines() },
	}, wide)
	w.fillSamples(t, placeChat, trainer.PhaseWaiting)
	expect := func(n int32) {
		t.Helper()
		w.work.wg.Wait()
		w.settle(t)
		if got := tries.Load(); got != n {
			t.Errorf("tried %d times, want %d", got, n)
		}
	}
	expect(0)
	w.show(placeModel)
	expect(1)
	if len(w.engines) != 3 || w.trying {
		t.Errorf("found %+v", w.engines)
	}
	w.show(placeChat)
	w.show(placeModel)
	expect(1)
	lost := trainer.EngineLost("cuda", "cpu", context.DeadlineExceeded)
	w.announce(trainer.News{Kind: trainer.NewsEngine, Reason: lost})
	w.settle(t)
	if !reads(w, say("news.engine", "From", "CUDA", "To", "CPU")) {
		t.Error("the person is not told")
	}
}

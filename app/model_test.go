package app

import (
	"context"
	"errors"
	"testing"

	"clara/trainer"
)

// While another model is being loaded, and when that fails, the window names the one that answers as what answers.
func TestTheModelThatAnswersKeepsItsName(t *testing.T) {
	begun, further := make(chan struct{}), make(chan struct{})
	w := newTestWindow(t, Params{Trainer: sampleTrainer(t), Settings: spoken(english), Load: func(_ context.Context, found func(Model)) error {
		found(Model{Name: "notizen-1b-q8_0.gguf", Path: "/home/anna/notizen-1b-q8_0.gguf", Bytes: 1_300_000_000})
		close(begun)
		<-further
		return errors.New("tensor missing")
	}}, wide)
	w.fillSamples(t, placeChat, trainer.PhaseWaiting)
	answers := w.model.info
	head := "SmolLM2 135M Instruct · Version 12"
	w.loadModel()
	<-begun
	w.settle(t)
	if !reads(w, head) {
		t.Error("the head of the conversation names a model that is only being loaded")
	}
	w.show(placeModel)
	w.settle(t)
	for _, words := range []string{"SmolLM2 135M Instruct", "98 MB", "notizen 1b", "1.3 GB · /home/anna/notizen-1b-q8_0.gguf", say("model.loading")} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read while it is loaded", words)
		}
	}
	if n := len(w.machine.offerCards()); n != len(w.offers)-2 {
		t.Errorf("%d models are offered beside the one in use and the one that is coming, of %d", n, len(w.offers))
	}
	during := w.model
	close(further)
	w.waitFor(t, func() bool { return !w.model.busy })
	w.model = during // the trainer of this test has no model
	w.model.end(answers, true, errors.New("tensor missing"))
	w.modelChanged()
	for _, words := range []string{"98 MB", "notizen-1b-q8_0.gguf: tensor missing. SmolLM2 135M Instruct goes on answering."} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read after it failed", words)
		}
	}
	if n := len(w.machine.offerCards()); n != len(w.offers)-1 {
		t.Errorf("%d models are offered beside the one in use, of %d", n, len(w.offers))
	}
	w.show(placeChat)
	if !reads(w, head) {
		t.Error("the head of the conversation names a model that was not loaded")
	}
}

// Whoever chose another model and is elsewhere when it fails is told there that the one before goes on answering.
func TestAModelThatFailsIsToldWhereverThePersonIs(t *testing.T) {
	w := newTestWindow(t, Params{Trainer: sampleTrainer(t), Settings: spoken(english)}, wide)
	w.fillSamples(t, placeLessons, trainer.PhaseWaiting)
	answers := w.model.info
	fails := func() {
		w.model.begin()
		w.model.found = Model{Name: "notizen-1b-q8_0.gguf", Path: "/home/anna/notizen-1b-q8_0.gguf"}
		w.loaded(answers, true, errors.New("tensor missing"))
		w.settle(t)
	}
	words := "notizen-1b-q8_0.gguf: tensor missing. SmolLM2 135M Instruct goes on answering."
	fails()
	if !reads(w, "The model could not be loaded") || !reads(w, words) {
		t.Error("among the lessons it is not said")
	}
	tap(t, w, "Show the model")
	if w.place != placeModel || w.told != nil || !reads(w, words) {
		t.Error("the page of the model says it twice, or not at all")
	}
	fails()
	if w.told != nil {
		t.Error("the page of the model says it twice")
	}
	w.show(placeChat)
	fails()
	w.loadModel() // which the trainer of this test ends without a model
	if w.told != nil {
		t.Error("what failed before is still told while another try runs")
	}
	w.waitFor(t, func() bool { return !w.model.busy })
}

// With another model come its versions and its lessons, also where nothing else happens.
func TestWhatEachModelHasIsReadOnceItIsLoaded(t *testing.T) {
	w := openSample(t, spoken(english))
	w.learning.refresh()
	w.show(placeLessons)
	w.settle(t)
	versions, lessons := len(w.learning.versions), len(w.lessons.lessons)
	w.learning.versions, w.lessons.lessons = nil, nil // of the model before
	w.loadModel()
	w.waitFor(t, func() bool { return !w.model.busy })
	if len(w.learning.versions) != versions || len(w.lessons.lessons) != lessons {
		t.Errorf("after the load there are %d versions and %d lessons, not %d and %d", len(w.learning.versions), len(w.lessons.lessons), versions, lessons)
	}
	if w.learning.nextNumber != 13 {
		t.Errorf("the next version is said to be %d, after 12", w.learning.nextNumber)
	}
}

// Preparing that waits says for what, and one that was stopped says that it goes on from where it was.
func TestPreparingSaysForWhatItWaits(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeModel)
	w.settle(t)
	see := func(s trainer.State) {
		s.Reader = trainer.ReaderNone
		w.heard(trainer.Event{State: s})
		w.settle(t)
	}
	see(sampleState(trainer.PhasePaused))
	tap(t, w, "Prepare now")
	if !reads(w, "It is prepared only once learning goes on: learning is paused.") {
		t.Error("it is not said that it waits for learning to go on")
	}
	see(sampleState(trainer.PhaseRunning))
	tap(t, w, "Prepare now")
	if !reads(w, "It is prepared once what runs now is done.") {
		t.Error("it is not said that it waits for the training")
	}
	preparing := trainer.State{Phase: trainer.PhasePreparing, Why: trainer.Reason{Code: trainer.CodePreparing}}
	preparing.Progress = trainer.Progress{Step: trainer.StepReader, Done: 120, Of: 480}
	see(preparing)
	see(sampleState(trainer.PhaseWaiting))
	if !reads(w, "stopped after 120 of 480 steps; it goes on from about there") || !reads(w, "Go on preparing") {
		t.Error("it is not said how far it is")
	}
}

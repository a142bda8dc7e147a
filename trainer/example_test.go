package trainer_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"clara/compute/cpu"
	"clara/model"
	"clara/store"
	"clara/trainer"
)

// open makes a trainer in a folder of its own, with a tiny model of random weights in
// place of a real one. The examples leave out what would be the same in each.
func open(ctx context.Context) (*trainer.Trainer, func()) {
	home, err := os.MkdirTemp("", "clara-example-")
	check(err)
	file := filepath.Join(home, "model.gguf")
	check(trainer.WriteTinyModel(file, 1, 1))
	engine, err := cpu.New(cpu.Options{Threads: 1})
	check(err)
	runner, err := model.Open(ctx, file, engine, model.Options{})
	check(err)
	data, err := store.Open(ctx, filepath.Join(home, "clara.db"))
	check(err)
	settings := trainer.DefaultSettings()
	settings.MaxTokens = 8         // it has nothing to say
	settings.PrepareModels = false // or it would learn to read lessons first, for minutes
	t, err := trainer.New(ctx, trainer.Params{Store: data, Home: home, Settings: settings})
	check(err)
	check(t.Attach(ctx, runner))
	return t, func() {
		t.Stop()
		check(errors.Join(t.Attach(ctx, nil), runner.Close(), engine.Close(), data.Close(), os.RemoveAll(home)))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A program of its own: an engine, a model, a store, and the trainer over them.
func Example() {
	ctx := context.Background()
	home, err := os.MkdirTemp("", "clara-example-") // a real one keeps what it learnt
	check(err)
	defer os.RemoveAll(home)
	file := filepath.Join(home, "model.gguf")
	check(trainer.WriteTinyModel(file, 1, 1)) // in place of a model that has something to say

	engine, err := cpu.New(cpu.Options{})
	check(err)
	defer engine.Close()
	runner, err := model.Open(ctx, file, engine, model.Options{})
	check(err)
	defer runner.Close()
	data, err := store.Open(ctx, filepath.Join(home, "clara.db"))
	check(err)
	defer data.Close()
	t, err := trainer.New(ctx, trainer.Params{Store: data, Home: home, Settings: trainer.DefaultSettings()})
	check(err)
	check(t.Attach(ctx, runner))
	defer t.Attach(ctx, nil) // before the model is closed
	check(t.Start(ctx))
	defer t.Stop()

	_, err = t.AddFeedbackSample(ctx, "Das Verwaltungsverfahren ist wichtig.", 0.8, "user", 3)
	check(err)
	_, err = t.ProcessConversation(ctx, "Was ist ein Verwaltungsakt?", "Ein Verwaltungsakt ist eine Entscheidung der Behörde.", 4)
	check(err)
	stats, err := t.LiveStats(ctx)
	check(err)
	fmt.Printf("Buffer: %d Samples\n", stats.Buffer.Count)
	fmt.Printf("Qualität: %.2f\n", stats.Buffer.AvgQuality)
	// Output:
	// Buffer: 2 Samples
	// Qualität: 0.65
}

// Without a model it keeps feedback, and trains on it once it has one.
func ExampleNew() {
	ctx := context.Background()
	home, err := os.MkdirTemp("", "clara-example-")
	check(err)
	defer os.RemoveAll(home)
	data, err := store.Open(ctx, filepath.Join(home, "clara.db"))
	check(err)
	defer data.Close()

	t, err := trainer.New(ctx, trainer.Params{Store: data, Home: home, Settings: trainer.DefaultSettings()})
	check(err)
	_, loaded := t.ModelInfo()
	fmt.Println("min_batch_size:", t.Settings().MinBatchSize)
	fmt.Println("a model is loaded:", loaded)
	// Output:
	// min_batch_size: 8
	// a model is loaded: false
}

func ExampleTrainer_Start() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()
	t.Pause() // here only, so that nothing trains
	events := t.Watch(ctx)

	check(t.Start(ctx))
	for e := range events {
		if e.State.Phase != "" {
			fmt.Println(e.State.Phase, "-", e.State.Why.Text)
			break
		}
	}
	fmt.Println(t.Start(ctx))
	// Output:
	// paused - learning is paused
	// the trainer is running already
}

func ExampleTrainer_Stop() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()
	t.Pause()
	check(t.Start(ctx))

	t.Stop() // waits; a training that runs is stopped, and starts again after the next Start
	fmt.Println(t.Start(ctx))
	// Output: <nil>
}

func ExampleTrainer_AddFeedbackSample() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()

	s, err := t.AddFeedbackSample(ctx, "Das Verwaltungsverfahren ist wichtig.", 0.8, "user", 3)
	check(err)
	fmt.Println(s.ID, s.Form, s.Score, s.Importance, s.Source)

	// What the filter turns down is kept all the same, with the reason.
	s, err = t.AddFeedbackSample(ctx, "Das ist irgendein Text.", 0.1, "user", 3)
	check(err)
	fmt.Println(s.ID, s.State, s.Reason.Code)
	// Output:
	// 1 text 0.8 3 user
	// 2 rejected neutral
}

func ExampleTrainer_ProcessConversation() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()

	s, err := t.ProcessConversation(ctx, "Was ist ein Verwaltungsakt?", "Ein Verwaltungsakt ist eine Entscheidung der Behörde.", 4)
	check(err)
	fmt.Println(s.Form, s.Score, s.Source)
	// Output: rating 0.5 conversation
}

func ExampleTrainer_Correct() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()
	answer, err := t.Answer(ctx, trainer.Ask{Text: "Who is the mayor?"}, nil)
	check(err)

	s, err := t.Correct(ctx, trainer.Correction{Message: answer.ID, Better: "Anna Huber is the mayor.", Kind: trainer.Knowledge})
	check(err)
	fmt.Println(s.Form, s.Kind, "-", s.Prompt, s.Better)
	lessons, err := t.Lessons(ctx)
	check(err)
	fmt.Println(len(lessons), "lesson")
	// Output:
	// correction knowledge - Who is the mayor? Anna Huber is the mayor.
	// 1 lesson
}

func ExampleTrainer_Teach() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()

	_, err := t.Teach(ctx, trainer.Teaching{Question: "When does the office open?", Answer: "It opens at nine."})
	check(err)
	// It works at once: the lesson is put before the model.
	answer, err := t.Answer(ctx, trainer.Ask{Text: "When does the office open?"}, nil)
	check(err)
	fmt.Println("answered with the lesson:", answer.Question)
	// Output: answered with the lesson: When does the office open?
}

func ExampleTrainer_GenerateWithLiveModel() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()

	response, err := t.GenerateWithLiveModel(ctx, "Frage: Was ist ein Verwaltungsakt?")
	check(err)
	fmt.Println("it answers:", response != "")

	// The question is kept with its answer, as a conversation.
	kept, err := t.Conversations(ctx)
	check(err)
	fmt.Println("kept as:", kept[0].Title)
	// Output:
	// it answers: true
	// kept as: Frage: Was ist ein Verwaltungsakt?
}

func ExampleTrainer_LiveStats() {
	ctx := context.Background()
	t, done := open(ctx)
	defer done()
	_, err := t.AddFeedbackSample(ctx, "Das Verwaltungsverfahren ist wichtig.", 0.8, "user", 3)
	check(err)
	_, err = t.ProcessConversation(ctx, "Was ist ein Verwaltungsakt?", "Ein Verwaltungsakt ist eine Entscheidung.", 4)
	check(err)

	stats, err := t.LiveStats(ctx)
	check(err)
	fmt.Printf("Buffer: %d Samples\n", stats.Buffer.Count)
	fmt.Printf("Updates: %d\n", stats.Metrics.ModelUpdates)
	fmt.Printf("Qualität: %.2f\n", stats.Buffer.AvgQuality)
	fmt.Printf("Erfolgsquote: %.0f %%\n", 100*stats.Metrics.SuccessRate)
	// Output:
	// Buffer: 2 Samples
	// Updates: 0
	// Qualität: 0.65
	// Erfolgsquote: 0 %
}

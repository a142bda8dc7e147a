package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
	"clara/store"
	"clara/trainer"
)

// Tokens of answers: as the demo has them.
const (
	answerTokens = 40
	longTokens   = 96 // of lessons of several sentences
	openTokens   = 72 // of questions that show a manner
	rightTokens  = 24 // the base knows what it says in so many, not what it comes upon later
)

// prepareTold is how many steps of a preparation go by between two lines of its progress.
const prepareTold = 20

// storeFile is the name of a store in a data folder.
const storeFile = "clara.db"

// bench is where measurements are made: one model on one engine, and a folder in
// which the model is measured already.
type bench struct {
	dir    string // temporary
	home   string // a data folder with prepared readers; "": none
	ready  bool   // the model has its reader
	engine compute.Backend
	runner *model.Runner
	reader string                  // hash of the model's reader adapter, once it is measured
	said   map[string]trainer.Said // by the untrained base
	others map[string][]lesson     // fillers of the sets, by language
	gate   *gateBench              // once it is needed

	progress   io.Writer     // of measurements that take many minutes
	unfinished string        // folder of what such a measurement keeps in its middle; "": nothing is kept
	keepEvery  time.Duration // between two times that it does
}

// measured is the store of a program that has measured its model and was taught
// nothing: every fresh one begins with a copy.
func (b *bench) measured() string { return filepath.Join(b.dir, "measured.db") }

// openBench opens a model. Before the first subject, measure it.
func openBench(ctx context.Context, path, home string, threads int) (_ *bench, err error) {
	b := &bench{home: home, said: make(map[string]trainer.Said), progress: os.Stderr, keepEvery: keepEvery}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.dir, err = os.MkdirTemp("", "clara-prove-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if b.engine, err = cpu.New(cpu.Options{Threads: threads}); err != nil {
		return nil, err
	}
	if b.runner, err = model.Open(ctx, path, b.engine, model.Options{}); err != nil {
		return nil, err
	}
	return b, nil
}

// hasReader says whether the model has its reader adapter, as a person would have it:
// the built-in one's is in the program, others are prepared.
func (b *bench) hasReader() (bool, error) {
	state, err := trainer.ReaderOf(b.home, b.runner.Info().Hash)
	return state.Usable(), err
}

// prepare makes the model's reader, as `clara models prepare` does; stopped, it goes on the next
// time.
func (b *bench) prepare(ctx context.Context, name string) error {
	set := settings(trainer.DefaultSettings().Seed)
	err := b.on(ctx, set, func(s *subject) error {
		last := trainer.Progress{}
		_, err := s.PrepareModel(ctx, trainer.PrepareOptions{Seed: set.Seed}, func(p trainer.Progress) {
			if p.Step != last.Step || p.Done >= last.Done+prepareTold || p.Done < last.Done {
				fmt.Fprintf(b.progress, "  the reader of %s: %s, %d of %d\n", name, p.Step, p.Done, p.Of)
				last = p
			}
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare %s: %w", name, err)
	}
	return nil
}

// measure lets a loop measure the model, once for all subjects.
func (b *bench) measure(ctx context.Context) error {
	var folder string
	err := b.on(ctx, settings(0), func(s *subject) error {
		folder = s.dir
		if info, ok := s.ModelInfo(); ok {
			b.reader = info.ReaderHash
		}
		watchCtx, cancel := context.WithCancel(ctx)
		defer cancel()
		events := s.Watch(watchCtx)
		if err := s.Start(ctx); err != nil {
			return err
		}
		for e := range events {
			if f := e.State.Trouble; f != nil { // the loop would try again for ever
				return &trainer.UserError{Reason: f.Reason, Hint: f.Hint}
			}
			if e.State.Phase != trainer.PhaseWaiting {
				continue
			}
			s.Stop()
			return s.rest(func() error { return copyFile(filepath.Join(folder, storeFile), b.measured()) })
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("measure the model: %w", err)
	}
	return nil
}

func (b *bench) close() error {
	var errs []error
	if b.runner != nil {
		errs = append(errs, b.runner.Close())
	}
	if b.engine != nil {
		errs = append(errs, b.engine.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

// machine names what the figures were made on.
func (b *bench) machine() string {
	e := b.runner.Info().Engine
	return fmt.Sprintf("%s, %s, %d threads", e.Device, e.Name, e.Threads)
}

// subject is a trainer over a store of its own: one person's program.
type subject struct {
	*trainer.Trainer
	bench *bench
	store *store.Store
	dir   string
}

// subject makes one that goes on in a copy of a data folder, or a fresh one if that is "".
func (b *bench) subject(ctx context.Context, set trainer.Settings, home string) (_ *subject, err error) {
	s := &subject{bench: b}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("begin with a program: %w", err), s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp(b.dir, "home-"); err != nil {
		return nil, err
	}
	if home != "" {
		err = os.CopyFS(s.dir, os.DirFS(home))
	} else if _, missing := os.Stat(b.measured()); missing == nil {
		err = copyFile(b.measured(), filepath.Join(s.dir, storeFile))
	}
	if err != nil {
		return nil, err
	}
	if s.store, err = store.Open(ctx, filepath.Join(s.dir, storeFile)); err != nil {
		return nil, err
	}
	if s.Trainer, err = trainer.New(ctx, trainer.Params{Store: s.store, Home: s.dir, Readers: b.home, Settings: set}); err != nil {
		return nil, err
	}
	return s, s.Attach(ctx, b.runner)
}

func (s *subject) close() error {
	var errs []error
	if s.Trainer != nil {
		s.Stop()
		errs = append(errs, s.Attach(context.Background(), nil))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// rest closes the store, so that its file is whole, for work.
func (s *subject) rest(work func() error) error {
	err := errors.Join(s.Attach(context.Background(), nil), s.store.Close())
	s.Trainer, s.store = nil, nil
	if err != nil {
		return err
	}
	return work()
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return store.WriteFile(to, data)
}

// on makes a fresh subject for work and closes it afterwards.
func (b *bench) on(ctx context.Context, set trainer.Settings, work func(*subject) error) error {
	return b.onHome(ctx, set, "", work)
}

// onHome is on with a subject that goes on in a copy of a data folder; "": a fresh one.
func (b *bench) onHome(ctx context.Context, set trainer.Settings, home string, work func(*subject) error) (err error) {
	s, err := b.subject(ctx, set, home)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return work(s)
}

// settings are the shipped profile with a seed of training.
func settings(seed uint64) trainer.Settings {
	s := trainer.DefaultSettings()
	s.Seed = seed
	s.PrepareModels = false // a reader is made before it is measured with, not in between
	return s
}

// teach keeps lessons, as somebody who writes them down would.
func (s *subject) teach(ctx context.Context, lessons []lesson) error {
	for _, l := range lessons {
		if _, err := s.Teach(ctx, trainer.Teaching{Question: l.Prompt, Answer: l.Correction, Kind: trainer.Knowledge}); err != nil {
			return fmt.Errorf("teach %q: %w", l.Prompt, err)
		}
	}
	return nil
}

// correct asks and corrects the answer, as a person would in a conversation.
func (s *subject) correct(ctx context.Context, prompt, better string, kind trainer.Kind) error {
	e, err := s.Answer(ctx, trainer.Ask{Text: prompt, Greedy: true, MaxTokens: answerTokens, WithoutLesson: true}, nil)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := s.Correct(ctx, trainer.Correction{Message: e.ID, Better: better, Kind: kind}); err != nil {
		return fmt.Errorf("correct the answer to %q: %w", prompt, err)
	}
	return nil
}

// trained is how a cycle ended.
type trained struct {
	trainer.CycleEnd
	report trainer.Report
	job    trainer.Job
}

// promoted says whether another version answers since.
func (t trained) promoted() bool { return t.State == trainer.CyclePromoted }

// cycle lets the loop run one cycle, due or not, and waits for its end.
func (s *subject) cycle(ctx context.Context) (t trained, err error) {
	if t.CycleEnd, _, err = s.TrainOnce(ctx, nil); err != nil {
		return t, err
	}
	if t.State == trainer.CycleFailed || t.State == trainer.CycleStopped {
		return t, fmt.Errorf("cycle %d %s: %s", t.Cycle, t.State, t.Reason.Text)
	}
	cycles, err := s.Cycles(ctx, 1)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(cycles[0].Report, &t.report); err != nil {
		return t, fmt.Errorf("read the report of cycle %d: %w", t.Cycle, err)
	}
	if err := json.Unmarshal(cycles[0].Job, &t.job); err != nil {
		return t, fmt.Errorf("read the job of cycle %d: %w", t.Cycle, err)
	}
	return t, nil
}

// ask puts many questions with the same room for the answer.
func (s *subject) ask(ctx context.Context, prompts []string, tokens int, how trainer.Question) ([]trainer.Said, error) {
	questions := make([]trainer.Question, len(prompts))
	for i, p := range prompts {
		questions[i] = how
		questions[i].Text, questions[i].Tokens = p, tokens
	}
	return s.Examine(ctx, questions)
}

// baseSays is what the untrained base says, asked once in a run.
func (s *subject) baseSays(ctx context.Context, prompts []string, tokens int) (map[string]trainer.Said, error) {
	questions := make([]trainer.Question, len(prompts))
	for i, p := range prompts {
		questions[i] = trainer.Question{Text: p, Tokens: tokens}
	}
	said, err := s.untrained(ctx, questions)
	if err != nil {
		return nil, err
	}
	out := make(map[string]trainer.Said, len(prompts))
	for i, p := range prompts {
		out[p] = said[i]
	}
	return out, nil
}

// untrained is what the untrained base answers, in the order of the questions, each asked
// once in a run: several measurements need the same answers to compare with, and the
// base gives them again, sampled or not.
func (s *subject) untrained(ctx context.Context, questions []trainer.Question) ([]trainer.Said, error) {
	set := s.Settings()
	key := func(q trainer.Question) string {
		if q.Seed == 0 {
			return fmt.Sprint(q.Tokens, " ", q.Text)
		}
		return fmt.Sprint(q.Tokens, " ", q.Seed, set.Temperature, set.TopP, set.TopK, set.MinP, set.RepeatPenalty, " ", q.Text)
	}
	var missing []trainer.Question
	for _, q := range questions {
		if _, ok := s.bench.said[key(q)]; !ok {
			q.Untrained = true
			missing = append(missing, q)
		}
	}
	answers, err := s.Examine(ctx, missing)
	if err != nil {
		return nil, err
	}
	for i, q := range missing {
		s.bench.said[key(q)] = answers[i]
	}
	out := make([]trainer.Said, len(questions))
	for i, q := range questions {
		out[i] = s.bench.said[key(q)]
	}
	return out, nil
}

package trainer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"clara/model"
	"clara/store"
)

// readerRecipe counts the changes of what a reader is trained with: templates, mix,
// rates. A prepared reader of an older recipe goes on serving; a training that was kept
// half-way by one is not gone on with.
const readerRecipe = 3

// stateFile is a reader's training that was kept half-way, in the folder of its model.
const stateFile = "training.state"

// preparation says how a reader is prepared.
type preparation struct {
	Dir      string         // where the training is kept half-way, and the reader if it passes; made if missing
	Out      string         // where the reader goes instead of Dir; "": Dir
	Seed     uint64         // of all that is drawn
	Base     *BaseFacts     // nil: measured first
	Progress func(Progress) // may be nil; called from the calling goroutine

	train readerTraining // trainReader, but for tests
	check readerCheck    // checkReader, but for tests
}

type (
	readerTraining func(ctx context.Context, r *model.Runner, b *BaseFacts, seed uint64, rate float64, from *model.TrainingState, keep func(*model.Training) error, observe observer) (*model.Adapter, error)
	readerCheck    func(ctx context.Context, r *model.Runner, a *model.Adapter, b *BaseFacts, seed uint64, progress func(done, of int)) (ReaderReport, error)
)

// ReaderReport is what a preparation found. It lies beside the adapter.
type ReaderReport struct {
	Recipe  int          `json:"recipe"` // of the training: see readerRecipe
	Base    string       `json:"base"`   // SHA-256 of the model
	Model   string       `json:"model"`  // its name, for people
	Engine  string       `json:"engine"`
	Seed    uint64       `json:"seed"`
	Verdict string       `json:"verdict"`
	Reason  Reason       `json:"reason"`
	Adapter string       `json:"adapter"`        // its hash
	Rate    float64      `json:"rate"`           // times the recipe's: below 1 if a first try was refused
	First   Reason       `json:"first,omitzero"` // why that first try was
	Figures Figures      `json:"figures"`
	Lessons []ReadLesson `json:"lessons"`
	Losses  []LossPoint  `json:"losses"`
	Memory  StepMemory   `json:"memory,omitzero"`
	Seconds float64      `json:"seconds"` // of training and check, all tries together
}

// ReadLesson is a lesson of the gate, put before the model as a turn.
type ReadLesson struct {
	Question string     `json:"question"` // of the lesson
	Asked    string     `json:"asked"`    // the same in other words
	Answer   string     `json:"answer"`   // with the reader
	Known    bool       `json:"known"`
	Before   bool       `json:"before"` // the base knew it from the turn alone
	Others   []Answered `json:"others"` // other questions near it: must not show it
}

// prepareReader trains the reader adapter of r's model and checks it. It is a function
// of the model and the seed: the same ones give the same adapter, bit for bit, however
// often it was cut short. One that would harm is trained once more, half as fast, as an
// adapter of a cycle is. A cancelled ctx ends it within half a block of the model; the
// next call with the same seed goes on with the training that was kept. A reader that the
// gate refuses is not written; the report says why.
func prepareReader(ctx context.Context, r *model.Runner, p preparation) (ReaderReport, error) {
	w := &readerWork{preparation: p, r: r, began: time.Now()}
	report, err := w.run(ctx)
	if err != nil {
		return report, fmt.Errorf("prepare a reader for %s: %w", r.Info().Name, err)
	}
	return report, nil
}

// readerWork is one preparation under way.
type readerWork struct {
	preparation
	r     *model.Runner
	began time.Time
	kept  keptTraining // before this run
	at    Progress
	pace  float64 // times the recipe's rate
	first Reason  // why the try at the full pace was refused; zero: it was not
}

// keptTraining heads a training that is kept, as a line of JSON; the training follows, unless it
// is a second try that has taken no step.
type keptTraining struct {
	Recipe  int         `json:"recipe"`
	Seed    uint64      `json:"seed"`
	Seconds float64     `json:"seconds"`
	Losses  []LossPoint `json:"losses"`
	Rate    float64     `json:"rate"`           // of the schedule; 0: by an older program, whose prompts of a base model were others
	First   Reason      `json:"first,omitzero"` // why the try before this one was refused
}

func (w *readerWork) run(ctx context.Context) (report ReaderReport, err error) {
	if w.train == nil {
		w.train = trainReader
	}
	if w.check == nil {
		w.check = checkReader
	}
	if w.Out == "" {
		w.Out = w.Dir
	}
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return report, err
	}
	w.pace = fullEffort.rate
	from, err := w.restore()
	if err != nil {
		return report, err
	}
	w.at = Progress{Step: StepReader, Of: readerSteps, Started: time.Now(), Losses: w.kept.Losses, Try: boolToInt(w.pace != fullEffort.rate)}
	if w.Base == nil {
		w.show(StepBase, 0, 1)
		if w.Base, err = MeasureBase(ctx, w.r); err != nil {
			return report, err
		}
	}
	for {
		adapter, found, err := w.try(ctx, from)
		if err != nil {
			return found, err
		}
		if found.Verdict == VerdictRefused && slices.Contains(harms, found.Reason.Code) && w.pace == fullEffort.rate {
			w.pace, w.first, from, w.at.Losses, w.at.Try = gentleEffort.rate, found.Reason, nil, nil, 1
			if err := w.keep(nil); err != nil { // else a kill would have the first try checked again
				return found, err
			}
			continue
		}
		return found, w.write(adapter, found)
	}
}

// try trains a reader at the present pace and checks it. from goes on with a training that was kept.
func (w *readerWork) try(ctx context.Context, from *model.TrainingState) (*model.Adapter, ReaderReport, error) {
	done := 0
	if from != nil {
		done = from.Steps()
	}
	w.show(StepReader, done, readerSteps)
	start := time.Now()
	var memory StepMemory
	adapter, err := w.train(ctx, w.r, w.Base, w.Seed, w.rate(), from, w.keep, func(p LossPoint, plan model.Plan) {
		w.at.Losses = append(w.at.Losses, p)
		memory.note(plan)
		w.at.Left = time.Since(start) / time.Duration(max(1, p.N-done)) * time.Duration(max(0, readerSteps-p.N))
		w.show(StepReader, p.N, readerSteps)
	})
	if err != nil {
		return nil, ReaderReport{}, err
	}
	w.at.Left = 0
	w.show(StepGate, 0, 1)
	report, err := w.check(ctx, w.r, adapter, w.Base, w.Seed, func(done, of int) { w.show(StepGate, done, of) })
	if errors.Is(err, model.ErrNoNumbers) { // an adapter that takes the model beyond the numbers is refused for that
		report, err = ReaderReport{Figures: Figures{NotNumber: true, P: 1}}, nil
		report.Verdict, report.Reason = report.Figures.decide()
	}
	if err != nil {
		return nil, report, err
	}
	info := w.r.Info()
	report.Recipe, report.Base, report.Model, report.Engine, report.Seed = readerRecipe, info.Hash, info.Name, info.Engine.Name, w.Seed
	report.Adapter, report.Rate, report.First = adapter.Hash(), w.pace, w.first
	report.Losses, report.Memory, report.Seconds = w.at.Losses, memory, w.seconds()
	return adapter, report, nil
}

// show tells how far the preparation is.
func (w *readerWork) show(step Step, done, of int) {
	w.at.Step, w.at.Done, w.at.Of = step, done, of
	if w.Progress != nil {
		p := w.at
		p.Losses = slices.Clone(p.Losses)
		w.Progress(p)
	}
}

// seconds that the preparation took so far, all tries together.
func (w *readerWork) seconds() float64 { return w.kept.Seconds + time.Since(w.began).Seconds() }

// rate is the full one of the training.
func (w *readerWork) rate() float64 { return w.pace * rateFor(w.r.Info().Parameters, readerRate) }

// keep writes the training down; nil is one that begins.
func (w *readerWork) keep(t *model.Training) error {
	return store.Write(filepath.Join(w.Dir, stateFile), func(out io.Writer) error {
		if err := json.NewEncoder(out).Encode(keptTraining{readerRecipe, w.Seed, w.seconds(), w.at.Losses, w.rate(), w.first}); err != nil || t == nil {
			return err
		}
		return t.Save(out)
	})
}

// restore reads a training that was kept, nil if there is none, or none that can be
// gone on with: then the training begins anew. What a kill left half written, as large as
// a kept one, goes.
func (w *readerWork) restore() (*model.TrainingState, error) {
	path := filepath.Join(w.Dir, stateFile)
	if err := store.RemoveHalves(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	line, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var head keptTraining
	if json.Unmarshal(line, &head) != nil || head.Recipe != readerRecipe || head.Seed != w.Seed {
		return nil, nil
	}
	pace := fullEffort.rate
	switch full := w.rate(); head.Rate {
	case full:
	case gentleEffort.rate * full:
		pace = gentleEffort.rate
	default:
		return nil, nil
	}
	if _, err := in.Peek(1); errors.Is(err, io.EOF) && len(head.Losses) == 0 { // a second try that has taken no step
		w.kept, w.pace, w.first = head, pace, head.First
		return nil, nil
	}
	s, err := model.ReadTrainingState(in)
	if errors.Is(err, model.ErrTrainingState) || err == nil && (s.Base() != w.r.Info().Hash || s.Steps() != len(head.Losses)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w.kept, w.pace, w.first = head, pace, head.First
	return s, nil
}

// write puts the reader into its folder. The report comes last and names the adapter:
// whatever was cut short is found to be no reader. A refused one is noted, unless there
// is a better one in its place.
func (w *readerWork) write(a *model.Adapter, report ReaderReport) error {
	write := report.Verdict != VerdictRefused
	if !write && w.Out == w.Dir {
		before, err := readReaderReport(w.Dir, report.Base)
		if err != nil && !errors.Is(err, errReader) {
			return err
		}
		write = before == nil || before.Verdict == VerdictRefused
	}
	if write {
		if err := os.MkdirAll(w.Out, 0o755); err != nil {
			return err
		}
		if report.Verdict != VerdictRefused {
			files, err := a.Files()
			if err != nil {
				return err
			}
			for name, data := range files {
				if err := store.WriteFile(filepath.Join(w.Out, name), data); err != nil {
					return err
				}
			}
		}
		if err := writeJSON(filepath.Join(w.Out, reportFile), report); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(w.Dir, stateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

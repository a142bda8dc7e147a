package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"clara/model"
)

// tinyReading is a reader's training of a few steps, kept after every second one. It
// counts its steps and ends ctx at step stopAt.
type tinyReading struct {
	steps, stopAt int
	stop          context.CancelFunc
	taken         int
	rates         []float64 // of the trainings that were begun or gone on with
}

func (y *tinyReading) train(ctx context.Context, r *model.Runner, _ *BaseFacts, seed uint64, rate float64, from *model.TrainingState, keep func(*model.Training) error, observe observer) (*model.Adapter, error) {
	t, err := r.NewTraining(model.TrainingOptions{Rank: 2, Alpha: 4, Seed: seed, State: from})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	y.rates = append(y.rates, rate)
	for t.Steps() < y.steps {
		if t.Steps() == y.stopAt && y.stop != nil {
			y.stop()
		}
		b := &batch{}
		b.imitate(model.Sequence{Prompt: r.Tokenizer().Encode(fmt.Sprint("step ", t.Steps()), true), Answer: r.AnswerTokens("read")}, 1, nil)
		loss := func(logp [][][]float32) (float64, [][][]float32, error) {
			l, d, err := b.losses(logp)
			return l.imitated, d, err
		}
		report, err := t.Step(ctx, b.items, loss, model.StepOptions{Rate: 1e-2, Beta1: .9, Beta2: .99, Eps: 1e-8})
		if err != nil {
			return nil, err
		}
		y.taken++
		observe(LossPoint{Step: StepReader, N: t.Steps(), Loss: report.Loss}, report.Plan)
		if t.Steps()%2 == 0 {
			if err := keep(t); err != nil {
				return nil, err
			}
		}
	}
	return t.Adapter()
}

// gatePasses and gateRefuses are gates that have decided already.
func gatePasses(context.Context, *model.Runner, *model.Adapter, *BaseFacts, uint64, func(int, int)) (ReaderReport, error) {
	return ReaderReport{Verdict: VerdictProven, Reason: reason(CodeProven, "proven better")}, nil
}

func gateRefuses(context.Context, *model.Runner, *model.Adapter, *BaseFacts, uint64, func(int, int)) (ReaderReport, error) {
	return ReaderReport{Verdict: VerdictRefused, Reason: reason(CodeForgets, "refused: forgets too much", "kept", 1, "of", 30)}, nil
}

// A preparation that is cut short again and again makes the same reader as one that was
// not, and takes no step twice that was kept.
func TestPreparationGoesOnWhereItWasCutShort(t *testing.T) {
	r := tinyRunner(t, 1)
	prepare := func(ctx context.Context, dir string, y *tinyReading) (ReaderReport, error) {
		return prepareReader(ctx, r, preparation{Dir: dir, Seed: 3, Base: &BaseFacts{}, train: y.train, check: gatePasses})
	}
	whole, err := prepare(t.Context(), t.TempDir(), &tinyReading{steps: 8})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "readers", "hash")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "."+stateFile+".1234") // as a kill in the middle of keeping it leaves it
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, at := range []int{1, 3, 7} { // nothing kept; kept at 2; kept at 6
		ctx, stop := context.WithCancel(t.Context())
		y := &tinyReading{steps: 8, stopAt: at, stop: stop}
		if _, err := prepare(ctx, dir, y); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut at step %d: %v", at, err)
		}
		taken += y.taken
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a kill left half written is still there: %v", err)
	}
	y := &tinyReading{steps: 8}
	again, err := prepare(t.Context(), dir, y)
	if err != nil {
		t.Fatal(err)
	}
	if taken += y.taken; taken != 1+3+5+2 {
		t.Errorf("%d steps were taken, want 1 + 3 + 5 + 2", taken)
	}
	if again.Adapter != whole.Adapter {
		t.Error("another reader than without interruptions")
	}
	if len(again.Losses) != 8 || again.Losses[7] != whole.Losses[7] {
		t.Errorf("losses %v, want %v", again.Losses, whole.Losses)
	}
	if m := whole.Memory; m.Parts != 1 || m.Recomputed != 0 || m.Bytes <= 0 {
		t.Errorf("with all the memory of this machine its steps were taken within %+v", m)
	}
	if _, err := os.Stat(filepath.Join(dir, stateFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the kept training is still there: %v", err)
	}
	got, err := r.LoadAdapter(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash() != whole.Adapter {
		t.Error("the reader on disk is another one")
	}
}

// What cannot be gone on with is left: another seed's training, one of an older program, which
// noted no rate and asked base models otherwise, a damaged file.
func TestPreparationBeginsAnewWhereItCannotGoOn(t *testing.T) {
	r := tinyRunner(t, 1)
	prepare := func(ctx context.Context, dir string, seed uint64, y *tinyReading) error {
		_, err := prepareReader(ctx, r, preparation{Dir: dir, Seed: seed, Base: &BaseFacts{}, train: y.train, check: gatePasses})
		return err
	}
	for name, spoil := range map[string]func(path string) (seed uint64){
		"another seed": func(string) uint64 { return 4 },
		"no rate": func(path string) uint64 {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			line, state, _ := bytes.Cut(data, []byte("\n"))
			var head keptTraining
			if err := json.Unmarshal(line, &head); err != nil {
				t.Fatal(err)
			}
			head.Rate = 0
			if line, err = json.Marshal(head); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, slices.Concat(line, []byte("\n"), state), 0o600); err != nil {
				t.Fatal(err)
			}
			return 3
		},
		"damaged": func(path string) uint64 {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-100] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return 3
		},
		"empty": func(path string) uint64 {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return 3
		},
	} {
		dir := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		if err := prepare(ctx, dir, 3, &tinyReading{steps: 6, stopAt: 4, stop: stop}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		y := &tinyReading{steps: 6}
		if err := prepare(t.Context(), dir, spoil(filepath.Join(dir, stateFile)), y); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if y.taken != 6 {
			t.Errorf("%s: %d steps, want all 6", name, y.taken)
		}
	}
}

// A prepared reader is found by its model alone, and only as it was checked.
func TestReaderIsFoundByItsModel(t *testing.T) {
	home := t.TempDir()
	r, other := tinyRunner(t, 1), tinyRunner(t, 2)
	dir := readerFolder(home, r.Info().Hash)
	state := func(r *model.Runner) ReaderState {
		t.Helper()
		found, err := readerFor(home, r)
		if err != nil && !errors.Is(err, errReader) {
			t.Fatal(err)
		}
		listed, err2 := ReaderOf(home, r.Info().Hash)
		if err2 != nil {
			t.Fatal(err2)
		}
		if err == nil && listed != found.state {
			t.Errorf("listed as %s, found as %s", listed, found.state)
		}
		return found.state
	}
	if got := state(r); got != ReaderNone {
		t.Fatalf("at first: %s", got)
	}
	prepare := func(check readerCheck, seed uint64) ReaderReport {
		t.Helper()
		y := &tinyReading{steps: 2}
		report, err := prepareReader(t.Context(), r, preparation{Dir: dir, Seed: seed, Base: &BaseFacts{}, train: y.train, check: check})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	prepare(gateRefuses, 1)
	if found, err := readerFor(home, r); err != nil || found.state != ReaderRefused || found.adapter != nil || found.report.Reason.Code != CodeForgets {
		t.Fatalf("refused: %+v, %v", found, err)
	}
	// An older program, which tried once, noted no rate: that one is prepared again.
	report, err := readReaderReport(dir, r.Info().Hash)
	if err != nil {
		t.Fatal(err)
	}
	report.Rate = 0
	if err := writeJSON(filepath.Join(dir, reportFile), report); err != nil {
		t.Fatal(err)
	}
	if got := state(r); got != ReaderNone {
		t.Errorf("refused by an older program: %s", got)
	}
	passed := prepare(gatePasses, 2)
	found, err := readerFor(home, r)
	if err != nil || found.state != ReaderPrepared || found.key() != passed.Adapter {
		t.Fatalf("prepared: %+v, %v", found, err)
	}
	if got := state(other); got != ReaderNone {
		t.Errorf("for another model: %s", got)
	}
	prepare(gateRefuses, 3)
	if got := state(r); got != ReaderPrepared {
		t.Errorf("after another one was refused: %s", got)
	}

	// The folder of one model under the name of another.
	if err := os.CopyFS(readerFolder(home, other.Info().Hash), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := readerFor(home, other); !errors.Is(err, errReader) {
		t.Errorf("a reader of another model: %v", err)
	}
	// An adapter that is not the one that was checked.
	y := &tinyReading{steps: 4}
	a, err := y.train(t.Context(), r, nil, 9, readerRate, nil, func(*model.Training) error { return nil }, func(LossPoint, model.Plan) {})
	if err != nil {
		t.Fatal(err)
	}
	files, err := a.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := readerFor(home, r); !errors.Is(err, errReader) || found.state != ReaderNone {
		t.Errorf("an adapter that was exchanged: %+v, %v", found, err)
	}
}

// A reader that was prepared goes before the one that comes with the program, until that
// is of a newer recipe.
func TestNewerBuiltInReaderGoesBeforeAPreparedOne(t *testing.T) {
	home := t.TempDir()
	r := tinyRunner(t, 1)
	hash := r.Info().Hash
	dir := readerFolder(home, hash)
	y := &tinyReading{steps: 2}
	report, err := prepareReader(t.Context(), r, preparation{Dir: dir, Base: &BaseFacts{}, train: y.train, check: gatePasses})
	if err != nil {
		t.Fatal(err)
	}
	shipped := make(fstest.MapFS)
	t.Cleanup(func() { readers = embedded; delete(readerFolders, hash) })
	readers, readerFolders[hash] = shipped, "tiny"
	for _, name := range []string{"adapter_config.json", "adapter_model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		shipped["tiny/"+name] = &fstest.MapFile{Data: data}
	}
	for recipe, want := range map[int]ReaderState{readerRecipe: ReaderPrepared, readerRecipe + 1: ReaderBuiltIn} {
		report.Recipe = recipe
		data, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		shipped["tiny/"+reportFile] = &fstest.MapFile{Data: data}
		found, err := readerFor(home, r)
		if err != nil || found.state != want || found.adapter == nil {
			t.Errorf("recipe %d comes with the program: %+v, %v, want %s", recipe, found, err, want)
		}
		if listed, err := ReaderOf(home, hash); err != nil || listed != want {
			t.Errorf("recipe %d comes with the program: listed as %s, %v, want %s", recipe, listed, err, want)
		}
	}
}

// The gate keeps out a reader that reads nothing.
func TestGateRefusesAReaderThatDoesNotRead(t *testing.T) {
	r := tinyRunner(t, 1)
	y := &tinyReading{steps: 1}
	report, err := prepareReader(t.Context(), r, preparation{Dir: t.TempDir(), Base: &BaseFacts{Canary: []float64{6}}, train: y.train})
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != VerdictRefused || report.Figures.KnownOf != 58 {
		t.Errorf("%s (%s), of %d lessons", report.Verdict, report.Reason.Text, report.Figures.KnownOf)
	}
}

// A reader that would harm is trained once more, half as fast, and what is cut short of that goes on at that rate;
// the first try is not checked again, however early that was.
func TestAReaderThatHarmsIsTrainedOnceMoreGentler(t *testing.T) {
	r := tinyRunner(t, 1)
	for name, c := range map[string]struct {
		first     Reason
		stopAt    int // step of the second try, which is kept after every second one; 0: it is not cut short
		want      []float64
		wantSteps int
		verdict   string
	}{
		"harms once":                         {reason(CodeForgetsBehind, "refused"), 0, []float64{readerRate, readerRate / 2}, 8, VerdictProven},
		"harms, cut short in the second":     {reason(CodeGeneral, "refused"), 3, []float64{readerRate, readerRate / 2, readerRate / 2}, 8, VerdictProven},
		"harms, cut short before it is kept": {reason(CodeGeneral, "refused"), 1, []float64{readerRate, readerRate / 2, readerRate / 2}, 8, VerdictProven},
		"reads too little":                   {reason(CodeOwnMissed, "refused"), 0, []float64{readerRate}, 4, VerdictRefused},
	} {
		dir := t.TempDir()
		checked := 0
		check := func(context.Context, *model.Runner, *model.Adapter, *BaseFacts, uint64, func(int, int)) (ReaderReport, error) {
			if checked++; checked == 1 {
				return ReaderReport{Verdict: VerdictRefused, Reason: c.first}, nil
			}
			return ReaderReport{Verdict: VerdictProven}, nil
		}
		ctx, stop := context.WithCancel(t.Context())
		y := &tinyReading{steps: 4}
		prepare := func(ctx context.Context) (ReaderReport, error) {
			return prepareReader(ctx, r, preparation{Dir: dir, Seed: 3, Base: &BaseFacts{}, train: y.train, check: check, Progress: func(p Progress) {
				if c.stopAt > 0 && checked == 1 && p.Step == StepReader && p.Done == c.stopAt { // this step is not kept
					y.taken--
					c.stopAt = 0
					stop()
				}
			}})
		}
		report, err := prepare(ctx)
		if errors.Is(err, context.Canceled) {
			report, err = prepare(t.Context())
		}
		stop()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if report.Verdict != c.verdict || report.Rate != c.want[len(c.want)-1]/readerRate {
			t.Errorf("%s: %s at %v of the rate", name, report.Verdict, report.Rate)
		}
		if again := report.Rate < 1; again != (report.First.Code == c.first.Code) {
			t.Errorf("%s: at %v of the rate, the first try was refused for %+v", name, report.Rate, report.First)
		}
		if !slices.Equal(y.rates, c.want) || y.taken != c.wantSteps {
			t.Errorf("%s: %d steps at the rates %v, want %d at %v", name, y.taken, y.rates, c.wantSteps, c.want)
		}
		if len(report.Losses) != 4 {
			t.Errorf("%s: losses of %d steps", name, len(report.Losses))
		}
	}
}

// A job is trained from the reader that it names, and from no other.
func TestJobNamesItsReader(t *testing.T) {
	r := tinyRunner(t, 1)
	dir := t.TempDir()
	y := &tinyReading{steps: 2}
	report, err := prepareReader(t.Context(), r, preparation{Dir: dir, Base: &BaseFacts{}, train: y.train, check: gatePasses})
	if err != nil {
		t.Fatal(err)
	}
	j := Job{Reader: dir, ReaderKey: report.Adapter}
	if a, err := j.reader(r); err != nil || a.Hash() != report.Adapter {
		t.Errorf("the reader named: %v", err)
	}
	j.ReaderKey = "another"
	if _, err := j.reader(r); !errors.Is(err, ErrJob) {
		t.Errorf("another reader: %v", err)
	}
	missed := []JobLesson{{Question: "Who leads IT?", Answer: "Maria leads IT."}}
	other := Job{Reader: dir, ReaderKey: report.Adapter}
	if j.knowledgeKey(missed) == other.knowledgeKey(missed) {
		t.Error("knowledge from two readers has one key")
	}
}

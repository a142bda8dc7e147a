package trainer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"clara/model"
	"clara/store"
)

// DemoParams say on what a demo runs.
type DemoParams struct {
	Runner   *model.Runner
	Dir      string // an empty or missing folder for its data; "": a temporary one, removed afterwards
	Readers  string // the data folder whose prepared readers are used; "": none but those that come with the program
	Settings Settings
	Log      *slog.Logger
	// Progress, if not nil, is told what happens, in English, and during the cycle
	// how far that is.
	Progress func(stage DemoStage, cycle Progress)
}

// DemoStage is a part of a demo.
type DemoStage string

// The parts, in their order.
const (
	DemoBefore  DemoStage = "before"  // asking the untrained base
	DemoCorrect DemoStage = "correct" // asking and correcting, as a user would
	DemoInstant DemoStage = "instant" // asking right after saving
	DemoTrain   DemoStage = "train"   // one cycle
	DemoAfter   DemoStage = "after"   // asking as a user would from now on
)

// DemoReport counts what a demo found; its JSON names are a promise. before is the
// untrained base, instant the corrections saved and nothing trained, after one
// cycle. Unrelated are those questions that the base gets right.
type DemoReport struct {
	Lessons         int `json:"lessons"`
	ExactBefore     int `json:"exact_before"`
	ExactInstant    int `json:"exact_instant"`
	ExactAfter      int `json:"exact_after"`
	Reworded        int `json:"reworded"`
	RewordedBefore  int `json:"reworded_before"`
	RewordedInstant int `json:"reworded_instant"`
	RewordedAfter   int `json:"reworded_after"`

	Neighbours            int `json:"neighbours"`
	NeighbourLeaks        int `json:"neighbour_leaks"` // after
	NeighbourLeaksInstant int `json:"neighbour_leaks_instant"`
	NeighbourLeaksBefore  int `json:"neighbour_leaks_before"` // the base shows the word by itself

	Unrelated            int `json:"unrelated"`
	UnrelatedKept        int `json:"unrelated_kept"` // after
	UnrelatedKeptInstant int `json:"unrelated_kept_instant"`
	UnrelatedLeaks       int `json:"unrelated_leaks"` // after

	MannerPrompts int `json:"manner_prompts"`
	MannerBefore  int `json:"manner_before"`
	MannerAfter   int `json:"manner_after"`
	MannerLessons int `json:"manner_lessons_after"` // of the lessons as written

	CanaryBefore float64 `json:"canary_nll_before"`
	CanaryAfter  float64 `json:"canary_nll_after"`

	Promoted bool       `json:"promoted"`
	State    CycleState `json:"state"` // of the cycle
	Verdict  string     `json:"verdict"`
	Reason   string     `json:"reason"`
	Why      Reason     `json:"-"` // the same, for a face to say in its language
	Seconds  float64    `json:"cycle_seconds"`
	Engine   string     `json:"engine"`

	Answers []DemoAnswer `json:"answers,omitempty"`
	Figures Figures      `json:"figures"`
	Parts   Seconds      `json:"parts"`
}

// DemoAnswer is one answer that did not come as wanted, for people.
type DemoAnswer struct {
	Stage  DemoStage `json:"stage"`
	Part   string    `json:"part"` // exact, reworded, neighbour, unrelated, manner
	Prompt string    `json:"prompt"`
	Answer string    `json:"answer"`
	Lesson bool      `json:"lesson"` // a lesson was put before the model
}

// demoTokens is the room for an answer of the demo.
const (
	demoTokens  = 40
	demoCorrect = 40 // tokens of the answers that are then corrected
	demoRight   = 24 // the base knows what it says in so many tokens, not what it comes upon later
)

// RunDemo asks, is corrected, trains one cycle and asks again, in a folder of its
// own: the user's data is not touched. Nothing is prepared: every figure is counted
// there and then.
func RunDemo(ctx context.Context, p DemoParams, s Script) (DemoReport, error) {
	d := &demo{DemoParams: p, script: s, said: make(map[int]string)}
	if d.Progress == nil {
		d.Progress = func(DemoStage, Progress) {}
	}
	if err := d.run(ctx); err != nil {
		return d.report, fmt.Errorf("demo: %w", err)
	}
	return d.report, nil
}

type demo struct {
	DemoParams
	script  Script
	report  DemoReport
	trainer *Trainer
	right   []int          // unrelated questions that the base gets right
	said    map[int]string // what the base says to those
}

func (d *demo) run(ctx context.Context) (err error) {
	if d.Dir == "" {
		if d.Dir, err = os.MkdirTemp("", "clara-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(d.Dir)
	}
	st, err := store.Open(ctx, filepath.Join(d.Dir, "demo.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	d.Settings.PrepareModels = false // that would take minutes
	d.trainer, err = New(ctx, Params{Store: st, Home: d.Dir, Readers: d.Readers, Settings: d.Settings, Log: d.Log})
	if err != nil {
		return err
	}
	if err := d.trainer.Attach(ctx, d.Runner); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.trainer.Attach(context.WithoutCancel(ctx), nil)) }()

	d.Progress(DemoBefore, Progress{})
	// The loop measures a model before anything is taught; here it does not run yet.
	a := d.trainer.model.use()
	_, err = d.trainer.facts(ctx, a)
	a.users.Done()
	if err != nil {
		return err
	}
	if err := d.ask(ctx, DemoBefore); err != nil {
		return err
	}
	d.Progress(DemoCorrect, Progress{})
	if err := d.correct(ctx); err != nil {
		return err
	}
	d.Progress(DemoInstant, Progress{})
	if err := d.ask(ctx, DemoInstant); err != nil {
		return err
	}
	if err := d.train(ctx); err != nil {
		return err
	}
	d.Progress(DemoAfter, Progress{})
	if err := d.ask(ctx, DemoAfter); err != nil {
		return err
	}
	d.report.Engine = d.Runner.Info().Engine.Name // that it ended on
	return nil
}

// correct asks each question and corrects the answer, as a user would.
func (d *demo) correct(ctx context.Context) error {
	one := func(prompt, better string, kind Kind) error {
		e, err := d.trainer.Answer(ctx, Ask{Text: prompt, Greedy: true, MaxTokens: demoCorrect, WithoutLesson: true}, nil)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err = d.trainer.Correct(ctx, Correction{Message: e.ID, Better: better, Kind: kind})
		var told *UserError
		if errors.As(err, &told) && told.Reason.Code == CodeUnchanged {
			return nil // the base says so already
		}
		return err
	}
	for _, l := range d.script.Lessons {
		if err := one(l.Prompt, l.Correction, Knowledge); err != nil {
			return fmt.Errorf("correct %q: %w", l.Prompt, err)
		}
	}
	if d.script.Manner != nil {
		for _, c := range d.script.Manner.Corrections {
			if err := one(c.Prompt, c.Answer, Manner); err != nil {
				return fmt.Errorf("correct %q: %w", c.Prompt, err)
			}
		}
	}
	return nil
}

// train lets the loop run one cycle and waits for its end.
func (d *demo) train(ctx context.Context) error {
	end, _, err := d.trainer.TrainOnce(ctx, func(s State) { d.Progress(DemoTrain, s.Progress) })
	if err != nil {
		return err
	}
	d.report.State, d.report.Promoted = end.State, end.State == CyclePromoted
	d.report.Verdict, d.report.Why, d.report.Reason = end.Verdict, end.Reason, end.Reason.Text
	cycles, err := d.trainer.Cycles(ctx, 1)
	if err != nil {
		return err
	}
	d.report.Seconds = cycles[0].Finished.Sub(cycles[0].Started).Seconds()
	return d.readReport(cycles[0])
}

// ask asks everything and counts.
func (d *demo) ask(ctx context.Context, stage DemoStage) error {
	type question struct {
		part, prompt string
		lesson       int
		unrelated    int
	}
	var qs []question
	for i, l := range d.script.Lessons {
		qs = append(qs, question{part: "exact", prompt: l.Prompt, lesson: i})
		for _, r := range l.Rewordings {
			qs = append(qs, question{part: "reworded", prompt: r, lesson: i})
		}
		for _, n := range l.Neighbours {
			qs = append(qs, question{part: "neighbour", prompt: n, lesson: i})
		}
	}
	for i, u := range d.script.Unrelated {
		qs = append(qs, question{part: "unrelated", prompt: u.Prompt, unrelated: i})
	}
	if d.script.Manner != nil {
		for _, p := range d.script.Manner.Test {
			qs = append(qs, question{part: "manner", prompt: p})
		}
	}
	questions := make([]Question, len(qs))
	for i, q := range qs {
		questions[i] = Question{Text: q.prompt, Tokens: demoTokens}
		switch {
		case q.part == "manner":
			questions[i].Tokens = openTokens
		case q.part == "unrelated" && stage == DemoBefore:
			questions[i].Tokens = demoRight
		}
	}
	results, err := d.trainer.Examine(ctx, questions)
	if err != nil {
		return err
	}
	var c demoCounts
	isRight := make(map[int]bool)
	for _, u := range d.right {
		isRight[u] = true
	}
	for i, q := range qs {
		text := results[i].Text
		wrong := false
		switch q.part {
		case "exact":
			ok := hasKeywords(text, d.script.Lessons[q.lesson].Expect)
			c.exact += boolToInt(ok)
			wrong = !ok
			if m := d.script.Manner; m != nil {
				c.mannerLessons += boolToInt(m.Check.passes(text, results[i].Ended))
			}
		case "reworded":
			ok := hasKeywords(text, d.script.Lessons[q.lesson].Expect)
			c.reworded += boolToInt(ok)
			wrong = !ok
		case "neighbour":
			wrong = hasKeywords(text, d.script.Lessons[q.lesson].Expect)
			c.leaks += boolToInt(wrong)
		case "unrelated":
			ok := hasKeywords(text, d.script.Unrelated[q.unrelated].Expect)
			if stage == DemoBefore {
				if ok {
					d.right = append(d.right, q.unrelated)
					d.said[q.unrelated] = text
				}
				continue
			}
			if !isRight[q.unrelated] {
				continue
			}
			c.kept += boolToInt(ok)
			leak := d.showsLesson(text, q.prompt+" "+d.said[q.unrelated])
			c.unrelatedLeaks += boolToInt(leak)
			wrong = !ok || leak
		case "manner":
			ok := d.script.Manner.Check.passes(text, results[i].Ended)
			c.manner += boolToInt(ok)
			wrong = !ok
		}
		if wrong && stage != DemoBefore {
			d.report.Answers = append(d.report.Answers, DemoAnswer{Stage: stage, Part: q.part, Prompt: q.prompt, Answer: text, Lesson: results[i].Lesson != 0})
		}
	}
	canary, err := d.trainer.Canary(ctx)
	if err != nil {
		return err
	}
	d.note(stage, c, canary)
	return nil
}

type demoCounts struct {
	exact, reworded, leaks, kept, unrelatedLeaks, manner, mannerLessons int
}

func (d *demo) note(stage DemoStage, c demoCounts, canary float64) {
	r := &d.report
	switch stage {
	case DemoBefore:
		r.Lessons, r.Unrelated = len(d.script.Lessons), len(d.right)
		for _, l := range d.script.Lessons {
			r.Reworded += len(l.Rewordings)
			r.Neighbours += len(l.Neighbours)
		}
		if d.script.Manner != nil {
			r.MannerPrompts = len(d.script.Manner.Test)
		}
		r.ExactBefore, r.RewordedBefore, r.MannerBefore, r.NeighbourLeaksBefore = c.exact, c.reworded, c.manner, c.leaks
		r.CanaryBefore = canary
	case DemoInstant:
		r.ExactInstant, r.RewordedInstant = c.exact, c.reworded
		r.NeighbourLeaksInstant, r.UnrelatedKeptInstant = c.leaks, c.kept
	case DemoAfter:
		r.ExactAfter, r.RewordedAfter, r.MannerAfter, r.MannerLessons = c.exact, c.reworded, c.manner, c.mannerLessons
		r.NeighbourLeaks, r.UnrelatedKept, r.UnrelatedLeaks = c.leaks, c.kept, c.unrelatedLeaks
		r.CanaryAfter = canary
	}
}

// showsLesson says whether an answer shows the words of a lesson that neither the
// question nor the base's answer to it has.
func (d *demo) showsLesson(answer, without string) bool {
	for _, l := range d.script.Lessons {
		if hasKeywords(answer, l.Expect) && !hasKeywords(without, l.Expect) {
			return true
		}
	}
	return false
}

func (d *demo) readReport(c Cycle) error {
	r, err := reportOf(c)
	if err != nil {
		return err
	}
	d.report.Figures, d.report.Parts = r.Figures, r.Seconds
	return nil
}

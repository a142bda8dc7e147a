package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) demoCommand() *cobra.Command {
	var script string
	var debug bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch it learn: ask, correct, train, ask again, count",
		Long: `Asks questions, corrects the answers, trains one cycle and asks again, everything
computed there and then, and counts what changed. Your own data is not touched: it
works in a folder of its own, which is removed afterwards, or with --home in a new
folder below that one, which stays. Meanwhile the line "status" on stdin is answered
with how far it is.

It learns by the program's own defaults, whatever the settings file says of learning
and answering, so that its figures can be compared; model, engine and threads are
those of the settings or the flags.

A script is a JSON file with lessons, unrelated questions and a manner. It exits with 6
where the training fails or the gate refuses what it made.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.options.Verbose = c.options.Verbose || debug
			return c.demo(cmd.Context(), script)
		},
	}
	cmd.Flags().BoolVar(&debug, "debug", false, "log every decision to stderr, as --verbose does")
	cmd.Flags().StringVar(&script, "script", "", "play this `file` instead of the built-in script")
	return cmd
}

func (c *program) demo(ctx context.Context, path string) (err error) {
	script, err := readScript(path)
	if err != nil {
		return err
	}
	models, err := c.Models(c.options)
	if err != nil {
		return err
	}
	p := trainer.DemoParams{Settings: trainer.DefaultSettings(), Readers: models.Home}
	if c.options.Home != "" {
		if err := os.MkdirAll(c.options.Home, 0o700); err != nil {
			return fmt.Errorf("make the folder of the demo: %w", err)
		}
		if p.Dir, err = os.MkdirTemp(c.options.Home, "demo-"); err != nil {
			return fmt.Errorf("make the folder of the demo: %w", err)
		}
	}
	if c.options.Verbose {
		p.Log = slog.New(slog.NewTextHandler(c.errs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	status := &demoStatus{program: c, began: time.Now()}
	ended := status.listen()
	defer ended()
	r, closeModel, err := c.Runner(ctx, c.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeModel()) }()
	p.Runner = r
	bar := c.newProgress()
	stage := trainer.DemoStage("")
	p.Progress = func(now trainer.DemoStage, at trainer.Progress) {
		status.set(now, at)
		if now != stage {
			stage = now
			bar.end()
			c.note("%s", "%s", c.language.stage(now))
		}
		if now == trainer.DemoTrain {
			bar.show(at)
		}
	}
	report, err := trainer.RunDemo(ctx, p, script)
	bar.end()
	if err != nil {
		return err
	}
	err = c.show(report, func() {
		c.sayDemo(report)
		if p.Dir != "" {
			c.sayf("\nIts data: %s", "\nDie Daten: %s", p.Dir)
		}
	})
	if err != nil {
		return err
	}
	return c.language.endOf(report.State, report.Why, "")
}

// demoStatus answers the line "status" while a demo runs.
type demoStatus struct {
	*program
	began time.Time

	mu    sync.Mutex
	stage trainer.DemoStage
	at    trainer.Progress
	over  bool
}

func (s *demoStatus) set(stage trainer.DemoStage, at trainer.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stage, s.at = stage, at
}

// listen reads lines until the input or the demo ends; then call what it returns. Nothing
// can interrupt a read: the goroutine may outlive the demo, and says nothing any more.
func (s *demoStatus) listen() (end func()) {
	go func() {
		for lines := bufio.NewScanner(s.in); lines.Scan(); {
			if strings.EqualFold(strings.TrimSpace(lines.Text()), "status") {
				s.say()
			}
		}
	}()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.over = true
	}
}

func (s *demoStatus) say() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	l := s.language
	text := l.say("The model is being opened.", "Das Modell wird geöffnet.")
	if s.stage != "" {
		text = l.stage(s.stage)
	}
	if s.at.Of > 0 {
		text += " " + l.step(s.at.Step) + l.say(", %d of %d", ", %d von %d", s.at.Done, s.at.Of)
	}
	s.note("status: %s (%s so far)", "Status: %s (bisher %s)", text, l.span(time.Since(s.began)))
}

func readScript(path string) (trainer.Script, error) {
	if path == "" {
		return trainer.BuiltInScript()
	}
	return trainer.ReadScript(path)
}

func (l language) stage(s trainer.DemoStage) string {
	switch s {
	case trainer.DemoBefore:
		return l.say("Asking the untrained model …", "Fragt das Ausgangsmodell …")
	case trainer.DemoCorrect:
		return l.say("Correcting its answers …", "Verbessert seine Antworten …")
	case trainer.DemoInstant:
		return l.say("Asking again, right after saving …", "Fragt noch einmal, gleich nach dem Speichern …")
	case trainer.DemoTrain:
		return l.say("Training …", "Trainiert …")
	case trainer.DemoAfter:
		return l.say("Asking again, after the training …", "Fragt noch einmal, nach dem Training …")
	}
	return string(s)
}

func (c *program) sayDemo(r trainer.DemoReport) {
	l := c.language
	of := func(n, all int) string { return fmt.Sprintf("%d/%d", n, all) }
	c.table([]string{"", l.say("before", "vorher"), l.say("at once", "sofort"), l.say("trained", "trainiert")}, [][]string{
		{l.say("lessons", "Lektionen"), of(r.ExactBefore, r.Lessons), of(r.ExactInstant, r.Lessons), of(r.ExactAfter, r.Lessons)},
		{l.say("in other words", "in anderen Worten"), of(r.RewordedBefore, r.Reworded), of(r.RewordedInstant, r.Reworded), of(r.RewordedAfter, r.Reworded)},
		{l.say("wrongly on neighbours", "fälschlich bei Nachbarn"), of(r.NeighbourLeaksBefore, r.Neighbours), of(r.NeighbourLeaksInstant, r.Neighbours), of(r.NeighbourLeaks, r.Neighbours)},
		{l.say("unrelated kept", "Anderes behalten"), of(r.Unrelated, r.Unrelated), of(r.UnrelatedKeptInstant, r.Unrelated), of(r.UnrelatedKept, r.Unrelated)},
		{l.say("manner", "Umgangston"), of(r.MannerBefore, r.MannerPrompts), "", of(r.MannerAfter, r.MannerPrompts)},
	})
	verdict := l.say("The new version answers", "Die neue Version antwortet")
	if !r.Promoted {
		verdict = l.say("The new version does not answer", "Die neue Version antwortet nicht")
	}
	c.sayf("\n%s: %s. The cycle took %s s (%s).", "\n%s: %s. Der Zyklus dauerte %s s (%s).", verdict, l.because(r.Why), l.number(r.Seconds, 1), r.Engine)
}

package cli

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"clara/catalogue"
	"clara/compute"
	"clara/trainer"
)

func (c *program) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say why it does not learn, and what to do",
		Long: `Looks for what keeps CLARA from answering and learning, and names for each thing
the reason with its figures and the one thing to do: the engine, the model, the
buffer of feedback, the training, the improvement, the disk. It also tries every
engine that could compute, and measures each beside the CPU.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context()) },
	}
}

// Subjects beside the trainer's own.
const (
	subjectEngine = "engine"
	subjectDisk   = "disk"
)

// finding is a finding with its words.
type finding struct {
	trainer.Finding
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`
}

func (c *program) doctor(ctx context.Context) error {
	var findings []trainer.Finding
	var engines []Engine
	var file, home string
	err := c.opened(ctx, func(s *Session) error {
		var err error
		file, home = s.File.Path(), s.Home
		if findings, err = c.examine(ctx, s); err == nil {
			engines = s.Engines(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	said, good := c.findings(findings), true
	for _, f := range findings {
		good = good && f.Good
	}
	return c.show(struct {
		Good     bool      `json:"good"`
		Home     string    `json:"home"`
		Settings string    `json:"settings"`
		Findings []finding `json:"findings"`
		Engines  []Engine  `json:"engines"`
	}{good, home, file, said, engines}, func() {
		c.sayFindings(said)
		c.sayEngines(engines)
		c.sayf("\nData folder: %s\nSettings: %s", "\nDatenordner: %s\nEinstellungen: %s", home, file)
	})
}

// findings puts findings into words.
func (c *program) findings(found []trainer.Finding) []finding {
	said := make([]finding, len(found))
	for i, f := range found {
		said[i] = finding{f, c.language.because(f.Reason), c.hint(f.Hint)}
	}
	return said
}

func (c *program) sayFindings(said []finding) {
	for _, f := range said {
		mark := "✓"
		if !f.Good {
			mark = "✗"
		}
		c.sayf("%s %-12s %s", "%s %-12s %s", mark, c.language.subject(f.Subject), f.Text)
		if f.Advice != "" {
			c.sayf("  %-12s %s", "  %-12s %s", "", "→ "+f.Advice)
		}
	}
}

func (l language) subject(s string) string {
	switch s {
	case subjectEngine:
		return l.say("engine", "Rechenwerk")
	case trainer.SubjectModel:
		return l.say("model", "Modell")
	case trainer.SubjectBuffer:
		return l.say("buffer", "Puffer")
	case trainer.SubjectTraining:
		return l.say("training", "Training")
	case trainer.SubjectImprovement:
		return l.say("improvement", "Verbesserung")
	case subjectDisk:
		return l.say("disk", "Datenträger")
	}
	return s
}

// examine is the trainer's own look with what lies below it.
func (c *program) examine(ctx context.Context, s *Session) ([]trainer.Finding, error) {
	r, loadErr := s.Load(ctx)
	if loadErr != nil && errors.Is(loadErr, ctx.Err()) {
		return nil, loadErr
	}
	findings, err := s.Trainer.Doctor(ctx)
	if err != nil {
		return nil, err
	}
	for i, f := range findings {
		if f.Subject == trainer.SubjectModel && loadErr != nil {
			why := c.explain(loadErr)
			findings[i] = trainer.Finding{Subject: f.Subject, Hint: trainer.HintLoadModel, Reason: trainer.Reason{Code: why.Code, Text: why.Text}}
		}
	}
	if r != nil {
		findings = append([]trainer.Finding{c.engineFinding(r.Info().Engine)}, findings...)
	}
	room, err := c.diskFinding(s.Home)
	if err != nil {
		return nil, err
	}
	return append(findings, room), nil
}

// engineFinding names what computes.
func (c *program) engineFinding(e compute.Info) trainer.Finding {
	text := e.Name + ": " + e.Device
	if e.Threads > 0 {
		text += c.language.say(", %d threads", ", %d Threads", e.Threads)
	}
	args := map[string]string{"name": e.Name, "device": e.Device, "threads": strconv.Itoa(e.Threads)}
	return trainer.Finding{Subject: subjectEngine, Good: true, Reason: trainer.Reason{Code: "engine", Text: text, Args: args}}
}

func (c *program) diskFinding(home string) (trainer.Finding, error) {
	free, err := catalogue.FreeDisk(home)
	if err != nil {
		return trainer.Finding{}, err
	}
	said := c.language.number(float64(free)/1e9, 1)
	f := trainer.Finding{Subject: subjectDisk, Good: free >= catalogue.Reserve, Reason: trainer.Reason{
		Code: "disk", Text: c.language.say("%s GB free", "%s GB frei", said), Args: map[string]string{"free": strconv.FormatInt(free, 10)},
	}}
	if !f.Good {
		f.Hint = trainer.HintFreeSpace
	}
	return f, nil
}

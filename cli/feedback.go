package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) feedbackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "feedback",
		Short: "Give feedback, list it, take it back",
		Args:  c.noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.listFeedback(cmd.Context(), "", 0) },
	}
	var state string
	var limit int
	list := &cobra.Command{
		Use:   "list",
		Short: "List the feedback, the newest first, and what became of it",
		Args:  c.noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.listFeedback(cmd.Context(), state, limit) },
	}
	list.Flags().StringVar(&state, "state", "", "only what is new, used, rejected or deleted")
	list.Flags().IntVar(&limit, "limit", 0, "at most so many (default: all)")
	cmd.AddCommand(c.addFeedbackCommand(), list, c.kindCommand(),
		&cobra.Command{
			Use:   "delete ID...",
			Short: "Take feedback back; adapters that were trained on it are rebuilt without it",
			Args:  c.args(1, -1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.eachID(cmd.Context(), args, kindSample, "deleted", c.saying((*trainer.Trainer).TakeBack, "Sample %d is taken back.", "Rückmeldung %d ist zurückgenommen."))
			},
		},
		&cobra.Command{
			Use:   "undelete ID...",
			Short: "Undo delete, for a day",
			Args:  c.args(1, -1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.eachID(cmd.Context(), args, kindSample, "undeleted", c.saying((*trainer.Trainer).PutBack, "Sample %d is back.", "Rückmeldung %d ist wieder da."))
			},
		})
	return cmd
}

// given is what the flags of feedback add say.
type given struct {
	message    int64
	prompt     string
	answer     string
	better     string
	text       string
	stars      int
	score      float64
	kind       string
	importance int
	source     string
	keywords   []string
}

func (c *program) addFeedbackCommand() *cobra.Command {
	var g given
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add a rating, a correction or a text",
		Long: `Adds one sample of feedback. It is on disk when the command returns its number.

A rated answer:   --message ID --stars N, or --prompt P --answer A --stars N
A correction:     --message ID --better B, or --prompt P [--answer A] --better B
A text:           --text T --score S

n stars count as a score of (n - 3) / 2.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			changed := func(name string) bool { return cmd.Flags().Changed(name) }
			return c.addFeedback(cmd.Context(), g, changed)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Int64Var(&g.message, "message", 0, "`id` of the answer that it is about")
	f.StringVar(&g.prompt, "prompt", "", "the question, where the answer is in no conversation")
	f.StringVar(&g.answer, "answer", "", "the answer that was given")
	f.StringVar(&g.better, "better", "", "the better answer")
	f.IntVar(&g.stars, "stars", 0, "1 to 5; with --message 0 takes the rating back")
	f.StringVar(&g.text, "text", "", "a text to learn from")
	f.Float64Var(&g.score, "score", 0, "of the text, -1 to 1")
	f.StringVar(&g.kind, "kind", "", "what a correction teaches: knowledge or manner (default: as it looks)")
	f.StringArrayVar(&g.keywords, "keyword", nil, "a word that proves the lesson, or several to choose from: a|b (repeatable)")
	f.IntVar(&g.importance, "importance", 0, "1 to 5 (default 3)")
	f.StringVar(&g.source, "source", "user", "where it comes from")
	return cmd
}

func (c *program) addFeedback(ctx context.Context, g given, changed func(string) bool) error {
	kind, err := c.kindOf(g.kind)
	if err != nil {
		return err
	}
	if err := c.checkImportance(g.importance); err != nil {
		return err
	}
	var add func(t *trainer.Trainer) (trainer.Sample, error)
	switch {
	case changed("text"):
		if !changed("score") || changed("stars") || changed("better") || changed("prompt") || changed("message") || changed("answer") || changed("kind") || changed("keyword") {
			return c.usage("--text goes with --score, --importance and --source, and with nothing else", "zu --text gehören --score, --importance und --source, sonst nichts")
		}
		add = func(t *trainer.Trainer) (trainer.Sample, error) {
			return t.AddFeedbackSample(ctx, g.text, g.score, g.source, g.importance)
		}
	case changed("score"):
		return c.usage("--score goes with --text; an answer is rated with --stars", "--score gehört zu --text; eine Antwort bewertet --stars")
	case changed("better") && changed("stars"):
		return c.usage("--better and --stars are two samples: add them one after the other", "--better und --stars sind zwei Rückmeldungen: geben Sie eine nach der anderen")
	case changed("message") && (changed("prompt") || changed("answer")):
		return c.usage("--message names the question and the answer: --prompt and --answer do not go with it", "--message nennt Frage und Antwort: --prompt und --answer gehören nicht dazu")
	case changed("stars") && (changed("kind") || changed("keyword")):
		return c.usage("--kind and --keyword go with --better", "--kind und --keyword gehören zu --better")
	case changed("better") && changed("message"):
		add = func(t *trainer.Trainer) (trainer.Sample, error) {
			return t.Correct(ctx, trainer.Correction{Message: g.message, Better: g.better, Kind: kind, Importance: g.importance, Keywords: keywordGroups(g.keywords), Source: g.source})
		}
	case changed("better"):
		if g.prompt == "" {
			return c.usage("--better needs --message or --prompt", "--better verlangt --message oder --prompt")
		}
		add = func(t *trainer.Trainer) (trainer.Sample, error) {
			return t.Teach(ctx, trainer.Teaching{Question: g.prompt, Answer: g.better, Given: g.answer, Kind: kind, Importance: g.importance, Keywords: keywordGroups(g.keywords), Source: g.source})
		}
	case changed("stars") && changed("message"):
		if changed("importance") {
			return c.usage("--importance does not go with --message and --stars", "--importance gehört nicht zu --message und --stars")
		}
		add = func(t *trainer.Trainer) (trainer.Sample, error) { return t.RateFrom(ctx, g.message, g.stars, g.source) }
	case changed("stars"):
		if g.prompt == "" || g.answer == "" {
			return c.usage("--stars needs --message, or --prompt and --answer", "--stars verlangt --message, oder --prompt und --answer")
		}
		add = func(t *trainer.Trainer) (trainer.Sample, error) {
			return t.AddRating(ctx, g.prompt, g.answer, g.stars, g.source, g.importance)
		}
	default:
		return c.usage("one of --stars, --better and --text says what the feedback is", "--stars, --better oder --text sagt, was die Rückmeldung ist")
	}
	return c.opened(ctx, func(s *Session) error {
		sample, err := add(s.Trainer)
		if errors.Is(err, trainer.ErrNotFound) {
			err = &missingError{kindAnswer, g.message}
		}
		if err != nil {
			return err
		}
		return c.thank(ctx, s.Trainer, sample)
	})
}

func (c *program) kindCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kind ID knowledge|manner",
		Short: "Say anew what a correction teaches",
		Long: `Says anew what a correction teaches: what is true (knowledge), which is a lesson from
now on, or how to answer (manner), which is none. The next training takes it as that.`,
		Args: c.args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := c.idOf(args[0])
			if err != nil {
				return err
			}
			kind, err := c.taughtOf(args[1])
			if err != nil {
				return err
			}
			return c.opened(cmd.Context(), func(s *Session) error { return c.setKind(cmd.Context(), s.Trainer, id, kind) })
		},
	}
}

// taughtOf reads what a correction teaches.
func (c *program) taughtOf(word string) (trainer.Kind, error) {
	kind := trainer.Kind(word)
	if kind != trainer.Knowledge && kind != trainer.Manner {
		return "", c.usage("what it teaches is knowledge or manner, not %q", "gelehrt wird knowledge oder manner, nicht %q", word)
	}
	return kind, nil
}

func (c *program) setKind(ctx context.Context, t *trainer.Trainer, id int64, kind trainer.Kind) error {
	err := t.SetKind(ctx, id, kind)
	if errors.Is(err, trainer.ErrNotFound) {
		return &missingError{kindSample, id}
	}
	if err != nil {
		return err
	}
	now, err := t.Samples(ctx, trainer.SampleQuery{IDs: []int64{id}})
	if err != nil {
		return err
	}
	if len(now) != 1 {
		return &missingError{kindSample, id}
	}
	return c.showKept(ctx, t, now[0], func() {
		if kind == trainer.Knowledge {
			c.sayf("Sample %d is a lesson from now on.", "Rückmeldung %d ist ab jetzt eine Lektion.", id)
			return
		}
		c.sayf("Sample %d teaches how to answer from now on, and is no lesson.", "Rückmeldung %d lehrt ab jetzt den Umgangston und ist keine Lektion.", id)
	})
}

// kindOf reads --kind; "" leaves it to how a correction looks.
func (c *program) kindOf(name string) (trainer.Kind, error) {
	switch kind := trainer.Kind(name); kind {
	case "", trainer.Knowledge, trainer.Manner:
		return kind, nil
	}
	return "", c.usage("--kind is knowledge or manner, not %q", "--kind ist knowledge oder manner, nicht %q", name)
}

// checkImportance looks at --importance; 0 is the default.
func (c *program) checkImportance(n int) error {
	if n < 0 || n > 5 {
		return c.usage("--importance is 1 to 5, not %d", "--importance geht von 1 bis 5, %d nicht", n)
	}
	return nil
}

// keywordGroups reads "a|b" as a group of words of which one is enough.
func keywordGroups(words []string) [][]string {
	var groups [][]string
	for _, w := range words {
		groups = append(groups, strings.Split(w, "|"))
	}
	return groups
}

// sampleView is a sample as the commands print it.
type sampleView struct {
	ID         int64               `json:"id"`
	Form       trainer.Form        `json:"form"`
	Kind       trainer.Kind        `json:"kind"`
	State      trainer.SampleState `json:"state"`
	Reason     *trainer.Reason     `json:"reason,omitempty"`
	Score      float64             `json:"score"`
	Importance int                 `json:"importance"`
	Source     string              `json:"source"`
	Prompt     string              `json:"prompt,omitempty"`
	Answer     string              `json:"answer,omitempty"`
	Better     string              `json:"better,omitempty"`
	Message    int64               `json:"message,omitempty"`
	Cycle      int64               `json:"cycle,omitempty"`
	Created    time.Time           `json:"created"`

	Contradicts int64 `json:"contradicts,omitempty"` // the lesson that its lesson contradicts; of one just kept
}

func sampleViewOf(s trainer.Sample) sampleView {
	v := sampleView{
		ID: s.ID, Form: s.Form, Kind: s.Kind, State: s.State, Score: s.Score, Importance: s.Importance, Source: s.Source,
		Prompt: s.Prompt, Answer: s.Answer, Better: s.Better, Message: s.Message, Cycle: s.Cycle, Created: s.Created,
	}
	if s.Reason.Code != "" {
		v.Reason = &s.Reason
	}
	return v
}

// thank confirms a sample that is on disk.
func (c *program) thank(ctx context.Context, t *trainer.Trainer, s trainer.Sample) error {
	return c.showKept(ctx, t, s, func() {
		l := c.language
		switch {
		case s.ID == 0:
			c.sayf("The rating is taken back.", "Die Bewertung ist zurückgenommen.")
		case s.State == trainer.SampleRejected:
			c.sayf("Kept as %d, but it does not train: %s.", "Gespeichert als %d, trainiert aber nicht: %s.", s.ID, l.because(s.Reason))
		case s.Form == trainer.FormCorrection && s.Kind == trainer.Knowledge:
			c.sayf("Kept as %d: a lesson from now on.", "Gespeichert als %d: ab jetzt eine Lektion.", s.ID)
		default:
			c.sayf("Kept as %d (%s, %s).", "Gespeichert als %d (%s, %s).", s.ID, l.form(s.Form), l.kind(s.Kind))
		}
	})
}

// showKept shows a sample that is on disk, and puts it to the person where its lesson
// contradicts another one.
func (c *program) showKept(ctx context.Context, t *trainer.Trainer, s trainer.Sample, person func()) error {
	v := sampleViewOf(s)
	if s.Kind != trainer.Knowledge {
		return c.show(v, person)
	}
	x, err := t.Contradicted(ctx, s.ID)
	if err != nil {
		err = fmt.Errorf("the feedback is kept, but what it contradicts is not known: %w", err)
	}
	var other trainer.Lesson
	if x != nil {
		other, c.putLast = x.Against(s.ID), x.Why.Text
	}
	v.Contradicts = other.ID
	return errors.Join(c.show(v, func() {
		person()
		if x != nil {
			c.sayf("Lesson %d says otherwise (\"%s\"). Until you decide, the older one is not trained on: %s",
				"Lektion %d sagt etwas anderes („%s“). Bis Sie entscheiden, wird die ältere nicht trainiert: %s", other.ID, brief(other.Answer, 60), c.resolvedBy(*x))
		}
	}), err)
}

func (c *program) listFeedback(ctx context.Context, state string, limit int) error {
	q := trainer.SampleQuery{NewestFirst: true, Limit: limit}
	if limit < 0 {
		return c.usage("--limit is at least 0, not %d", "--limit ist mindestens 0, nicht %d", limit)
	}
	switch s := trainer.SampleState(state); s {
	case "":
	case trainer.SampleNew, trainer.SampleUsed, trainer.SampleRejected, trainer.SampleDeleted:
		q.States = []trainer.SampleState{s}
	default:
		return c.usage("--state is new, used, rejected or deleted, not %q", "--state ist new, used, rejected oder deleted, nicht %q", state)
	}
	return c.opened(ctx, func(s *Session) error {
		samples, err := s.Trainer.Samples(ctx, q)
		if err != nil {
			return err
		}
		views := make([]sampleView, len(samples))
		for i, s := range samples {
			views[i] = sampleViewOf(s)
		}
		return c.show(struct {
			Samples []sampleView `json:"samples"`
		}{views}, func() { c.saySamples(samples) })
	})
}

func (c *program) saySamples(samples []trainer.Sample) {
	l := c.language
	if len(samples) == 0 {
		c.sayf("No feedback.", "Keine Rückmeldungen.")
		return
	}
	rows := make([][]string, len(samples))
	for i, s := range samples {
		text := s.Answer
		if s.Better != "" {
			text = s.Better
		}
		if s.Prompt != "" {
			text = s.Prompt + " → " + text
		}
		state := l.sampleState(s.State)
		if s.State == trainer.SampleRejected {
			state += ": " + l.because(s.Reason)
		}
		rows[i] = []string{strconv.FormatInt(s.ID, 10), when(s.Created), l.form(s.Form), l.kind(s.Kind), l.number(s.Score, 1), brief(state, 40), brief(text, 70)}
	}
	c.table([]string{l.say("no.", "Nr."), l.say("when", "wann"), l.say("form", "Form"), l.say("kind", "lehrt"), l.say("score", "Wert"), l.say("state", "Stand"), ""}, rows)
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) contradictionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "contradictions",
		Short: "List the lessons that contradict each other",
		Args:  c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.opened(cmd.Context(), func(s *Session) error { return c.listContradictions(cmd.Context(), s.Trainer) })
		},
	}
}

// keepBoth and keepOpen are what --keep takes beside the number of a lesson.
const (
	keepBoth = "both"
	keepOpen = "open"
)

func (c *program) resolveCommand() *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use:   "resolve LESSON LESSON --keep LESSON|both|open",
		Short: "Say which of two lessons that contradict each other is right",
		Long: `Says which of two lessons that contradict each other is right: the number of the one
to keep, or both. The other one is taken back; ` + "`clara feedback undelete`" + ` brings it back.
With --keep open a pair of which both were right is put to you again.`,
		Args: c.args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			said, err := c.choiceOf(args, keep)
			if err != nil {
				return err
			}
			return c.opened(cmd.Context(), func(s *Session) error { return c.decide(cmd.Context(), s.Trainer, said) })
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "the `lesson` that is right, or both, or open")
	return cmd
}

// choice is what is said to two lessons that contradict each other.
type choice struct {
	lessons [2]int64
	right   int64 // one of the two; 0: both
	open    bool  // they are put to the user again
}

// choiceOf reads the numbers of two lessons and which of them to keep.
func (c *program) choiceOf(lessons []string, keep string) (said choice, err error) {
	for i, arg := range lessons {
		if said.lessons[i], err = c.idOf(arg); err != nil {
			return said, err
		}
	}
	switch keep {
	case keepBoth:
	case keepOpen:
		said.open = true
	default:
		// By its number and not as it is typed: 03 is lesson 3.
		if said.right, err = c.idOf(keep); err != nil || !slices.Contains(said.lessons[:], said.right) {
			flag := "--keep"
			if c.atPrompt != nil {
				flag = c.language.say("what to keep", "was bleibt,")
			}
			return said, c.usage("%s is %d, %d, %s or %s, not %q", "%s ist %d, %d, %s oder %s, nicht %q", flag, said.lessons[0], said.lessons[1], keepBoth, keepOpen, keep)
		}
	}
	return said, nil
}

func (c *program) decide(ctx context.Context, t *trainer.Trainer, said choice) error {
	if said.open {
		return c.reopen(ctx, t, said.lessons)
	}
	return c.resolve(ctx, t, said.lessons, said.right)
}

// undecided says a contradiction, and what comes of it.
func (l language) undecided(r trainer.Reason) string {
	if l == german {
		return l.because(r)
	}
	return "two lessons contradict each other: " + r.Text + "; until you decide, the older one is not trained on"
}

// contradictionsBy is the command that lists the contradictions, where the person is.
func (c *program) contradictionsBy() string {
	if c.atPrompt != nil {
		return c.atPrompt("resolve")
	}
	return "clara lessons contradictions"
}

// resolvedBy is the command that decides on a contradiction, where the person is.
func (c *program) resolvedBy(x trainer.Contradiction) string {
	pair := fmt.Sprintf("%d %d", x.Older.ID, x.Newer.ID)
	keep := fmt.Sprintf("%d|%d|%s", x.Older.ID, x.Newer.ID, keepBoth)
	if c.atPrompt != nil {
		return c.atPrompt("resolve") + " " + pair + " " + keep
	}
	return "clara lessons resolve " + pair + " --keep " + keep
}

// sideView is one of two lessons that contradict each other, as the commands print it.
type sideView struct {
	Lesson   int64     `json:"lesson"`
	Sample   int64     `json:"sample"`
	Question string    `json:"question"`
	Answer   string    `json:"answer"`
	Created  time.Time `json:"created"`
}

func sideOf(l trainer.Lesson) sideView {
	return sideView{l.ID, l.Sample, l.Question, l.Answer, l.Created}
}

// contradictionView is a contradiction as the commands print it.
type contradictionView struct {
	Older   sideView       `json:"older"`
	Newer   sideView       `json:"newer"`
	Overlap float64        `json:"overlap"`
	Reason  trainer.Reason `json:"reason"`
}

func (c *program) listContradictions(ctx context.Context, t *trainer.Trainer) error {
	found, err := t.Contradictions(ctx)
	if err != nil {
		return err
	}
	views := make([]contradictionView, len(found))
	for i, f := range found {
		views[i] = contradictionView{sideOf(f.Older), sideOf(f.Newer), f.Overlap, f.Why}
	}
	return c.show(struct {
		Contradictions []contradictionView `json:"contradictions"`
	}{views}, func() {
		if len(found) == 0 {
			c.sayf("No lessons contradict each other.", "Keine Lektionen widersprechen sich.")
			return
		}
		l := c.language
		for _, f := range found {
			c.table([]string{l.say("no.", "Nr."), "", l.say("question", "Frage"), l.say("answer", "Antwort")}, [][]string{
				{strconv.FormatInt(f.Older.ID, 10), l.say("older", "älter"), brief(f.Older.Question, 60), brief(f.Older.Answer, 60)},
				{strconv.FormatInt(f.Newer.ID, 10), l.say("newer", "neuer"), brief(f.Newer.Question, 60), brief(f.Newer.Answer, 60)},
			})
			c.sayf("  %s\n", "  %s\n", c.resolvedBy(f))
		}
		c.sayf("Until you decide, the older lesson is not trained on.", "Bis Sie entscheiden, wird die ältere Lektion nicht trainiert.")
	})
}

// resolvedView says what became of a contradiction.
type resolvedView struct {
	Kept      []int64 `json:"kept"`             // lessons
	TakenBack int64   `json:"taken_back"`       // a lesson; 0: none
	Sample    int64   `json:"sample,omitempty"` // of the lesson that was taken back
}

// resolve keeps the lesson right of two that contradict each other; 0: both.
func (c *program) resolve(ctx context.Context, t *trainer.Trainer, ids [2]int64, right int64) error {
	found, err := t.Contradictions(ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		if ids != [2]int64{f.Older.ID, f.Newer.ID} && ids != [2]int64{f.Newer.ID, f.Older.ID} {
			continue
		}
		how, kept, gone := trainer.KeepNewer, f.Newer, f.Older
		if right == f.Older.ID {
			how, kept, gone = trainer.KeepOlder, f.Older, f.Newer
		}
		if right == 0 {
			if err := t.Resolve(ctx, f, trainer.BothRight); err != nil {
				return err
			}
			return c.show(resolvedView{Kept: ids[:]}, func() {
				c.sayf("Both lessons stay.", "Beide Lektionen bleiben.")
			})
		}
		if err := t.Resolve(ctx, f, how); err != nil {
			return err
		}
		return c.show(resolvedView{Kept: []int64{kept.ID}, TakenBack: gone.ID, Sample: gone.Sample}, func() {
			undone := fmt.Sprintf("`clara feedback undelete %d`", gone.Sample)
			if c.atPrompt != nil { // which has the data folder
				undone = c.language.say("After %s, %s", "Nach %s: %s", c.atPrompt("quit"), undone)
			}
			c.sayf("Lesson %d stays, lesson %d is taken back. %s undoes it.",
				"Lektion %d bleibt, Lektion %d ist zurückgenommen. %s macht das rückgängig.", kept.ID, gone.ID, undone)
		})
	}
	return &toldError{failure{
		"no_contradiction",
		c.language.say("lessons %d and %d do not contradict each other", "die Lektionen %d und %d widersprechen sich nicht", ids[0], ids[1]),
		c.language.say("`%s` lists those that do.", "`%s` zeigt, welche es tun.", c.contradictionsBy()), exitNotFound,
	}}
}

func (c *program) reopen(ctx context.Context, t *trainer.Trainer, ids [2]int64) error {
	lessons, err := t.Lessons(ctx)
	if err != nil {
		return err
	}
	var pair [2]trainer.Lesson
	for _, l := range lessons {
		for i, id := range ids {
			if l.ID == id {
				pair[i] = l.Lesson
			}
		}
	}
	for i, l := range pair {
		if l.ID == 0 {
			return &missingError{kindLesson, ids[i]}
		}
	}
	if err := t.Reopen(ctx, trainer.Contradiction{Older: pair[0], Newer: pair[1]}, trainer.BothRight); err != nil {
		return err
	}
	return c.listContradictions(ctx, t)
}

package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) lessonsCommand() *cobra.Command {
	list := func(cmd *cobra.Command, _ []string) error {
		return c.openedForFigures(cmd.Context(), func(s *Session) error { return c.listLessons(cmd.Context(), s.Trainer) })
	}
	cmd := &cobra.Command{
		Use:   "lessons",
		Short: "What it was taught, and whether it knows it",
		Args:  c.noArgs,
		RunE:  list,
	}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the lessons, the newest first", Args: c.noArgs, RunE: list},
		c.showLessonCommand(),
		&cobra.Command{
			Use:   "ask [ID]",
			Short: "Ask one lesson now, or all of them",
			Args:  c.args(0, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.askLessons(cmd.Context(), s.Trainer, args) })
			},
		},
		c.teachCommand(),
		c.moveCommand(),
		c.contradictionsCommand(),
		c.resolveCommand(),
		&cobra.Command{
			Use:   "practise ID...",
			Short: "Make a lesson more important for the next training",
			Args:  c.args(1, -1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.eachID(cmd.Context(), args, kindLesson, "practised", c.practise)
			},
		},
		&cobra.Command{
			Use:   "unlearn ID...",
			Short: "Take a lesson back; adapters that were trained on it are rebuilt without it",
			Args:  c.args(1, -1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.eachID(cmd.Context(), args, kindLesson, "unlearnt", c.unlearn())
			},
		})
	return cmd
}

// unlearn takes a lesson back.
func (c *program) unlearn() doing {
	return c.saying((*trainer.Trainer).Unlearn, "Lesson %d is taken back.", "Lektion %d ist zurückgenommen.")
}

// practise practises a lesson and says whether it weighs more by that, and whether a training
// takes it up.
func (c *program) practise(ctx context.Context, t *trainer.Trainer, id int64) (string, error) {
	done, err := t.Practise(ctx, id)
	switch {
	case done.Known && done.Raised:
		return c.language.say("Lesson %d is known: no training needs it unless it is lost; then it weighs more.", "Lektion %d sitzt: Kein Training braucht sie, solange sie nicht verloren geht; dann wiegt sie mehr.", id), err
	case done.Known:
		return c.language.say("Lesson %d is known: no training needs it unless it is lost; it weighs the most already.", "Lektion %d sitzt: Kein Training braucht sie, solange sie nicht verloren geht; sie wiegt schon am meisten.", id), err
	case !done.Raised:
		return c.language.say("Lesson %d weighs the most already; the next training takes it as it is.", "Lektion %d wiegt schon am meisten; das nächste Training nimmt sie, wie sie ist.", id), err
	}
	return c.language.say("Lesson %d weighs more in the next training.", "Lektion %d wiegt beim nächsten Training mehr.", id), err
}

func (c *program) showLessonCommand() *cobra.Command {
	var training bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one lesson with its answers before and now",
		Args:  c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := c.idOf(args[0])
			if err != nil {
				return err
			}
			return c.openedForFigures(cmd.Context(), func(s *Session) error {
				if training {
					return c.showTraining(cmd.Context(), s.Trainer, id)
				}
				return c.showLesson(cmd.Context(), s.Trainer, id)
			})
		},
	}
	cmd.Flags().BoolVar(&training, "training", false, "what it is trained with instead: variants, contrasts, anchors, weights")
	return cmd
}

func (c *program) teachCommand() *cobra.Command {
	var importance int
	var keywords []string
	cmd := &cobra.Command{
		Use:   "teach QUESTION ANSWER",
		Short: "Teach an answer",
		Args:  c.args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.checkImportance(importance); err != nil {
				return err
			}
			return c.opened(cmd.Context(), func(s *Session) error {
				sample, err := s.Trainer.Teach(cmd.Context(), trainer.Teaching{
					Question: args[0], Answer: args[1], Importance: importance, Keywords: keywordGroups(keywords),
				})
				if err != nil {
					return err
				}
				return c.thank(cmd.Context(), s.Trainer, sample)
			})
		},
	}
	cmd.Flags().IntVar(&importance, "importance", 0, "1 to 5 (default 3)")
	cmd.Flags().StringArrayVar(&keywords, "keyword", nil, "a word that proves the lesson, or several to choose from: a|b (repeatable)")
	return cmd
}

// lessonView is a lesson as the commands print it.
type lessonView struct {
	ID         int64               `json:"id"`
	Sample     int64               `json:"sample"`
	Question   string              `json:"question"`
	Answer     string              `json:"answer"`
	State      trainer.LessonState `json:"state"`
	Importance int                 `json:"importance"`
	Keywords   [][]string          `json:"keywords,omitempty"`
	Before     string              `json:"before,omitempty"` // the untrained base's answer
	Now        string              `json:"now,omitempty"`    // the last answer
	Way        trainer.Way         `json:"way,omitempty"`
	Trained    int                 `json:"trained"`
	Created    time.Time           `json:"created"`

	Contradicts int64 `json:"contradicts,omitempty"` // the lesson that it contradicts
}

// lessonViewOf is a lesson with the other one that it contradicts, the zero one where there is
// none.
func lessonViewOf(l trainer.LessonView, other trainer.Lesson) lessonView {
	return lessonView{
		Contradicts: other.ID,

		ID: l.ID, Sample: l.Sample, Question: l.Question, Answer: l.Answer, State: l.State, Importance: l.Importance,
		Keywords: l.Keywords, Before: l.Before, Now: l.Now, Way: l.Way, Trained: l.Trained, Created: l.Created,
	}
}

func (c *program) listLessons(ctx context.Context, t *trainer.Trainer) error {
	lessons, err := t.Lessons(ctx)
	if err != nil {
		return err
	}
	found, err := t.Contradictions(ctx)
	if err != nil {
		return err
	}
	other := trainer.Opposed(found)
	views := make([]lessonView, len(lessons))
	for i, l := range lessons {
		views[i] = lessonViewOf(l, other[l.ID])
	}
	return c.show(struct {
		Lessons []lessonView `json:"lessons"`
	}{views}, func() {
		l := c.language
		if len(lessons) == 0 {
			teach := l.say("clara lessons teach QUESTION ANSWER", "clara lessons teach FRAGE ANTWORT")
			if c.atPrompt != nil {
				teach = l.say("%s QUESTION => ANSWER", "%s FRAGE => ANTWORT", c.atPrompt("teach"))
			}
			c.sayf("No lessons. Correct an answer, or: %s", "Keine Lektionen. Verbessern Sie eine Antwort, oder: %s", teach)
			return
		}
		rows := make([][]string, len(lessons))
		for i, v := range lessons {
			state := l.lessonState(v.State)
			if o := other[v.ID]; o.ID != 0 {
				state += l.say(", contradicts %d", ", widerspricht %d", o.ID)
			}
			rows[i] = []string{strconv.FormatInt(v.ID, 10), state, strconv.Itoa(v.Importance), brief(v.Question, 60), brief(v.Answer, 60)}
		}
		c.table([]string{l.say("no.", "Nr."), l.say("state", "Stand"), l.say("weight", "Gewicht"), l.say("question", "Frage"), l.say("answer", "Antwort")}, rows)
	})
}

func (c *program) showLesson(ctx context.Context, t *trainer.Trainer, id int64) error {
	lessons, err := t.Lessons(ctx)
	if err != nil {
		return err
	}
	found, err := t.Contradictions(ctx)
	if err != nil {
		return err
	}
	for _, v := range lessons {
		if v.ID != id {
			continue
		}
		other := trainer.Opposed(found)[id]
		return c.show(lessonViewOf(v, other), func() {
			l := c.language
			c.sayf("Lesson %d: %s, importance %d, in %s", "Lektion %d: %s, Wichtigkeit %d, in %s", v.ID, l.lessonState(v.State), v.Importance,
				l.count(v.Trained, "training", "trainings", "Training", "Trainings"))
			c.sayf("Question: %s\nWanted:   %s", "Frage:    %s\nGewollt:  %s", v.Question, v.Answer)
			if v.Before != "" {
				c.sayf("Base:     %s", "Basis:    %s", v.Before)
			}
			if v.Now != "" {
				c.sayf("Now:      %s", "Jetzt:    %s", v.Now)
			}
			if v.Way != "" { // there is a model that it could reach
				c.sayf("Way:      %s", "Weg:      %s", l.way(v.Way))
			}
			if other.ID != 0 {
				c.sayf("Lesson %d says otherwise (\"%s\"): %s", "Lektion %d sagt etwas anderes („%s“): %s", other.ID, brief(other.Answer, 60), c.contradictionsBy())
			}
			for _, r := range v.Trail {
				c.sayf("  %s  %s", "  %s  %s", when(r.Created), l.lessonState(r.Outcome))
			}
		})
	}
	return &missingError{kindLesson, id}
}

// way says by what a lesson reaches an answer.
func (l language) way(w trainer.Way) string {
	switch w {
	case trainer.WayReader:
		return l.say("a turn before the question, read with the reader that the model was prepared with, or with what was trained on other lessons",
			"vor der Frage gelesen, mit dem Leser, mit dem das Modell vorbereitet ist, oder mit dem, was an anderen Lektionen eingeübt wurde")
	case trainer.WayKnowledge:
		return l.say("a turn before the question, read with what was trained on your lessons (knowledge)",
			"vor der Frage gelesen, mit dem, was an Ihren Lektionen eingeübt wurde (Wissen)")
	}
	return l.say("a turn before the question, nothing trained for it", "vor der Frage gelesen, nichts ist dafür eingeübt")
}

// askedView is what a lesson answered.
type askedView struct {
	Lesson   int64               `json:"lesson"`
	Question string              `json:"question"`
	Outcome  trainer.LessonState `json:"outcome"`
	Answer   string              `json:"answer"`
}

func (c *program) askLessons(ctx context.Context, t *trainer.Trainer, args []string) error {
	lessons, err := t.Lessons(ctx)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		id, err := c.idOf(args[0])
		if err != nil {
			return err
		}
		one := lessons[:0]
		for _, v := range lessons {
			if v.ID == id {
				one = append(one, v)
			}
		}
		if len(one) == 0 {
			return &missingError{kindLesson, id}
		}
		lessons = one
	}
	ids := make([]int64, len(lessons))
	for i, v := range lessons {
		ids[i] = v.ID
	}
	views := make([]askedView, 0, len(lessons))
	err = t.AskEach(ctx, ids, func(r trainer.LessonResult) {
		v := lessons[len(views)]
		views = append(views, askedView{v.ID, v.Question, r.Outcome, r.Answer})
		if !c.json {
			c.sayf("%d  %s  %s\n   %s", "%d  %s  %s\n   %s", v.ID, c.language.lessonState(r.Outcome), v.Question, brief(r.Answer, 160))
		}
	})
	if err != nil {
		return err
	}
	if !c.json {
		return nil
	}
	return c.answer(struct {
		Asked []askedView `json:"asked"`
	}{views})
}

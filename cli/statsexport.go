package cli

import (
	"context"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) statsExportCommand() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use:   "export FILE...",
		Short: "Write how learning went as a table, as JSON or as a picture",
		Long: `Writes how learning went; the file's ending says in which form:

  .csv   a table with a row for each rating, version and cycle
  .json  the same with the present figures, every cycle with its reason
  .png   the rating over time with the versions, and the lessons known

Your texts are in none of them: figures, times and the codes of reasons alone.`,
		Args: c.args(1, -1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if days < 0 {
				return c.usage("--days is at least 0, not %d", "--days ist mindestens 0, nicht %d", days)
			}
			for _, f := range files {
				if courseWriter(f) == nil {
					return c.usage("a file ends in .csv, .json or .png, not %q", "eine Datei endet auf .csv, .json oder .png, nicht %q", f)
				}
			}
			return c.openedForFigures(cmd.Context(), func(s *Session) error { return c.exportStats(cmd.Context(), s.Trainer, days, files) })
		},
	}
	cmd.Flags().IntVar(&days, "days", 0, "only the last `days` (default: all)")
	return cmd
}

// courseWriter writes a course in the form that a file's ending says; nil: in none.
func courseWriter(file string) func(trainer.Course, io.Writer, language) error {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		return func(c trainer.Course, w io.Writer, _ language) error { return c.WriteCSV(w) }
	case ".json":
		return func(c trainer.Course, w io.Writer, _ language) error { return c.WriteJSON(w) }
	case ".png":
		return func(c trainer.Course, w io.Writer, l language) error { return c.WritePNG(w, l.courseWords()) }
	}
	return nil
}

func (c *program) exportStats(ctx context.Context, t *trainer.Trainer, days int, files []string) error {
	var since time.Time
	if days > 0 {
		since = time.Now().AddDate(0, 0, -days)
	}
	course, err := t.Course(ctx, since)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := writeNew(file, func(w io.Writer) error { return courseWriter(file)(course, w, c.language) }); err != nil {
			return err
		}
	}
	return c.show(struct {
		Files   []string `json:"files"`
		Ratings int      `json:"ratings"`
		Cycles  int      `json:"cycles"`
	}{files, len(course.Ratings), len(course.Cycles)}, func() {
		l := c.language
		c.sayf("%s and %s written to %s.", "%s und %s geschrieben nach %s.", l.count(len(course.Ratings), "rating", "ratings", "Bewertung", "Bewertungen"),
			l.count(len(course.Cycles), "training", "trainings", "Training", "Trainings"), strings.Join(files, ", "))
	})
}

// courseWords are the words of the picture.
func (l language) courseWords() trainer.CourseWords {
	return trainer.CourseWords{
		Title:   l.say("Do the answers get better?", "Werden die Antworten besser?"),
		Mean:    l.say("mean rating, over 20", "mittlere Bewertung, gleitend über 20"),
		Lessons: l.say("lessons", "Lektionen"),
		Known:   l.say("known", "sitzen"),
		Asked:   l.say("asked", "abgefragt"),
		Version: func(n int) string { return "V " + strconv.Itoa(n) },
		Day:     func(t time.Time) string { return t.Local().Format(l.say("Jan 2", "02.01.")) },
		Number:  func(v float64) string { return l.number(v, 0) },
	}
}

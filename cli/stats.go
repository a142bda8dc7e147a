package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) statsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Figures of the loop",
		Args:  c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.openedForFigures(cmd.Context(), func(s *Session) error { return c.stats(cmd.Context(), s.Trainer) })
		},
	}
	cmd.AddCommand(c.statsExportCommand())
	return cmd
}

// ratingDays is how far back stats shows the ratings.
const ratingDays = 14

func (c *program) stats(ctx context.Context, t *trainer.Trainer) error {
	s, err := t.LiveStats(ctx)
	if err != nil {
		return err
	}
	days, err := t.RatingHistory(ctx, time.Now().AddDate(0, 0, -ratingDays))
	if err != nil {
		return err
	}
	if days == nil {
		days = []trainer.RatingPoint{}
	}
	versions, err := t.Versions(ctx)
	if err != nil {
		return err
	}
	var last trainer.VersionRow // the newest that the gate looked at
	var gate *versionView
	if i := slices.IndexFunc(versions, func(r trainer.VersionRow) bool { return r.Figures != nil }); i >= 0 {
		last = versions[i]
		v := versionViewOf(last)
		gate = &v
	}
	return c.show(struct {
		trainer.LiveStats
		Ratings []trainer.RatingPoint `json:"ratings_by_day"`
		Gate    *versionView          `json:"last_gate,omitempty"`
	}{s, days, gate}, func() {
		c.sayStats(s, days)
		if gate != nil {
			c.sayf("", "")
			c.sayFigures(last)
		}
	})
}

func (c *program) sayStats(s trainer.LiveStats, days []trainer.RatingPoint) {
	l, m := c.language, s.Metrics
	stars := func(v float64) string {
		if m.Ratings == 0 {
			return "-"
		}
		return l.number(v, 2)
	}
	rate, last := "-", "-"
	if m.Cycles > 0 {
		rate = l.number(100*m.SuccessRate, 0) + " %"
	}
	if m.LastCycleSeconds > 0 { // else it is not known
		last = l.number(m.LastCycleSeconds, 1) + " s"
	}
	c.table([]string{l.say("buffer", "Puffer"), ""}, [][]string{
		{l.say("samples that train", "Rückmeldungen, die trainieren"), strconv.Itoa(s.Buffer.Kept) + l.say(" of ", " von ") + strconv.Itoa(m.SamplesTotal)},
		{l.say("room, lessons aside", "Platz, ohne Lektionen"), l.say("%d of %d taken", "%d von %d belegt", s.Buffer.Count, s.Buffer.Capacity)},
		{l.say("average quality", "mittlere Qualität"), l.number(s.Buffer.AvgQuality, 2)},
	})
	c.sayf("", "")
	c.table([]string{l.say("feedback", "Rückmeldungen"), ""}, [][]string{
		{l.say("ratings", "Bewertungen"), strconv.Itoa(m.Ratings)},
		{l.say("average stars", "Sterne im Mittel"), stars(m.AvgStars)},
		{l.say("average of the last 20", "Mittel der letzten 20"), stars(m.AvgStarsRecent)},
		{l.say("corrections", "Korrekturen"), strconv.Itoa(m.Corrections)},
		{l.say("lessons known", "Lektionen, die sitzen"), strconv.Itoa(m.LessonsKnown) + l.say(" of ", " von ") + strconv.Itoa(m.LessonsTotal)},
	})
	c.sayf("", "")
	c.table([]string{l.say("training", "Training"), ""}, [][]string{
		{l.say("version in use", "Version in Gebrauch"), strconv.Itoa(m.ActiveVersion)},
		{l.say("model updates", "neue Versionen"), strconv.Itoa(m.ModelUpdates) + l.say(" of ", " von ") + l.count(m.Cycles, "training", "trainings", "Training", "Trainings")},
		{l.say("refused, in vain, failed", "abgelehnt, vergeblich, fehlgeschlagen"), strconv.Itoa(m.Refused) + ", " + strconv.Itoa(m.InVain) + ", " + strconv.Itoa(m.Failed)},
		{l.say("success rate", "Erfolgsquote"), rate},
		{l.say("last cycle", "letzter Zyklus"), last},
		{l.say("now", "jetzt"), l.because(s.Why)},
	})
	if len(days) == 0 {
		return
	}
	c.sayf("", "")
	rows := make([][]string, len(days))
	for i, d := range days {
		rows[i] = []string{d.Day.Format("2006-01-02"), l.number(d.Stars, 1), strings.Repeat("*", int(d.Stars+0.5)), strconv.Itoa(d.Count)}
	}
	c.table([]string{l.say("day", "Tag"), l.say("stars", "Sterne"), "", l.say("ratings", "Bewertungen")}, rows)
}

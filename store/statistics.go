package store

import (
	"context"
	"time"
)

// LessonCounts counts the lessons that show by their state on a base model.
func (s *Store) LessonCounts(ctx context.Context, base string) (map[LessonState]int, error) {
	type group struct {
		state LessonState
		n     int
	}
	groups, err := list(ctx, s, "count the lessons", func(r scanner) (g group, err error) {
		return g, r.Scan(&g.state, &g.n)
	}, `SELECT coalesce(m.state, 'new') AS of, count(*) FROM lessons l JOIN samples s ON s.id = l.sample
		LEFT JOIN lesson_models m ON m.user = l.user AND m.lesson = l.id AND m.base_hash = `+lessonBase+`
		WHERE l.user = ?2`+lessonShows+` GROUP BY of`, base, s.user)
	counts := make(map[LessonState]int, len(groups))
	for _, g := range groups {
		counts[g.state] = g.n
	}
	return counts, err
}

// Erasures counts the samples that the active version of a base model was trained on and that
// were deleted since.
func (s *Store) Erasures(ctx context.Context, base string) (int, error) {
	return one(ctx, s, "count what was deleted since a training", func(r scanner) (n int, err error) {
		return n, r.Scan(&n)
	}, `SELECT count(*) FROM versions v, json_each(v.samples) j LEFT JOIN samples s ON s.id = j.value
		WHERE v.user = ?1 AND v.base_hash = ?2 AND v.id = `+activeID+` AND (s.id IS NULL OR s.deleted IS NOT NULL)`, s.user, base)
}

// Rating is one rated answer, as the statistics see it.
type Rating struct {
	Sample  int64
	Score   float64
	Version int64 // that gave the answer; 0: the untrained base
	Created time.Time

	Conversation int64 // of the rated message; 0: it has none, or was erased since
}

// Ratings returns the ratings since a time that stand (not deleted, not
// replaced by a newer one), the oldest first. Activations has the marks of the
// versions between them.
func (s *Store) Ratings(ctx context.Context, since time.Time) ([]Rating, error) {
	return list(ctx, s, "list ratings", func(r scanner) (Rating, error) {
		var v Rating
		err := r.Scan(&v.Sample, &v.Score, idColumn{&v.Version}, timeColumn{&v.Created}, idColumn{&v.Conversation})
		return v, err
	}, `SELECT id, score, version, created, (SELECT conversation FROM messages WHERE messages.id = samples.message) FROM samples WHERE user = ? AND form = 'rating' AND deleted IS NULL AND NOT replaced AND created >= ?
		ORDER BY created, id`, s.user, since.UnixMicro())
}

// RatingDay is the ratings of one day.
type RatingDay struct {
	Day   time.Time // its beginning in the time zone asked for
	Count int
	Mean  float64 // of the scores
}

// RatingDays returns the Ratings since a time, averaged over each day of a time
// zone that has any, the oldest first.
func (s *Store) RatingDays(ctx context.Context, since time.Time, zone *time.Location) ([]RatingDay, error) {
	ratings, err := s.Ratings(ctx, since)
	if err != nil {
		return nil, err
	}
	var days []RatingDay
	for _, r := range ratings {
		y, m, d := r.Created.In(zone).Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, zone)
		if len(days) == 0 || !days[len(days)-1].Day.Equal(day) {
			days = append(days, RatingDay{Day: day})
		}
		last := &days[len(days)-1]
		last.Count++
		last.Mean += (r.Score - last.Mean) / float64(last.Count)
	}
	return days, nil
}

// CycleFigures is one cycle in figures, without what it was about.
type CycleFigures struct {
	ID                int64
	State             CycleState
	Started, Finished time.Time
	Verdict           string
	Reason            Reason
	Number            int // of the version that it made; 0: none
	Samples           int // of manner that it trained on; 0 too where the job was erased
	Known, Asked      int // lessons that its candidate knew, of those asked
}

// CycleFigures returns the cycles on a base model ("": on any) that ended since a time,
// the oldest first. It takes the figures out of job and report where they lie: these are
// long.
func (s *Store) CycleFigures(ctx context.Context, base string, since time.Time) ([]CycleFigures, error) {
	return list(ctx, s, "list the cycles' figures", func(r scanner) (CycleFigures, error) {
		var v CycleFigures
		err := r.Scan(&v.ID, &v.State, timeColumn{&v.Started}, timeColumn{&v.Finished}, &v.Verdict, jsonColumn{&v.Reason},
			&v.Number, &v.Samples, &v.Known, &v.Asked)
		return v, err
	}, `SELECT c.id, c.state, c.started, c.finished, c.verdict, c.reason,
		coalesce((SELECT number FROM versions v WHERE v.user = c.user AND v.cycle = c.id), 0),
		coalesce(json_array_length(c.job, '$.samples'), 0),
		coalesce(json_extract(c.report, '$.figures.known'), 0), coalesce(json_extract(c.report, '$.figures.known_of'), 0)
		FROM cycles c WHERE c.user = ?1 AND (?2 = '' OR c.base_hash = ?2) AND c.finished >= ?3 ORDER BY c.id`,
		s.user, base, since.UnixMicro())
}

// AnswerTotals are what was answered.
type AnswerTotals struct {
	Answers int
	Tokens  int
	Seconds float64
}

// AnswerTotals adds up the answers since a time, without those of other programs.
func (s *Store) AnswerTotals(ctx context.Context, since time.Time) (AnswerTotals, error) {
	return one(ctx, s, "add up the answers", func(r scanner) (AnswerTotals, error) {
		var v AnswerTotals
		return v, r.Scan(&v.Answers, &v.Tokens, &v.Seconds)
	}, `SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(seconds), 0.0) FROM messages WHERE user = ? AND role = 'assistant' AND source = '' AND created >= ?`,
		s.user, since.UnixMicro())
}

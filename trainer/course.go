package trainer

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Course is how learning went since a moment. What WriteCSV, WriteJSON and WritePNG make
// of it has figures, times and codes of reasons, and none of the user's texts, so that it
// can be given away.
type Course struct {
	Model   string         `json:"model,omitempty"`
	Since   time.Time      `json:"since,omitzero"` // zero: from the beginning
	Until   time.Time      `json:"until"`
	Now     LiveStats      `json:"now"`
	Stars   [5]int         `json:"stars"` // how many ratings had 1, 2, ... 5 stars
	Answers CourseAnswers  `json:"answers"`
	Ratings []CourseRating `json:"ratings"`
	Marks   []CourseMark   `json:"versions"`
	Cycles  []CourseCycle  `json:"cycles"`
}

// CourseAnswers are what was answered in the conversations.
type CourseAnswers struct {
	Count   int     `json:"count"`
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"`
}

// CourseRating is one rating.
type CourseRating struct {
	At      time.Time `json:"at"`
	Stars   float64   `json:"stars"`   // 1 to 5
	Mean    float64   `json:"mean"`    // of this and the 19 before it
	Version int       `json:"version"` // that gave the answer; 0: the untrained base

	Conversation int64 `json:"conversation,omitempty"` // it was given in; 0: in none, or in one that was erased
}

// CourseMark is a version that began to answer.
type CourseMark struct {
	At      time.Time `json:"at"`
	Version int       `json:"version"` // 0: the untrained base
	Cause   Cause     `json:"cause"`
}

// CourseCycle is one cycle.
type CourseCycle struct {
	Cycle   int64      `json:"cycle"`
	Started time.Time  `json:"started"`
	Seconds float64    `json:"seconds,omitempty"` // 0: it is not known
	Samples int        `json:"samples"`           // of manner that it trained on
	Known   int        `json:"lessons_known"`
	Asked   int        `json:"lessons_asked"`
	State   CycleState `json:"state"`
	Verdict string     `json:"verdict,omitempty"`
	Reason  Reason     `json:"reason"` // in what is exported without what quotes the user
	Version int        `json:"version,omitempty"`
}

// Course returns how learning went since a moment; the zero time is all of it. The
// versions and cycles are those of the loaded model, or of the one that was trained last.
func (t *Trainer) Course(ctx context.Context, since time.Time) (Course, error) {
	c := Course{Since: since, Until: t.now(), Ratings: []CourseRating{}, Marks: []CourseMark{}, Cycles: []CourseCycle{}}
	var err error
	if c.Now, err = t.LiveStats(ctx); err != nil {
		return c, err
	}
	base := t.baseHash()
	if info, ok := t.ModelInfo(); ok {
		c.Model = info.Name
	} else if last, err := t.store.Cycles(ctx, 1); err != nil {
		return c, fmt.Errorf("read the last cycle: %w", err)
	} else if len(last) > 0 {
		base = last[0].BaseHash
	}
	totals, err := t.store.AnswerTotals(ctx, since)
	if err != nil {
		return c, err
	}
	c.Answers = CourseAnswers{totals.Answers, totals.Tokens, totals.Seconds}
	if err := t.addRatings(ctx, &c); err != nil {
		return c, err
	}
	marks, err := t.store.Activations(ctx, base)
	if err != nil {
		return c, fmt.Errorf("read which versions answered: %w", err)
	}
	for _, m := range marks {
		if !m.Created.Before(since) {
			c.Marks = append(c.Marks, CourseMark{At: m.Created, Version: m.Number, Cause: m.Cause})
		}
	}
	cycles, err := t.store.CycleFigures(ctx, base, since)
	if err != nil {
		return c, err
	}
	for _, f := range cycles {
		y := CourseCycle{
			Cycle: f.ID, Started: f.Started, Samples: f.Samples, Known: f.Known, Asked: f.Asked,
			State: f.State, Verdict: f.Verdict, Reason: f.Reason, Version: f.Number,
		}
		if isTimed(f.State) {
			y.Seconds = f.Finished.Sub(f.Started).Seconds()
		}
		c.Cycles = append(c.Cycles, y)
	}
	return c, nil
}

// addRatings adds the ratings since c.Since, each with the mean over those before it,
// also from before.
func (t *Trainer) addRatings(ctx context.Context, c *Course) error {
	ratings, err := t.store.Ratings(ctx, time.Time{})
	if err != nil {
		return fmt.Errorf("read the ratings: %w", err)
	}
	numbers, err := t.versionNumbers(ctx)
	if err != nil {
		return err
	}
	sum := 0.0
	for i, r := range ratings {
		stars := 2*r.Score + 3
		sum += stars
		if i >= recentRatings {
			sum -= 2*ratings[i-recentRatings].Score + 3
		}
		if r.Created.Before(c.Since) {
			continue
		}
		c.Stars[min(max(int(math.Round(stars)), 1), 5)-1]++
		c.Ratings = append(c.Ratings, CourseRating{At: r.Created, Stars: stars, Mean: sum / float64(min(i+1, recentRatings)), Version: numbers[r.Version], Conversation: r.Conversation})
	}
	return nil
}

// quoting are the arguments of reasons that quote what the user wrote, or a path.
var quoting = []string{"lessons", "older", "newer", "error", "path", "lost"}

// withoutTexts is a reason without what quotes the user. Its English sentence goes with
// that: the code and the figures say the same.
func withoutTexts(r Reason) Reason {
	quotes := false
	args := make(map[string]string, len(r.Args))
	for name, v := range r.Args {
		if isQuoting(name) {
			quotes = true
			continue
		}
		args[name] = v
	}
	if !quotes {
		return r
	}
	return Reason{Code: r.Code, Args: args}
}

// isQuoting knows the arguments of both tries of CodeRefusedTwice too.
func isQuoting(name string) bool {
	for _, q := range quoting {
		if name == q || name == q+"1" || name == q+"2" {
			return true
		}
	}
	return false
}

package trainer

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// WriteJSON writes the course as one JSON object.
func (c Course) WriteJSON(w io.Writer) error {
	c.Now.Why = withoutTexts(c.Now.Why)
	c.Cycles = slices.Clone(c.Cycles)
	for i := range c.Cycles {
		c.Cycles[i].Reason = withoutTexts(c.Cycles[i].Reason)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

// courseColumns are the columns of the table. A row is a rating, a version that began to
// answer, or a cycle, and leaves empty what it has not.
var courseColumns = []string{
	"time", "event", "stars", "mean_of_20", "version", "cause",
	"cycle", "seconds", "samples", "lessons_known", "lessons_asked", "state", "verdict", "reason",
}

// WriteCSV writes the course as one table (RFC 4180) with a row for each event, the
// oldest first; times are RFC 3339, numbers have a point.
func (c Course) WriteCSV(w io.Writer) error {
	type event struct {
		at  time.Time
		row map[string]string
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	var events []event
	for _, r := range c.Ratings {
		events = append(events, event{r.At, map[string]string{
			"event": "rating", "stars": number(r.Stars), "mean_of_20": strconv.FormatFloat(r.Mean, 'f', 3, 64), "version": strconv.Itoa(r.Version),
		}})
	}
	for _, m := range c.Marks {
		events = append(events, event{m.At, map[string]string{"event": "version", "version": strconv.Itoa(m.Version), "cause": string(m.Cause)}})
	}
	for _, y := range c.Cycles {
		row := map[string]string{
			"event": "cycle", "cycle": strconv.FormatInt(y.Cycle, 10), "samples": strconv.Itoa(y.Samples),
			"lessons_known": strconv.Itoa(y.Known), "lessons_asked": strconv.Itoa(y.Asked), "state": string(y.State), "verdict": y.Verdict, "reason": figuresIn(withoutTexts(y.Reason)),
		}
		if y.Seconds > 0 {
			row["seconds"] = strconv.FormatFloat(y.Seconds, 'f', 1, 64)
		}
		if y.Version > 0 {
			row["version"] = strconv.Itoa(y.Version)
		}
		events = append(events, event{y.Started, row})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at.UnixMicro(), b.at.UnixMicro()) })
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(courseColumns); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	for _, e := range events {
		e.row["time"] = e.at.UTC().Format(time.RFC3339)
		row := make([]string, len(courseColumns))
		for i, name := range courseColumns {
			row[i] = e.row[name]
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

// figuresIn is a reason as its code and its figures: "forgets kept=19 limit=0.75 of=29".
func figuresIn(r Reason) string {
	text := r.Code
	for _, name := range slices.Sorted(maps.Keys(r.Args)) {
		text += " " + name + "=" + r.Args[name]
	}
	return text
}

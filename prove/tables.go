package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// goal is one promise: what is counted, of which measurements, and what is wanted.
type goal struct {
	what        string
	measurement string
	variant     func(string) bool // nil: all
	model       string            // "": the built-in one
	count       string
	most        bool // the goal is the most that may be, not the least
	wanted      float64
	before      string // a count that it is to be seen beside; "": none
}

func exactly(variant string) func(string) bool {
	return func(v string) bool { return v == variant }
}

// stars are the ratings of one kind, whatever the wish.
func stars(kind, objective string) func(string) bool {
	return func(v string) bool { return strings.HasSuffix(v, "; "+kind+"; "+objective) }
}

// goals are the promises, in the order of the report.
var goals = []goal{
	{what: "facts at once, 12 in memory: as written", measurement: "facts", variant: exactly("12"), count: "exact", wanted: 0.99},
	{what: "in other words", measurement: "facts", variant: exactly("12"), count: "reworded", wanted: 0.97},
	{what: "leak to neighbours", measurement: "facts", variant: exactly("12"), count: "leaks", wanted: 0.02, most: true},
	{what: "unrelated kept", measurement: "facts", variant: exactly("12"), count: "kept", wanted: 0.99},
	{what: "the same after a cycle: as written", measurement: "facts", variant: exactly("12"), count: "exact_after", wanted: 0.99},
	{what: "in other words", measurement: "facts", variant: exactly("12"), count: "reworded_after", wanted: 0.97},
	{what: "leak to neighbours", measurement: "facts", variant: exactly("12"), count: "leaks_after", wanted: 0.02, most: true},
	{what: "unrelated kept", measurement: "facts", variant: exactly("12"), count: "kept_after", wanted: 0.99},
	{what: "100 lessons in memory: as written", measurement: "facts", variant: exactly("100"), count: "exact", wanted: 0.97},
	{what: "in other words", measurement: "facts", variant: exactly("100"), count: "reworded", wanted: 0.93},
	{what: "leak to neighbours", measurement: "facts", variant: exactly("100"), count: "leaks", wanted: 0.03, most: true},
	{what: "unrelated kept", measurement: "facts", variant: exactly("100"), count: "kept", wanted: 0.98},
	{what: "1,000 lessons in memory: as written", measurement: "facts", variant: exactly("1000"), count: "exact", wanted: 0.97},
	{what: "in other words", measurement: "facts", variant: exactly("1000"), count: "reworded", wanted: 0.93},
	{what: "leak to neighbours", measurement: "facts", variant: exactly("1000"), count: "leaks", wanted: 0.03, most: true},
	{what: "unrelated kept", measurement: "facts", variant: exactly("1000"), count: "kept", wanted: 0.98},
	{what: "lessons of several sentences: as written", measurement: "long", count: "exact", wanted: 0.97},
	{what: "in other words", measurement: "long", count: "reworded", wanted: 0.93},
	{what: "leak to neighbours", measurement: "long", count: "leaks", wanted: 0.03, most: true},
	{what: "unrelated kept", measurement: "long", count: "kept", wanted: 0.98},
	{what: "German, on " + german + ": as written", measurement: "german", model: german, count: "exact", wanted: 0.97},
	{what: "in other words", measurement: "german", model: german, count: "reworded", wanted: 0.93},
	{what: "leak to neighbours", measurement: "german", model: german, count: "leaks", wanted: 0.03, most: true},
	{what: "unrelated kept", measurement: "german", model: german, count: "kept", wanted: 0.98},
	{what: "against strong priors: as written", measurement: "priors", count: "exact", wanted: 0.98},
	{what: "in other words", measurement: "priors", count: "reworded", wanted: 0.95},
	{what: "manner after 8 corrections: unseen answers that comply", measurement: "manner", count: "complies", before: "before", wanted: 0.97},
	{what: "unrelated kept", measurement: "manner", count: "kept", wanted: 0.95},
	{what: "facts and a manner together: in other words", measurement: "both", count: "reworded", wanted: 0.96},
	{what: "manner on lessons", measurement: "both", count: "manner_on_lessons", wanted: 0.98},
	{what: "unrelated kept", measurement: "both", count: "kept", wanted: 0.96},
	{what: "32 ratings: sampled answers that comply", measurement: "ratings", variant: stars(starsHonest, "kto"), count: "complies", before: "before", wanted: 0.65},
	{what: "unrelated kept", measurement: "ratings", variant: stars(starsHonest, "kto"), count: "kept", wanted: 0.95},
	{what: "gate: damaged adapters let through", measurement: "gate", count: "damaged_let_through", wanted: 0, most: true},
	{what: "of these harmful, as an independent look finds", measurement: "gate", count: "let_through_harmful", wanted: 0, most: true},
	{what: "good adapters refused", measurement: "gate", count: "good_refused", wanted: 0.10, most: true},
	{what: "cycles of adding, changing, deleting: known at the end", measurement: "drift", count: "known_at_end", wanted: 0.95},
	{what: "looping answers", measurement: "drift", count: "looping", wanted: 0, most: true},
	{what: "unlearning: adapters equal byte for byte to never taught", measurement: "unlearn", count: "equal", wanted: 1},
}

// of are the lines that a goal is about.
func (g goal) of(lines []result) []result {
	model := g.model
	if model == "" {
		model = builtIn
	}
	var out []result
	for _, r := range lines {
		_, counted := r.Counts[g.count]
		if counted && r.Measurement == g.measurement && r.Model == model && (g.variant == nil || g.variant(r.Variant)) {
			out = append(out, r)
		}
	}
	return out
}

// pooled is a count over several lines with its 95 % interval. The seeds mostly ask the
// same questions, so the interval counts a question once: it is that of as many tries
// as one seed has on average.
type pooled struct {
	count
	low, high float64
	lines     []int
}

func pool(lines []result, name string) pooled {
	var p pooled
	seeds := make(map[uint64]bool)
	for _, r := range lines {
		c, ok := r.Counts[name]
		if !ok {
			continue
		}
		p.N += c.N
		p.Of += c.Of
		seeds[r.Seed] = true
		p.lines = append(p.lines, r.line)
	}
	n := float64(max(1, len(seeds)))
	p.low, p.high = wilson(float64(p.N)/n, float64(p.Of)/n)
	return p
}

func (p pooled) share() float64 {
	if p.Of == 0 {
		return 0
	}
	return float64(p.N) / float64(p.Of)
}

// cell is ".97 [.92, .99] 35/36".
func (p pooled) cell() string {
	if p.Of == 0 {
		return "–"
	}
	return fmt.Sprintf("%s [%s, %s] %d/%d", decimals(p.share()), decimals(p.low), decimals(p.high), p.N, p.Of)
}

// decimals writes a share as ".97", a whole as "1.0".
func decimals(v float64) string {
	s := strconv.FormatFloat(v, 'f', 3, 64)
	s = strings.TrimSuffix(s, "0")
	s = strings.TrimSuffix(s, "0")
	if strings.HasSuffix(s, ".") {
		return s + "0"
	}
	return strings.TrimPrefix(s, "0")
}

// met says how a share stands to its goal.
func (g goal) met(p pooled) string {
	if p.Of == 0 {
		return ""
	}
	if g.most && p.share() <= g.wanted || !g.most && p.share() >= g.wanted {
		return "met"
	}
	return "missed"
}

func (g goal) wantedText() string {
	sign := "≥"
	if g.most {
		sign = "≤"
	}
	return sign + " " + decimals(g.wanted)
}

// goalTable is every promise beside what was measured, on the sets that something was
// chosen by and on the others.
func goalTable(lines []result) string {
	rows := [][]string{{"what", "goal", "sets not tuned on", "", "given sets", "", "lines"}}
	for _, g := range goals {
		var kept, tuned []result
		for _, r := range g.of(lines) {
			if r.Tuned {
				tuned = append(tuned, r)
			} else {
				kept = append(kept, r)
			}
		}
		if len(kept)+len(tuned) == 0 {
			continue
		}
		cell := func(rs []result) (string, string) {
			p := pool(rs, g.count)
			text := p.cell()
			if b := pool(rs, g.before); g.before != "" && b.Of > 0 {
				text += " (before: " + decimals(b.share()) + ")"
			}
			return text, g.met(p)
		}
		a, aMet := cell(kept)
		b, bMet := cell(tuned)
		rows = append(rows, []string{g.what, g.wantedText(), a, aMet, b, bMet, lineList(g.of(lines))})
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

// lineList names lines of the results file: "1–3, 7".
func lineList(lines []result) string {
	var ns []int
	for _, r := range lines {
		ns = append(ns, r.line)
	}
	slices.Sort(ns)
	var parts []string
	for i := 0; i < len(ns); {
		j := i
		for j+1 < len(ns) && ns[j+1] == ns[j]+1 {
			j++
		}
		switch {
		case j == i:
			parts = append(parts, fmt.Sprint(ns[i]))
		case j == i+1:
			parts = append(parts, fmt.Sprint(ns[i]), fmt.Sprint(ns[j]))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", ns[i], ns[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// table writes rows as markdown, the first as the head.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("|")
		for _, c := range row {
			b.WriteString(" " + strings.ReplaceAll(c, "|", `\|`) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}

// lineTable is every line of a measurement as it was counted.
func lineTable(lines []result, measurement string) string {
	var counts, values []string
	var some []result
	for _, r := range lines {
		if r.Measurement != measurement {
			continue
		}
		some = append(some, r)
		for name := range r.Counts {
			if !slices.Contains(counts, name) {
				counts = append(counts, name)
			}
		}
		for name := range r.Values {
			if !slices.Contains(values, name) {
				values = append(values, name)
			}
		}
	}
	if len(some) == 0 {
		return ""
	}
	slices.Sort(counts)
	slices.Sort(values)
	head := []string{"line", "set", "variant", "seed"}
	for _, name := range slices.Concat(counts, values) {
		head = append(head, strings.ReplaceAll(name, "_", " "))
	}
	rows := [][]string{append(head, "seconds", "commit")}
	for _, r := range some {
		set := r.Set
		if r.Model != builtIn {
			set += " (" + r.Model + ")"
		}
		row := []string{fmt.Sprint(r.line), set, r.Variant, fmt.Sprint(r.Seed)}
		if r.Skipped != "" {
			row[2] += " skipped: " + r.Skipped
		}
		for _, name := range counts {
			c, ok := r.Counts[name]
			if !ok {
				row = append(row, "")
				continue
			}
			row = append(row, fmt.Sprintf("%d/%d", c.N, c.Of))
		}
		for _, name := range values {
			v, ok := r.Values[name]
			if !ok {
				row = append(row, "")
				continue
			}
			row = append(row, strconv.FormatFloat(v, 'g', 4, 64))
		}
		rows = append(rows, append(row, strconv.FormatFloat(r.Seconds, 'f', 0, 64), r.Commit))
	}
	return table(rows)
}

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clara/trainer"
)

// goal is one promise: what is counted, of which measurements, and what is wanted.
type goal struct {
	what        string
	measurement string
	variant     func(string) bool // nil: all
	model       string            // "": the one that the page is about
	count       string
	most        bool // the goal is the most that may be, not the least
	wanted      float64
	before      string // a count that it is to be seen beside; "": none
	arose       string // a count of how often there was anything to count; "": always
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
	{what: "unrelated answers that show a lesson", measurement: "priors", count: "unrelated_leaks", wanted: 0.05, most: true},
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
	{what: "200 cycles of adding, changing, deleting: known at the end", measurement: "drift", variant: exactly(driftVariant(driftCycles)), count: "known_at_end", wanted: 0.95},
	{what: "looping answers", measurement: "drift", variant: exactly(driftVariant(driftCycles)), count: "looping", wanted: 0, most: true},
	{what: "unlearning: the manner equal byte for byte to never taught", measurement: "unlearn", count: "equal_manner", arose: "arose_manner", wanted: 1},
	{what: "the knowledge likewise", measurement: "unlearn", count: "equal_knowledge", arose: "arose_knowledge", wanted: 1},
}

// about says whether a goal is about a line, or one that is still to come.
func (g goal) about(r result) bool {
	return r.Measurement == g.measurement && (g.model == "" || r.Model == g.model) && (g.variant == nil || g.variant(r.Variant))
}

// of are the lines that a goal is about and that count what it wants.
func (g goal) of(lines []result) []result {
	var out []result
	for _, r := range lines {
		if _, counted := r.Counts[g.count]; counted && g.about(r) {
			out = append(out, r)
		}
	}
	return out
}

// judged is how one kind of sets stands to a promise.
type judged struct{ found, met string }

const notRunText = "not run"

// without is how sets stand that have no line: not run, or with nothing to run on them.
func without(wanted bool) judged {
	if wanted {
		return judged{"–", notRunText}
	}
	return judged{"–", ""}
}

// verdict says whether a promise is kept. What a part of the promised lines keeps may still be
// missed by the others.
func verdict(kept bool, lines, promised []result) string {
	missing := func(p result) bool {
		return !slices.ContainsFunc(lines, func(r result) bool { return r.key() == p.key() })
	}
	switch {
	case !kept:
		return "missed"
	case slices.ContainsFunc(promised, missing):
		return "met so far"
	}
	return "met"
}

// thoseAbout are the lines that a promise is about.
func thoseAbout(about func(result) bool, lines []result) []result {
	return slices.DeleteFunc(slices.Clone(lines), func(r result) bool { return !about(r) })
}

// ofKind are the lines of sets that something was chosen by, or of the others.
func ofKind(lines []result, tuned bool) []result {
	return slices.DeleteFunc(slices.Clone(lines), func(r result) bool { return r.Tuned != tuned })
}

// judge sets lines of one kind of sets beside a goal.
func (g goal) judge(lines, promised []result) judged {
	p := pool(g.of(lines), g.count)
	if there := pool(lines, g.arose); p.Of == 0 && there.Of > 0 {
		return judged{fmt.Sprintf("did not arise (%d/%d)", there.N, there.Of), notRunText}
	}
	promised = thoseAbout(g.about, promised)
	if p.Of == 0 {
		return without(len(promised) > 0)
	}
	text := p.cell()
	if b := pool(g.of(lines), g.before); g.before != "" && b.Of > 0 {
		text += " (before: " + decimals(b.share()) + ")"
	}
	return judged{text, verdict(g.most && p.share() <= g.wanted || !g.most && p.share() >= g.wanted, lines, promised)}
}

func (g goal) wantedText() string {
	sign := "≥"
	if g.most {
		sign = "≤"
	}
	return sign + " " + decimals(g.wanted)
}

// goalTable is every promise beside what was measured, on the sets that something was
// chosen by and on the others. A promise without lines stands in it too.
func goalTable(lines, peers, promised []result) string {
	rows := [][]string{{"what", "goal", "sets not tuned on", "", "given sets", "", "lines"}}
	add := func(what, wanted, from string, judge func(lines, promised []result) judged) {
		a, b := judge(ofKind(lines, false), ofKind(promised, false)), judge(ofKind(lines, true), ofKind(promised, true))
		rows = append(rows, []string{what, wanted, a.found, a.met, b.found, b.met, cmp.Or(from, "–")})
	}
	for _, g := range goals {
		add(g.what, g.wantedText(), lineList(g.of(lines)), g.judge)
	}
	honest, control := ratedBy(starsHonest).of(lines), ratedBy(starsShuffled).of(lines)
	add("32 ratings against the same stars on other answers, p", "< .01", lineList(slices.Concat(honest, control)), againstShuffled)
	for _, w := range waits {
		add(w.what+": longest, s", w.goal(), lineList(w.of(lines)), w.judge)
	}
	add("facts, 12 in memory, beside retrieval without a reader: in other words, leak and kept at once", "better", lineList(twelve.of(lines)), besideRetrieval)
	for _, by := range peerTrainers {
		for _, part := range peerParts {
			b := besidePeer{by, part, peers}
			add(b.what(), "better", b.from(lines), b.judge)
		}
	}
	return table(rows)
}

// ratedBy is what ratings with such stars bring, trained by KTO.
func ratedBy(kind string) goal {
	return goal{measurement: "ratings", variant: stars(kind, "kto"), count: "complies"}
}

// againstShuffled says whether honest stars bring more than the same on other answers.
func againstShuffled(lines, promised []result) judged {
	honest, control := ratedBy(starsHonest), ratedBy(starsShuffled)
	promised = slices.Concat(thoseAbout(honest.about, promised), thoseAbout(control.about, promised))
	a, b := pool(honest.of(lines), "complies"), pool(control.of(lines), "complies")
	if a.Of == 0 || b.Of == 0 {
		return without(len(promised) > 0)
	}
	p := trainer.Fisher(a.N, a.Of, b.N, b.Of)
	return judged{fmt.Sprintf("%.2g (%d/%d, %d/%d)", p, a.N, a.Of, b.N, b.Of), verdict(p < 0.01, lines, promised)}
}

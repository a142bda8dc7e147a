package main

import (
	"slices"
	"strings"
	"testing"
)

// What is promised and has no line is said to be not run, set by set, and nothing else is.
func TestReportSaysWhatWasNotRun(t *testing.T) {
	wanted, err := promised("")
	if err != nil {
		t.Fatal(err)
	}
	var lines []result
	for _, r := range wanted {
		switch {
		case r.Measurement == "facts" && r.Set == "facts-en",
			r.Measurement == "facts" && r.Variant != "1" && r.Seed == 1,
			r.Measurement == "german" && r.Model == builtIn,
			r.Measurement == "ratings" && r.Set == "ratings-en",
			r.Measurement == "manner":
			lines = append(lines, r)
		}
	}
	lines = append(lines, result{Measurement: "gate", Model: builtIn, Set: "all", Variant: "damaged 1", Seed: 1, Counts: map[string]count{"damaged_let_through": {0, 13}, "good_refused": {0, gateGood}}})
	said := strings.Join(notRun(lines, []result{{Variant: "TRL SFT, its defaults, facts (12)"}, {Variant: `TRL SFT, its defaults, manner (begins with "Dear reader,")`}}, wanted), "\n")
	for _, want := range []string{
		"facts, given-facts `12`, `100`, `1000`, `4`, `50`: 1 of 3 seeds were run.", "facts, given-facts `1`: not run.",
		"drift (200 cycles of adding, changing, deleting): not run.",
		"german on " + german + ", facts-de `12`: not run.", "german on " + german + ", long-de `12`: not run.",
		"ratings, given-styles `the first sentence has at most 15 words; honest; kto`, ",
		"gate: 13 of 100 damaged adapters were put to it.", "TRL's KTO on facts `12`: not run.", "TRL's SFT on manner `at most 25 words`, `ends with \"Source: general knowledge\"`: not run.",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	for _, no := range []string{"facts, facts-en", "good adapters", "ratings, ratings-en", "manner, ", "german, ", "SFT on facts", "gate ("} {
		if strings.Contains(said, no) {
			t.Errorf("it says %q:\n%s", no, said)
		}
	}
	for _, m := range order {
		if described[m] == "" {
			t.Errorf("nothing is said of what %s is", m)
		}
	}
}

// What the page takes for a whole run is what a run plans, also where the given sets are
// not at hand.
func TestPromisedIsWhatIsPlanned(t *testing.T) {
	given, err := givenSets(givenFolder())
	if err != nil {
		t.Fatal(err)
	}
	if given == nil {
		lacks(t, "no given sets in "+givenFolder())
	}
	own, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	units, err := plan(append(own, given...), options{seeds: wantedSeeds})
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := promised("")
	if err != nil {
		t.Fatal(err)
	}
	if len(units) != len(wanted) {
		t.Fatalf("%d planned, %d promised", len(units), len(wanted))
	}
	for i := range units {
		if r := units[i].result(); r.key() != wanted[i].key() || r.Tuned != wanted[i].Tuned {
			t.Errorf("planned is %s, promised %s", r.key(), wanted[i].key())
		}
	}
	if n := len(given[0].Lessons); n != givenLessons {
		t.Errorf("facts.json has %d lessons", n)
	}
}

// Every promise has its row: what has no line is not run, and what another does as well is
// not better.
func TestEveryGoalHasARow(t *testing.T) {
	wanted, err := promised("")
	if err != nil {
		t.Fatal(err)
	}
	rows := func(lines, peers []result) map[string]string {
		out := make(map[string]string)
		for _, row := range strings.Split(goalTable(lines, peers, wanted), "\n") {
			if what, rest, ok := strings.Cut(strings.TrimPrefix(row, "| "), " | "); ok {
				out[what] = rest
			}
		}
		return out
	}
	none := rows(nil, nil)
	for what, want := range map[string]string{
		"German, on " + german + ": as written":                                        "≥ .97 | – | not run | – |  | – |",
		"32 ratings: sampled answers that comply":                                      "≥ .65 | – | not run | – | not run | – |",
		"32 ratings against the same stars on other answers, p":                        "< .01 | – | not run | – | not run | – |",
		"a lesson: from saving to the whole next answer: longest, s":                   "< 1 | – | not run | – |  | – |",
		"beside TRL's DPO, its defaults, on manner: comply, kept at once":              "better | – |  | – | not run | – |",
		"unlearning: the manner equal byte for byte to never taught":                   "≥ 1.0 | – | not run | – |  | – |",
		"gate: damaged adapters let through":                                           "≤ .0 | – |  | – | not run | – |",
		"beside TRL's SFT, its defaults, on facts: in other words, leak, kept at once": "better | – |  | – | not run | – |",
	} {
		if none[what] != want {
			t.Errorf("%s: %q, want %q", what, none[what], want)
		}
	}
	some25 := result{Variant: "TRL SFT, its defaults, manner (at most 25 words)", Set: "given-styles", line: 2, Counts: map[string]count{"complies": {0, 30}, "kept": {31, 33}}}
	unlearnt := result{Measurement: "unlearn", Set: "facts-en", Model: builtIn, line: 3, Counts: map[string]count{"arose_manner": {1, 1}, "equal_manner": {1, 1}, "arose_knowledge": {0, 1}}}
	sft := result{Measurement: "trl-sft-facts", Variant: "TRL SFT, its defaults, facts (12)", Set: "given-facts", line: 1, Counts: map[string]count{"reworded": {0, 36}, "leaks": {0, 22}, "kept": {31, 33}}}
	ours := result{Measurement: "facts", Set: "given-facts", Variant: "12", Model: builtIn, Tuned: true, line: 7, Counts: map[string]count{
		"reworded": {34, 36}, "leaks": {0, 22}, "kept": {34, 34}, "reworded_without_reader": {34, 36}, "leaks_without_reader": {1, 22}, "kept_without_reader": {33, 34},
	}}
	some := rows([]result{ours, unlearnt}, []result{sft, some25})
	for what, want := range map[string]string{
		"unlearning: the manner equal byte for byte to never taught":      "≥ 1.0 | 1.0 [.207, 1.0] 1/1 | met so far | – |  | 3 |",
		"beside TRL's SFT, its defaults, on manner: comply, kept at once": "better | – |  | – | not run | – |", // one wish of three
		"the knowledge likewise": "≥ 1.0 | did not arise (0/1) | not run | – |  | – |",
		"beside TRL's SFT, its defaults, on facts: in other words, leak, kept at once":                  "better | – |  | 34/36, 0/22, 34/34 against 0/36, 0/22, 31/33 | met so far | 7; peers.jsonl 1 |",
		"facts, 12 in memory, beside retrieval without a reader: in other words, leak and kept at once": "better | – | not run | 34/36, 0/22, 34/34 against 34/36, 1/22, 33/34 | missed | 7 |",
	} {
		if some[what] != want {
			t.Errorf("%s: %q, want %q", what, some[what], want)
		}
	}
}

// One of a hundred adapters that the gate judges rightly keeps no promise of a hundred; one
// that it judges wrongly breaks it.
func TestMetIsSaidOnceAllIsThere(t *testing.T) {
	wanted, err := promised("")
	if err != nil {
		t.Fatal(err)
	}
	good := goals[slices.IndexFunc(goals, func(g goal) bool { return g.count == "good_refused" })]
	var lines []result
	for _, r := range thoseAbout(good.about, wanted) {
		r.Counts = map[string]count{"good_refused": {0, 1}}
		lines = append(lines, r)
	}
	if len(lines) < 2 {
		t.Fatalf("%d lines of the gate are promised", len(lines))
	}
	bad := slices.Clone(lines[:1])
	bad[0].Counts = map[string]count{"good_refused": {1, 1}}
	for _, c := range []struct {
		lines []result
		want  string
	}{{nil, "not run"}, {lines[:1], "met so far"}, {lines, "met"}, {bad, "missed"}} {
		if got := good.judge(c.lines, wanted).met; got != c.want {
			t.Errorf("%d of %d lines: %s, want %s", len(c.lines), len(lines), got, c.want)
		}
	}
}

// What a set has beyond the lessons that were asked is said.
func TestReportSaysWhatWasNotAsked(t *testing.T) {
	at := func(m, set, variant string, exact int, sure count) result {
		r := result{Measurement: m, Set: set, Variant: variant, Counts: map[string]count{"exact": {exact, exact}}}
		if sure.Of > 0 {
			r.Counts["base_sure"] = sure
		}
		return r
	}
	said, err := notAsked([]result{
		at("facts", "facts-en", "12", 60, count{}), at("facts", "facts-en", "50", 50, count{}), at("facts", "facts-en", "50", 50, count{}),
		at("facts", "given-facts", "1000", 12, count{}), at("priors", "priors-en", "12", 12, count{19, 24}), at("both", "facts-en", "w", 12, count{}),
	})
	if want := "facts-en with 50 in memory 50 of 60, priors-en with 12 in memory 12 of 19"; err != nil || said != want {
		t.Errorf("got %q, %v, want %q", said, err, want)
	}
}

// What TRL was taught is the given sets: ours on another set that recipes were found on do not
// stand beside it.
func TestPeersStandBesideTheSameData(t *testing.T) {
	var lines []result
	for i, set := range []string{"given-styles", "ratings-en"} {
		lines = append(lines, result{Measurement: "ratings", Set: set, Variant: "a wish; honest; kto", Model: builtIn, Seed: 1, Tuned: true, line: i + 1, Counts: map[string]count{"complies": {1, 2}}})
	}
	if got := (besidePeer{"sft", "ratings", nil}).ours(lines); len(got) != 1 || got[0].line != 1 {
		t.Errorf("beside TRL stand %+v", got)
	}
}

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The report that is committed is the one that the committed results make.
func TestReportIsThatOfTheResults(t *testing.T) {
	folder := filepath.Join("..", "docs", "learning")
	lines, _, err := readResults(filepath.Join(folder, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		t.Skip("no results are committed")
	}
	pages, err := makeReport(folder)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range pages {
		// A picture's curves are the same on every machine, its last bits are not: others
		// fuse a product and a sum.
		if strings.HasSuffix(path, ".png") && runtime.GOARCH != "amd64" {
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the results make: go run ./prove -report", path)
		}
	}
}

// someLines are results as a run writes them.
func someLines() []result {
	at := func(m, set, variant string, seed uint64, tuned bool, counts map[string]count) result {
		return result{Measurement: m, Set: set, Variant: variant, Seed: seed, Tuned: tuned, Model: builtIn, Base: strings.Repeat("ab", 32), Commit: "c0ffee", Machine: "a machine", Counts: counts}
	}
	lines := []result{
		at("facts", "given-facts", "12", 1, true, map[string]count{"exact": {12, 12}, "reworded": {34, 36}, "reworded_without_reader": {27, 36}, "leaks": {1, 22}}),
		at("facts", "ours", "12", 1, false, map[string]count{"exact": {20, 20}, "reworded": {50, 60}, "reworded_without_reader": {40, 60}, "leaks": {0, 40}}),
		at("facts", "ours", "12", 2, false, map[string]count{"exact": {20, 20}, "reworded": {52, 60}, "reworded_without_reader": {41, 60}, "leaks": {0, 40}}),
		at("facts", "ours", "100", 1, false, map[string]count{"exact": {20, 20}, "reworded": {48, 60}, "leaks": {0, 40}}),
		at("ratings", "ours", "short; honest; kto", 1, false, map[string]count{"before": {40, 120}, "complies": {80, 120}, "kept": {28, 30}}),
		at("ratings", "ours", "short; shuffled; kto", 1, false, map[string]count{"before": {40, 120}, "complies": {41, 120}, "kept": {28, 30}}),
		at("drift", "ours", driftVariant(driftCycles), 1, false, map[string]count{
			"known_at_end": {19, 20}, "promoted": {2, 3}, "cycles_with_manner": {3, 3}, "cycles_with_knowledge": {1, 3},
			"looks_with_manner": {3, 3}, "looks_with_knowledge": {1, 3}, "known": {59, 60},
		}),
		at("gate", "ours", "damaged", 1, false, map[string]count{"damaged_let_through": {0, 10}}),
		at("seconds", "ours", "", 1, false, map[string]count{}),
	}
	lines[6].Series = map[string][]float64{"known": {1, 0.95, 1}, "kept": {1, 0.9, 0.95}, "canary": {0, 0.01, 0.02}}
	lines[7].Series = map[string][]float64{"damaged_refused_canary": {0.5, 3}, "damaged_refused_kept": {0.5, 0}}
	lines[8].Series = map[string][]float64{"lesson_seconds": {0.4, 0.5, 0.9}}
	return lines
}

func writeSome(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "learning")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := openResults(filepath.Join(folder, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range someLines() {
		if err := file.append(r); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestReport(t *testing.T) {
	folder := writeSome(t)
	if err := os.WriteFile(filepath.Join(folder, notesFile), []byte("## What does not work\n\nMuch.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pages, err := makeReport(folder)
	if err != nil {
		t.Fatal(err)
	}
	page := string(pages[folder+".md"])
	for _, want := range []string{
		// 102 of 120 over two seeds, as many tries as one seed has: 51 of 60.
		"| in other words | ≥ .97 | .85 [.739, .919] 102/120 | missed | .944 [.819, .985] 34/36 | missed | 1–3 |",
		"| short | ours | honest | kto | .333 [.255, .422] 40/120 | .667 [.578, .745] 80/120 | .342 [.263, .43] 41/120 |",
		"| a lesson: from saving to the whole changed answer | < 1 | 0.50 | 0.90 | 3 | 9 |",
		"| a lesson: from saving to the whole changed answer: longest, s | < 1 | 0.90 | met | – |  | 9 |",
		"| 32 ratings against the same stars on other answers, p | < .01 | 3.8e-07 (80/120, 41/120) | met | – | not run | 5, 6 |",
		"| 200 cycles, adapters in use | 1 | 2/3 | 3/3 | 1/3 | 3/3 | 1/3 | 59/60 | .9 | +0.020 nats | 7 |",
		"\n## What does not work\n\nMuch.\n",
		"| 8 | ours | damaged | 1 |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q:\n%s", want, page)
		}
	}
	for _, p := range pictures {
		data := pages[filepath.Join(folder, p.file)]
		if !bytes.HasPrefix(data, []byte("\x89PNG")) {
			t.Errorf("%s is no picture", p.file)
		}
		if dir := os.Getenv("PROVE_PICTURES"); dir != "" { // to look at them
			if err := os.WriteFile(filepath.Join(dir, p.file), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	again, err := makeReport(folder)
	if err != nil {
		t.Fatal(err)
	}
	for path := range pages {
		if !bytes.Equal(pages[path], again[path]) {
			t.Errorf("%s differs from one time to the next", path)
		}
	}
}

// What is promised and has no line is said to be not run, set by set, and nothing else is.
func TestReportSaysWhatWasNotRun(t *testing.T) {
	wanted, err := promised()
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
	said := strings.Join(notRun(lines, []result{{Measurement: "trl-sft-facts"}}, wanted), "\n")
	for _, want := range []string{
		"facts, given-facts `12`, `100`, `1000`, `4`, `50`: 1 of 3 seeds were run.", "facts, given-facts `1`: not run.",
		"drift (200 cycles of adding, changing, deleting): not run.",
		"german on " + german + ", facts-de `12`: not run.", "german on " + german + ", long-de `12`: not run.",
		"ratings, given-styles `the first sentence has at most 15 words; honest; kto`, ",
		"gate: 13 of 100 damaged adapters were put to it.", "TRL's KTO on facts: not run.", "TRL's SFT on manner: not run.",
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
		if what[m] == "" {
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
		t.Skipf("no given sets in %s", givenFolder())
	}
	own, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	units, err := plan(append(own, given...), options{seeds: wantedSeeds})
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := promised()
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
	wanted, err := promised()
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
		"a lesson: from saving to the whole changed answer: longest, s":                "< 1 | – | not run | – |  | – |",
		"beside TRL's DPO, its defaults, on manner: comply, kept at once":              "better | – |  | – | not run | – |",
		"unlearning: the manner equal byte for byte to never taught":                   "≥ 1.0 | – | not run | – |  | – |",
		"gate: damaged adapters let through":                                           "≤ .0 | – |  | – | not run | – |",
		"beside TRL's SFT, its defaults, on facts: in other words, leak, kept at once": "better | – |  | – | not run | – |",
	} {
		if none[what] != want {
			t.Errorf("%s: %q, want %q", what, none[what], want)
		}
	}
	unlearnt := result{Measurement: "unlearn", Set: "facts-en", Model: builtIn, line: 3, Counts: map[string]count{"arose_manner": {1, 1}, "equal_manner": {1, 1}, "arose_knowledge": {0, 1}}}
	sft := result{Measurement: "trl-sft-facts", Variant: "TRL SFT, its defaults, facts (12)", Set: "given-facts", line: 1, Counts: map[string]count{"reworded": {0, 36}, "leaks": {0, 22}, "kept": {31, 33}}}
	ours := result{Measurement: "facts", Set: "given-facts", Variant: "12", Model: builtIn, Tuned: true, line: 7, Counts: map[string]count{
		"reworded": {34, 36}, "leaks": {0, 22}, "kept": {34, 34}, "reworded_without_reader": {34, 36}, "leaks_without_reader": {1, 22}, "kept_without_reader": {33, 34},
	}}
	some := rows([]result{ours, unlearnt}, []result{sft})
	for what, want := range map[string]string{
		"unlearning: the manner equal byte for byte to never taught": "≥ 1.0 | 1.0 [.207, 1.0] 1/1 | met | – |  | 3 |",
		"the knowledge likewise": "≥ 1.0 | did not arise (0/1) | not run | – |  | – |",
		"beside TRL's SFT, its defaults, on facts: in other words, leak, kept at once":                  "better | – |  | 34/36, 0/22, 34/34 against 0/36, 0/22, 31/33 | met | 7; peers.jsonl 1 |",
		"facts, 12 in memory, beside retrieval without a reader: in other words, leak and kept at once": "better | – | not run | 34/36, 0/22, 34/34 against 34/36, 1/22, 33/34 | missed | 7 |",
	} {
		if some[what] != want {
			t.Errorf("%s: %q, want %q", what, some[what], want)
		}
	}
}

// A run that was cut off in the middle of a line goes on after the last whole one.
func TestResultsSurviveACut(t *testing.T) {
	folder := writeSome(t)
	path := filepath.Join(folder, resultsFile)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"measurement":"facts","set":"cut`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	some := someLines()
	for _, r := range some {
		r.Commit = "another"
		if !file.done[r.key()] {
			t.Errorf("%s would be measured again", r.key())
		}
	}
	next := result{Measurement: "facts", Set: "next"}
	if err := file.append(next); err != nil {
		t.Fatal(err)
	}
	lines, _, err := readResults(path)
	if err != nil || len(lines) != len(some)+1 || lines[len(some)].Set != "next" || lines[len(some)].line != len(some)+1 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// Lines of one reader and of another are not put side by side.
func TestResultsAreOfOneReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), resultsFile)
	r, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.append(result{Measurement: "facts", Model: builtIn, Reader: "one"}); err != nil {
		t.Fatal(err)
	}
	if r, err = openResults(path); err != nil {
		t.Fatal(err)
	}
	if err := r.of(builtIn, "one"); err != nil {
		t.Error(err)
	}
	if err := r.of("another.gguf", "another"); err != nil {
		t.Error(err)
	}
	if err := r.of(builtIn, "another"); !errors.Is(err, errReader) {
		t.Errorf("got %v, want %v", err, errReader)
	}
}

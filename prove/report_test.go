package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The reports that are committed are those that the committed results make, of each model its own.
func TestReportIsThatOfTheResults(t *testing.T) {
	results, err := filepath.Glob(filepath.Join("..", "docs", "learning*", resultsFile))
	if err != nil || len(results) == 0 {
		t.Fatalf("no results are committed: %v", err)
	}
	for _, path := range results {
		checkReport(t, filepath.Dir(path))
	}
}

func checkReport(t *testing.T, folder string) {
	t.Helper()
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
			t.Errorf("%s is not what the results make: go run ./prove -report -out %s", path, folder)
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
		"| a lesson: from saving to the whole next answer | < 1 | 0.50 | 0.90 | 3 | 9 |",
		"| a lesson: from saving to the whole next answer: longest, s | < 1 | 0.90 | met so far | – |  | 9 |",
		"| 32 ratings against the same stars on other answers, p | < .01 | 3.8e-07 (80/120, 41/120) | met so far | – | not run | 5, 6 |",
		"| 200 cycles, adapters in use | 1 | 2/3 | 3/3 | 1/3 | 3/3 | 1/3 | 59/60 | .9 | +0.020 nats | 7 |",
		"\n## What does not work\n\nMuch.\n",
		"| 8 | ours | damaged | 1 |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q:\n%s", want, page)
		}
	}
	for _, p := range sections {
		if p.draw == nil {
			continue
		}
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

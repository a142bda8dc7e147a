package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clara/store"
	"clara/trainer"
)

// The files beside the results.
const (
	notesFile = "notes.md"    // what does not work, written by hand
	peersFile = "peers.jsonl" // what prove/peers wrote
)

// writeReport makes the report of the results in a folder: a page beside it and
// pictures in it.
func writeReport(folder string) error {
	pages, err := makeReport(folder)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(keys(pages)) {
		if err := store.WriteFile(path, pages[path]); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}

func keys(m map[string][]byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// makeReport makes the files of the report, by path.
func makeReport(folder string) (map[string][]byte, error) {
	lines, _, err := readResults(filepath.Join(folder, resultsFile))
	if err != nil {
		return nil, err
	}
	peers, _, err := readResults(filepath.Join(folder, peersFile))
	if err != nil {
		return nil, err
	}
	notes, err := os.ReadFile(filepath.Join(folder, notesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the notes: %w", err)
	}
	wanted, err := promised()
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte)
	name := filepath.Base(folder)
	var b bytes.Buffer
	w := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	w("# What learning does\n\n")
	w("Made by `go run ./prove -report` of [%s](%s/%s); do not edit. `make prove` measures what has no line yet,\n`make prove ARGS=-again` also what was measured at another commit than the present one, `make prove-short` a part in a folder of its own.\n", resultsFile, name, resultsFile)
	w("%s\n\n", madeOn(lines))
	w(`A cell is a share, its 95 %% interval (Wilson), and the counts. The seeds mostly ask the
same questions, so an interval counts those of one seed. Within a seed each answer is a try of
its own, also where one question was asked of several memories or manners, or sampled four
times: there the interval is too narrow. The last column names the lines
of the results file that a row adds up; all of them stand below as they were counted.
Sets "not tuned on" had no part in choosing anything; the recipes were found on the given ones.
"Looping" is an answer in which a run of four words comes more than four times, or one to three
words follow themselves as often; the gate counts runs of four alone, so it calls fewer looping.

`)
	w("## Goals\n\nBetter than another is who is better in each count, or level where nothing is left to win.\n\n%s\n", goalTable(lines, peers, wanted))
	if t, err := notAsked(lines); err != nil {
		return nil, err
	} else if t != "" {
		w("Lessons are asked in whole groups of as many as lie in memory, with 1 and 4 in memory 12 and 24 of them; where a set has fewer,\nothers lie beside them. What is left over is not asked: %s.\n\n", t)
	}
	if missing := notRun(lines, peers, wanted); len(missing) > 0 {
		w("## Not run\n\nPromised, and without a line here. What is said of it anywhere is not shown by this page.\n\n- %s\n\n", strings.Join(missing, "\n- "))
	}
	if t := controlTable(lines); t != "" {
		w("## Ratings against shuffled ratings\n\nThe same stars on other answers, trained by KTO: what is gained with them is no learning.\np is one-sided, Fisher's exact test on the answers of all seeds, each taken as a try of its own;\nfour of them are to one question, so that it is rather too small.\n\n%s\n", t)
	}
	if t := secondsTable(lines); t != "" {
		w("## Seconds from a correction to the changed answer\n\n%s\n", t)
	}
	if t := driftTable(lines); t != "" {
		w("## What answers in many cycles\n\nA cycle makes a version where an adapter was due and came through the gate; the others only ask\nthe lessons. A look asks unrelated questions and reads plain text with every adapter of the version.\n\n%s\n", t)
	}
	if t := readerTable(lines); t != "" {
		w("## Retrieval without a reader\n\nThe same lessons put before the untrained model.\n\n%s\n", t)
	}
	if t := peerTable(lines, peers); t != "" {
		w("## Beside others\n\nThe same data, counted alike; see prove/peers. Their base is this one dequantised to f32, and each is asked\nthe unrelated questions that its own base gets right, which are not quite the same. Lines are of [%s](%s/%s).\n\n%s\n", peersFile, name, peersFile, t)
	}
	for _, p := range pictures {
		data, err := p.draw(lines)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", p.file, err)
		}
		if data == nil {
			continue
		}
		out[filepath.Join(folder, p.file)] = data
		w("## %s\n\n%s\n\n![%s](%s/%s)\n\n", p.title, p.text, p.title, name, p.file)
	}
	if len(notes) > 0 {
		w("%s\n\n", bytes.TrimSpace(notes))
	}
	w("## Every line\n\n")
	for _, m := range order {
		if t := lineTable(lines, m); t != "" {
			w("### %s\n\n%s\n", m, t)
		}
	}
	out[folder+".md"] = append(bytes.TrimSpace(b.Bytes()), '\n')
	return out, nil
}

// madeOn names the machines, bases and commits of the lines.
func madeOn(lines []result) string {
	var machines, commits, bases []string
	note := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, r := range lines {
		note(&machines, r.Machine)
		note(&commits, r.Commit)
		note(&bases, fmt.Sprintf("%s (%.12s)", r.Model, r.Base))
	}
	return fmt.Sprintf("%d measurements on %s; bases %s; commits %s.", len(lines), strings.Join(machines, "; "), strings.Join(bases, ", "), strings.Join(commits, ", "))
}

// controlTable sets honest and noisy stars beside shuffled ones, wish by wish.
func controlTable(lines []result) string {
	rows := [][]string{{"wish", "set", "stars", "objective", "before", "comply after", "shuffled, kto", "p", "kept", "lines"}}
	type group struct{ wish, set, kind, objective string }
	groups := make(map[group][]result)
	var found []group
	for _, r := range lines {
		parts := strings.Split(r.Variant, "; ")
		if r.Measurement != "ratings" || len(parts) != 3 {
			continue
		}
		g := group{parts[0], r.Set, parts[1], parts[2]}
		if groups[g] == nil {
			found = append(found, g)
		}
		groups[g] = append(groups[g], r)
	}
	for _, g := range found {
		if g.kind == starsShuffled {
			continue
		}
		some, control := groups[g], groups[group{g.wish, g.set, starsShuffled, "kto"}]
		after, shuffled := pool(some, "complies"), pool(control, "complies")
		beside, p := "not run", "–"
		if shuffled.Of > 0 {
			beside, p = shuffled.cell(), fmt.Sprintf("%.2g", trainer.Fisher(after.N, after.Of, shuffled.N, shuffled.Of))
		}
		rows = append(rows, []string{
			g.wish, g.set, g.kind, g.objective, pool(some, "before").cell(), after.cell(), beside, p, pool(some, "kept").cell(),
			lineList(slices.Concat(some, control)),
		})
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

// secondsTable is how long a person waits.
func secondsTable(lines []result) string {
	rows := [][]string{{"what", "goal", "median", "longest", "times", "lines"}}
	for _, w := range waits {
		if all := w.times(lines); len(all) > 0 {
			rows = append(rows, []string{w.what, w.goal(), fmt.Sprintf("%.2f", median(all)), fmt.Sprintf("%.2f", all[len(all)-1]), fmt.Sprint(len(all)), lineList(w.of(lines))})
		}
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

// driftTable says how much of many cycles was lived with adapters in use, and what was worst.
func driftTable(lines []result) string {
	rows := [][]string{{"cycles", "seed", "made a version", "with a manner", "with knowledge", "looks with a manner", "with knowledge", "known, all cycles", "kept, worst look", "canary, worst look", "line"}}
	for _, r := range lines {
		if r.Measurement != "drift" || len(r.Series["kept"]) == 0 || len(r.Series["canary"]) == 0 {
			continue
		}
		row := []string{r.Variant, fmt.Sprint(r.Seed)}
		for _, name := range []string{"promoted", "cycles_with_manner", "cycles_with_knowledge", "looks_with_manner", "looks_with_knowledge", "known"} {
			row = append(row, fmt.Sprintf("%d/%d", r.Counts[name].N, r.Counts[name].Of))
		}
		rows = append(rows, append(row, decimals(slices.Min(r.Series["kept"])), fmt.Sprintf("%+.3f nats", slices.Max(r.Series["canary"])), fmt.Sprint(r.line)))
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

// readerTable sets what the reader adds beside retrieval alone.
func readerTable(lines []result) string {
	rows := [][]string{{"lessons", "in memory", "as written", "without reader", "in other words", "without reader", "leak", "without reader", "lines"}}
	type group struct{ measurement, variant string }
	groups := make(map[group][]result)
	var found []group
	for _, r := range lines {
		if _, ok := r.Counts["reworded_without_reader"]; !ok || r.Model != builtIn {
			continue
		}
		g := group{r.Measurement, r.Variant}
		if groups[g] == nil {
			found = append(found, g)
		}
		groups[g] = append(groups[g], r)
	}
	for _, g := range found {
		some := groups[g]
		row := []string{g.measurement, g.variant}
		for _, name := range []string{"exact", "reworded", "leaks"} {
			row = append(row, pool(some, name).cell(), pool(some, name+"_without_reader").cell())
		}
		rows = append(rows, append(row, lineList(some)))
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

// peerTable sets what others reach on the same sets beside what this program does.
func peerTable(lines, peers []result) string {
	rows := [][]string{{"set", "who", "as written", "in other words", "leak", "comply", "unrelated kept", "lines"}}
	add := func(set, who string, some []result) {
		row := []string{set, who}
		for _, name := range []string{"exact", "reworded", "leaks", "complies", "kept"} {
			row = append(row, pool(some, name).cell())
		}
		rows = append(rows, append(row, lineList(some)))
	}
	var sets []string
	for _, p := range peers {
		if !slices.Contains(sets, p.Set) {
			sets = append(sets, p.Set)
		}
	}
	for _, set := range sets {
		var whos []string
		by := make(map[string][]result)
		for _, p := range peers {
			if p.Set != set {
				continue
			}
			if by[p.Variant] == nil {
				whos = append(whos, p.Variant)
			}
			by[p.Variant] = append(by[p.Variant], p)
		}
		for _, who := range whos {
			add(set, who, by[who])
		}
		ours := make(map[string][]result)
		var kinds []string
		for _, r := range lines {
			if r.Set != set || r.Model != builtIn || !slices.Contains([]string{"facts", "manner", "ratings"}, r.Measurement) ||
				r.Measurement == "facts" && r.Variant != "12" || r.Measurement == "ratings" && !stars(starsHonest, "kto")(r.Variant) {
				continue
			}
			kind := "CLARA, " + r.Measurement + " (" + r.Variant + ")"
			if ours[kind] == nil {
				kinds = append(kinds, kind)
			}
			ours[kind] = append(ours[kind], r)
		}
		for _, kind := range kinds {
			add(set, kind+", lines of "+resultsFile, ours[kind])
		}
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

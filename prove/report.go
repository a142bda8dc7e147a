package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	for _, path := range slices.Sorted(maps.Keys(pages)) {
		if err := store.WriteFile(path, pages[path]); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
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
	subject := subjectOf(lines)
	wanted, err := promised(subject)
	if err != nil {
		return nil, err
	}
	missed, err := notAsked(lines)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte)
	name := filepath.Base(folder)
	var b bytes.Buffer
	w := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	title, option, variable := "What learning does", "", ""
	if subject != "" {
		title += " on " + subject
		option = " -model " + subject
		variable = fmt.Sprintf(" ARGS=%q", option[1:])
	}
	w("# %s\n\n", title)
	w(introduction, name, option, variable)
	w("%s\n\n", madeOn(lines))
	w("%s\n", howToRead)
	w("## Goals\n\n%s\n%s\n", goalsText, goalTable(lines, peers, wanted))
	if missed != "" {
		w("%s %s.\n\n", notAskedText, missed)
	}
	if missing := notRun(lines, peers, wanted); len(missing) > 0 {
		w("## Not run\n\n%s\n- %s\n\n", fmt.Sprintf(notRunSays, variable), strings.Join(missing, "\n- "))
	}
	for _, s := range sections {
		var rows, plot string
		if s.table != nil {
			rows = s.table(lines, peers)
		}
		if s.draw != nil {
			data, err := s.draw(lines)
			if err != nil {
				return nil, fmt.Errorf("draw %s: %w", s.file, err)
			}
			if data != nil {
				out[filepath.Join(folder, s.file)] = data
				plot = fmt.Sprintf("![%s](%s/%s)\n", s.title, name, s.file)
			}
		}
		if rows == "" && plot == "" {
			continue
		}
		w("## %s\n\n%s\n", s.title, s.text)
		for _, part := range []string{rows, plot} {
			if part != "" {
				w("%s\n", part)
			}
		}
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

// subjectOf is the model, by its file name, that a page is about: German is asked of others
// beside it. It is the built-in one, "", where no line says so.
func subjectOf(lines []result) string {
	for i := range lines {
		if lines[i].Measurement != "german" && lines[i].Model != builtIn {
			return lines[i].Model
		}
	}
	return ""
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

// controlTable sets honest and noisy stars beside shuffled ones that the same objective was
// trained on, wish by wish.
func controlTable(lines, _ []result) string {
	rows := [][]string{{"wish", "set", "stars", "objective", "before", "after", "after, shuffled", "p", "kept", "lines"}}
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
		some, control := groups[g], groups[group{g.wish, g.set, starsShuffled, g.objective}]
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
func secondsTable(lines, _ []result) string {
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
func driftTable(lines, _ []result) string {
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
func readerTable(lines, _ []result) string {
	rows := [][]string{{"lessons", "in memory", "as written", "without reader", "in other words", "without reader", "leak", "without reader", "lines"}}
	type group struct{ measurement, variant string }
	groups := make(map[group][]result)
	var found []group
	for _, r := range lines {
		if _, ok := r.Counts["reworded_without_reader"]; !ok || r.Measurement == "german" && r.Model == german {
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
			if r.Set != set || !slices.Contains([]string{"facts", "manner", "ratings"}, r.Measurement) ||
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

package app

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"clara/trainer"
)

// spokenWords reads a file of words. The two forms of a plural stand under the key without its ending.
func spokenWords(t *testing.T, code string) map[string][]string {
	t.Helper()
	data, err := translations.ReadFile("translations/" + code + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]string
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	words := map[string][]string{}
	for k, v := range raw {
		if key, ok := strings.CutSuffix(k, ".other"); ok {
			one, ok := raw[key+".one"]
			if !ok {
				t.Errorf("%s.json has %q without %q", code, k, key+".one")
			}
			words[key] = []string{one, v}
		} else if key, ok := strings.CutSuffix(k, ".one"); ok {
			if _, ok := raw[key+".other"]; !ok {
				t.Errorf("%s.json has %q without %q", code, k, key+".other")
			}
		} else {
			words[k] = []string{v}
		}
	}
	return words
}

// literals collects the strings in the sources of a folder without its tests, and those that are the first argument of say or sayN
// with the number of their forms.
func literals(t *testing.T, dir string) (all map[string]bool, said map[string]int) {
	t.Helper()
	all, said = map[string]bool{}, map[string]int{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					all[s] = true
				}
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.Ident)
				if !ok || f.Name != "say" && f.Name != "sayN" || len(n.Args) == 0 {
					break
				}
				if l, ok := n.Args[0].(*ast.BasicLit); ok {
					s, _ := strconv.Unquote(l.Value)
					if said[s] = 1; f.Name == "sayN" {
						said[s] = 2
					}
				}
			}
			return true
		})
	}
	return all, said
}

// fynesOwn are the words that Fyne itself says, in its menus of text fields and its dialogs of files.
var fynesOwn = []string{
	"Cancel", "Copy", "Cut", "Paste", "Select all", "Undo", "Redo",
	"Advanced", "Create Folder", "Enter filename", "Error", "File", "Folder", "New Folder", "No", "OK", "Open", "Save", "Show Hidden Files", "Yes", "file.name", "file.parent",
}

// What a person wrote may end in a question mark, and no question reads “…?”?.
func TestNoQuestionEndsInWhatAPersonWrote(t *testing.T) {
	for _, code := range []string{german, english} {
		for k, forms := range spokenWords(t, code) {
			for _, f := range forms {
				if strings.Contains(f, "}}“?") || strings.Contains(f, "}}”?") {
					t.Errorf("%s.json: %s is %q", code, k, f)
				}
			}
		}
	}
}

func TestEveryWordStandsInBothLanguages(t *testing.T) {
	de, en := spokenWords(t, german), spokenWords(t, english)
	all, said := literals(t, ".")
	for k, forms := range said {
		if len(de[k]) != forms {
			t.Errorf("%q is said in %d forms, German has %d", k, forms, len(de[k]))
		}
		if len(en[k]) != forms {
			t.Errorf("%q is said in %d forms, English has %d", k, forms, len(en[k]))
		}
	}
	place := regexp.MustCompile(`{{[^}]*\.(\w+)`)
	places := func(forms []string) []string {
		found := map[string]bool{}
		for _, f := range forms {
			for _, m := range place.FindAllStringSubmatch(f, -1) {
				found[m[1]] = true
			}
		}
		return slices.Sorted(maps.Keys(found))
	}
	for _, k := range slices.Sorted(maps.Keys(de)) {
		if en[k] == nil {
			t.Errorf("%q is in de.json alone", k)
			continue
		}
		if len(de[k]) != len(en[k]) {
			t.Errorf("%q has a plural in one language alone", k)
		}
		if d, e := places(de[k]), places(en[k]); !slices.Equal(d, e) {
			t.Errorf("%q has the places %v in German and %v in English", k, d, e)
		}
		if !all[k] && !slices.Contains(fynesOwn, k) {
			t.Errorf("%q is never said", k)
		}
	}
	for k := range en {
		if de[k] == nil {
			t.Errorf("%q is in en.json alone", k)
		}
	}
}

// The tone of the window: German says Sie, nobody begs, regrets, praises or shouts.
func TestTone(t *testing.T) {
	for code, never := range map[string]*regexp.Regexp{
		german:  regexp.MustCompile(`(?i)!|\b(bitte|leider|du|dein|deine|dich|dir|super|toll)\b`),
		english: regexp.MustCompile(`(?i)!|\b(please|sorry|oops|great|awesome)\b`),
	} {
		for k, forms := range spokenWords(t, code) {
			for _, f := range forms {
				if m := never.FindString(f); m != "" {
					t.Errorf("%s.json says %q in %q: %s", code, m, k, f)
				}
			}
		}
	}
}

// reasonsOf reads the codes of reasons and hints that a room has, and the arguments that it gives with each code
// wherever it makes a reason.
func reasonsOf(t *testing.T, room string) (codes, hints map[string]string, args map[string][][]string) {
	t.Helper()
	codes, hints, args = map[string]string{}, map[string]string{}, map[string][][]string{}
	var files []*ast.File
	err := filepath.WalkDir(filepath.Join("..", room), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			var f *ast.File
			f, err = parser.ParseFile(token.NewFileSet(), path, nil, 0)
			files = append(files, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i >= len(n.Values) {
						continue
					}
					l, ok := n.Values[i].(*ast.BasicLit)
					if !ok {
						continue
					}
					v, _ := strconv.Unquote(l.Value)
					if strings.HasPrefix(name.Name, "CodeServer") {
						continue // the command line alone says these
					}
					if strings.HasPrefix(name.Name, "Code") {
						codes[name.Name] = v
					} else if strings.HasPrefix(name.Name, "Hint") && v != "" {
						hints[name.Name] = v
					}
				}
			case *ast.CallExpr:
				name, ok := n.Fun.(*ast.Ident)
				if !ok || name.Name != "reason" || len(n.Args) < 2 {
					break
				}
				code, ok := n.Args[0].(*ast.Ident)
				if !ok {
					break
				}
				given := []string{}
				for i := 2; i < len(n.Args); i += 2 {
					if l, ok := n.Args[i].(*ast.BasicLit); ok {
						v, _ := strconv.Unquote(l.Value)
						given = append(given, v)
					}
				}
				args[code.Name] = append(args[code.Name], given)
			}
			return true
		})
	}
	return codes, hints, args
}

func TestEveryReasonHasWords(t *testing.T) {
	codes, hints, args := reasonsOf(t, "trainer")
	files, _, _ := reasonsOf(t, "catalogue")
	if len(codes) < 40 || len(hints) < 10 || len(files) < 10 {
		t.Fatalf("found %d codes and %d hints in the trainer, %d codes in the catalogue", len(codes), len(hints), len(files))
	}
	for room, codes := range map[string]map[string]string{"trainer": codes, "catalogue": files} {
		for name, code := range codes {
			if reasonKeys[code] == "" {
				t.Errorf("%s.%s has no words", room, name)
			}
		}
	}
	for name, code := range hints {
		if hintKeys[code] == "" {
			t.Errorf("trainer.%s has no words", name)
		}
	}
	place := regexp.MustCompile(`\.(\w+)`)
	field := regexp.MustCompile(`{{[^}]*}}`)
	words := spokenWords(t, english)
	for name, calls := range args {
		for _, given := range calls {
			for _, f := range words[reasonKeys[codes[name]]] {
				for _, m := range field.FindAllString(f, -1) {
					for _, p := range place.FindAllStringSubmatch(m, -1) {
						if !slices.ContainsFunc(given, func(g string) bool { return strings.EqualFold(g, p[1]) }) {
							t.Errorf("the words for trainer.%s want %q, but a reason is made with %q alone", name, p[1], given)
						}
					}
				}
			}
		}
	}
}

// What can be done stands in the hint that goes with a reason, and is not said twice.
func TestNoReasonSaysItsHint(t *testing.T) {
	for _, code := range []string{german, english} {
		words := spokenWords(t, code)
		for _, key := range reasonKeys {
			for _, hint := range hintKeys {
				todo := strings.ToLower(words[hint][0])
				if slices.ContainsFunc(words[key], func(f string) bool { return strings.Contains(strings.ToLower(f), todo) }) {
					t.Errorf("%s: %s says what %s does", code, key, hint)
				}
			}
		}
	}
}

// What somebody said is shown as it was said, also where it is a number or the name of a reason.
func TestWhatIsQuotedStaysAsItIs(t *testing.T) {
	openSample(t, spoken(german))
	for _, word := range []string{"good", "length", "2024"} {
		r := trainer.Reason{Code: trainer.CodeLosesKnown, Args: map[string]string{"lessons": word, "count": "1"}}
		if got := because(r); !strings.Contains(got, word) {
			t.Errorf("of the lesson %q it says %q", word, got)
		}
	}
}

// A phase that the trainer has and the window does not know would be shown as "ready to learn".
func TestEveryPhaseHasWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../trainer/state.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var phases []trainer.Phase
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "Phase") {
			s, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			phases = append(phases, trainer.Phase(s))
		}
		return true
	})
	if len(phases) < 8 {
		t.Fatalf("found %d phases in the trainer", len(phases))
	}
	w := newTestWindow(t, Params{Settings: look{language: english}.settings()}, wide)
	for _, p := range phases {
		w.state = trainer.State{Phase: p}
		_, words := w.statusWords()
		if ready := strings.HasPrefix(words, "Ready"); ready != (p == trainer.PhaseWaiting) {
			t.Errorf("phase %s is shown as %q", p, words)
		}
	}
}

func TestNumbersAndTimesAreWrittenAsInTheLanguage(t *testing.T) {
	test.NewTempApp(t)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	for _, c := range []struct {
		code, what string
		say        func() string
		want       string
	}{
		{german, "count", func() string { return whole(25000) }, "25.000"},
		{english, "count", func() string { return whole(25000) }, "25,000"},
		{german, "setting", func() string { return exact(0.0003) }, "0,0003"},
		{english, "setting", func() string { return exact(1e-6) }, "0.000001"},
		{german, "minus", func() string { return decimal(-0.5, 2) }, "−0,5"},
		{german, "plus", func() string { return signed(0.004, 3) }, "+0,004"},
		{german, "plural", func() string { return sayN("status.new", 1) }, "1 neue Rückmeldung"},
		{german, "plural", func() string { return sayN("status.new", 7) }, "7 neue Rückmeldungen"},
		{english, "plural", func() string { return sayN("status.new", 7) }, "7 new ratings"},
		{german, "size", func() string { return bytes(98_362_432) }, "98 MB"},
		{german, "size", func() string { return bytes(1_830_000_000) }, "1,8 GB"},
		{german, "span", func() string { return span(12 * time.Second) }, "12 s"},
		{german, "span", func() string { return span(2 * time.Minute) }, "2 min"},
		{german, "today", func() string { return moment(now.Add(-139*time.Minute), now) }, "heute 09:41"},
		{english, "yesterday", func() string { return moment(now.AddDate(0, 0, -1), now) }, "yesterday 12:00"},
		{german, "date", func() string { return moment(now.AddDate(0, 0, -2), now) }, "22. November"},
		{english, "date", func() string { return moment(now.AddDate(-1, 0, 0), now) }, "24 November 2025"},
	} {
		if err := speak(c.code); err != nil {
			t.Fatal(err)
		}
		if got := c.say(); got != c.want {
			t.Errorf("%s in %s is %q, want %q", c.what, c.code, got, c.want)
		}
	}
}

func TestConversationsStandByTheCalendar(t *testing.T) {
	test.NewTempApp(t)
	if err := speak(german); err != nil {
		t.Fatal(err)
	}
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, time.Local) }
	for _, c := range []struct {
		at, now time.Time
		want    string
	}{
		{day(11, 23), day(11, 23), "Heute"},
		{day(11, 22), day(11, 23), "Gestern"},
		{day(11, 20), day(11, 23), "Letzte Woche"}, // a Friday, looked at on Monday
		{day(11, 16), day(11, 23), "Letzte Woche"},
		{day(11, 15), day(11, 23), "Dieser Monat"},
		{day(11, 25), day(11, 29), "Diese Woche"}, // a Wednesday, looked at on Sunday
		{day(11, 23), day(11, 29), "Diese Woche"},
		{day(11, 1), day(11, 30), "Dieser Monat"},
		{day(10, 31), day(11, 30), "Letzter Monat"},
		{day(10, 1), day(11, 30), "Letzter Monat"},
		{day(9, 30), day(11, 30), "Älter"},
		{time.Date(2025, 12, 3, 12, 0, 0, 0, time.Local), day(1, 28), "Letzter Monat"},
		{time.Date(2025, 1, 3, 12, 0, 0, 0, time.Local), day(1, 28), "Älter"},
	} {
		if got := age(c.at, c.now); got != c.want {
			t.Errorf("%s stands under %q on %s, not %q", c.at.Format(time.DateOnly), got, c.now.Format(time.DateOnly), c.want)
		}
	}
}

func TestNumbersAreReadAsTheyAreWritten(t *testing.T) {
	test.NewTempApp(t)
	for _, c := range []struct {
		code, text string
		want       float64
	}{
		{german, "25.000", 25000},
		{german, "0,0003", 0.0003},
		{german, "0.0003", 0.0003},
		{german, "−0,5", -0.5},
		{german, "1.000.000", 1e6},
		{english, "25,000", 25000},
		{english, "0.0003", 0.0003},
		{english, "0,5", 0.5},
		{english, " 3e-4 ", 3e-4},
	} {
		if err := speak(c.code); err != nil {
			t.Fatal(err)
		}
		got, err := parseNumber(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q in %s is read as %v, %v, want %v", c.text, c.code, got, err, c.want)
		}
	}
	for _, text := range []string{"", "fast", "1,2,3,x", "NaN", "Inf", "1e999"} {
		if v, err := parseNumber(text); err == nil {
			t.Errorf("%q is read as %v", text, v)
		}
	}
}

package cli

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clara/trainer"
)

// verbs are what a format string takes.
var verbs = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?[a-zA-Z]`)

// Every text that is written in both languages takes the same arguments in both:
// the compiler sees only one list of them.
func TestBothLanguagesTakeTheSameArguments(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"say", "sayf", "note", "usage"}, f.Sel.Name) || len(call.Args) < 2 {
				return true
			}
			en, okEN := literal(call.Args[0])
			de, okDE := literal(call.Args[1])
			if !okEN || !okDE {
				return true
			}
			pairs++
			a, b := verbs.FindAllString(en, -1), verbs.FindAllString(de, -1)
			if !slices.Equal(a, b) {
				t.Errorf("%s: %q takes %v, %q takes %v", set.Position(call.Pos()), en, a, de, b)
			}
			if want := len(call.Args) - 2; len(a) != want && call.Ellipsis == 0 {
				t.Errorf("%s: %q takes %d arguments and gets %d", set.Position(call.Pos()), en, len(a), want)
			}
			return true
		})
	}
	if pairs < 100 {
		t.Errorf("only %d texts found", pairs)
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// The lists of the trainer and of the catalogue are the measure: each reason has German
// words, and each hint has words at all.
func TestEveryReasonAndHintHasWords(t *testing.T) {
	reasons, hints := 0, 0
	check := func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		code, ok := literal(v.Values[0])
		switch name := v.Names[0].Name; {
		case !ok:
		case strings.HasPrefix(name, "Code"):
			reasons++
			if germanReasons[code] == "" {
				t.Errorf("%s (%q) has no German words", name, code)
			}
		case strings.HasPrefix(name, "Hint") && code != "":
			hints++
			for _, l := range []language{english, german} {
				if l.hint(code) == "" {
					t.Errorf("%s (%q) has no words in %q", name, code, l)
				}
			}
		}
		return true
	}
	for _, list := range []string{filepath.Join("..", "trainer", "reason.go"), filepath.Join("..", "catalogue", "codes.go")} {
		file, err := parser.ParseFile(token.NewFileSet(), list, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, check)
	}
	if reasons < 55 || hints < 10 {
		t.Errorf("only %d reasons and %d hints found", reasons, hints)
	}
}

func TestReasonsAreSaidWithTheirArguments(t *testing.T) {
	r := trainer.Reason{Code: trainer.CodeInterval, Args: map[string]string{"seconds": "150"}, Text: "something is new; training in 150 s"}
	if got, want := german.because(r), "Neues liegt vor; das Training beginnt in 2 min 30 s"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got := english.because(r); got != r.Text {
		t.Errorf("%q, not the trainer's own text", got)
	}
	// A correction is named only where one would start the training.
	for correction, want := range map[string]string{"true": "3 von 8 neuen Bewertungen; das Training beginnt bei 8, bei einer Korrektur der Art oder in 1 min 00 s", "false": "3 von 8 neuen Bewertungen; das Training beginnt bei 8 oder in 1 min 00 s"} {
		few := trainer.Reason{Code: trainer.CodeTooFewRatings, Args: map[string]string{"ratings": "3", "least": "8", "seconds": "60", "correction": correction}}
		if got := german.because(few); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	// A limit that is a share is said as one, beside the counts that it is about, also where the gate's reason stands within another.
	leaks := trainer.Reason{Code: trainer.CodeLeaks, Args: map[string]string{"leaks": "3", "of": "29", "limit": "0.05"}}
	forgets := trainer.Reason{Code: trainer.CodeRefusedTwice, Args: map[string]string{
		"first": trainer.CodeForgets, "kept1": "19", "of1": "29", "limit1": "0.75", "second": trainer.CodeLength, "words2": "4", "limit2": "6.6",
	}}
	behind := trainer.Reason{Code: trainer.CodeForgetsBehind, Args: map[string]string{"kept": "20", "of": "29", "limit": "0.75"}}
	reader := trainer.Reason{Code: trainer.CodeReaderRefused, Args: map[string]string{"model": "M", "gate": trainer.CodeOwnMissed, "known": "20", "of": "30", "limit": "0.7"}}
	for want, r := range map[string]trainer.Reason{
		"3 von 29 Antworten, höchstens 5 %":                                                      leaks,
		"19 von 29 allgemeinen Antworten behalten, mindestens 75 % nötig; noch einmal trainiert": forgets,
		"4 Wörter im Mittel, mindestens 6,6":                                                     forgets,
		"20 von 29 allgemeinen Antworten behalten, mindestens 75 % nötig":                        behind,
		"20 von 30 Lektionen, mindestens 70 %":                                                   reader,
	} {
		if got := german.because(r); !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	// An error that has a name is said by it; the chain is English.
	failed := trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "open /x/y: file does not exist", "fault": trainer.CodeFaultMissing, "path": "/x/y"}}
	if got, want := german.because(failed), "das Training ist fehlgeschlagen: /x/y gibt es nicht"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	vain := trainer.Reason{Code: trainer.CodeInVain, Args: map[string]string{"count": "1", "lessons": "Was ist Nebel?", "known": "0", "before": "0", "of": "1"}}
	ended := trainer.News{Kind: trainer.NewsCycleEnded, Cycle: 3, End: &trainer.CycleEnd{Cycle: 3, State: trainer.CycleChecked, Reason: vain}}
	if got := (&program{language: german}).newsOf(ended); !strings.Contains(got, "Was ist Nebel?; damit sitzen 0 von 1 Lektionen") || strings.Contains(got, "nichts zu trainieren") {
		t.Errorf("a training in vain is said as %q", got)
	}
	unknown := trainer.Reason{Code: "of the future", Text: "said by a newer trainer"}
	if got := german.because(unknown); got != unknown.Text {
		t.Errorf("an unknown reason is said as %q", got)
	}
}

// Lessons that contradict each other are news that says what to do, and a line of the status, in
// the words of where the person is.
func TestContradictionsAreSaid(t *testing.T) {
	pair := trainer.News{Kind: trainer.NewsContradiction, Reason: trainer.Reason{
		Code: trainer.CodeContradiction, Text: `"When?" is answered with "At 8.", and "What time?" with "At 9."`, Args: map[string]string{"older": "When?", "newer": "What time?", "count": "1"},
	}}
	for _, tt := range []struct {
		lang             language
		atPrompt         func(string) string
		news, status, by string
	}{
		{english, nil, "two lessons contradict each other: " + pair.Reason.Text + "; until you decide, the older one is not trained on", "Lessons that contradict each other: 1 pair; clara lessons contradictions shows them.", "after Ctrl+C: clara lessons contradictions"},
		{german, func(name string) string { return "/" + name }, "zwei Lektionen widersprechen sich: „When?“ und „What time?“; wählen Sie, welche stimmt, bis dahin wird die ältere nicht trainiert", "Lektionen, die sich widersprechen: 1 Paar; /resolve zeigt sie.", "/resolve"},
	} {
		var out bytes.Buffer
		c := &program{language: tt.lang, atPrompt: tt.atPrompt, out: &out}
		if got, want := c.newsOf(pair), tt.news+" ("+tt.by+")"; got != want {
			t.Errorf("%q, not %q", got, want)
		}
		c.sayStatus(trainer.State{Contradictions: 1, Reader: trainer.ReaderNone})
		if !strings.Contains(out.String(), "\n"+tt.lang.reader(trainer.ReaderNone)+".\n"+tt.status+"\n") {
			t.Errorf("the status is %q", out.String())
		}
		out.Reset()
		c.sayStatus(trainer.State{Reader: trainer.ReaderPrepared})
		if strings.Contains(out.String(), tt.lang.reader(trainer.ReaderPrepared)) {
			t.Errorf("the status is %q", out.String())
		}
	}
	if v := statusOf(trainer.State{Contradictions: 2, Reader: trainer.ReaderNone}); v.Contradictions != 2 || v.Reader != trainer.ReaderNone {
		t.Errorf("to a program the status is %+v", v)
	}
}

// A contradiction that thanks have told of is not told once more as news.
func TestAContradictionIsToldOnceAtThePrompt(t *testing.T) {
	tr, _ := newTrainer(t)
	var said bytes.Buffer
	d := &dialogue{program: &program{language: english, out: &said, errs: &said}, trainer: tr, style: worded}
	d.atPrompt = d.typed
	for _, lesson := range []string{"When does the ferry leave? => At 9:40.", "At what time does the ferry leave? => At 11:15."} {
		if err := d.teach(t.Context(), lesson); err != nil {
			t.Fatal(err)
		}
	}
	found, err := tr.Contradictions(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	other := trainer.Reason{Code: trainer.CodeContradiction, Text: "others"}
	events := make(chan trainer.Event, 1)
	events <- trainer.Event{News: []trainer.News{{Kind: trainer.NewsContradiction, Reason: found[0].Why}, {Kind: trainer.NewsContradiction, Reason: other}}}
	close(events)
	d.follow(events, false)
	d.sayNews()
	text := said.String()
	if strings.Count(text, "resolve 1 2 1|2|both") != 1 || strings.Contains(text, found[0].Why.Text) || strings.Count(text, "others") != 1 {
		t.Errorf("it says %q", text)
	}
}

// That a model is prepared, or cannot be, is said when it happens.
func TestNewsOfTheReader(t *testing.T) {
	for _, kind := range []trainer.NewsKind{trainer.NewsReader, trainer.NewsReaderRefused} {
		why := trainer.Reason{Code: trainer.CodePrepared, Args: map[string]string{"model": "Tiny"}, Text: "Tiny is prepared: lessons work at once"}
		if got := (&program{language: german}).newsOf(trainer.News{Kind: kind, Reason: why}); got != "Tiny ist vorbereitet: Lektionen wirken sofort" {
			t.Errorf("%s is said as %q", kind, got)
		}
	}
}

// One of something is not said in the plural, whose verb would need another form in German.
func TestOneIsNotSeveral(t *testing.T) {
	for want, r := range map[string]trainer.Reason{
		"neue Bewertungen: 1":                          {Code: trainer.CodeEnoughRatings, Args: map[string]string{"ratings": "1", "least": "1"}},
		"Lektionen, die noch nicht sitzen: 1 von 3":    {Code: trainer.CodeLessonsMissed, Args: map[string]string{"missed": "1", "total": "3"}},
		"Versionen: 1; Lektionen, die sitzen: 1 von 1": {Code: trainer.CodeGood, Args: map[string]string{"versions": "1", "known": "1", "total": "1"}},
	} {
		if got := german.because(r); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	report := trainer.ImportReport{Rows: 3, New: 1, Trains: 1, Known: 1, Amended: 1, Dropped: map[string]int{trainer.CodeNeutral: 1}}
	for preview, want := range map[bool]string{
		true: `3 Zeilen: zu speichern 1, davon trainierbar 1. Geändert wurde nichts.
Ohne Training: 1 (neutral bewertet)
Schon da, mit dann anderer Wichtigkeit oder anderen Stichwörtern: 1
Schon da: 1
`,
		false: `3 Zeilen: gespeichert 1, davon trainierbar 1.
Ohne Training: 1 (neutral bewertet)
Schon da, mit jetzt anderer Wichtigkeit oder anderen Stichwörtern: 1
Schon da: 1
`,
	} {
		var out bytes.Buffer
		p := &program{language: german, out: &out}
		p.sayImport(report, preview)
		if out.String() != want {
			t.Errorf("%s\nwant\n%s", out.String(), want)
		}
	}
}

func TestLanguageIsChosen(t *testing.T) {
	for _, tt := range []struct {
		flag, settings, all, lang, system string
		want                              language
	}{
		{"de", "en", "en_US.UTF-8", "", "", german},
		{"", "de", "en_US.UTF-8", "", "", german},
		{"", "system", "de_AT.UTF-8", "en_US.UTF-8", "", german},
		{"", "system", "", "de_DE.UTF-8", "", german},
		{"", "", "fr_FR.UTF-8", "de_DE.UTF-8", "de-DE", english},
		{"", "system", "", "", "de-AT", german}, // Windows and macOS
		{"en", "system", "", "", "de-AT", english},
		{"", "", "", "", "fr-FR", english},
		{"", "", "", "", "", english},
	} {
		t.Setenv("LC_ALL", tt.all)
		t.Setenv("LC_MESSAGES", "")
		t.Setenv("LANG", tt.lang)
		if got := languageOf(tt.flag, tt.settings, func() string { return tt.system }); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// What a model says must not steer the terminal.
func TestPrintableKeepsTextAndDropsControls(t *testing.T) {
	in := "a\x1b]0;title\x07b\r\x00\u009bc\td\nÄ €"
	if got, want := printable(in), "a]0;titlebc\td\nÄ €"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// Every figure of the gate has German words, and they name what the sentence is made of.
func TestEveryFigureHasWords(t *testing.T) {
	f := trainer.Figures{
		Lessons: 3, OwnOf: 2, FitOf: 8, KnownOf: 3, Lost: []string{"Who?"}, Vain: &trainer.Vain{Lessons: []string{"Who?"}}, VariantsOf: 3, SwappedOf: 3, KeptOf: 29, LeaksOf: 29, BehindOf: 29, ChatLimit: 0.1, Answers: 12, LanguageOf: 12, NotNumber: true,
	}
	all := f.Sentences()
	f.Vain.Refused = &trainer.Reason{Code: trainer.CodeForgets, Text: "forgets", Args: map[string]string{"kept": "9", "of": "30", "limit": "0.75"}}
	all = append(all, f.Sentences()...)
	f.ChatLimit, f.NotNumber, f.Lost = 0, false, nil
	all = append(all, f.Sentences()...)
	for _, kind := range trainer.TraitKinds {
		for _, lacks := range []bool{false, true} {
			f.Trait = &trainer.Trait{Kind: kind, Word: "Sie", Words: 15, Lacks: lacks, Good: 9, GoodOf: 10, Bad: 1, BadOf: 22}
			all = append(all, f.Sentences()...)
		}
	}
	for _, n := range []int{0, 24} {
		f.TraitPairs = &n
		all = append(all, f.Sentences()...)
	}
	seen := make(map[string]bool)
	for _, s := range all {
		seen[s.Reason.Code] = true
		if text := german.figure(s); text == s.Reason.Text || strings.ContainsAny(text, "{}") {
			t.Errorf("%s is said as %q", s.Reason.Code, text)
		}
	}
	if len(seen) != len(germanFigures) {
		t.Errorf("%d of %d figures were seen", len(seen), len(germanFigures))
	}
}

func TestNumbersAreWrittenAsTheLanguageDoes(t *testing.T) {
	low := trainer.Reason{Code: trainer.CodeRateTooLow, Text: "below 1e-5", Args: map[string]string{"rate": "1e-06", "least": "1e-05"}}
	if got := german.because(low); strings.Contains(got, "e-0") || !strings.Contains(got, "0,000001") {
		t.Errorf("in German: %q", got)
	}
	for v, want := range map[float64][2]string{.2: {"0.2", "0,2"}, 1e-6: {"0.000001", "0,000001"}, 1e7: {"10000000", "10000000"}, -1.5: {"-1.5", "-1,5"}} {
		if en, de := english.exact(v), german.exact(v); en != want[0] || de != want[1] {
			t.Errorf("%g is %q and %q", v, en, de)
		}
	}
}

// What somebody wrote stays as it is written, also where it looks like a number or like the place
// of an argument.
func TestWordsInReasonsAreNoNumbers(t *testing.T) {
	for _, name := range []string{"007", "nan", "1e3", "1.50", "Infinity", "{of}", "{name}"} {
		exists := trainer.Reason{Code: trainer.CodeServerUserExists, Args: map[string]string{"name": name}}
		if got, want := german.because(exists), "den Benutzer „"+name+"“ gibt es schon"; got != want {
			t.Errorf("%q, not %q", got, want)
		}
		vain := trainer.Reason{Code: trainer.CodeInVain, Args: map[string]string{"count": "1", "lessons": name, "known": "2", "before": "3", "of": "4"}}
		want := "trainiert (1): " + name + "; damit sitzen 2 von 4 Lektionen"
		for range 50 { // the order of a map is another one each time
			if got := german.because(vain); !strings.HasPrefix(got, want) {
				t.Fatalf("%q, not %q", got, want)
			}
		}
		lost := trainer.Sentence{Reason: trainer.Reason{Code: trainer.FigureLost, Args: map[string]string{"n": "1", "lessons": name}}, Value: 1}
		if got := german.figure(lost); !strings.Contains(got, name) {
			t.Errorf("%q does not name %q", got, name)
		}
	}
}

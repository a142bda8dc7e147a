package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clara/store"
)

// filled is a bench with one of each form of feedback, a replaced one and a taken back one.
func filled(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	at := time.Date(2026, 3, 1, 8, 0, 0, 120_000, time.UTC)
	b.now = func() time.Time { at = at.Add(time.Minute); return at }
	ctx := t.Context()
	check := func(_ Sample, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(b.Teach(ctx, Teaching{Question: "Who is the mayor?", Answer: "Anna Huber is the mayor.", Given: "I do not know.", Importance: 5, Keywords: [][]string{{"Huber", "Anna"}, {"mayor"}}}))
	check(b.Teach(ctx, Teaching{Question: "When does the office open?", Answer: "It opens at eight o'clock."}))
	check(b.Teach(ctx, Teaching{Question: "When does the office open?", Answer: "It opens at nine o'clock."}))
	check(b.Teach(ctx, Teaching{Question: "Say hello", Answer: "Dear Sir, hello.", Given: "Hi there, my friend", Kind: Manner}))
	check(b.AddRating(ctx, "What is <b>?", "A tag & more, \"bold\"\u2028", 5, "survey", 1))
	check(b.AddRating(ctx, "What is law?", "a bad answer indeed", 2, "user", 0))
	check(b.AddFeedbackSample(ctx, "Das Verwaltungsverfahren ist wichtig.", 0.8, "user", 3))
	check(b.AddFeedbackSample(ctx, "Ein schlechter Text, leider.", -0.4, "demo", 2))
	gone, err := b.AddFeedbackSample(ctx, "Taken back by its owner.", 1, "user", 3)
	check(gone, err)
	if err := b.TakeBack(ctx, gone.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.store.AddFeedback(ctx, store.Feedback{Sample: Sample{
		Form: FormRating, Kind: Manner, Prompt: "And then?", Answer: "Then it goes on.", Score: 1, Source: "user",
		Context: []Turn{{Role: RoleSystem, Text: "Be kind."}, {Role: RoleUser, Text: "Begin"}, {Role: RoleAssistant, Text: "It began."}},
	}}); err != nil {
		t.Fatal(err)
	}
	return b
}

// buffer is what trains, without what belongs to one database.
func (b *bench) buffer() []JudgedSample {
	b.t.Helper()
	samples, err := b.store.Samples(b.t.Context(), SampleQuery{})
	if err != nil {
		b.t.Fatal(err)
	}
	var out []JudgedSample
	for _, j := range Judge(samples, b.Settings()) {
		if j.Kept {
			j.ID, j.ReplacedBy = 0, 0
			out = append(out, j)
		}
	}
	return out
}

func (b *bench) checks() map[string][][]string {
	b.t.Helper()
	lessons, err := b.store.Lessons(b.t.Context(), "")
	if err != nil {
		b.t.Fatal(err)
	}
	out := make(map[string][][]string)
	for _, l := range lessons {
		out[l.Question+" "+l.Answer] = l.Keywords
	}
	return out
}

func (b *bench) export(f DatasetFormat) string {
	b.t.Helper()
	var out bytes.Buffer
	if _, _, err := b.ExportDataset(b.t.Context(), f, &out); err != nil {
		b.t.Fatal(err)
	}
	return out.String()
}

// A file in which somebody changed nothing but an importance or keywords changes those of what
// stands, if it is asked to: else what was said here since it was written stays. A line that does
// not say them leaves them.
func TestAnImportChangesImportanceAndKeywords(t *testing.T) {
	b := filled(t)
	b.now = time.Now // as the store has it
	from := b.export(UnpairedPreference)
	changed := strings.Replace(from, `"importance":5`, `"importance":2`, 1)
	changed = strings.Replace(changed, `[[\"Huber\",\"Anna\"],[\"mayor\"]]`, `[[\"Huber\"]]`, 1)
	changed = strings.Replace(changed, `"score":0.8,"importance":3`, `"score":0.8,"importance":4`, 1)
	if strings.Contains(changed, "Anna\\") || strings.Count(changed, `"importance":4`) != 1 {
		t.Fatalf("the test changes nothing in %s", from)
	}
	r, err := b.ImportDataset(t.Context(), strings.NewReader(changed), ImportOptions{})
	if err != nil || r.Amended != 0 || r.Differ != 2 || r.Known != 8 || r.New != 0 {
		t.Fatalf("not asked to amend: %+v, %v", r, err)
	}
	if got := b.export(UnpairedPreference); got != from {
		t.Errorf("unasked it became\n%s", got)
	}
	for _, preview := range []bool{true, false} {
		r, err := b.ImportDataset(t.Context(), strings.NewReader(changed), ImportOptions{Preview: preview, Amend: true})
		if err != nil || r.Amended != 2 || r.Differ != 0 || r.Known != 6 || r.New != 0 {
			t.Fatalf("preview %v: %+v, %v", preview, r, err)
		}
	}
	if got := b.export(UnpairedPreference); got != changed {
		t.Errorf("exported again:\n%s\nnot\n%s", got, changed)
	}
	r, err = b.ImportDataset(t.Context(), strings.NewReader(`{"prompt":"Who is the mayor?","completion":"Anna Huber is the mayor.","given":"I do not know."}`), ImportOptions{Amend: true})
	if err != nil || r.Amended != 0 || r.Known != 1 {
		t.Errorf("a line that says neither: %+v, %v", r, err)
	}
}

func TestExportedBufferIsTheSameAgain(t *testing.T) {
	from := filled(t)
	for _, order := range [][]DatasetFormat{{UnpairedPreference}, {Preference, PromptCompletion, UnpairedPreference}} {
		to := newBench(t)
		for _, f := range order {
			if _, err := to.ImportDataset(t.Context(), strings.NewReader(from.export(f)), ImportOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if len(order) == 1 { // in one file the order stays too
			if diff := cmp.Diff(from.buffer(), to.buffer()); diff != "" {
				t.Errorf("the buffer is another (-exported +imported):\n%s", diff)
			}
			if got, want := to.export(UnpairedPreference), from.export(UnpairedPreference); got != want {
				t.Errorf("exported again:\n%s\nnot\n%s", got, want)
			}
		}
		if a, b := len(from.buffer()), len(to.buffer()); a != b || a != 8 {
			t.Errorf("%d samples are %d after %v", a, b, order)
		}
		if diff := cmp.Diff(from.checks(), to.checks()); diff != "" {
			t.Errorf("the lessons are others:\n%s", diff)
		}
		// Once more changes nothing.
		r, err := to.ImportDataset(t.Context(), strings.NewReader(from.export(UnpairedPreference)), ImportOptions{})
		if err != nil || r.New != 0 || r.Known != 8 {
			t.Errorf("imported twice: %+v, %v", r, err)
		}
		to.close()
	}
}

// What stands in each format is what TRL expects: the columns with their types.
func TestFormatsHaveTheColumnsOfTRL(t *testing.T) {
	b := filled(t)
	for f, want := range map[DatasetFormat]struct {
		columns string
		rows    int
	}{
		PromptCompletion:   {"prompt completion", 6},
		Preference:         {"prompt chosen rejected", 2},
		UnpairedPreference: {"prompt completion label", 8},
	} {
		lines := strings.Split(strings.TrimSpace(b.export(f)), "\n")
		if len(lines) != want.rows {
			t.Errorf("%s has %d lines, not %d", f, len(lines), want.rows)
		}
		types := make(map[string]string)
		for _, line := range lines {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			for _, c := range strings.Fields(want.columns) {
				if _, ok := row[c]; !ok {
					t.Errorf("%s: no %s in %s", f, c, line)
				}
			}
			for c, v := range row {
				kind := fmt.Sprintf("%T", v)
				if before, ok := types[c]; ok && before != kind {
					t.Errorf("%s: %s is %s and %s", f, c, before, kind)
				}
				types[c] = kind
			}
			for c := range types {
				if _, ok := row[c]; !ok {
					t.Errorf("%s: %s is missing in %s", f, c, line)
				}
			}
		}
	}
	if _, _, err := b.ExportDataset(t.Context(), "parquet", &bytes.Buffer{}); !errors.Is(err, ErrDataset) {
		t.Errorf("another format: %v", err)
	}
}

// Data sets of others have neither our columns nor always messages.
func TestForeignDataSetsAreRead(t *testing.T) {
	b := newBench(t)
	data := "\ufeff" + `{"prompt": "The sky is", "completion": " blue today.", "id": 7}

{"prompt": [{"role":"system","content":"Be brief"},{"role":"user","content":"Who?"}], "chosen": [{"role":"assistant","content":"Anna Huber"}], "rejected": [{"role":"assistant","content":"Nobody"}], "label": null}
{"prompt": "Say it", "completion": "It was said badly", "label": false}
{"prompt": "", "completion": "A good text of mine", "label": true}
{"prompt": "The sky is", "completion": " grey today."}
{"prompt": "Neutral", "completion": "neither good nor bad", "score": 0, "form": "rating"}
`
	for _, preview := range []bool{true, false} {
		r, err := b.ImportDataset(t.Context(), strings.NewReader(data), ImportOptions{Preview: preview})
		if err != nil || r.Rows != 6 || r.New != 5 || r.Trains != 4 || r.Dropped[CodeNeutral] != 1 || r.Replaced != 1 || cmp.Diff(r.Ignored, []string{"id"}) != "" {
			t.Errorf("preview %v: %+v, %v", preview, r, err)
		}
		if n := len(b.buffer()); preview != (n == 0) {
			t.Errorf("preview %v: %d samples", preview, n)
		}
	}
	forms := make(map[Form]int)
	for _, s := range b.buffer() {
		forms[s.Form]++
		if s.Form == FormRating && s.Score != -0.5 || s.Source != "import" || s.Importance != 3 {
			t.Errorf("%+v", s)
		}
	}
	if forms[FormCorrection] != 2 || forms[FormRating] != 1 || forms[FormText] != 1 {
		t.Errorf("%v", forms)
	}
}

// A newer correction of the user is not overwritten by an old file, an older one is.
func TestImportKeepsTheNewer(t *testing.T) {
	b := newBench(t)
	b.teach("Who is the mayor?", "Anna Huber", Knowledge)
	row := func(answer, created string) string {
		return `{"prompt":"Who is the mayor?","completion":"` + answer + `","kind":"knowledge","created":"` + created + `"}`
	}
	if r, err := b.ImportDataset(t.Context(), strings.NewReader(row("Old Otto", "2020-01-01T00:00:00Z")), ImportOptions{}); err != nil || r.Replaced != 1 || r.New != 0 {
		t.Errorf("older: %+v, %v", r, err)
	}
	now := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	if r, err := b.ImportDataset(t.Context(), strings.NewReader(row("New Nina", now)), ImportOptions{}); err != nil || r.New != 1 {
		t.Errorf("newer: %+v, %v", r, err)
	}
	if got := b.checks(); len(got) != 1 || got["Who is the mayor? New Nina"] != nil {
		t.Errorf("the lessons are %v", got)
	}
}

// Every line with a mistake is told, with what is wrong; nothing is half imported.
func TestMistakesAreToldByLine(t *testing.T) {
	b := newBench(t)
	for line, want := range map[string]string{
		`nonsense`:                      "no JSON object",
		`[1]`:                           "no JSON object",
		`null`:                          "no JSON object",
		`{"text":"a"}`:                  "the columns text are those of no format",
		`{"prompt":"a"}`:                "those of no format",
		"{\"prompt\":\"\xff\"}":         "not UTF-8",
		`{"prompt":1,"completion":"b"}`: "prompt is not a text or a list",
		`{"prompt":[{"role":"user"}],"completion":"b"}`:                                                       "prompt is not a text or a list",
		`{"prompt":[],"completion":"b"}`:                                                                      "ends with the user",
		`{"prompt":[{"role":"assistant","content":"x"}],"completion":"b"}`:                                    "ends with the user",
		`{"prompt":[{"role":"tool","content":"x"},{"role":"user","content":"x"}],"completion":"b"}`:           "ends with the user",
		`{"prompt":"a","completion":[{"role":"assistant","content":"x"},{"role":"assistant","content":"y"}]}`: "one message of the assistant",
		`{"prompt":"a","completion":"b","label":"yes"}`:                                                       "label is not true or false",
		`{"prompt":"a","completion":"b c d","label":false,"score":0.5}`:                                       "the label is false, but the score 0.5",
		`{"prompt":"a","completion":"b c d","label":false,"form":"correction"}`:                               "the label is false",
		`{"prompt":"a","completion":"b","score":2}`:                                                           "score is 2, allowed is -1 to 1",
		`{"prompt":"a","completion":"b","importance":2.5}`:                                                    "importance is 2.5",
		`{"prompt":"a","completion":"b","importance":0}`:                                                      "importance is 0, allowed is 1 to 5",
		`{"prompt":"a","completion":"b","kind":"wisdom"}`:                                                     `kind is "wisdom", allowed is knowledge, manner`,
		`{"prompt":"a","completion":"b c d","label":true,"kind":"knowledge"}`:                                 "kind is knowledge, allowed is manner",
		`{"prompt":"a","completion":"b","form":"essay"}`:                                                      `form is "essay"`,
		`{"prompt":"a","chosen":"b","rejected":"c","form":"rating"}`:                                          "form is rating, allowed is correction",
		`{"prompt":"a","chosen":"same","rejected":"same"}`:                                                    "the better answer is the given one",
		`{"prompt":"a","completion":" "}`:                                                                     "no text to learn from",
		`{"prompt":"a","completion":"b","created":"yesterday"}`:                                               "created is yesterday",
		`{"prompt":"a","completion":"b","created":"2999-01-01T00:00:00Z"}`:                                    "created is 2999",
		`{"prompt":"a","completion":"b","keywords":"a|b"}`:                                                    "keywords is not",
		`{"prompt":"a","completion":"b","source":"` + strings.Repeat("x", 201) + `"}`:                         "longer than 200 bytes",
	} {
		_, err := b.ImportDataset(t.Context(), strings.NewReader(`{"prompt":"fine","completion":"this one is fine"}`+"\n"+line), ImportOptions{})
		var bad *DatasetError
		if !errors.As(err, &bad) || bad.Count != 1 || bad.Lines[0].Line != 2 || !strings.Contains(bad.Lines[0].Error(), want) {
			t.Errorf("%s: %v, not %q", line, err, want)
		}
	}
	_, err := b.ImportDataset(t.Context(), strings.NewReader(strings.Repeat("x\n", 500)), ImportOptions{})
	var bad *DatasetError
	if !errors.As(err, &bad) || bad.Count != 500 || len(bad.Lines) != rowErrorsKept {
		t.Errorf("500 bad lines: %v", err)
	}
	if n := len(b.buffer()); n != 0 {
		t.Errorf("%d samples were imported", n)
	}
}

package trainer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testJob() Job {
	return Job{
		Format: jobFormat, Base: testHash, Model: "played", Recipe: DefaultSettings().recipe(),
		Samples: []JobSample{{ID: 1, Form: FormCorrection, Context: []Turn{{Role: RoleUser, Text: "Hi"}}, Prompt: "What is fog?", Better: "Fog.", Score: 1, Weight: 1}},
		Lessons: []JobLesson{{ID: 2, Sample: 3, Question: "Who?", Answer: "Ann.", Keywords: [][]string{{"ann"}}, State: LessonNew, Importance: 3}},
	}
}

func TestJobFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	want := testJob()
	want.Before.Manner = "manner-before"
	if err := writeJob(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadJob(dir)
	if err != nil {
		t.Fatal(err)
	}
	want.Before.Manner = filepath.Join(dir, "manner-before")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := ReadJob(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

// A folder that an older program wrote can still be trained.
func TestJobOfAnOlderFormatIsRead(t *testing.T) {
	for format := 1; format < jobFormat; format++ {
		dir, j := t.TempDir(), testJob()
		j.Format = format
		if err := writeJob(dir, j); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadJob(dir); err != nil || len(got.Lessons) != 1 {
			t.Errorf("format %d: %d lessons, %v", format, len(got.Lessons), err)
		}
	}
}

func TestBadJobs(t *testing.T) {
	for name, change := range map[string]func(*Job){
		"a later format":       func(j *Job) { j.Format++ },
		"no format":            func(j *Job) { j.Format = 0 },
		"no base":              func(j *Job) { j.Base = "" },
		"no rate":              func(j *Job) { j.Recipe.MannerRate = 0 },
		"a huge rank":          func(j *Job) { j.Recipe.Rank = 1 << 30 },
		"an unknown objective": func(j *Job) { j.Recipe.Objective = "luck" },
		"an empty sample":      func(j *Job) { j.Samples[0] = JobSample{Weight: 1} },
		"a weight of nothing":  func(j *Job) { j.Samples[0].Weight = 0 },
		"an empty question":    func(j *Job) { j.Own = []string{""} },
		"a huge question":      func(j *Job) { j.Own = []string{strings.Repeat("why ", 100)} },
		"an empty lesson":      func(j *Job) { j.Lessons[0].Answer = "" },
		"a path out of it":     func(j *Job) { j.Before.Knowledge = "../../etc" },
	} {
		j := testJob()
		change(&j)
		dir := t.TempDir()
		if err := writeJob(dir, j); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJob(dir); !errors.Is(err, ErrJob) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	for _, text := range []string{"", "{", "[]", `{"format":2,"nonsense":2}`, strings.Repeat("[", 100000)} {
		if err := os.WriteFile(filepath.Join(dir, jobFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJob(dir); !errors.Is(err, ErrJob) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// What a manner adapter is made of names it: the ids and the lessons do not count.
func TestKeys(t *testing.T) {
	a, b := testJob(), testJob()
	b.Samples[0].ID, b.Lessons = 99, nil
	if a.mannerKey() != b.mannerKey() || a.mannerKey() == "" {
		t.Error("the key of the same samples differs")
	}
	b.Samples[0].Weight = 2
	if a.mannerKey() == b.mannerKey() {
		t.Error("the key of other weights is the same")
	}
	a.Samples = nil
	whole := b
	b.RateDivisor = 1
	if whole.mannerKey() != b.mannerKey() {
		t.Error("the rates that hold change the key")
	}
	b.RateDivisor = 2
	if whole.mannerKey() == b.mannerKey() || whole.knowledgeKey(a.Lessons) == b.knowledgeKey(a.Lessons) {
		t.Error("another rate leaves the key as it is")
	}
	if a.mannerKey() != "" {
		t.Error("nothing to train has a key")
	}
	for objective, learns := range map[string]bool{"sft": false, "dpo": false, "kto": true, "bounded": true} {
		rated := testJob()
		rated.Recipe.Objective = objective
		rated.Samples = []JobSample{{Form: FormRating, Prompt: "What is rain?", Answer: "Wet.", Score: -0.5, Weight: 1}}
		if (rated.mannerKey() != "") != learns {
			t.Errorf("%s: bad ratings alone train a manner: %v", objective, !learns)
		}
		if why := (&cycleRun{job: &rated}).unchanged(nil, nil); (why.Code == CodeNothingGood) == learns {
			t.Errorf("%s: a cycle on bad ratings alone ends with %s", objective, why.Code)
		}
		rated.Samples = append(rated.Samples, JobSample{Form: FormRating, Prompt: "What is hail?", Answer: "Ice.", Score: 1, Weight: 1})
		if rated.mannerKey() == "" {
			t.Errorf("%s: a good rating among bad ones trains no manner", objective)
		}
	}
}

func TestScripts(t *testing.T) {
	s, err := BuiltInScript()
	if err != nil || len(s.Lessons) != 5 || s.Manner == nil {
		t.Fatalf("the built-in script: %v", err)
	}
	if _, err := ReadScript(testdata(t, "learning", "facts.json")); err != nil {
		t.Error(err)
	}
	for _, text := range []string{
		`{}`, `{"lessons":[{"prompt":"a","correction":"b"}]}`, `{"lessons":[{"prompt":"a","correction":"b","expect":[[]]}]}`,
		`{"manner":{"wish":"x","corrections":[{"prompt":"a","answer":"b"}],"check":{}}}`, `nonsense`,
	} {
		if _, err := parseScript(strings.NewReader(text)); !errors.Is(err, ErrScript) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestScriptCheck(t *testing.T) {
	for _, c := range []struct {
		check  ScriptCheck
		answer string
		ended  bool
		want   bool
	}{
		{ScriptCheck{Prefix: "Dear reader,"}, "dear Reader, fog", false, true},
		{ScriptCheck{Prefix: "Dear reader,"}, "Well, dear reader, fog", false, false},
		{ScriptCheck{Contains: "Source:"}, "Fog.\nsource: me", true, true},
		{ScriptCheck{MaxWords: 3}, "one two three", true, true},
		{ScriptCheck{MaxWords: 3}, "one two three", false, false},
		{ScriptCheck{MaxWords: 3}, "one two three four", true, false},
	} {
		if got := c.check.passes(c.answer, c.ended); got != c.want {
			t.Errorf("%+v on %q: %v", c.check, c.answer, got)
		}
	}
}

func TestSettings(t *testing.T) {
	if err := DefaultSettings().Validate(); err != nil {
		t.Fatalf("the shipped profile: %v", err)
	}
	seed := DefaultSettings() // the note's own values are accepted
	seed.LearningRate, seed.MaxEpochs, seed.MinBatchSize = 1e-6, 1, 25
	if err := seed.Validate(); err != nil {
		t.Errorf("the note's values: %v", err)
	}
	bad := Settings{Objective: "luck"}
	err := bad.Validate()
	var r *RangeError
	if !errors.As(err, &r) || strings.Count(err.Error(), "want") < 8 {
		t.Errorf("the zero settings: %v", err)
	}
}

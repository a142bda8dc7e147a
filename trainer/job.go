package trainer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clara/model"
	"clara/store"
)

// jobFormat counts the changes of Job that older programs cannot read.
const jobFormat = 5

// Job is all that a cycle depends on. The same job on the same base model and
// machine gives the same adapters, bit for bit, except where memory is short: what is
// free then decides how many rows are computed at once, which can move the last digit
// ([model.Runner.GenerateAll]). It is plain JSON: a folder with a job.json can be trained
// anywhere (clara cycle DIR).
type Job struct {
	Format  int         `json:"format"`
	Base    string      `json:"base"`           // SHA-256 of the model file
	Model   string      `json:"model"`          // its name, for people
	User    string      `json:"user,omitempty"` // for people
	Recipe  Recipe      `json:"recipe"`
	Samples []JobSample `json:"samples"` // of manner, that train, the oldest first
	Lessons []JobLesson `json:"lessons"` // all of them, the oldest first
	Before  JobVersion  `json:"before"`  // what answers now
	// Own are the user's own ordinary questions: anchors beside those of the program.
	Own []string `json:"own,omitempty"`
	// Reader is the PEFT folder of a reader that was prepared, relative to the job's
	// folder or absolute; "": the one that comes with the program, if there is one.
	Reader    string `json:"reader,omitempty"`
	ReaderKey string `json:"reader_key,omitempty"` // hash of the reader's adapter; "": not noted, or none

	// RateDivisor is what the rates are divided by for the size of the base; 0: not known. Who trains
	// the job sees it by the base.
	RateDivisor int `json:"-"`
}

// Recipe is the part of Settings that training depends on.
type Recipe struct {
	MannerRate    float64 `json:"manner_rate"`
	KnowledgeRate float64 `json:"knowledge_rate"`
	Epochs        int     `json:"epochs"`
	Rank          int     `json:"rank"`
	Objective     string  `json:"objective"`
	Seed          uint64  `json:"seed"`
	System        string  `json:"system,omitempty"`
}

func (s Settings) recipe() Recipe {
	return Recipe{
		MannerRate: s.LearningRate, KnowledgeRate: s.KnowledgeRate, Epochs: s.MaxEpochs, Rank: s.Rank,
		Objective: s.Objective, Seed: s.Seed, System: s.System,
	}
}

// JobSample is a sample of manner as a cycle sees it.
type JobSample struct {
	ID      int64   `json:"id"` // for the report; nothing is drawn by it
	Form    Form    `json:"form"`
	Context []Turn  `json:"context,omitempty"`
	Prompt  string  `json:"prompt,omitempty"`
	Answer  string  `json:"answer,omitempty"`
	Better  string  `json:"better,omitempty"`
	Score   float64 `json:"score"`
	Weight  float64 `json:"weight"`
}

// JobLesson is a lesson as a cycle sees it.
type JobLesson struct {
	ID         int64       `json:"id"`
	Sample     int64       `json:"sample"`
	Question   string      `json:"question"`
	Answer     string      `json:"answer"`
	Styled     string      `json:"styled,omitempty"`
	BaseAnswer string      `json:"base_answer,omitempty"`
	Keywords   [][]string  `json:"keywords,omitempty"`
	State      LessonState `json:"state"`
	Importance int         `json:"importance"`
	// Asked orders the lessons by when they were last asked, the longest ago first, Widely
	// by when that was in variants and contrasts; 0: never, or there is room for all of them.
	Asked  int64 `json:"asked,omitempty"`
	Widely int64 `json:"widely,omitempty"`
}

// turn is the answer that is put before the model.
func (l JobLesson) turn() string {
	if l.Styled != "" {
		return l.Styled
	}
	return l.Answer
}

func (l JobLesson) check() Check {
	return NewCheck(l.Question, l.Answer, l.BaseAnswer, l.Keywords)
}

// JobVersion is the version that a cycle is compared with, and whose adapters
// it keeps where nothing is due. Paths are relative to the job's folder or
// absolute; "" means none.
type JobVersion struct {
	Version       int64   `json:"version"`
	Manner        string  `json:"manner,omitempty"`
	MannerHash    string  `json:"manner_hash,omitempty"` // of the adapter; "": a job of an older program
	MannerKey     string  `json:"manner_key,omitempty"`
	Knowledge     string  `json:"knowledge,omitempty"`
	KnowledgeHash string  `json:"knowledge_hash,omitempty"`
	KnowledgeKey  string  `json:"knowledge_key,omitempty"`
	KnowledgeOn   []int64 `json:"knowledge_on,omitempty"` // the samples that it was trained on
	// KnowledgeTried is the key of what the last cycle tried in vain.
	KnowledgeTried string `json:"knowledge_tried,omitempty"`
}

// ErrOtherModel says that a job or a version belongs to another base model.
var ErrOtherModel = errors.New("made for another model")

// ErrJob says that a job cannot be read or makes no sense.
var ErrJob = errors.New("not a usable job")

func (j *Job) validate() error {
	if j.Format < 1 || j.Format > jobFormat { // an older one has less in it, and is trained by the present recipes
		return fmt.Errorf("format %d, this program reads up to %d: %w", j.Format, jobFormat, ErrJob)
	}
	switch r := j.Recipe; {
	case len(j.Base) != 64:
		return fmt.Errorf("base %q is no SHA-256: %w", j.Base, ErrJob)
	case !(r.MannerRate > 0 && r.MannerRate <= 1) || !(r.KnowledgeRate > 0 && r.KnowledgeRate <= 1):
		return fmt.Errorf("learning rates %g and %g, want more than 0 and at most 1: %w", r.MannerRate, r.KnowledgeRate, ErrJob)
	case r.Epochs < 1 || r.Rank < 1 || r.Rank > 128:
		return fmt.Errorf("%d epochs, rank %d: %w", r.Epochs, r.Rank, ErrJob)
	case !slices.Contains(objectives, r.Objective):
		return fmt.Errorf("objective %q, want one of %q: %w", r.Objective, objectives, ErrJob)
	}
	for i, s := range j.Samples {
		if s.Prompt == "" && s.Answer == "" && s.Better == "" {
			return fmt.Errorf("sample %d is empty: %w", i+1, ErrJob)
		}
		if !(s.Weight > 0) || !(s.Score >= -1 && s.Score <= 1) {
			return fmt.Errorf("sample %d has weight %g and score %g: %w", i+1, s.Weight, s.Score, ErrJob)
		}
	}
	if len(j.Own) > ownMost {
		return fmt.Errorf("%d questions of the user's own, at most %d: %w", len(j.Own), ownMost, ErrJob)
	}
	for i, q := range j.Own {
		if q == "" || len(q) > ownBytes {
			return fmt.Errorf("question %d of the user's own has %d bytes: %w", i+1, len(q), ErrJob)
		}
	}
	for i, l := range j.Lessons {
		if l.Question == "" || l.Answer == "" {
			return fmt.Errorf("lesson %d is empty: %w", i+1, ErrJob)
		}
	}
	return nil
}

// importedKey is the key of an adapter that was imported. It stays as long as the user's own
// feedback trains none in its place: a manner until there is feedback of manner, knowledge
// until a lesson is missed by the reader, or is answered worse than by the reader.
const importedKey = "imported"

// mannerKey names what a manner adapter is made of: two jobs with the same key
// train the same one. "" means that there is nothing to train: no samples, or none that the
// objective learns something of. What is kept apart from training is no part of it.
func (j *Job) mannerKey() string {
	train, _ := holdOut(j.Samples)
	if !slices.ContainsFunc(train, j.learnsOf) {
		return ""
	}
	type part struct {
		Form                   Form
		Context                []Turn
		Prompt, Answer, Better string
		Score, Weight          float64
	}
	parts := make([]part, len(train))
	for i, s := range train {
		parts[i] = part{s.Form, s.Context, s.Prompt, s.Answer, s.Better, s.Score, s.Weight}
	}
	return j.keyOf("manner", j.Base, j.Recipe, parts, j.Own)
}

// learnsOf says whether the objective learns something of a sample by itself. What imitates good
// answers, as DPO does without a pair, has no use for a bad one: trained on those alone, a manner
// would be made of rounding.
func (j *Job) learnsOf(s JobSample) bool {
	return s.Form == FormCorrection || s.Score > 0 || j.Recipe.Objective != "sft" && j.Recipe.Objective != "dpo"
}

// knowledgeKey likewise, for the given missed lessons.
func (j *Job) knowledgeKey(missed []JobLesson) string {
	if len(missed) == 0 {
		return ""
	}
	type part struct {
		Question, Answer string
		Importance       int
	}
	parts := make([]part, len(missed))
	for i, l := range missed {
		parts[i] = part{l.Question, l.turn(), l.Importance}
	}
	return j.keyOf("knowledge", j.Base, j.ReaderKey, j.Recipe, parts, j.Own)
}

// lessonsKey names the lessons as far as a check of them goes.
func (j *Job) lessonsKey() string {
	type part struct {
		Question, Answer, Base string
		Keywords               [][]string
	}
	parts := make([]part, len(j.Lessons))
	for i, l := range j.Lessons {
		parts[i] = part{l.Question, l.Answer, l.BaseAnswer, l.Keywords}
	}
	return keyOf("lessons", parts)
}

// gentleKey names an adapter that was trained gently because of a refusal. That one was
// about the lessons and the manner too: with others, the full effort is due again, and
// what was unlearnt leaves no trace in how an adapter was trained.
func (j *Job) gentleKey(key string) string {
	return keyOf("gentle", key, j.mannerKey(), j.lessonsKey())
}

// triedKey names a training of knowledge on the given missed lessons that taught nothing, which is
// said likewise of the lessons and the manner that it was tried with. What the user has asked
// since is no reason to try again.
func (j *Job) triedKey(missed []JobLesson) string {
	plain := *j
	plain.Own = nil
	return keyOf("tried", plain.knowledgeKey(missed), j.mannerKey(), j.lessonsKey())
}

// keyOf names what is trained of the parts. What earlier programs trained at the full rates, as each
// model, keeps its name where these still hold.
func (j *Job) keyOf(parts ...any) string {
	if j.RateDivisor > 1 {
		parts = append(parts, j.RateDivisor)
	}
	return keyOf(parts...)
}

func keyOf(parts ...any) string {
	h := sha256.New()
	// Encoding these plain structs cannot fail.
	_ = json.NewEncoder(h).Encode(parts)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// The files of a job's folder.
const (
	jobFile         = "job.json"
	reportFile      = "report.json"
	mannerFolder    = "manner"
	knowledgeFolder = "knowledge"
	beforeFolder    = "before" // holds those that an exported job starts from
	readerJobFolder = "reader" // in it: a prepared reader
)

// ReadJob reads the job of a folder. Paths in it are then absolute.
func ReadJob(dir string) (Job, error) {
	var j Job
	data, err := os.ReadFile(filepath.Join(dir, jobFile))
	if err != nil {
		return j, fmt.Errorf("read the job in %s: %w", dir, err)
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return j, fmt.Errorf("read the job in %s: %w: %w", dir, ErrJob, err)
	}
	if err := j.validate(); err != nil {
		return j, fmt.Errorf("read the job in %s: %w", dir, err)
	}
	for _, p := range []*string{&j.Before.Manner, &j.Before.Knowledge, &j.Reader} {
		if *p != "" && !filepath.IsAbs(*p) {
			if !filepath.IsLocal(*p) {
				return j, fmt.Errorf("read the job in %s: the path %q leaves the folder: %w", dir, *p, ErrJob)
			}
			*p = filepath.Join(dir, filepath.FromSlash(*p))
		}
	}
	return j, nil
}

// writeJob writes a job into a folder, which it makes.
func writeJob(dir string, j Job) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the job into %s: %w", dir, err)
	}
	return writeJSON(filepath.Join(dir, jobFile), j)
}

// Outcome is what a cycle made.
type Outcome struct {
	Report    Report
	Manner    *model.Adapter // nil: none, or the one before is kept
	Knowledge *model.Adapter // likewise

	KeepManner    bool // the manner adapter of Job.Before is still right
	KeepKnowledge bool
}

// Changed says whether the outcome is another version than the one before.
func (o *Outcome) Changed(before JobVersion) bool {
	return o.Manner != nil || o.Knowledge != nil ||
		(before.Manner != "" && !o.KeepManner) || (before.Knowledge != "" && !o.KeepKnowledge)
}

// WriteOutcome writes the report and the adapters (PEFT folders) into a folder.
func WriteOutcome(dir string, o Outcome) error {
	if err := writeAdapters(dir, o); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, reportFile), o.Report)
}

func writeAdapters(dir string, o Outcome) error {
	if err := store.MakeFolder(dir, 0o755); err != nil {
		return fmt.Errorf("write the outcome into %s: %w", dir, err)
	}
	for _, a := range []struct {
		adapter *model.Adapter
		folder  string
	}{{o.Manner, mannerFolder}, {o.Knowledge, knowledgeFolder}} {
		if a.adapter == nil {
			continue
		}
		if err := a.adapter.Save(filepath.Join(dir, a.folder)); err != nil {
			return fmt.Errorf("write the outcome into %s: %w", dir, err)
		}
	}
	return nil
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := store.WriteFile(path, append(data, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// ExportJob writes the job of a past cycle into a folder, with copies of the adapters
// that it starts from, so that the folder can be trained anywhere. asked counts the
// questions of Job.Own. Whoever hands the folder on thinks of the feedback in it, not of
// what else was asked: without own they are left out, and other adapters come of it.
// ErrNotFound if there is no such cycle, or it was given no job (an import), or that was
// erased.
func (t *Trainer) ExportJob(ctx context.Context, cycle int64, dir string, own bool) (asked int, err error) {
	c, err := t.store.Cycle(ctx, cycle)
	if err != nil {
		return 0, fmt.Errorf("export the job of cycle %d: %w", cycle, err)
	}
	if len(c.Job) == 0 {
		return 0, fmt.Errorf("export the job of cycle %d: %w", cycle, ErrNotFound)
	}
	var j Job
	if err := json.Unmarshal(c.Job, &j); err != nil {
		return 0, fmt.Errorf("export the job of cycle %d: %w", cycle, err)
	}
	if asked = len(j.Own); !own {
		j.Own = nil
	}
	for _, part := range []struct {
		path   *string
		folder string
	}{{&j.Before.Manner, mannerFolder}, {&j.Before.Knowledge, knowledgeFolder}, {&j.Reader, readerJobFolder}} {
		if *part.path == "" {
			continue
		}
		from := *part.path
		if !filepath.IsAbs(from) {
			from = filepath.Join(t.home, filepath.FromSlash(from))
		}
		to := filepath.Join(beforeFolder, part.folder)
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			return 0, fmt.Errorf("export the job of cycle %d: %w", cycle, err)
		}
		*part.path = filepath.ToSlash(to)
	}
	return asked, writeJob(dir, j)
}

// absolute is the job with the paths of the version before below home.
func absolute(j Job, home string) Job {
	for _, p := range []*string{&j.Before.Manner, &j.Before.Knowledge} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(home, filepath.FromSlash(*p))
		}
	}
	return j
}

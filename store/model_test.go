package store

import (
	"context"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// account is what a user's rows should be: plain slices and the rules of the
// doc comments, written the slow and obvious way.
type account struct {
	conversations []*modelConversation
	samples       []*modelSample
	results       []LessonResult
	cycles        []*Cycle
	versions      []*Version
	activations   []Activation
	drafts        map[string]Draft
	pairs         map[SamplePair]bool // both right
	base          map[string][]byte   // "hash/kind/key"
}

type modelConversation struct {
	Conversation
	deleted  time.Time
	messages []Message
}

type modelSample struct {
	Sample     // without what the store sets
	rejection  Reason
	replacedBy *modelSample
	lesson     *Lesson                 // without what models make of it
	models     map[string]*modelLesson // by the base's hash
}

// modelLesson is what a base model makes of a lesson.
type modelLesson struct {
	styled, baseAnswer string
	state              LessonState
}

func (x *modelSample) on(base string) *modelLesson {
	if x.models == nil {
		x.models = map[string]*modelLesson{}
	}
	if x.models[base] == nil {
		x.models[base] = &modelLesson{state: LessonNew}
	}
	return x.models[base]
}

// conversationOf is the conversation that a message is in, also a deleted one; 0: none.
func (a *account) conversationOf(message int64) int64 {
	for _, c := range a.conversations {
		for _, m := range c.messages {
			if message != 0 && m.ID == message {
				return c.ID
			}
		}
	}
	return 0
}

// lessonOn is the sample's lesson as read for a base model.
func (x *modelSample) lessonOn(base string) Lesson {
	l, on := *x.lesson, x.on(base)
	l.Importance, l.Styled, l.BaseAnswer, l.State = x.Importance, on.styled, on.baseAnswer, on.state
	return l
}

func (x *modelSample) replaced() bool {
	for y := x.replacedBy; y != nil; y = y.replacedBy {
		if y.Deleted.IsZero() {
			return true
		}
	}
	return false
}

// seen is the sample as the store should show it.
func (x *modelSample) seen() Sample {
	v := x.Sample
	if x.replacedBy != nil {
		v.ReplacedBy = x.replacedBy.ID
	}
	v.Reason = x.rejection
	if x.replaced() {
		v.Reason = Reason{Code: ReasonReplaced, Text: "replaced by a newer one"}
	}
	switch {
	case !v.Deleted.IsZero():
		v.State = SampleDeleted
	case v.Reason.Code != "":
		v.State = SampleRejected
	case v.Cycle != 0:
		v.State = SampleUsed
	default:
		v.State = SampleNew
	}
	return v
}

func (a *account) sample(id int64) *modelSample {
	for _, x := range a.samples {
		if x.ID == id {
			return x
		}
	}
	return nil
}

func (a *account) active(base string) int64 {
	for _, v := range slices.Backward(a.activations) {
		if v.BaseHash == base {
			return v.Version
		}
	}
	return 0
}

func (a *account) manner(version int64) string {
	for _, v := range a.versions {
		if v.ID == version {
			return v.Manner
		}
	}
	return ""
}

func (a *account) activate(x Activation) {
	if a.manner(x.Version) != a.manner(a.active(x.BaseHash)) {
		for _, y := range a.samples {
			y.on(x.BaseHash).styled = ""
		}
	}
	a.activations = append(a.activations, x)
}

func (a *account) running() *Cycle {
	for _, c := range a.cycles {
		if c.State == CycleRunning {
			return c
		}
	}
	return nil
}

func (a *account) addResult(r LessonResult) {
	r.ID = 0
	a.results = append(a.results, r)
	for _, x := range a.samples {
		if x.lesson != nil && x.lesson.ID == r.Lesson {
			x.on(r.Base).state = r.Outcome
		}
	}
}

func (a *account) erase(before time.Time, held func(*modelSample) bool) {
	gone := func(x *modelSample) bool {
		return !x.Deleted.IsZero() && x.Deleted.Before(before) && !held(x)
	}
	lessons := map[int64]bool{}
	for _, x := range a.samples {
		for x.replacedBy != nil && gone(x.replacedBy) {
			x.replacedBy = x.replacedBy.replacedBy
		}
		if gone(x) && x.lesson != nil {
			lessons[x.lesson.ID] = true
		}
	}
	a.samples = slices.DeleteFunc(a.samples, gone)
	a.results = slices.DeleteFunc(a.results, func(r LessonResult) bool { return lessons[r.Lesson] })
	for _, c := range a.conversations {
		for i := range c.messages {
			if lessons[c.messages[i].Lesson] {
				c.messages[i].Lesson = 0
			}
		}
	}
}

var hashes = []string{"base one", "base two"}

// snapshot is everything that a user can see.
type snapshot struct {
	Conversations []Conversation
	Messages      map[int64][]Message
	Samples       []Sample
	AllLessons    map[string][]Lesson // by the base's hash; "": the last that was asked
	Lessons       map[string][]Lesson
	Trails        map[string]map[int64][]LessonResult
	Cycles        []Cycle
	Versions      []Version
	Active        map[string]int64
	Activations   map[string][]Activation
	Drafts        []Draft
	Base          map[string][]byte
	LessonCounts  map[string]map[LessonState]int
	Erasures      map[string]int
	Ratings       []Rating
	BothRight     []SamplePair
}

// lessonBases are the bases that lessons are read for.
var lessonBases = append([]string{""}, hashes...)

func (a *account) snapshot() snapshot {
	v := snapshot{
		Messages: map[int64][]Message{}, AllLessons: map[string][]Lesson{}, Lessons: map[string][]Lesson{}, Trails: map[string]map[int64][]LessonResult{},
		Active: map[string]int64{}, Activations: map[string][]Activation{}, Base: a.base, LessonCounts: map[string]map[LessonState]int{}, Erasures: map[string]int{},
	}
	for _, c := range a.conversations {
		if c.deleted.IsZero() {
			seen := c.Conversation
			seen.Messages = len(c.messages)
			v.Conversations = append(v.Conversations, seen)
			v.Messages[c.ID] = c.messages // also where there are none
		}
	}
	sort.SliceStable(v.Conversations, func(i, j int) bool {
		x, y := v.Conversations[i], v.Conversations[j]
		if x.Pinned != y.Pinned {
			return x.Pinned
		}
		return x.Updated.After(y.Updated) || x.Updated.Equal(y.Updated) && x.ID > y.ID
	})
	for _, x := range a.samples {
		seen := x.seen()
		v.Samples = append(v.Samples, seen)
		live := seen.State == SampleNew || seen.State == SampleUsed
		if x.lesson != nil {
			for _, base := range lessonBases {
				l := x.lessonOn(a.lessonBase(base))
				v.AllLessons[base] = append(v.AllLessons[base], l)
				if live && x.Kind == Knowledge {
					v.Lessons[base] = append(v.Lessons[base], l)
				}
			}
		}
		if seen.Form == FormRating && x.Deleted.IsZero() && !x.replaced() {
			v.Ratings = append(v.Ratings, Rating{Sample: x.ID, Score: x.Score, Version: x.Version, Created: x.Created, Conversation: a.conversationOf(seen.Message)})
		}
	}
	for _, base := range lessonBases {
		l := v.Lessons[base]
		sort.Slice(l, func(i, j int) bool { return l[i].ID < l[j].ID })
	}
	sort.SliceStable(v.Ratings, func(i, j int) bool { return v.Ratings[i].Created.Before(v.Ratings[j].Created) })
	for _, base := range lessonBases {
		trails := map[int64][]LessonResult{}
		for _, r := range a.results {
			if r.Base == a.lessonBase(base) {
				trails[r.Lesson] = append(trails[r.Lesson], r)
			}
		}
		for l, trail := range trails {
			trails[l] = trail[max(0, len(trail)-3):]
		}
		v.Trails[base] = trails
	}
	for _, c := range slices.Backward(a.cycles) {
		v.Cycles = append(v.Cycles, *c)
	}
	for _, x := range slices.Backward(a.versions) {
		seen := *x
		seen.Active = a.active(x.BaseHash) == x.ID
		v.Versions = append(v.Versions, seen)
	}
	for _, h := range hashes {
		v.Active[h] = a.active(h)
		v.Activations[h] = nil
		for _, x := range a.activations {
			if x.BaseHash == h {
				v.Activations[h] = append(v.Activations[h], x)
			}
		}
		v.LessonCounts[h], v.Erasures[h] = map[LessonState]int{}, 0
		for _, l := range v.Lessons[h] {
			v.LessonCounts[h][l.State]++
		}
		for _, x := range a.versions {
			if x.ID != v.Active[h] {
				continue
			}
			for _, id := range x.Samples {
				if s := a.sample(id); s == nil || !s.Deleted.IsZero() {
					v.Erasures[h]++
				}
			}
		}
	}
	for _, d := range a.drafts {
		v.Drafts = append(v.Drafts, d)
	}
	sort.Slice(v.Drafts, func(i, j int) bool {
		x, y := v.Drafts[i], v.Drafts[j]
		return x.Updated.After(y.Updated) || x.Updated.Equal(y.Updated) && x.Key < y.Key
	})
	for p := range a.pairs {
		if a.sample(p.First) != nil && a.sample(p.Second) != nil { // else they were erased
			v.BothRight = append(v.BothRight, p)
		}
	}
	sort.Slice(v.BothRight, func(i, j int) bool {
		x, y := v.BothRight[i], v.BothRight[j]
		return x.First < y.First || x.First == y.First && x.Second < y.Second
	})
	return v
}

// lessonBase is the base that lessons are read for: the last asked for "".
func (a *account) lessonBase(base string) string {
	if base == "" && len(a.results) > 0 {
		return a.results[len(a.results)-1].Base
	}
	return base
}

// read is the snapshot as the store gives it.
func read(t tester, s *Store) snapshot {
	t.Helper()
	ctx := t.Context()
	v := snapshot{
		Conversations: must(s.Conversations(ctx))(t),
		Messages:      map[int64][]Message{},
		Samples:       must(s.Samples(ctx, SampleQuery{States: []SampleState{SampleNew, SampleUsed, SampleRejected, SampleDeleted}}))(t),
		AllLessons:    map[string][]Lesson{},
		Lessons:       map[string][]Lesson{},
		Trails:        map[string]map[int64][]LessonResult{},
		Cycles:        must(s.Cycles(ctx, 0))(t),
		Versions:      must(s.Versions(ctx, ""))(t),
		Active:        map[string]int64{},
		Activations:   map[string][]Activation{},
		Drafts:        must(draftsOf(ctx, s))(t),
		Base:          map[string][]byte{},
		LessonCounts:  map[string]map[LessonState]int{},
		Erasures:      map[string]int{},
		Ratings:       must(s.Ratings(ctx, time.Time{}))(t),
		BothRight:     must(s.BothRight(ctx))(t),
	}
	for _, base := range lessonBases {
		if l := must(s.Lessons(ctx, base))(t); l != nil {
			v.Lessons[base] = l
		}
		v.Trails[base] = must(s.Trails(ctx, base, 3))(t)
	}
	for _, c := range v.Conversations {
		v.Messages[c.ID] = must(s.Messages(ctx, c.ID))(t)
	}
	for _, x := range v.Samples {
		for _, base := range lessonBases {
			if l, err := s.LessonOf(ctx, base, x.ID); err == nil {
				v.AllLessons[base] = append(v.AllLessons[base], l)
			}
		}
	}
	for _, h := range hashes {
		v.Active[h] = must(s.ActiveVersion(ctx, h))(t).ID
		v.Activations[h] = must(s.Activations(ctx, h))(t)
		v.LessonCounts[h] = must(s.LessonCounts(ctx, h))(t)
		v.Erasures[h] = must(s.Erasures(ctx, h))(t)
		for key, value := range must(s.Base(ctx, h, "answer", []string{"a", "b", "c"}))(t) {
			v.Base[h+"/answer/"+key] = value
		}
	}
	return v
}

var sameRecords = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(LessonResult{}, "ID"),
	cmpopts.IgnoreFields(Activation{}, "ID"),
	cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) <= 1e-12 }),
}

// draftsOf are all drafts, the newest first.
func draftsOf(ctx context.Context, s *Store) ([]Draft, error) {
	return list(ctx, s, "list drafts", scanDraft, `SELECT key, text, updated FROM drafts WHERE user = ? ORDER BY updated DESC, key`, s.user)
}

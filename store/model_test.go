package store

import (
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
	base          map[string][]byte // "hash/kind/key"
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
	lesson     *Lesson
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
			x.lesson.State = r.Outcome
		}
	}
}

func (a *account) erase(before time.Time, all bool) {
	gone := func(x *modelSample) bool {
		return !x.Deleted.IsZero() && x.Deleted.Before(before) && (all || x.Cycle == 0)
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
	AllLessons    []Lesson
	Lessons       []Lesson
	Trails        map[int64][]LessonResult
	Cycles        []Cycle
	Versions      []Version
	Active        map[string]int64
	Activations   map[string][]Activation
	Drafts        []Draft
	Base          map[string][]byte
	Counts        map[string]Counts
	Ratings       []Rating
}

func (a *account) snapshot() snapshot {
	v := snapshot{
		Messages: map[int64][]Message{}, Trails: map[int64][]LessonResult{}, Active: map[string]int64{},
		Activations: map[string][]Activation{}, Base: a.base, Counts: map[string]Counts{},
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
		return x.Updated.After(y.Updated) || x.Updated.Equal(y.Updated) && x.ID > y.ID
	})
	counts := Counts{Samples: map[SampleState]int{}, Lessons: map[LessonState]int{}, Cycles: map[CycleState]int{}, Versions: len(a.versions)}
	buffer := 0
	for _, x := range a.samples {
		seen := x.seen()
		v.Samples = append(v.Samples, seen)
		counts.Samples[seen.State]++
		live := seen.State == SampleNew || seen.State == SampleUsed
		if live {
			buffer++
			counts.MeanScore += seen.Score
			switch seen.Form {
			case FormRating:
				counts.Ratings++
			case FormCorrection:
				counts.Corrections++
			case FormText:
				counts.Texts++
			}
		}
		if x.lesson != nil {
			l := *x.lesson
			l.Importance = x.Importance
			v.AllLessons = append(v.AllLessons, l)
			if live && x.Kind == Knowledge {
				v.Lessons = append(v.Lessons, l)
				counts.Lessons[l.State]++
			}
		}
		if seen.Form == FormRating && x.Deleted.IsZero() && !x.replaced() {
			v.Ratings = append(v.Ratings, Rating{x.ID, x.Score, x.Version, x.Created})
		}
	}
	if buffer > 0 {
		counts.MeanScore /= float64(buffer)
	}
	sort.Slice(v.Lessons, func(i, j int) bool { return v.Lessons[i].ID < v.Lessons[j].ID })
	sort.SliceStable(v.Ratings, func(i, j int) bool { return v.Ratings[i].Created.Before(v.Ratings[j].Created) })
	for _, r := range a.results {
		v.Trails[r.Lesson] = append(v.Trails[r.Lesson], r)
	}
	for l, trail := range v.Trails {
		v.Trails[l] = trail[max(0, len(trail)-3):]
	}
	for _, c := range slices.Backward(a.cycles) {
		v.Cycles = append(v.Cycles, *c)
		counts.Cycles[c.State]++
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
		c := counts
		for _, x := range a.versions {
			if x.ID != v.Active[h] {
				continue
			}
			for _, id := range x.Samples {
				if s := a.sample(id); s == nil || !s.Deleted.IsZero() {
					c.Erasures++
				}
			}
		}
		v.Counts[h] = c
	}
	for _, d := range a.drafts {
		v.Drafts = append(v.Drafts, d)
	}
	sort.Slice(v.Drafts, func(i, j int) bool {
		x, y := v.Drafts[i], v.Drafts[j]
		return x.Updated.After(y.Updated) || x.Updated.Equal(y.Updated) && x.Key < y.Key
	})
	return v
}

// read is the snapshot as the store gives it.
func read(t tester, s *Store) snapshot {
	t.Helper()
	ctx := t.Context()
	v := snapshot{
		Conversations: must(s.Conversations(ctx))(t),
		Messages:      map[int64][]Message{},
		Samples:       must(s.Samples(ctx, SampleQuery{States: []SampleState{SampleNew, SampleUsed, SampleRejected, SampleDeleted}}))(t),
		Lessons:       must(s.Lessons(ctx))(t),
		Trails:        must(s.Trails(ctx, 3))(t),
		Cycles:        must(s.Cycles(ctx, 0))(t),
		Versions:      must(s.Versions(ctx, ""))(t),
		Active:        map[string]int64{},
		Activations:   map[string][]Activation{},
		Drafts:        must(s.Drafts(ctx))(t),
		Base:          map[string][]byte{},
		Counts:        map[string]Counts{},
		Ratings:       must(s.Ratings(ctx, time.Time{}))(t),
	}
	for _, c := range v.Conversations {
		v.Messages[c.ID] = must(s.Messages(ctx, c.ID))(t)
	}
	for _, x := range v.Samples {
		if l, err := s.LessonOf(ctx, x.ID); err == nil {
			v.AllLessons = append(v.AllLessons, l)
		}
	}
	for _, h := range hashes {
		v.Active[h] = must(s.ActiveVersion(ctx, h))(t).ID
		v.Activations[h] = must(s.Activations(ctx, h))(t)
		v.Counts[h] = must(s.Counts(ctx, h))(t)
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

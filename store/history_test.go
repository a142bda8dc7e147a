package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestModel drives the store with random operations of two users and compares
// everything it shows with the model after each, through reopenings.
func TestModel(t *testing.T) {
	dir := t.TempDir()
	files := 0
	rapid.Check(t, func(rt *rapid.T) {
		files++
		h := &history{dir: dir, path: fmt.Sprintf("%s/%d.db", dir, files), accounts: map[string]*account{}, clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		for _, user := range []string{Local, "ann"} {
			h.accounts[user] = &account{drafts: map[string]Draft{}, base: map[string][]byte{}, pairs: map[SamplePair]bool{}}
		}
		h.open(rt)
		defer func() { h.store.Close() }()
		rt.Repeat(rapid.StateMachineActions(h))
	})
}

// history is a store, what should be in it, and whose turn it is. Its exported
// methods are the operations that rapid chooses from.
type history struct {
	dir, path string
	store     *Store
	accounts  map[string]*account
	clock     time.Time
	acted     string // the user of the last operation; "": compare all
	kept      map[string]kept
}

// kept is what was read of a user's feedback, to be brought up to date by what was added.
type kept struct {
	revision uint64
	samples  []Sample
	lessons  []Lesson
}

// wantKept reads a user's feedback anew, and what was added to that which was read before:
// as long as the revision is the same, both are the same.
func (h *history) wantKept(t *rapid.T, s *Store) {
	revision, before := s.Revision(), h.kept[s.User()]
	now := kept{revision, must(s.Samples(t.Context(), SampleQuery{}))(t), must(s.Lessons(t.Context(), hashes[0]))(t)}
	if before.revision == revision {
		var sample, lesson int64
		if n := len(before.samples); n > 0 {
			sample = before.samples[n-1].ID
		}
		if n := len(before.lessons); n > 0 {
			lesson = before.lessons[n-1].ID
		}
		samples := append(before.samples, must(s.Samples(t.Context(), SampleQuery{After: sample}))(t)...)
		lessons := append(before.lessons, must(s.LessonsAfter(t.Context(), hashes[0], lesson))(t)...)
		if diff := cmp.Diff(now, kept{revision, samples, lessons}, sameRecords, cmp.AllowUnexported(kept{})); diff != "" {
			t.Fatalf("user %s, read anew (-) and kept (+) differ:\n%s", s.User(), diff)
		}
	}
	h.kept[s.User()] = now
}

func (h *history) open(t *rapid.T) {
	h.kept = map[string]kept{}
	s, err := Open(t.Context(), h.path)
	if err != nil {
		t.Fatal(err)
	}
	s.db.now = func() time.Time { return h.clock }
	h.store = s
}

// turn is the next user and its account, a second later.
func (h *history) turn(t *rapid.T) (*Store, *account) {
	h.clock = h.clock.Add(time.Second)
	user := rapid.SampledFrom([]string{Local, Local, "ann"}).Draw(t, "user")
	h.acted = user
	return h.store.As(user), h.accounts[user]
}

func (h *history) Check(t *rapid.T) {
	for user, a := range h.accounts {
		if h.acted != "" && h.acted != user {
			continue
		}
		if diff := cmp.Diff(a.snapshot(), read(t, h.store.As(user)), sameRecords); diff != "" {
			t.Fatalf("user %s, model (-) and store (+) differ:\n%s", user, diff)
		}
		h.wantKept(t, h.store.As(user))
	}
}

func (h *history) Reopen(t *rapid.T) {
	h.acted = ""
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	h.open(t)
	if err := h.store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var text = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\x00b", "'; DROP TABLE samples; --", strings.Repeat("ß", 5000)}))

// pick draws one of the items, or skips the operation when there is none.
func pick[T any](t *rapid.T, items []T, label string) T {
	if len(items) == 0 {
		t.Skip("nothing to choose from")
	}
	return rapid.SampledFrom(items).Draw(t, label)
}

// some draws a subset in the order of the items.
func some[T any](t *rapid.T, items []T, label string) []T {
	var out []T
	for _, item := range items {
		if rapid.Bool().Draw(t, label) {
			out = append(out, item)
		}
	}
	return out
}

// orZero draws one of the IDs or 0.
func orZero(t *rapid.T, ids []int64, label string) int64 {
	return rapid.SampledFrom(append([]int64{0}, ids...)).Draw(t, label)
}

func ids[T any](items []T, id func(T) int64) []int64 {
	var out []int64
	for _, item := range items {
		out = append(out, id(item))
	}
	return out
}

func (a *account) versionIDs() []int64 {
	return ids(a.versions, func(v *Version) int64 { return v.ID })
}

func (a *account) sampleIDs() []int64 {
	return ids(a.samples, func(x *modelSample) int64 { return x.ID })
}

func (a *account) lessonIDs() []int64 {
	var out []int64
	for _, x := range a.samples {
		if x.lesson != nil {
			out = append(out, x.lesson.ID)
		}
	}
	return out
}

func (h *history) AddConversation(t *rapid.T) {
	s, a := h.turn(t)
	title := text.Draw(t, "title")
	c := must(addConversation(t.Context(), s, Conversation{Title: title}))(t)
	want := Conversation{ID: c.ID, User: s.User(), Title: title, Created: h.clock, Updated: h.clock}
	if c != want {
		t.Fatalf("got %+v, want %+v", c, want)
	}
	a.conversations = append(a.conversations, &modelConversation{Conversation: want})
}

func (h *history) RenameConversation(t *rapid.T) {
	s, a := h.turn(t)
	c, title := pick(t, a.conversations, "conversation"), text.Draw(t, "title")
	err := s.RenameConversation(t.Context(), c.ID, title)
	if !c.deleted.IsZero() {
		wantErr(t, err, ErrNotFound)
		return
	}
	check(t, err)
	c.Title, c.Updated = title, h.clock
}

func (h *history) PinConversation(t *rapid.T) {
	s, a := h.turn(t)
	c, pinned := pick(t, a.conversations, "conversation"), rapid.Bool().Draw(t, "pinned")
	err := s.PinConversation(t.Context(), c.ID, pinned)
	if !c.deleted.IsZero() {
		wantErr(t, err, ErrNotFound)
		return
	}
	check(t, err)
	c.Pinned = pinned
}

func (h *history) DeleteOrRestoreConversation(t *rapid.T) {
	s, a := h.turn(t)
	c := pick(t, a.conversations, "conversation")
	if c.deleted.IsZero() {
		wantErr(t, s.RestoreConversation(t.Context(), c.ID), ErrNotFound)
		check(t, s.DeleteConversation(t.Context(), c.ID))
		c.deleted = h.clock
		return
	}
	wantErr(t, s.DeleteConversation(t.Context(), c.ID), ErrNotFound)
	check(t, s.RestoreConversation(t.Context(), c.ID))
	c.deleted = time.Time{}
}

func (h *history) EraseConversations(t *rapid.T) {
	s, a := h.turn(t)
	before := h.clock.Add(-time.Duration(rapid.IntRange(0, 10).Draw(t, "age")) * time.Second)
	check(t, s.EraseConversations(t.Context(), before))
	a.conversations = slices.DeleteFunc(a.conversations, func(c *modelConversation) bool {
		if c.deleted.IsZero() || !c.deleted.Before(before) {
			return false
		}
		for _, m := range c.messages {
			for _, x := range a.samples {
				if x.Message == m.ID {
					x.Message = 0
				}
			}
		}
		return true
	})
}

func (h *history) AddMessage(t *rapid.T) {
	s, a := h.turn(t)
	c := pick(t, a.conversations, "conversation")
	m := Message{
		Conversation: c.ID, Role: rapid.SampledFrom([]Role{RoleUser, RoleAssistant, RoleSystem}).Draw(t, "role"), Text: text.Draw(t, "text"),
		Version: orZero(t, a.versionIDs(), "version"), Lesson: orZero(t, a.lessonIDs(), "lesson"),
		Finish: rapid.SampledFrom([]Finish{"", FinishEnd, FinishCancelled}).Draw(t, "finish"), Tokens: rapid.IntRange(0, 9).Draw(t, "tokens"),
		Seconds: rapid.Float64Range(0, 9).Draw(t, "seconds"), Source: rapid.SampledFrom([]string{"", "other-model"}).Draw(t, "source"), Parent: orZero(t, ids(c.messages, func(m Message) int64 { return m.ID }), "parent"),
	}
	got, err := s.AddMessage(t.Context(), m)
	if !c.deleted.IsZero() && m.Role != RoleAssistant {
		wantErr(t, err, ErrNotFound)
		return
	}
	check(t, err)
	m.ID, m.User, m.Created = got.ID, s.User(), h.clock
	for _, b := range c.messages {
		if b.Parent == m.Parent {
			m.Shown = max(m.Shown, b.Shown+1)
		}
	}
	c.messages, c.Updated = append(c.messages, m), h.clock
}

func (h *history) ShowMessage(t *rapid.T) {
	s, a := h.turn(t)
	c := pick(t, a.conversations, "conversation")
	m := pick(t, c.messages, "message")
	err := s.ShowMessage(t.Context(), m.ID)
	if !c.deleted.IsZero() {
		wantErr(t, err, ErrNotFound)
		return
	}
	check(t, err)
	for id := m.ID; id != 0; {
		i := slices.IndexFunc(c.messages, func(m Message) bool { return m.ID == id })
		on, most, covered := &c.messages[i], 0, false
		for _, b := range c.messages {
			if b.Parent == on.Parent {
				most = max(most, b.Shown)
				covered = covered || b.Shown > on.Shown || b.Shown == on.Shown && b.ID > on.ID
			}
		}
		if covered {
			on.Shown = most + 1
		}
		id = on.Parent
	}
}

func (h *history) AddFeedback(t *rapid.T) {
	s, a := h.turn(t)
	var messages []int64
	for _, c := range a.conversations {
		messages = append(messages, ids(c.messages, func(m Message) int64 { return m.ID })...)
	}
	x := &modelSample{Sample: Sample{
		Form: rapid.SampledFrom([]Form{FormRating, FormCorrection, FormText}).Draw(t, "form"), Kind: rapid.SampledFrom([]Kind{Knowledge, Manner}).Draw(t, "kind"),
		Prompt: text.Draw(t, "prompt"), Answer: text.Draw(t, "answer"), Better: text.Draw(t, "better"),
		Score: rapid.SampledFrom([]float64{-1, -0.5, 0, 0.5, 1}).Draw(t, "score"), Importance: rapid.IntRange(1, 5).Draw(t, "importance"),
		Source: "user", Message: orZero(t, messages, "message"), Version: orZero(t, a.versionIDs(), "version"),
	}}
	if rapid.Bool().Draw(t, "has context") {
		x.Context = []Turn{{RoleSystem, "Be brief."}, {RoleUser, "Ja?\x00"}}
	}
	f := Feedback{Sample: x.Sample, Replaces: some(t, a.sampleIDs(), "replaces")}
	if rapid.Bool().Draw(t, "has lesson") {
		f.Lesson = &Lesson{Question: x.Prompt, Answer: x.Better, Keywords: rapid.SampledFrom([][][]string{nil, {{"8", "eight"}, {"open"}}}).Draw(t, "keywords")}
	}
	if rapid.IntRange(0, 3).Draw(t, "rejected") == 0 {
		f.Reject = Reason{Code: "too_short", Args: map[string]string{"words": "1"}}
	}
	sample, lesson, err := s.AddFeedback(t.Context(), f)
	check(t, err)
	x.ID, x.User, x.Created, x.rejection = sample.ID, s.User(), h.clock, f.Reject
	if f.Lesson != nil {
		l := *f.Lesson
		l.ID, l.User, l.Sample, l.Created, l.Importance = lesson.ID, s.User(), x.ID, h.clock, x.Importance
		l.State = LessonNew
		if diff := cmp.Diff(l, lesson, sameRecords); diff != "" {
			t.Fatalf("lesson, want (-) and got (+):\n%s", diff)
		}
		x.lesson = &l
	}
	if diff := cmp.Diff(x.seen(), sample, sameRecords); diff != "" {
		t.Fatalf("sample, want (-) and got (+):\n%s", diff)
	}
	for _, id := range f.Replaces {
		last := a.sample(id)
		for last.replacedBy != nil {
			last = last.replacedBy
		}
		if last != x {
			last.replacedBy = x
		}
	}
	a.samples = append(a.samples, x)
}

func (h *history) RejectOrAccept(t *rapid.T) {
	s, a := h.turn(t)
	chosen := some(t, a.sampleIDs(), "sample")
	var why Reason
	var err error
	if rapid.Bool().Draw(t, "reject") {
		why = Reason{Code: "neutral", Text: "rated neutral"}
		err = s.RejectSamples(t.Context(), chosen, why)
	} else {
		err = s.AcceptSamples(t.Context(), chosen)
	}
	check(t, err)
	for _, id := range chosen {
		a.sample(id).rejection = why
	}
}

func (h *history) DeleteOrRestoreSample(t *rapid.T) {
	s, a := h.turn(t)
	x := pick(t, a.samples, "sample")
	if x.Deleted.IsZero() {
		wantErr(t, s.RestoreSample(t.Context(), x.ID), ErrNotFound)
		check(t, s.DeleteSample(t.Context(), x.ID))
		x.Deleted = h.clock
		return
	}
	wantErr(t, s.DeleteSample(t.Context(), x.ID), ErrNotFound)
	check(t, s.RestoreSample(t.Context(), x.ID))
	if c := a.running(); c != nil && !c.Started.Before(x.Deleted) {
		x.Cycle = 0
	}
	for _, change := range a.activations {
		i := slices.IndexFunc(a.versions, func(v *Version) bool { return v.ID == change.Version })
		if !change.Created.Before(x.Deleted) && (i < 0 || !slices.Contains(a.versions[i].Samples, x.ID)) {
			x.Cycle = 0
		}
	}
	x.Deleted = time.Time{}
}

func (h *history) SetSample(t *rapid.T) {
	s, a := h.turn(t)
	x := pick(t, a.samples, "sample")
	x.Importance = rapid.IntRange(1, 5).Draw(t, "importance")
	check(t, s.SetImportance(t.Context(), x.ID, x.Importance))
	if !rapid.Bool().Draw(t, "kind too") {
		return
	}
	x.Kind, x.Cycle = rapid.SampledFrom([]Kind{Knowledge, Manner}).Draw(t, "kind"), 0
	check(t, s.SetKind(t.Context(), x.ID, x.Kind, &Lesson{Question: "late"}))
	if x.lesson == nil && x.Kind == Knowledge {
		l := must(s.LessonOf(t.Context(), hashes[0], x.ID))(t)
		x.lesson = &Lesson{ID: l.ID, User: s.User(), Sample: x.ID, Question: "late", State: LessonNew, Created: h.clock}
	}
}

func (h *history) SetLesson(t *rapid.T) {
	s, a := h.turn(t)
	id := pick(t, a.lessonIDs(), "lesson")
	for _, x := range a.samples {
		if x.lesson == nil || x.lesson.ID != id {
			continue
		}
		base := rapid.SampledFrom(hashes).Draw(t, "base")
		on := x.on(base)
		on.styled, on.baseAnswer = text.Draw(t, "styled"), text.Draw(t, "base answer")
		x.lesson.Keywords = rapid.SampledFrom([][][]string{nil, {{"a"}}}).Draw(t, "keywords")
		check(t, s.PhraseLessons(t.Context(), base, a.manner(a.active(base)), map[int64]string{id: on.styled}))
		check(t, s.NoteLessons(t.Context(), base, map[int64]string{id: on.baseAnswer}))
		check(t, s.SetKeywords(t.Context(), id, x.lesson.Keywords))
	}
}

func (h *history) SetBothRight(t *rapid.T) {
	s, a := h.turn(t)
	first, second := pick(t, a.sampleIDs(), "first"), pick(t, a.sampleIDs(), "second")
	err := s.SetBothRight(t.Context(), first, second)
	if first == second {
		wantErr(t, err, ErrInvalid)
		return
	}
	check(t, err)
	a.pairs[SamplePair{min(first, second), max(first, second)}] = true
}

func (h *history) UnsetBothRight(t *rapid.T) {
	s, a := h.turn(t)
	first, second := pick(t, a.sampleIDs(), "first"), pick(t, a.sampleIDs(), "second")
	check(t, s.UnsetBothRight(t.Context(), first, second))
	delete(a.pairs, SamplePair{min(first, second), max(first, second)})
}

func (h *history) drawResults(t *rapid.T, a *account) []LessonResult {
	var out []LessonResult
	for _, id := range some(t, a.lessonIDs(), "asked") {
		out = append(out, LessonResult{
			Lesson: id, Version: orZero(t, a.versionIDs(), "version"), Outcome: rapid.SampledFrom([]LessonState{LessonKnown, LessonMissed, LessonLost}).Draw(t, "outcome"),
			Answer: text.Draw(t, "answer"), Created: h.clock, Details: []byte(`{"variants":3}`),
		})
	}
	return out
}

func (h *history) AddResults(t *rapid.T) {
	s, a := h.turn(t)
	results := h.drawResults(t, a)
	base := rapid.SampledFrom(hashes).Draw(t, "base")
	check(t, s.AddResults(t.Context(), base, results))
	for _, r := range results {
		r.Base = base
		a.addResult(r)
	}
}

func (h *history) StartCycle(t *rapid.T) {
	s, a := h.turn(t)
	want := &Cycle{User: s.User(), State: CycleRunning, Started: h.clock, BaseHash: rapid.SampledFrom(hashes).Draw(t, "base"), Job: []byte(`{"seed":1}`)}
	c, err := s.StartCycle(t.Context(), Cycle{BaseHash: want.BaseHash, Job: want.Job})
	if a.running() != nil {
		wantErr(t, err, ErrRunning)
		return
	}
	check(t, err)
	want.ID = c.ID
	a.cycles = append(a.cycles, want)
}

func (h *history) FinishCycle(t *rapid.T) {
	s, a := h.turn(t)
	c := a.running()
	if c == nil {
		finished := pick(t, a.cycles, "cycle")
		_, _, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: finished.ID, State: CycleFailed})
		wantErr(t, err, ErrFinished)
		return
	}
	e := CycleEnd{
		Cycle: c.ID, State: rapid.SampledFrom([]CycleState{CyclePromoted, CyclePromoted, CycleRefused, CycleChecked, CycleFailed, CycleStopped}).Draw(t, "state"),
		Report: []byte(`{"loss":[1.5,0.25]}`), Verdict: "unproven", Reason: Reason{Code: "few", Args: map[string]string{"n": "3"}, Text: "only 3"},
		Used: make(map[int64]Kind), Results: h.drawResults(t, a),
	}
	used := some(t, a.sampleIDs(), "used")
	for _, id := range used {
		e.Used[id] = rapid.SampledFrom([]Kind{Knowledge, Manner}).Draw(t, "used as")
	}
	if e.State == CyclePromoted {
		e.Version = &Version{
			Parent: a.active(c.BaseHash), Manner: rapid.SampledFrom([]string{"", "adapters/manner", "adapters/other"}).Draw(t, "manner"), Samples: used,
			Figures: []byte(`{"kept":0.96}`), Verdict: "unproven", Reason: e.Reason,
		}
	}
	cycle, version, err := s.FinishCycle(t.Context(), e)
	check(t, err)
	c.State, c.Finished, c.Report, c.Verdict, c.Reason = e.State, h.clock, e.Report, e.Verdict, e.Reason
	if diff := cmp.Diff(*c, cycle, sameRecords); diff != "" {
		t.Fatalf("cycle, want (-) and got (+):\n%s", diff)
	}
	for id, as := range e.Used {
		if x := a.sample(id); x.Kind == as {
			x.Cycle = c.ID
		}
	}
	if e.Version != nil {
		v := *e.Version
		v.ID, v.User, v.Number, v.Cycle, v.BaseHash, v.Created, v.Active = version.ID, s.User(), len(a.versions)+1, c.ID, c.BaseHash, h.clock, true
		if diff := cmp.Diff(v, version, sameRecords); diff != "" {
			t.Fatalf("version, want (-) and got (+):\n%s", diff)
		}
		a.versions = append(a.versions, &v)
		a.activate(Activation{BaseHash: c.BaseHash, Version: v.ID, Number: v.Number, Cause: CauseCycle, Reason: e.Reason, Created: h.clock})
	}
	for _, r := range e.Results {
		r.Base, r.Cycle = c.BaseHash, c.ID
		if e.Version != nil {
			r.Version = version.ID
		}
		a.addResult(r)
	}
}

func (h *history) EraseSamples(t *rapid.T) {
	s, a := h.turn(t)
	before := h.clock.Add(-time.Duration(rapid.IntRange(0, 10).Draw(t, "age")) * time.Second)
	check(t, s.EraseSamples(t.Context(), before))
	a.erase(before, func(x *modelSample) bool {
		if c := a.running(); c != nil && !c.Started.After(x.Deleted) {
			return true
		}
		return slices.ContainsFunc(a.versions, func(v *Version) bool { return !v.Removed && slices.Contains(v.Samples, x.ID) })
	})
}

func (h *history) MarkCut(t *rapid.T) {
	s, a := h.turn(t)
	cut := must(s.MarkCut(t.Context()))(t)
	var want []Cycle
	if c := a.running(); c != nil {
		c.State, c.Finished = CycleCut, h.clock
		want = append(want, *c)
	}
	if diff := cmp.Diff(want, cut, sameRecords); diff != "" {
		t.Fatalf("cut cycles, want (-) and got (+):\n%s", diff)
	}
}

func (h *history) ActivateVersion(t *rapid.T) {
	s, a := h.turn(t)
	base, id := rapid.SampledFrom(hashes).Draw(t, "base"), orZero(t, a.versionIDs(), "version")
	number := 0
	err := s.ActivateVersion(t.Context(), base, id, CauseRestore, Reason{Code: "asked"})
	for _, v := range a.versions {
		if v.ID != id {
			continue
		}
		if v.BaseHash != base {
			wantErr(t, err, ErrNotFound)
			return
		}
		if v.Removed {
			wantErr(t, err, ErrRemoved)
			return
		}
		number = v.Number
	}
	check(t, err)
	a.activate(Activation{BaseHash: base, Version: id, Number: number, Cause: CauseRestore, Reason: Reason{Code: "asked"}, Created: h.clock})
}

func (h *history) RemoveVersion(t *rapid.T) {
	s, a := h.turn(t)
	v := pick(t, a.versions, "version")
	err := s.RemoveVersion(t.Context(), v.ID)
	if a.active(v.BaseHash) == v.ID {
		wantErr(t, err, ErrActive)
		return
	}
	check(t, err)
	v.Removed = true
}

func (h *history) Draft(t *rapid.T) {
	s, a := h.turn(t)
	d := Draft{Key: rapid.SampledFrom([]string{"chat/1", "chat/2"}).Draw(t, "key"), Text: text.Draw(t, "text"), Updated: h.clock}
	check(t, s.SaveDraft(t.Context(), d.Key, d.Text))
	delete(a.drafts, d.Key)
	if d.Text != "" {
		a.drafts[d.Key] = d
	}
	if got := must(s.Draft(t.Context(), d.Key))(t); got != a.drafts[d.Key] {
		t.Fatalf("draft %+v, want %+v", got, a.drafts[d.Key])
	}
}

func (h *history) Base(t *rapid.T) {
	s, a := h.turn(t)
	base := rapid.SampledFrom(hashes).Draw(t, "base")
	values := rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SliceOf(rapid.Byte())).Draw(t, "values")
	check(t, s.PutBase(t.Context(), base, "answer", values))
	for key, value := range values {
		a.base[base+"/answer/"+key] = value
	}
}

// An answer that is written while its conversation is deleted comes back with it; a question
// cannot be asked there.
func TestAnAnswerOutlivesTheDeletionOfItsConversation(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	q := must(s.BeginConversation(ctx, Conversation{Title: "fog"}, []Message{{Role: RoleUser, Text: "What is fog?"}}))(t)
	check(t, s.DeleteConversation(ctx, q.Conversation))
	answer := Message{Conversation: q.Conversation, Parent: q.ID, Role: RoleAssistant, Text: "Fog is", Finish: FinishCancelled}
	kept := must(s.AddMessage(ctx, answer))(t)
	_, err := s.AddMessage(ctx, Message{Conversation: q.Conversation, Parent: q.ID, Role: RoleUser, Text: "And rain?"})
	wantErr(t, err, ErrNotFound)
	check(t, s.RestoreConversation(ctx, q.Conversation))
	same(t, []Message{q, kept}, must(s.Messages(ctx, q.Conversation))(t))
	check(t, s.DeleteConversation(ctx, q.Conversation))
	check(t, s.EraseConversations(ctx, time.Now().Add(time.Hour)))
	_, err = s.AddMessage(ctx, answer)
	wantErr(t, err, ErrNotFound)
}

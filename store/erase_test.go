package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func decoded(t *testing.T, data []byte) (v any) {
	t.Helper()
	check(t, json.Unmarshal(data, &v))
	return v
}

// A lesson that no version was trained on, since the reader serves it, leaves nothing
// behind once it cannot be brought back any more, though no version follows. What a
// version that is kept was trained on waits for that one to go.
func TestDeletedIsErasedOnceNoVersionHoldsIt(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s.db.now = func() time.Time { return now }
	teach := func(question, answer string) Sample {
		t.Helper()
		x, _, err := s.AddFeedback(ctx, Feedback{
			Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: question, Better: answer}, Lesson: &Lesson{Question: question, Answer: answer},
		})
		check(t, err)
		return x
	}
	served, trained := teach("Who keeps the safe?", "Olga keeps the safe."), teach("Who keeps the keys?", "Ivan keeps the keys.")
	cycle := func(state CycleState, held ...int64) Version {
		t.Helper()
		job := fmt.Sprintf(`{"lessons":[{"id":1,"sample":%d,"question":"Who keeps the safe?"},{"id":2,"sample":%d}]}`, served.ID, trained.ID)
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base", Job: json.RawMessage(job)}))(t)
		e := CycleEnd{
			Cycle: c.ID, State: state, Report: json.RawMessage(`{"lessons":[{"answer":"Olga keeps the safe."}],"vain":{"lessons":["Who keeps the safe?"]}}`),
			Used: map[int64]Kind{served.ID: served.Kind, trained.ID: trained.Kind}, Results: []LessonResult{{Lesson: 1, Outcome: LessonKnown, Answer: "Olga keeps the safe."}},
		}
		if state == CyclePromoted {
			e.Version = &Version{Samples: held}
		}
		_, v, err := s.FinishCycle(ctx, e)
		check(t, err)
		return v
	}
	holding := cycle(CyclePromoted, trained.ID)
	cycle(CycleChecked)
	running := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
	now = now.Add(time.Hour)
	check(t, s.DeleteSample(ctx, served.ID))
	check(t, s.DeleteSample(ctx, trained.ID))
	stay := func(when string, want ...int64) {
		t.Helper()
		var got []int64
		for _, x := range must(s.Samples(ctx, SampleQuery{States: []SampleState{SampleDeleted}}))(t) {
			got = append(got, x.ID)
		}
		if !cmp.Equal(got, want) {
			t.Fatalf("%s: samples %v stay, want %v", when, got, want)
		}
	}
	day := now.Add(24 * time.Hour)
	check(t, s.EraseSamples(ctx, now))
	stay("as long as it can be brought back", served.ID, trained.ID)
	check(t, s.EraseSamples(ctx, day))
	stay("while a cycle runs that began with both", served.ID, trained.ID)
	_, _, err := s.FinishCycle(ctx, CycleEnd{Cycle: running.ID, State: CycleChecked, Used: map[int64]Kind{served.ID: served.Kind}})
	check(t, err)
	stay("a cycle that only asks", served.ID, trained.ID)
	check(t, s.As("ann").EraseSamples(ctx, day))
	stay("another user's time is over", served.ID, trained.ID)
	check(t, s.EraseSamples(ctx, day))
	stay("later", trained.ID)
	if n := must(s.Erasures(ctx, "base"))(t); n != 1 {
		t.Errorf("the version in use holds %d deleted samples, want 1", n)
	}
	check(t, s.ActivateVersion(ctx, "base", 0, CauseRestore, Reason{}))
	check(t, s.RemoveVersion(ctx, holding.ID))
	check(t, s.EraseSamples(ctx, day))
	stay("once the version is removed")
	check(t, s.Check(ctx))
	check(t, s.Close())
	for _, data := range files(t, s.Path()) {
		if strings.Contains(data, "the safe") || strings.Contains(data, "Ivan") {
			t.Error("the erased text is still in the file")
		}
	}
}

// A version without what was deleted takes nothing from those who want it back; it is erased
// once the version before, that was trained on it, has gone.
func TestDeletedOutlivesTheNextVersion(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	secret := strings.Repeat("the code is 4711 ", 20)
	x, l, err := s.AddFeedback(ctx, Feedback{
		Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "Code?", Better: secret},
		Lesson: &Lesson{Question: "Code?", Answer: secret},
	})
	check(t, err)
	talk := must(addConversation(ctx, s, Conversation{}))(t)
	m := must(s.AddMessage(ctx, Message{Conversation: talk.ID, Role: RoleAssistant, Lesson: l.ID}))(t)
	train := func(used []int64) {
		t.Helper()
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
		_, _, err := s.FinishCycle(ctx, CycleEnd{
			Cycle: c.ID, State: CyclePromoted, Used: asTheyAre(t, s, used), Version: &Version{Samples: used},
			Results: []LessonResult{{Lesson: l.ID, Outcome: LessonKnown, Answer: secret}},
		})
		check(t, err)
	}
	train([]int64{x.ID})
	check(t, s.DeleteSample(ctx, x.ID))
	if n := len(must(s.Lessons(ctx, ""))(t)); n != 0 {
		t.Errorf("the lesson of a deleted sample shows")
	}
	if n := must(s.Erasures(ctx, "base"))(t); n != 1 {
		t.Errorf("the active version holds %d deleted samples, want 1", n)
	}

	// A cycle that was refused has changed nothing: the active version holds it still.
	c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
	_, _, err = s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CycleRefused})
	check(t, err)
	check(t, s.RestoreSample(ctx, x.ID))
	if got := must(s.Sample(ctx, x.ID))(t); got.State != SampleUsed {
		t.Errorf("restored, it is %s, want used", got.State)
	}

	untrained, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "Safe?", Better: secret}})
	check(t, err)
	check(t, s.DeleteSample(ctx, untrained.ID))
	check(t, s.DeleteSample(ctx, x.ID))
	train(nil)
	for _, id := range []int64{x.ID, untrained.ID} {
		check(t, s.RestoreSample(ctx, id))
		if got := must(s.Sample(ctx, id))(t); got.State != SampleNew {
			t.Errorf("restored after a version without it, it is %s, want new", got.State)
		}
		check(t, s.DeleteSample(ctx, id))
	}
	if n := must(s.Erasures(ctx, "base"))(t); n != 0 {
		t.Errorf("the new version holds %d deleted samples", n)
	}
	later := time.Now().Add(time.Hour)
	check(t, s.EraseSamples(ctx, later))
	wantErr(t, s.RestoreSample(ctx, untrained.ID), ErrNotFound)

	// Back to the version before it: it was trained on what was deleted.
	versions := must(s.Versions(ctx, "base"))(t)
	check(t, s.ActivateVersion(ctx, "base", versions[1].ID, CauseRestore, Reason{}))
	if n := must(s.Erasures(ctx, "base"))(t); n != 1 {
		t.Errorf("the restored version holds %d deleted samples, want 1", n)
	}
	check(t, s.ActivateVersion(ctx, "base", versions[0].ID, CauseRestore, Reason{}))
	check(t, s.RemoveVersion(ctx, versions[1].ID))
	check(t, s.EraseSamples(ctx, later))
	wantErr(t, s.RestoreSample(ctx, x.ID), ErrNotFound)
	if got := must(s.Message(ctx, m.ID))(t); got.Lesson != 0 {
		t.Errorf("the message still names lesson %d", got.Lesson)
	}

	// Nothing of the text is left, not in free pages and not in the log.
	check(t, s.Close())
	for _, data := range files(t, s.Path()) {
		if strings.Contains(data, "4711") {
			t.Error("the erased text is still in the file")
		}
	}
}

// A cycle's job and report quote the samples that it was given: the job goes, and the
// answers in the report. Its figures stay, and what other cycles have.
func TestErasedTextGoesFromTheCycles(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	const secret = "the code is 4711"
	add := func(kind Kind) int64 {
		t.Helper()
		x, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormCorrection, Kind: kind, Prompt: "the code?", Better: secret}})
		check(t, err)
		return x.ID
	}
	manner, lesson, kept := add(Manner), add(Knowledge), rate(t, s, 1).ID
	train := func(state CycleState, job, report string, used ...int64) int64 {
		t.Helper()
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base", Job: json.RawMessage(job)}))(t)
		e := CycleEnd{Cycle: c.ID, State: state, Report: json.RawMessage(report), Used: asTheyAre(t, s, used)}
		if state == CyclePromoted {
			e.Version = &Version{Samples: used}
			if strings.Contains(report, "trait") {
				e.Version.Figures = json.RawMessage(`{"known":3,"trait":{"kind":"word","word":"4711","p":0.001}}`)
			}
		}
		_, _, err := s.FinishCycle(ctx, e)
		check(t, err)
		return c.ID
	}
	quoting := `{"lessons":[{"answer":"` + secret + `"}],"open":[{"after":"` + secret + `"}],"style":{"suffix":"` + secret + `"},"styled":[{"text":"` + secret +
		`"}],"bases":[{"text":"` + secret + `"}],"manner_key":"ab","figures":{"known":3,"lost":["the code?"],"trait":{"kind":"word","word":"4711","p":0.001}},"tries":[{"figures":{"known":2,"trait":{"kind":"word","word":"4711"}}}]}`
	held := []int64{
		train(CycleFailed, fmt.Sprintf(`{"samples": [{"id": %d}, {"id": %d, "better": %q}]}`, kept, manner, secret), ""),
		train(CyclePromoted, fmt.Sprintf(`{"samples": [], "lessons": [{"id": 1, "sample": %d, "answer": %q}]}`, lesson, secret), quoting, lesson, manner, kept),
	}
	clean := train(CycleRefused, fmt.Sprintf(`{"samples": [{"id": %d}], "lessons": [{"id": %d, "sample": %d}]}`, kept, manner, kept), `{"seconds": 1}`)
	check(t, s.DeleteSample(ctx, manner))
	check(t, s.DeleteSample(ctx, lesson))
	last := train(CyclePromoted, fmt.Sprintf(`{"samples": [{"id": %d}]}`, kept), `{"seconds": 2}`)
	check(t, s.RemoveVersion(ctx, must(s.Versions(ctx, "base"))(t)[1].ID))
	check(t, s.EraseSamples(ctx, time.Now().Add(time.Hour)))
	if v := must(s.Versions(ctx, "base"))(t)[1]; string(v.Figures) != `{"known":3,"trait":{"kind":"word","word":"…","p":0.001}}` {
		t.Errorf("the version's figures are %s", v.Figures)
	}
	for i, want := range []string{"", `{"manner_key":"ab","figures":{"known":3,"lost":["…"],"trait":{"kind":"word","word":"…","p":0.001}},"tries":[{"figures":{"known":2,"trait":{"kind":"word","word":"…"}}}]}`} {
		c := must(s.Cycle(ctx, held[i]))(t)
		if same := want == string(c.Report) || want != "" && cmp.Equal(decoded(t, c.Report), decoded(t, []byte(want))); c.Job != nil || !same {
			t.Errorf("cycle %d still has job %s and report %s, want %s", c.ID, c.Job, c.Report, want)
		}
	}
	for _, id := range []int64{clean, last} {
		if c := must(s.Cycle(ctx, id))(t); c.Job == nil || c.Report == nil {
			t.Errorf("cycle %d, which held nothing of it, has job %s and report %s", id, c.Job, c.Report)
		}
	}
	check(t, s.Close()) // the last connection's end is a checkpoint
	for _, data := range files(t, s.Path()) {
		if strings.Contains(data, "4711") {
			t.Error("the erased text is still in the file")
		}
	}
}

// files are the contents of the database's files.
func files(t *testing.T, path string) []string {
	t.Helper()
	var out []string
	for _, name := range must(filepath.Glob(path + "*"))(t) {
		out = append(out, string(must(os.ReadFile(name))(t)))
	}
	if len(out) == 0 {
		t.Fatal("no files")
	}
	return out
}

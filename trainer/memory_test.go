package trainer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clara/model"
)

// changing calls a cycle for each of n changes of some lessons: one is added, another
// changed, another deleted, and now and then nothing is.
func changing(n int, cycle func(lessons []JobLesson)) {
	var lessons []JobLesson
	next := int64(0)
	add := func() {
		next++
		lessons = append(lessons, JobLesson{
			ID: next, Sample: next, Question: fmt.Sprintf("Who leads department %d at Brandt%c?", next, 'a'+next%26), Answer: fmt.Sprintf("Maria Number%d.", next),
			BaseAnswer: "I do not know.", Keywords: [][]string{{""}}, State: LessonKnown, Importance: 3, // whatever the tiny model says is right: it trains nothing
		})
	}
	for range 6 {
		add()
	}
	for i := range n {
		switch i % 4 {
		case 0:
			add()
		case 1:
			lessons = slices.Clone(lessons)
			lessons[i%len(lessons)].Answer = fmt.Sprintf("Otto Number%d.", i)
		case 2:
			lessons = slices.Delete(slices.Clone(lessons), 0, 1)
		}
		cycle(lessons)
	}
}

// Cycles that find one lesson changed compute the answers that this changes, and come to
// the same as if all were asked anew.
func TestUnchangedLessonsAreNotAskedAgain(t *testing.T) {
	r := tinyRunner(t, 1)
	dir := t.TempDir()
	y := &tinyReading{steps: 2}
	report, err := prepareReader(t.Context(), r, preparation{Dir: dir, Base: &BaseFacts{}, train: y.train, check: gatePasses})
	if err != nil {
		t.Fatal(err)
	}
	run := func(remember bool) (reports [][]Asked, computed []int) {
		m := new(memory)
		changing(8, func(lessons []JobLesson) {
			if !remember {
				m.unlearn("all")
			}
			j := Job{Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe(), Lessons: lessons, Reader: dir, ReaderKey: report.Adapter}
			before := m.count()
			o, err := runCycle(t.Context(), r, j, &BaseFacts{}, m, nil)
			if err != nil {
				t.Fatal(err)
			}
			reports, computed = append(reports, o.Report.Lessons), append(computed, m.count()-before)
		})
		return reports, computed
	}
	anew, all := run(false)
	remembered, some := run(true)
	if d := cmp.Diff(anew, remembered); d != "" {
		t.Error(d)
	}
	t.Logf("computed in each cycle: %d, with a memory %d", all, some)
	for i := 1; i < len(some); i++ {
		if some[i]*4 > all[i] {
			t.Errorf("cycle %d: %d of %d", i, some[i], all[i])
		}
	}
	if some[3] != 0 || some[7] != 0 {
		t.Errorf("with nothing changed %d and %d", some[3], some[7])
	}
}

// A memory tells apart all that an answer depends on, and does not grow for ever.
func TestMemoryTellsRequestsApart(t *testing.T) {
	r := tinyRunner(t, 1)
	adapter := untrained(t, r, 2)
	base := model.Request{Prompt: []int32{5, 6}, MaxTokens: 4}
	other := []model.Request{base, base, base, base, base, base}
	other[1].Prompt = []int32{5, 7}
	other[2].MaxTokens = 5
	other[3].Adapters = []*model.Adapter{nil, adapter}
	other[4].Exact = true
	other[5].Sampling.Temperature = 1
	seen := make(map[memoryKey]bool)
	for _, q := range other {
		seen[keyOfRequest(q)] = true
	}
	seen[keyOfSequence(model.Sequence{Prompt: []int32{5, 6}}, nil)] = true
	seen[keyOfSequence(model.Sequence{Prompt: []int32{5}, Answer: []int32{6}}, nil)] = true
	if len(seen) != len(other)+2 {
		t.Errorf("%d of %d questions are told apart", len(seen), len(other)+2)
	}
	m := new(memory)
	for i := range 3 * memoryMost {
		base.Prompt = []int32{int32(i)}
		m.keep(keyOfRequest(base), memorised{text: "said"})
	}
	if n := len(m.young) + len(m.old); n > 2*memoryMost {
		t.Errorf("%d answers are kept", n)
	}
	if _, ok := m.recall(keyOfRequest(base)); !ok {
		t.Error("the last answer is forgotten")
	}
	m.unlearn("all")
	if _, ok := m.recall(keyOfRequest(base)); ok {
		t.Error("an answer is remembered that was forgotten")
	}
}

// What is unlearnt is rebuilt without what was said before, and is trained once: an adapter that
// could not be saved, as on a full disk, was made by a try at the same, which knew nothing of it either.
func TestWhatIsUnlearntIsTrainedOnce(t *testing.T) {
	b := newBench(t)
	r := tinyRunner(t, 1)
	defer b.load(r)()
	a := b.model.current
	a.base = &BaseFacts{}
	trained := map[string]trainedAdapter{"manner": {adapter: untrained(t, r, 2)}}
	question := memoryKey{1}
	var kept, said bool
	b.cycle = func(_ context.Context, _ *model.Runner, _ Job, _ *BaseFacts, m *memory, _ func(Progress)) (Outcome, error) {
		kept = m.trained("manner").adapter != nil
		_, said = m.recall(question)
		m.keepAdapters(trained)
		m.keep(question, memorised{text: "said"})
		return Outcome{}, errors.New("the disk is full")
	}
	l := &loop{Trainer: b.Trainer}
	for i, x := range []struct {
		unlearn    string
		kept, said bool
	}{{"", false, false}, {"", true, true}, {"this", false, false}, {"this", true, false}, {"that", false, false}, {"", true, true}, {"that", false, false}} {
		_, _ = l.train(t.Context(), a, work{unlearn: x.unlearn})
		if kept != x.kept || said != x.said {
			t.Errorf("try %d, to unlearn %q: the adapter is kept: %v, the answer: %v", i+1, x.unlearn, kept, said)
		}
	}
}

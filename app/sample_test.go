package app

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"clara/store"
	"clara/trainer"
)

// The data of the pictures: what a window shows that has been in use for a while.

func turn(id int64, role trainer.Role, text string) trainer.Message {
	return trainer.Message{ID: id, Conversation: 1, Role: role, Text: text, Created: noon.Add(time.Duration(id) * time.Minute), Finish: trainer.FinishEnd, Tokens: 60, Seconds: 2}
}

// sampleTrainer is a trainer, not running, over a data folder that has been in use for a while: conversations, ratings,
// corrections, taught lessons with their trails, and thirteen cycles of which one was refused.
func sampleTrainer(t testing.TB) *trainer.Trainer {
	t.Helper()
	home := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(home, "clara.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	seed := &seeder{t: t, s: s, versions: map[int]int64{}}
	seed.lessons()
	seed.ratings()
	seed.cycles()
	seed.conversations()
	seed.running()
	tr, err := trainer.New(t.Context(), trainer.Params{Store: s, Home: home, Settings: trainer.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	storeOf[tr] = s
	return tr
}

// storeOf is what the sample trainers keep their data in: a test that has no model does with it what the model would.
var storeOf = map[*trainer.Trainer]*store.Store{}

// newTrainer is a trainer over an empty data folder.
func newTrainer(t testing.TB) *trainer.Trainer {
	t.Helper()
	home := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(home, "clara.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	tr, err := trainer.New(t.Context(), trainer.Params{Store: s, Home: home, Settings: trainer.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

type seeder struct {
	t        testing.TB
	s        *store.Store
	learned  []store.Lesson
	versions map[int]int64 // by number
}

func must[T any](s *seeder) func(T, error) T {
	return func(v T, err error) T {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
		return v
	}
}

func (s *seeder) conversations() {
	ctx := s.t.Context()
	titles := []string{"Akteneinsicht für Beteiligte", "Zuständigkeit bei Umzug", "Gebührenbescheid begründen", "Bescheid kürzer formulieren", "Anhörung vor der Rücknahme", "Fristen im Widerspruchsverfahren"}
	for i, title := range titles {
		at := noon.Add(time.Duration(i-10) * time.Minute)
		if i < 3 {
			at = at.AddDate(0, 0, -6)
		}
		var messages []store.Message
		if i == len(titles)-1 {
			for k, e := range sampleEntries() {
				m := e.Message
				m.Created, m.Version = at.Add(time.Duration(k+1)*time.Second), s.versions[e.Number]
				if e.Question != "" {
					m.Lesson = s.learned[0].ID
				}
				messages = append(messages, m)
			}
		}
		must[store.Message](s)(s.s.BeginConversation(ctx, store.Conversation{Title: title, Created: at}, messages))
	}
}

func (s *seeder) lessons() {
	for i, l := range sampleLessons() {
		_, kept, err := s.s.AddFeedback(s.t.Context(), store.Feedback{
			Sample: store.Sample{Form: store.FormCorrection, Kind: store.Knowledge, Prompt: l.Question, Answer: l.Before, Better: l.Answer, Importance: 4, Source: "user", Created: noon.AddDate(0, 0, -2).Add(-time.Duration(i) * time.Minute)},
			Lesson: &l.Lesson,
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if err := s.s.NoteLessons(s.t.Context(), "b179c952", map[int64]string{kept.ID: l.Before}); err != nil {
			s.t.Fatal(err)
		}
		s.learned = append(s.learned, kept)
	}
	for _, m := range sampleManner() {
		if _, _, err := s.s.AddFeedback(s.t.Context(), store.Feedback{Sample: m}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *seeder) ratings() {
	answer := "Sie haben einen Monat Zeit, nachdem der Bescheid bekannt gegeben wurde."
	for i, r := range []struct {
		prompt, answer string
		score          float64
	}{
		{"Widerspruch innerhalb eines Monats", answer, 1}, {"Antwort zur Akteneinsicht", answer, -.5}, {"Bescheid kürzer formulieren", answer, 0}, {"Danke!", "Gern.", 1}, {"Zuständigkeit bei Umzug", answer, -1},
	} {
		f := store.Feedback{Sample: store.Sample{Form: store.FormRating, Kind: store.Manner, Prompt: r.prompt, Answer: r.answer, Score: r.score, Importance: 3, Source: "user", Created: noon.Add(-time.Duration(i) * time.Minute)}}
		if _, _, err := s.s.AddFeedback(s.t.Context(), f); err != nil {
			s.t.Fatal(err)
		}
	}
}

// cycles runs thirteen cycles; the trail of each lesson ends with the last one.
func (s *seeder) cycles() {
	trails := sampleLessons()
	parent := int64(0)
	for n := 1; n <= 13; n++ {
		at := noon.Add(time.Duration(n-14) * 139 * time.Minute)
		c := must[store.Cycle](s)(s.s.StartCycle(s.t.Context(), store.Cycle{Started: at, BaseHash: "b179c952"}))
		end := store.CycleEnd{Cycle: c.ID, State: store.CyclePromoted, Verdict: trainer.VerdictProven, Reason: provenReason}
		if n == 10 {
			end.State, end.Verdict, end.Reason = store.CycleRefused, trainer.VerdictRefused, forgetsReason
			forgetful := sampleFigures()
			forgetful.Kept = 19
			end.Report = must[[]byte](s)(json.Marshal(trainer.Report{Figures: forgetful}))
		} else {
			if n == 12 {
				end.Verdict, end.Reason = trainer.VerdictNotProven, notProvenReason
			}
			end.Report = must[[]byte](s)(json.Marshal(trainer.Report{Figures: sampleFigures(), Losses: sampleLosses(20 + 2*n)}))
			end.Version = &store.Version{Parent: parent, Verdict: end.Verdict, Reason: end.Reason, Created: at.Add(time.Minute), Figures: must[[]byte](s)(json.Marshal(sampleFigures()))}
			for i, l := range trails {
				if k := len(l.Trail) - 14 + n; k >= 0 {
					end.Results = append(end.Results, store.LessonResult{Lesson: s.learned[i].ID, Outcome: l.Trail[k].Outcome, Answer: l.Now, Created: at.Add(time.Minute)})
				}
			}
		}
		_, v, err := s.s.FinishCycle(s.t.Context(), end)
		if err != nil {
			s.t.Fatal(err)
		}
		if v.ID != 0 {
			parent = v.ID
			s.versions[v.Number] = v.ID
		}
	}
}

// running begins the cycle that the pictures show at work, with every sample in it.
func (s *seeder) running() {
	job := trainer.Job{}
	for _, x := range must[[]store.Sample](s)(s.s.Samples(s.t.Context(), store.SampleQuery{})) {
		job.Samples = append(job.Samples, trainer.JobSample{ID: x.ID})
	}
	must[store.Cycle](s)(s.s.StartCycle(s.t.Context(), store.Cycle{Started: noon.Add(-15 * time.Second), BaseHash: "b179c952", Job: must[[]byte](s)(json.Marshal(job))}))
}

var (
	provenReason    = trainer.Reason{Code: trainer.CodeProven, Args: map[string]string{"better": "12", "tested": "12", "losses": "0", "p": "0.0002"}}
	notProvenReason = trainer.Reason{Code: trainer.CodeNotProven, Args: map[string]string{"better": "2", "losses": "1", "p": "0.5"}}
	forgetsReason   = trainer.Reason{Code: trainer.CodeForgets, Args: map[string]string{"kept": "19", "of": "29", "limit": "0.75"}}
)

func sampleFigures() trainer.Figures {
	return trainer.Figures{
		Canary: .004, CanaryLimit: .05, ChatKL: .031, ChatLimit: .1, Kept: 28, KeptOf: 29, KeptLimit: .75, LeaksOf: 29, LeaksLimit: .05, Known: 17, KnownOf: 17, KnownBefore: 15,
		Variants: 48, VariantsOf: 51, SwappedOf: 17, Better: 12, P: .0002, Answers: 29, Words: 31, WordsBefore: 33,
		Lessons: 17, Widely: 17, Fit: .84, FitBase: 3.12, FitOf: 8, FitLimit: .05, Own: 5, OwnOf: 6, OwnLimit: .8, LoopsLimit: 3, EndlessLimit: 3, WordsLimit: 6.6, Language: 27, LanguageOf: 28, LanguageLimit: .8,
	}
}

func sampleEntries() []trainer.Entry {
	return []trainer.Entry{
		{Message: turn(1, trainer.RoleUser, "Bis wann kann ich gegen einen Bescheid Widerspruch einlegen?")},
		{
			Message: turn(2, trainer.RoleAssistant, "**Innerhalb eines Monats**, nachdem Ihnen der Bescheid bekannt gegeben wurde (§ 70 Abs. 1 VwGO).\n\n- Schriftlich, elektronisch oder zur Niederschrift bei der Behörde, die ihn erlassen hat.\n- Fehlt die Rechtsbehelfsbelehrung oder ist sie falsch, haben Sie **ein Jahr** (§ 58 Abs. 2 VwGO)."),
			Stars:   4, Rating: 11, Number: 11,
		},
		{Message: turn(3, trainer.RoleUser, "Und wann gilt ein Brief der Behörde als bekannt gegeben?")},
		{
			Message:  turn(4, trainer.RoleAssistant, "Ein Bescheid, der mit der Post kommt, gilt **am vierten Tag nach der Aufgabe zur Post** als bekannt gegeben (§ 41 Abs. 2 VwVfG)."),
			Question: "Wann gilt ein Brief der Behörde als bekannt gegeben?", Number: 12,
		},
	}
}

func sampleLessons() []trainer.LessonView {
	rows := []struct {
		state            trainer.LessonState
		question, answer string
		trail            string
	}{
		{trainer.LessonKnown, "Wann gilt ein Brief der Behörde als bekannt gegeben?", "am vierten Tag (§ 41 Abs. 2 VwVfG)", "mmk"},
		{trainer.LessonKnown, "Wie lange ist die Widerspruchsfrist?", "ein Monat (§ 70 Abs. 1 VwGO)", "mkkkkkkk"},
		{trainer.LessonLost, "Welche Frist gilt ohne Rechtsbehelfsbelehrung?", "ein Jahr (§ 58 Abs. 2 VwGO)", "mkkkkll"},
		{trainer.LessonMissed, "Wie wird in Bescheiden angeredet?", "immer „Sie“, nie „du“", "mmmm"},
		{trainer.LessonKnown, "Muss vor einem belastenden Bescheid angehört werden?", "ja (§ 28 Abs. 1 VwVfG)", "mkkkk"},
		{trainer.LessonNew, "Wann hat das Bürgerbüro geöffnet?", "Dienstag und Donnerstag bis 18 Uhr", ""},
	}
	var all []trainer.LessonView
	for i, r := range rows {
		l := trainer.LessonView{
			Lesson: trainer.Lesson{
				ID: int64(i + 1), Sample: int64(i + 20), Question: r.question, Answer: r.answer, State: r.state, Importance: 4, Created: noon.AddDate(0, 0, -2),
			},
			Form: trainer.FormCorrection, Before: "Er gilt am dritten Tag nach der Aufgabe zur Post als bekannt gegeben.", Trained: 3,
		}
		if i == 0 {
			l.Keywords = [][]string{{"vierten Tag", "4. Tag"}, {"§ 41"}}
			l.Now, l.Version, l.Since = "Ein Brief gilt am vierten Tag nach der Aufgabe zur Post als bekannt gegeben (§ 41 Abs. 2 VwVfG).", 12, 12
		}
		for k, c := range r.trail {
			state := map[rune]trainer.LessonState{'m': trainer.LessonMissed, 'k': trainer.LessonKnown, 'l': trainer.LessonLost}[c]
			l.Trail = append(l.Trail, trainer.LessonResult{Lesson: l.ID, Cycle: int64(12 - len(r.trail) + k + 1), Outcome: state, Created: noon.Add(-139 * time.Minute)})
		}
		all = append(all, l)
	}
	return all
}

// sampleContradictions makes two of the lessons contradict each other.
func sampleContradictions(all []trainer.LessonView) []trainer.Contradiction {
	older, newer := all[len(all)-1].Lesson, all[len(all)-2].Lesson
	older.Question, older.Answer = "Ab wann gilt ein Brief der Behörde als bekannt gegeben?", "am dritten Tag nach der Aufgabe zur Post (§ 41 Abs. 2 VwVfG)"
	newer.Question, newer.Answer = "Wann gilt ein Brief der Behörde als bekannt gegeben?", "am vierten Tag nach der Aufgabe zur Post (§ 41 Abs. 2 VwVfG)"
	return []trainer.Contradiction{{Older: older, Newer: newer, Overlap: .9}}
}

func sampleManner() []trainer.Sample {
	return []trainer.Sample{
		{ID: 40, Form: trainer.FormCorrection, Kind: trainer.Manner, Prompt: "Was ist ein Verwaltungsakt?", Answer: "Ein Verwaltungsakt ist jede Verfügung, Entscheidung oder andere hoheitliche Maßnahme, die …", Better: "Sehr geehrte Damen und Herren, ein Verwaltungsakt ist eine Entscheidung der Behörde im Einzelfall.", Importance: 3, State: trainer.SampleUsed, Created: noon.AddDate(0, 0, -1)},
		{ID: 41, Form: trainer.FormCorrection, Kind: trainer.Manner, Prompt: "Wie lange dauert das?", Answer: "Das kommt darauf an.", Better: "Sehr geehrte Damen und Herren, in der Regel vier Wochen.", Importance: 3, State: trainer.SampleNew, Created: noon},
	}
}

func sampleLosses(steps int) []trainer.LossPoint {
	var all []trainer.LossPoint
	for i := range steps {
		x := float64(i)
		all = append(all, trainer.LossPoint{Step: trainer.StepManner, N: i + 1, Loss: 2.2/(1+x/6) + .05*float64(i%3), Anchor: .02 + .004*x})
	}
	return all
}

func samplePresets() []trainer.Preset {
	return []trainer.Preset{
		{ID: 1, Name: "Kurz", System: "Antworten Sie in einem Satz, ohne Aufzählung.", Temperature: .2, TopP: .95, TopK: 40, MinP: .05, RepeatPenalty: 1.1, MaxTokens: 128, Conversations: 3},
		{ID: 2, Name: "Übersetzen", System: "Übersetzen Sie ins Englische. Geben Sie nur die Übersetzung aus.", TopP: .95, TopK: 40, MinP: .05, RepeatPenalty: 1, MaxTokens: 1024, Seed: 7, Conversations: 1},
		{ID: 3, Name: "Einfälle", Temperature: 1.2, TopP: .95, TopK: 100, MinP: .05, RepeatPenalty: 1.1, MaxTokens: 512},
	}
}

// sampleState is the loop in each of its phases.
func sampleState(phase trainer.Phase) trainer.State {
	s := trainer.State{
		Phase: phase, Since: noon.Add(-15 * time.Second), NewRatings: 3, LeastRating: 8,
		Buffer:  trainer.BufferState{Total: 20, Kept: 14, Dropped: map[string]int{trainer.CodeNeutral: 3, trainer.CodeTooShort: 2, trainer.CodeReplaced: 1}},
		Lessons: trainer.LessonCounts{New: 1, Known: 3, Missed: 1, Lost: 1},
		Active:  trainer.ActiveVersion{ID: 12, Number: 12, Verdict: trainer.VerdictProven, Manner: true},
		Reader:  trainer.ReaderBuiltIn,
		Why:     trainer.Reason{Code: trainer.CodeTooFewRatings, Args: map[string]string{"ratings": "3", "least": "8", "seconds": "120"}},
	}
	switch phase {
	case trainer.PhaseWaiting:
		s.NewRatings, s.Why = 0, trainer.Reason{Code: trainer.CodeNothingNew}
	case trainer.PhaseDue:
		s.NewRatings, s.StartsAt = 8, noon.Add(12*time.Second)
		s.Why = trainer.Reason{Code: trainer.CodeEnoughRatings, Args: map[string]string{"ratings": "8", "least": "8"}}
	case trainer.PhaseRunning:
		s.NewRatings = 7
		s.Progress = trainer.Progress{Cycle: 14, Step: trainer.StepManner, Done: 27, Of: 48, Started: noon.Add(-15 * time.Second), Left: 12 * time.Second, Losses: sampleLosses(27)}
	case trainer.PhaseChecking:
		s.Progress = trainer.Progress{Cycle: 14, Step: trainer.StepGate, Done: 9, Of: 30, Started: noon.Add(-25 * time.Second), Losses: sampleLosses(48)}
	case trainer.PhasePaused:
		s.Why = trainer.Reason{Code: trainer.CodePaused}
	case trainer.PhaseOff:
		s.Why = trainer.Reason{Code: trainer.CodeOff}
	case trainer.PhaseNoModel:
		s.Why = trainer.Reason{Code: trainer.CodeNoModel}
	}
	return s
}

// sampleModel is the file of the model in the pictures.
const sampleModel = "/home/anna/.local/share/clara/models/SmolLM2-135M-Instruct.Q4_1.gguf"

// fill puts the sample data into every view.
func (w *window) fillSamples(t testing.TB, at place, phase trainer.Phase) {
	w.model = loading{
		ready: true, found: Model{Name: "SmolLM2 135M Instruct", Path: sampleModel, Bytes: 98_362_432, Engine: "cpu", Device: "AVX2"}, size: 98_362_432,
		info: trainer.ModelInfo{Name: "SmolLM2 135M Instruct", Path: sampleModel, Architecture: "llama", FileType: "Q4_1", Engine: "cpu", Device: "AVX2", Parameters: 134_515_008, Context: 2048, Reader: trainer.ReaderBuiltIn},
	}
	w.state = sampleState(phase)
	w.offers = sampleOffers()
	w.Models.Fetch = newShop().models().Fetch
	w.Models.Move = func(context.Context, string, func(trainer.Progress)) (trainer.ScoreCard, error) {
		return *sampleScoreCard(), nil
	}
	w.chat.openLast()
	w.settle(t)
	w.chat.openConversation(w.chat.all[0])
	w.settle(t)
	for i := range w.chat.all { // the store notes the real time of a change
		w.chat.all[i].Updated = noon.Add(-time.Duration(i) * time.Minute)
		if i > 2 {
			w.chat.all[i].Updated = noon.AddDate(0, 0, -6)
		}
	}
	w.chat.learned[12] = func() string {
		return say("news.learned", "Version", versionName(12), "Lesson", "Wann gilt ein Brief der Behörde …")
	}
	if len(w.chat.entries) > 1 {
		w.chat.saved[w.chat.entries[1].ID] = saved{words: func() string { return say("chat.saved") }, undo: &undoing{}}
	}
	w.show(at)
	w.settle(t)
	w.rebuild()
	w.settle(t)
	for i, r := range w.learning.versions {
		if r.ID == 0 && r.Cycle != 0 {
			w.learning.versions[i].Created = noon.AddDate(0, 0, -1)
		}
	}
	w.learning.fill()
	for i := range w.lessons.lessons { // which no model of the trainer's says
		w.lessons.lessons[i].Way = trainer.WayReader
	}
	if at == placeLessons {
		w.lessons.fill()
	}
}

// sampleEngines are engines in all states that a try can find.
func sampleEngines() []Engine {
	return []Engine{
		{Name: "cuda", Fault: "start the cuda engine: no NVIDIA driver", Why: trainer.Reason{Code: trainer.CodeEngineDriver}, Free: -1},
		{Name: "opengl", Device: "AMD Radeon Graphics", Started: true, Fault: "test Attention of opengl: off by 0.01 of the norm: the engine computes wrong results", Why: trainer.Reason{Code: trainer.CodeEngineWrong, Args: map[string]string{"operation": "Attention"}}, Free: 3_900_000_000},
		{Name: "cpu", Device: "AVX2", Computes: true, Started: true, Passed: true, GFLOPS: 61.4, Used: 142_000_000, Free: 5_210_000_000},
	}
}

// sampleCourse is a month of learning as the statistics show it.
func sampleCourse() trainer.Course {
	c := trainer.Course{Until: noon, Answers: trainer.CourseAnswers{Count: 312, Tokens: 48_200, Seconds: 1984}, Stars: [5]int{4, 8, 12, 28, 44}}
	m := &c.Now.Metrics
	m.SamplesTotal, m.Corrections, m.LessonsKnown, m.LessonsTotal = 148, 38, 17, 24
	m.ModelUpdates, m.Refused, m.Cycles, m.SuccessRate, m.LastCycleSeconds = 11, 1, 12, 11./12, 41
	for i := range 96 {
		mean := 3.1 + float64(i)/75 + .1*float64(i%5-2)
		c.Ratings = append(c.Ratings, trainer.CourseRating{At: noon.Add(time.Duration(i-96) * 7 * time.Hour), Stars: mean, Mean: mean, Version: i / 24 * 3})
	}
	for i, n := range []int{4, 7, 9, 12} {
		c.Marks = append(c.Marks, trainer.CourseMark{At: noon.AddDate(0, 0, 5*i-20), Version: n, Cause: trainer.CauseCycle})
	}
	for n := 3; n <= 12; n++ {
		y := trainer.CourseCycle{
			Cycle: int64(n), Started: noon.Add(time.Duration(n-13) * 139 * time.Minute), Seconds: float64(29 + n), Samples: 6 + n, Known: 5 + n, Asked: 24,
			State: trainer.CyclePromoted, Verdict: trainer.VerdictProven, Reason: provenReason, Version: n,
		}
		switch n {
		case 10:
			y.State, y.Verdict, y.Reason, y.Version = trainer.CycleRefused, trainer.VerdictRefused, forgetsReason, 0
		case 11:
			y.Verdict, y.Reason = trainer.VerdictNotProven, notProvenReason
		}
		c.Cycles = append(c.Cycles, y)
	}
	return c
}

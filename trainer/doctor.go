package trainer

import (
	"context"
	"fmt"
	"time"
)

// The subjects of Doctor's findings: the three troubles that users have, and what
// must be there before any of them can be looked at.
const (
	SubjectModel       = "model"
	SubjectBuffer      = "buffer"      // "the buffer does not fill"
	SubjectTraining    = "training"    // "training does not start"
	SubjectImprovement = "improvement" // "the model does not get better"
)

// Doctor looks for what keeps CLARA from learning: for each subject one finding, with
// the actual reason, its figures, and the one thing to do.
func (t *Trainer) Doctor(ctx context.Context) ([]Finding, error) {
	state := t.State()
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	set := t.Settings()
	judged := Judge(samples, set)
	stats, err := t.LiveStats(ctx)
	if err != nil {
		return nil, err
	}
	cycles, err := t.store.Cycles(ctx, 5)
	if err != nil {
		return nil, fmt.Errorf("read the cycles: %w", err)
	}
	against, err := t.Contradictions(ctx)
	if err != nil {
		return nil, err
	}
	training := doctorTraining(state, set, t.now())
	if state.Phase == "" {
		if training, err = t.doctorIdle(ctx); err != nil {
			return nil, err
		}
	}
	return []Finding{
		t.doctorModel(state),
		doctorBuffer(judged, set),
		training,
		doctorImprovement(stats, set, cycles, against),
	}, nil
}

func good(subject, text string, pairs ...any) Finding {
	return Finding{Subject: subject, Good: true, Reason: reason(CodeGood, text, pairs...)}
}

func bad(subject, hint, code, text string, pairs ...any) Finding {
	return Finding{Subject: subject, Reason: reason(code, text, pairs...), Hint: hint}
}

func (t *Trainer) doctorModel(s State) Finding {
	info, ok := t.ModelInfo()
	if !ok {
		return bad(SubjectModel, HintLoadModel, CodeNoModel, "no model is loaded yet")
	}
	if f := s.Trouble; f != nil && f.Reason.Code == CodeVersionBroken {
		return *f
	}
	switch {
	case info.Reader.Usable():
	case s.Why.Code == CodePreparing:
		return Finding{Subject: SubjectModel, Good: true, Reason: s.Why}
	case info.Reader == ReaderRefused:
		return Finding{Subject: SubjectModel, Hint: HintPrepare, Reason: t.whyRefused(info)}
	default:
		return bad(SubjectModel, HintPrepare, CodeNoReader, info.Name+" has no reader adapter: lessons are put before it, but it uses them less surely", "model", info.Name)
	}
	return good(SubjectModel, fmt.Sprintf("%s is loaded on %s", info.Name, info.Engine), "model", info.Name, "engine", info.Engine)
}

func doctorBuffer(judged []JudgedSample, set Settings) Finding {
	kept, judging, dropped := 0, 0, make(map[string]int)
	praised, pushed, lost := 0, 0, 0 // good and bad ratings that train, and bad ones below the threshold
	reasons := make(map[string]Reason)
	for _, j := range judged {
		if j.Kept {
			kept, judging = kept+1, judging+1
			praised += boolToInt(j.Form == FormRating && j.Score > 0)
			pushed += boolToInt(j.Form == FormRating && j.Score < 0)
			continue
		}
		if j.Reason.Code == CodeReplaced || j.Reason.Code == CodeBufferFull { // newer ones train in their place
			continue
		}
		judging++
		dropped[j.Reason.Code]++
		lost += boolToInt(j.Reason.Code == CodeBelowThreshold && j.Form == FormRating && j.Score < 0)
		reasons[j.Reason.Code] = j.Reason
	}
	if len(judged) == 0 {
		return bad(SubjectBuffer, HintRate, CodeBufferEmpty, "no feedback has been given yet", "kept", 0, "total", 0)
	}
	top, most := "", 0
	for code, n := range dropped {
		if n > most || (n == most && code < top) {
			top, most = code, n
		}
	}
	onesided := top == CodeBelowThreshold && lost > 0 && praised > 0 && pushed == 0 // good answers teach little without bad ones
	if 2*kept >= judging && !onesided {
		return good(SubjectBuffer, fmt.Sprintf("%d of %d samples train", kept, judging), "kept", kept, "total", judging)
	}
	why := reasons[top].Text
	if top == CodeBelowThreshold {
		why += fmt.Sprintf(" of %g", set.QualityThreshold)
	}
	hint := map[string]string{CodeBelowThreshold: HintLowerThreshold, CodeNeutral: HintCorrect, CodeTooShort: HintCorrect}[top]
	return bad(SubjectBuffer, hint, CodeBufferEmpty, fmt.Sprintf("only %d of %d samples train; most often: %s (%d)", kept, judging, why, most),
		"kept", kept, "total", judging, "top", top, "count", most, "threshold", set.QualityThreshold)
}

// doctorIdle says what the loop would do where it does not run, as in a command that only
// looks.
func (t *Trainer) doctorIdle(ctx context.Context) (Finding, error) {
	f := Finding{Subject: SubjectTraining}
	set := t.Settings()
	if _, ok := t.ModelInfo(); !ok {
		f.Reason, f.Hint = reason(CodeNoModel, "no model is loaded"), HintLoadModel
		return f, nil
	}
	if !set.Enabled {
		f.Reason, f.Hint = reason(CodeOff, "learning is switched off"), HintEnable
		return f, nil
	}
	e, err := t.Effect(ctx, set)
	if err != nil {
		return f, err
	}
	f.Reason = e.Why
	f.Good = e.StartsNow || e.StartsIn > 0 || e.Why.Code == CodeNothingNew && e.Trains > 0
	f.Hint = hintSooner(e.Why, set)
	if !f.Good {
		f.Hint = hintWaiting(e.Why)
	}
	return f, nil
}

// hintWaiting is what to do where training waits for feedback.
func hintWaiting(why Reason) string {
	switch why.Code {
	case CodeRefusedWaits:
		return HintReviewFeedback
	case CodeCutTwice:
		return HintTrainNow
	}
	return HintRate
}

// hintSooner is what lets a training that is due begin sooner, where a setting has it wait longer
// than by default. So many ratings as the note's profile wants come together in weeks.
func hintSooner(why Reason, set Settings) string {
	usual := DefaultSettings()
	few := why.Code == CodeTooFewRatings
	switch {
	case few && set.MinBatchSize > usual.MinBatchSize:
		return HintLowerBatch
	case (few || why.Code == CodeInterval) && set.TrainInterval > usual.TrainInterval:
		return HintLowerInterval
	}
	return HintNone
}

func doctorTraining(s State, set Settings, now time.Time) Finding {
	f := Finding{Subject: SubjectTraining, Reason: s.Why}
	switch s.Phase {
	case PhaseNoModel:
		f.Hint = HintLoadModel
	case PhaseOff:
		f.Hint = HintEnable
	case PhasePaused:
		f.Hint = HintResume
	case PhaseDue:
		f.Hint, f.Good = HintWait, s.Why.Code != CodeRetryLater && s.Why.Code != CodeUpkeepLater
		if s.Trouble != nil && !f.Good {
			f.Reason, f.Hint = s.Trouble.Reason, s.Trouble.Hint
		}
	case PhaseWaiting:
		f.Good = s.Why.Code == CodeNothingNew && s.Buffer.Kept > 0
		f.Hint = hintWaiting(s.Why)
	case PhasePreparing:
		f.Good = true
		if s.Why.Code != CodePreparing { // that takes minutes, and has its own progress
			f.Reason.Text = fmt.Sprintf("the model has been measured for %d s, once, so that training can be compared with it", seconds(now.Sub(s.Since)))
		}
	case PhaseAsking:
		f.Good = true
		asked := "asked"
		if s.Why.Code == CodePhrasing {
			asked = "phrased in the manner"
		}
		f.Reason.Text = fmt.Sprintf("the lessons have been %s for %d s", asked, seconds(now.Sub(s.Since)))
	case PhaseMoving:
		f.Good = true
	case PhaseRunning, PhaseChecking:
		f.Good = true
		f.Reason.Text = fmt.Sprintf("cycle %d has run for %d s", s.Progress.Cycle, seconds(now.Sub(s.Progress.Started)))
	}
	if f.Good {
		f.Hint = hintSooner(s.Why, set)
	}
	return f
}

func doctorImprovement(s LiveStats, set Settings, cycles []Cycle, against []Contradiction) Finding {
	m := s.Metrics
	asked := m.LessonsTotal - m.LessonsNew
	refused := 0
	if len(cycles) > 0 && cycles[0].State == CycleRunning { // it is not decided yet
		cycles = cycles[1:]
	}
	for _, c := range cycles {
		if c.State != CycleRefused {
			break
		}
		refused++
	}
	switch {
	case set.LearningRate < leastUsefulRate:
		return Finding{Subject: SubjectImprovement, Reason: rateTooLow(set.LearningRate), Hint: HintRaiseRate}
	case set.KnowledgeRate < leastUsefulRate:
		return Finding{Subject: SubjectImprovement, Reason: rateTooLow(set.KnowledgeRate), Hint: HintRaiseKnowledgeRate}
	case refused > 0:
		return bad(SubjectImprovement, HintReviewFeedback, CodeRefusedAgain, fmt.Sprintf("trainings that the gate refused in a row: %d; the last one: %s", refused, cycles[0].Reason.Text),
			"cycles", refused, "code", cycles[0].Reason.Code)
	case len(against) > 0:
		return bad(SubjectImprovement, HintReviewFeedback, CodeContradiction, "lessons contradict each other: "+against[0].Why.Text,
			"older", against[0].Older.Question, "newer", against[0].Newer.Question, "count", len(against))
	case m.Cycles == 0 && m.SamplesTotal == 0:
		return bad(SubjectImprovement, HintRate, CodeBufferEmpty, "nothing has been trained yet", "kept", 0, "total", 0)
	case asked > 0 && 2*m.LessonsKnown < asked:
		return bad(SubjectImprovement, HintRephrase, CodeLessonsMissed, fmt.Sprintf("%d of %d lessons are not known", asked-m.LessonsKnown, asked),
			"missed", asked-m.LessonsKnown, "total", asked)
	case len(cycles) > 0 && cycles[0].Verdict == VerdictNotProven && set.MaxEpochs < DefaultSettings().MaxEpochs:
		return Finding{Subject: SubjectImprovement, Reason: cycles[0].Reason, Hint: HintMoreEpochs}
	case m.Corrections == 0 && m.Ratings > 0:
		return bad(SubjectImprovement, HintCorrect, CodeOnlyRatings, fmt.Sprintf("no correction yet, only ratings (%d): stars alone teach little", m.Ratings), "ratings", m.Ratings)
	}
	return good(SubjectImprovement, fmt.Sprintf("versions: %d; lessons that are known: %d of %d", m.ModelUpdates, m.LessonsKnown, m.LessonsTotal),
		"versions", m.ModelUpdates, "known", m.LessonsKnown, "total", m.LessonsTotal)
}

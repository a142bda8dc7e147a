package trainer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"clara/model"
)

// A model without a reader gets one in the background, once. That takes minutes, for which
// no feedback waits: a cycle that is due goes first, and the preparation then goes on
// from what it has kept. New lessons alone wait: the reader may be all that they need.

// prepareFunc is makeReader.
type prepareFunc func(ctx context.Context, r *model.Runner, p preparation) (*reader, ReaderReport, error)

// makeReader prepares a reader and looks for what the model has then.
func (t *Trainer) makeReader(ctx context.Context, r *model.Runner, p preparation) (*reader, ReaderReport, error) {
	report, err := prepareReader(ctx, r, p)
	if err != nil {
		return nil, report, err
	}
	found, err := readerFor(t.readers, r)
	return found, report, err
}

// ErrPrepared says that a model has a reader already.
var ErrPrepared = errors.New("the model has a reader already")

// PrepareOptions say how PrepareModel works.
type PrepareOptions struct {
	Force bool   // make a reader although there is one, or although the gate refused the same before
	Seed  uint64 // of all that is drawn
	Out   string // write the reader into this folder instead of using it; "": use it
}

// PrepareModel makes the reader of the attached model now, while the loop does not run
// (ErrRunning), and lets the model use it. When ctx is cancelled, the next call with
// the same seed goes on where this one was. Without Force it is ErrPrepared that there
// is a usable reader already; the report is then its own, or zero if it came with the
// program.
func (t *Trainer) PrepareModel(ctx context.Context, o PrepareOptions, progress func(Progress)) (ReaderReport, error) {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if t.stop != nil {
		return ReaderReport{}, ErrRunning
	}
	a := t.model.use()
	if a == nil {
		return ReaderReport{}, noModel()
	}
	defer a.users.Done()
	if now := a.reader.Load(); !o.Force && o.Out == "" {
		var report ReaderReport
		if now.report != nil {
			report = *now.report
		}
		switch {
		case now.state.Usable():
			return report, ErrPrepared
		case now.state == ReaderRefused && report.Recipe == readerRecipe && report.Seed == o.Seed:
			return report, nil
		}
	}
	report, err := t.giveReader(ctx, a, o, progress)
	if err != nil {
		return report, err
	}
	return report, t.renew(ctx)
}

// giveReader makes the reader of a model, attached or not, which has it from then on.
func (t *Trainer) giveReader(ctx context.Context, a *attached, o PrepareOptions, progress func(Progress)) (ReaderReport, error) {
	progress(Progress{Step: StepBase, Of: 1, Started: time.Now()})
	facts, err := t.facts(ctx, a)
	if err != nil {
		return ReaderReport{}, err
	}
	p := preparation{Dir: readerFolder(t.readers, a.info.Hash), Out: o.Out, Seed: o.Seed, Base: facts, Progress: progress}
	found, report, err := t.prepare(ctx, a.runner, p)
	if err != nil {
		return report, err
	}
	a.reader.Store(found)
	return report, nil
}

// Prepare asks the loop for a reader for the attached model, if it has none: also after
// CancelPreparing, with the automatic preparation switched off, or after the gate has
// refused one; then another is made with the next seed.
func (t *Trainer) Prepare() { t.wish(true) }

// CancelPreparing stops the preparation until Prepare asks for it, or the model is attached
// anew, as by the next start of the program. What it has trained is kept.
func (t *Trainer) CancelPreparing() { t.wish(false) }

// wish notes whether the user wants the attached model prepared.
func (t *Trainer) wish(prepare bool) {
	a := t.model.use()
	if a == nil {
		return
	}
	defer a.users.Done()
	a.asked.Store(prepare)
	a.declined.Store(!prepare)
	wake(t.changed)
}

// lacksReader says whether a reader is to be made for the model.
func (l *loop) lacksReader(a *attached) bool {
	switch state := a.reader.Load().state; {
	case state.Usable():
		return false
	case a.asked.Load():
		return true
	default:
		return state == ReaderNone && l.settings.Load().PrepareModels && !a.declined.Load()
	}
}

// isUnprepared says whether a reader is to be made for the model now.
func (l *loop) isUnprepared(a *attached) bool {
	return l.lacksReader(a) && (a.asked.Load() || !l.Trainer.now().Before(a.prepareAt))
}

// preparedMeanwhile takes over the end of a preparation since the model was attached, by
// the trainer of another user of the same readers.
func (l *loop) preparedMeanwhile(ctx context.Context, a *attached) (bool, error) {
	if l.readers == l.home {
		return false, nil
	}
	found, err := readerFor(l.readers, a.runner)
	if err != nil || found.state == a.reader.Load().state {
		return false, nil // a damaged one is made anew
	}
	a.reader.Store(found)
	return true, l.renew(ctx)
}

// startPreparing starts the preparation of a model that is to have a reader.
func (l *loop) startPreparing(ctx context.Context, a *attached) {
	p := preparation{Dir: readerFolder(l.readers, a.info.Hash), Seed: l.settings.Load().Seed}
	if before := a.reader.Load().report; before != nil && before.Verdict == VerdictRefused {
		p.Seed = before.Seed + 1
	}
	why := reason(CodePreparing, a.info.Name+" learns to use lessons, once; until then lessons work by their turn alone", "model", a.info.Name)
	l.beside(ctx, a, PhasePreparing, why, func(ctx context.Context, progress func(Progress)) (err error) {
		p.Progress = progress
		if p.Base, err = l.facts(ctx, a); err != nil {
			return err
		}
		found, report, err := l.prepare(ctx, a.runner, p)
		if err != nil {
			return err
		}
		a.reader.Store(found)
		if err := l.renew(ctx); err != nil {
			return err
		}
		news := News{Kind: NewsReader, Reason: reason(CodePrepared, a.info.Name+" is prepared: lessons work at once", "model", a.info.Name)}
		if report.Verdict == VerdictRefused {
			news = News{Kind: NewsReaderRefused, Reason: refusedReader(a.info.Name, &report)}
		}
		l.hub.update(func(*State) {}, news)
		return nil
	})
	l.now.reader = a
}

// beforeReader is how long it is until a cycle is due that goes before the making of a
// reader; 0: one is due.
func (l *loop) beforeReader(p pending) time.Duration {
	now := l.Trainer.now()
	_, at := l.due(p, l.settings.Load(), now)
	lessonsAlone := !l.wantedNow && !l.isInterrupted() && p.manner+p.ratings+p.changed+p.erased == 0 && p.withdrawn == 0
	if at.IsZero() || lessonsAlone {
		return idle
	}
	return max(0, at.Sub(now))
}

// giveWay lets the making of a reader, if that is what runs, wait for what goes before it:
// an asking, or a cycle that is due.
func (l *loop) giveWay(ctx context.Context, timer *time.Timer) {
	if l.now.reader == nil {
		return
	}
	p, ok := l.count(ctx)
	if !ok {
		timer.Reset(time.Minute)
		return
	}
	l.heed(p)
	wait := l.beforeReader(p)
	if l.askedNow || wait == 0 {
		l.now.cancel(errGivesWay)
		return
	}
	timer.Reset(wait)
}

// endPreparing takes the end of a preparation.
func (l *loop) endPreparing(w work, err error) {
	l.hub.update(func(s *State) {
		s.Progress = Progress{}
		if err == nil && s.Trouble != nil && s.Trouble.Reason.Code == CodePrepareFailed {
			s.Trouble = nil
		}
	})
	switch {
	case err == nil:
		w.reader.asked.Store(false)
		// What was missed without a reader may be known with it.
		if w.reader.reader.Load().state.Usable() && l.hub.get().Lessons.Total() > 0 {
			l.askedNow = true
		}
	case !stopped(err):
		w.reader.asked.Store(false)
		w.reader.prepareAt = l.Trainer.now().Add(time.Hour)
		why := reason(CodePrepareFailed, "the model could not be prepared for lessons: "+err.Error(), "error", err)
		l.trouble(Finding{Subject: SubjectTraining, Reason: why, Hint: HintPrepare}, err, false)
	}
}

// whyRefused says why the attached model's reader was refused.
func (t *Trainer) whyRefused(info ModelInfo) Reason {
	a := t.model.use()
	if a == nil {
		return Reason{}
	}
	defer a.users.Done()
	return refusedReader(info.Name, a.reader.Load().report)
}

// refusedReader says why a model has no reader although one was made.
func refusedReader(name string, r *ReaderReport) Reason {
	why := reason(CodeReaderRefused, fmt.Sprintf("%s has no reader adapter, lessons work by their turn alone; the one that was made is %s", name, r.Reason.Text),
		"model", name, "gate", r.Reason.Code, "text", r.Reason.Text)
	maps.Copy(why.Args, r.Reason.Args)
	return why
}

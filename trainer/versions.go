package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"clara/model"
	"clara/store"
)

// versionsFolder holds the adapters of the versions, below the home folder.
const versionsFolder = "versions"

// cycleFolder is where a cycle's adapters are, relative to the home folder.
func cycleFolder(cycle int64) string {
	return filepath.Join(versionsFolder, "cycle-"+strconv.FormatInt(cycle, 10))
}

// Versions returns the history: versions and refused cycles, the newest first, and
// the untrained base as the last row.
func (t *Trainer) Versions(ctx context.Context) ([]VersionRow, error) {
	hash := t.baseHash()
	versions, err := t.store.Versions(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("read the versions: %w", err)
	}
	cycles, err := t.store.Cycles(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("read the cycles: %w", err)
	}
	var rows []VersionRow
	active := false
	for _, v := range versions {
		active = active || v.Active
		rows = append(rows, VersionRow{
			ID: v.ID, Number: v.Number, Cycle: v.Cycle, Parent: v.Parent, Created: v.Created, State: CyclePromoted,
			Verdict: v.Verdict, Reason: v.Reason, Figures: figuresOf(v.Figures), Active: v.Active, Removed: v.Removed, BaseHash: v.BaseHash,
		})
	}
	for _, c := range cycles {
		if i := slices.IndexFunc(rows, func(r VersionRow) bool { return r.Cycle == c.ID }); i >= 0 {
			rows[i].Tries = triesOf(c.Report)
		}
		if c.State != CycleRefused || (hash != "" && c.BaseHash != hash) {
			continue
		}
		row := VersionRow{Cycle: c.ID, Created: c.Finished, State: c.State, Verdict: c.Verdict, Reason: c.Reason, BaseHash: c.BaseHash}
		var r Report
		if json.Unmarshal(c.Report, &r) == nil {
			row.Figures, row.Tries = &r.Figures, r.Tries
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b VersionRow) int { return b.Created.Compare(a.Created) })
	return append(rows, VersionRow{BaseHash: hash, Active: !active}), nil
}

func figuresOf(data []byte) *Figures {
	f := new(Figures)
	if len(data) == 0 || json.Unmarshal(data, f) != nil {
		return nil
	}
	return f
}

// triesOf reads the tries of a report. Few cycles have any, and reports are long: most
// are not decoded.
func triesOf(report []byte) []Try {
	var r struct{ Tries []Try }
	if !bytes.Contains(report, []byte(`"tries":`)) || json.Unmarshal(report, &r) != nil {
		return nil
	}
	return r.Tries
}

// baseHash is the hash of the attached model; "" without one.
func (t *Trainer) baseHash() string {
	a := t.model.use()
	if a == nil {
		return ""
	}
	defer a.users.Done()
	return a.info.Hash
}

// Restore activates a version; 0 is the untrained base.
func (t *Trainer) Restore(ctx context.Context, version int64) error {
	return t.activate(ctx, version, CauseRestore, reason(CodeRestored, "chosen by the user", "version", version))
}

// activate makes another version the one that answers.
func (t *Trainer) activate(ctx context.Context, version int64, cause Cause, why Reason) error {
	hash := t.baseHash()
	if hash == "" {
		return noModel()
	}
	before, err := t.store.ActiveVersion(ctx, hash)
	if err != nil {
		return fmt.Errorf("activate version %d: %w", version, err)
	}
	if err := t.store.ActivateVersion(ctx, hash, version, cause, why); err != nil {
		return saving(fmt.Errorf("activate version %d: %w", version, err))
	}
	if err := t.renew(context.WithoutCancel(ctx)); err != nil {
		// Its files cannot be loaded: what answered goes on answering.
		back := t.store.ActivateVersion(context.WithoutCancel(ctx), hash, before.ID, cause, before.Reason)
		return errors.Join(fmt.Errorf("activate version %d: %w", version, err), back, t.renew(context.WithoutCancel(ctx)))
	}
	active := t.State().Active
	t.log.Info("version activated", "number", active.Number, "before", before.Number, "cause", cause)
	kind := NewsActivated
	if cause == CauseRollback {
		kind = NewsRolledBack
	}
	t.hub.update(func(*State) {}, News{Kind: kind, Version: version, Number: active.Number, From: before.Number, Reason: why})
	wake(t.changed)
	return nil
}

// The automatic rollback: this many of the first ratings of a version.
const (
	rollbackOf  = 5
	rollbackLow = 3 // with at most two stars
)

// rollback goes back to the version before if the ratings fell: 3 of the first 5 on
// the version in use have at most two stars, and their mean is below that of the
// 5 before it came. A version that the user chose is left alone.
func (t *Trainer) rollback(ctx context.Context) error {
	hash := t.baseHash()
	if hash == "" || !t.settings.Load().AutoRollback {
		return nil
	}
	active, err := t.store.ActiveVersion(ctx, hash)
	if err != nil || active.ID == 0 {
		return err
	}
	activations, err := t.store.Activations(ctx, hash)
	if err != nil || len(activations) == 0 {
		return err
	}
	last := activations[len(activations)-1]
	if last.Cause != CauseCycle || last.Version != active.ID {
		return nil
	}
	ratings, err := t.store.Ratings(ctx, time.Time{})
	if err != nil {
		return err
	}
	var after, before []store.Rating
	for _, r := range ratings {
		switch {
		case r.Created.Before(last.Created):
			before = append(before, r)
		case r.Version == active.ID && len(after) < rollbackOf:
			after = append(after, r)
		}
	}
	before = before[max(0, len(before)-rollbackOf):]
	low := 0
	for _, r := range after {
		low += boolToInt(starsOf(r.Score) <= 2)
	}
	meanAfter, meanBefore := meanScore(after), meanScore(before)
	if len(after) > 0 {
		t.log.Debug("ratings of the version in use", "version", active.Number, "rated", len(after), "low", low, "mean", meanAfter, "mean before", meanBefore)
	}
	if low < rollbackLow || len(before) == 0 || meanAfter >= meanBefore {
		return nil
	}
	target := active.Parent
	if target != 0 {
		if v, err := t.store.Version(ctx, target); err != nil || v.Removed || v.BaseHash != hash {
			target = 0
		}
	}
	stars := func(score float64) string { return strconv.FormatFloat(2*score+3, 'f', 1, 64) }
	return t.activate(ctx, target, CauseRollback, reason(CodeRolledBack,
		fmt.Sprintf("%d of the first %d ratings of version %d had at most two stars (%s on average, %s before)", low, len(after), active.Number, stars(meanAfter), stars(meanBefore)),
		"low", low, "of", len(after), "version", active.Number, "before", stars(meanBefore), "after", stars(meanAfter)))
}

func meanScore(rs []store.Rating) float64 {
	if len(rs) == 0 {
		return 0
	}
	sum := 0.0
	for _, r := range rs {
		sum += r.Score
	}
	return sum / float64(len(rs))
}

// prune removes the files of all but the last versions, and of those that hold what
// was deleted since: what was taken back is not kept on the disk either.
func (t *Trainer) prune(ctx context.Context, hash string) error {
	versions, err := t.store.Versions(ctx, hash)
	if err != nil {
		return fmt.Errorf("read the versions: %w", err)
	}
	kept := t.settings.Load().KeepVersions
	needed := make(map[string]bool) // folders that a version that stays refers to
	var stale []Version
	for i, v := range versions {
		if v.Removed {
			continue
		}
		gone, err := t.holdsDeleted(ctx, v)
		if err != nil {
			return err
		}
		if !v.Active && (i >= kept || gone) {
			stale = append(stale, v)
			continue
		}
		for _, p := range []string{v.Manner, v.Knowledge} {
			if p != "" {
				needed[p] = true
			}
		}
	}
	for _, v := range stale {
		if err := t.store.RemoveVersion(ctx, v.ID); err != nil {
			return fmt.Errorf("remove version %d: %w", v.Number, err)
		}
	}
	for _, v := range versions {
		if err := t.removeUnneeded(cycleFolder(v.Cycle), needed); err != nil {
			return fmt.Errorf("remove the files of version %d: %w", v.Number, err)
		}
	}
	return nil
}

// removeUnneeded removes what is in a cycle's folder but for the adapters that are
// needed, and the folder itself once nothing is left in it.
func (t *Trainer) removeUnneeded(folder string, needed map[string]bool) error {
	path := filepath.Join(t.home, folder)
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	left := 0
	for _, e := range entries {
		if needed[filepath.ToSlash(filepath.Join(folder, e.Name()))] {
			left++
			continue
		}
		if err := os.RemoveAll(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	if left == 0 {
		return os.Remove(path)
	}
	return nil
}

// holdsDeleted says whether a version was trained on what was deleted since.
func (t *Trainer) holdsDeleted(ctx context.Context, v Version) (bool, error) {
	if len(v.Samples) == 0 {
		return false, nil
	}
	there, err := t.store.Samples(ctx, SampleQuery{IDs: v.Samples})
	if err != nil {
		return false, fmt.Errorf("read the samples of version %d: %w", v.Number, err)
	}
	return len(there) < len(v.Samples), nil
}

// ExportVersion writes the adapters of a version (0: the one in use) as PEFT folders
// "manner" and "knowledge" below dir.
func (t *Trainer) ExportVersion(ctx context.Context, version int64, dir string) error {
	a := t.model.use()
	if a == nil {
		return noModel()
	}
	defer a.users.Done()
	var v Version
	var err error
	if version == 0 {
		v, err = t.store.ActiveVersion(ctx, a.info.Hash)
	} else {
		v, err = t.store.Version(ctx, version)
	}
	if err != nil {
		return fmt.Errorf("export version %d: %w", version, err)
	}
	switch {
	case v.ID == 0 || (v.Manner == "" && v.Knowledge == ""):
		return fmt.Errorf("export version %d: it has no adapters", version)
	case v.Removed:
		return fmt.Errorf("export version %d: %w", v.Number, store.ErrRemoved)
	case v.BaseHash != a.info.Hash:
		return fmt.Errorf("export version %d: %w", v.Number, ErrOtherModel)
	}
	for _, part := range []struct{ path, folder string }{{v.Manner, mannerFolder}, {v.Knowledge, knowledgeFolder}} {
		if part.path == "" {
			continue
		}
		adapter, err := a.runner.LoadAdapter(filepath.Join(t.home, filepath.FromSlash(part.path)))
		if err != nil {
			return fmt.Errorf("export version %d: %w", v.Number, err)
		}
		if err := adapter.Save(filepath.Join(dir, part.folder)); err != nil {
			return fmt.Errorf("export version %d: %w", v.Number, err)
		}
	}
	return nil
}

// ImportVersion makes a version of the PEFT folders "manner" and "knowledge" below
// dir (one of them may be missing) and activates it. It fits the attached model or is
// refused; what it says is not checked.
func (t *Trainer) ImportVersion(ctx context.Context, dir string) (VersionRow, error) {
	a := t.model.use()
	if a == nil {
		return VersionRow{}, noModel()
	}
	defer a.users.Done()
	var o Outcome
	for _, part := range []struct {
		folder string
		to     **model.Adapter
	}{{mannerFolder, &o.Manner}, {knowledgeFolder, &o.Knowledge}} {
		adapter, err := a.runner.LoadAdapter(filepath.Join(dir, part.folder))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return VersionRow{}, fmt.Errorf("import from %s: %w", dir, err)
		}
		*part.to = adapter
	}
	if o.Manner == nil && o.Knowledge == nil {
		return VersionRow{}, fmt.Errorf("import from %s: neither %s nor %s in it: %w", dir, mannerFolder, knowledgeFolder, fs.ErrNotExist)
	}
	active, err := t.store.ActiveVersion(ctx, a.info.Hash)
	if err != nil {
		return VersionRow{}, fmt.Errorf("import from %s: read the version in use: %w", dir, err)
	}
	o.Report.Verdict, o.Report.Reason = VerdictNotProven, reason(CodeImported, "imported, not checked")
	if o.Manner != nil {
		o.Report.MannerKey = importedManner
	}
	c, err := t.store.StartCycle(ctx, Cycle{BaseHash: a.info.Hash})
	if err != nil {
		return VersionRow{}, fmt.Errorf("import from %s: %w", dir, err)
	}
	v, err := t.promote(context.WithoutCancel(ctx), c.ID, Job{Base: a.info.Hash, Before: JobVersion{Version: active.ID}}, o, nil)
	if err != nil {
		return VersionRow{}, fmt.Errorf("import from %s: %w", dir, err)
	}
	return VersionRow{ID: v.ID, Number: v.Number, Cycle: c.ID, Parent: v.Parent, Created: v.Created, State: CyclePromoted, Verdict: v.Verdict, Reason: v.Reason, Active: true, BaseHash: v.BaseHash}, nil
}

// promote saves a candidate's adapters, ends its cycle with a new version in one
// transaction, and lets that version answer. A crash before the transaction leaves
// files that nothing refers to and a cycle, which the next start removes and marks as cut;
// after it, a version that the next start uses. If the version that the cycle began with is no
// longer the one in use, the cycle ends as stopped, with errOvertaken.
func (t *Trainer) promote(ctx context.Context, cycle int64, j Job, o Outcome, used []int64) (Version, error) {
	folder := cycleFolder(cycle)
	if err := writeAdapters(filepath.Join(t.home, folder), o); err != nil {
		return Version{}, t.fail(ctx, cycle, err)
	}
	before := j.Before
	v := Version{Parent: before.Version, Verdict: o.Report.Verdict, Reason: o.Report.Reason}
	switch {
	case o.Manner != nil:
		v.Manner = filepath.ToSlash(filepath.Join(folder, mannerFolder))
	case o.KeepManner:
		v.Manner = before.Manner
	}
	switch {
	case o.Knowledge != nil:
		v.Knowledge = filepath.ToSlash(filepath.Join(folder, knowledgeFolder))
	case o.KeepKnowledge:
		v.Knowledge = before.Knowledge
	}
	// Only what the adapters were trained on has to be unlearnt when it is taken back: a
	// lesson that the reader serves is gone with its turn.
	if v.Manner != "" {
		train, _ := holdOut(j.Samples)
		for _, s := range train {
			v.Samples = append(v.Samples, s.ID)
		}
	}
	if v.Knowledge != "" {
		v.Samples = append(v.Samples, o.Report.KnowledgeOn...)
	}
	var err error
	if v.Figures, err = json.Marshal(o.Report.Figures); err != nil {
		return Version{}, t.fail(ctx, cycle, fmt.Errorf("encode the figures: %w", err))
	}
	report, err := json.Marshal(o.Report)
	if err != nil {
		return Version{}, t.fail(ctx, cycle, fmt.Errorf("encode the report: %w", err))
	}
	active, err := t.store.ActiveVersion(ctx, j.Base)
	if err != nil {
		return Version{}, t.fail(ctx, cycle, fmt.Errorf("read the version in use: %w", err))
	}
	_, made, err := t.store.FinishCycle(ctx, store.CycleEnd{
		Cycle: cycle, State: CyclePromoted, Report: report, Verdict: o.Report.Verdict, Reason: o.Report.Reason,
		Used: used, Version: &v, Over: &before.Version, Results: o.Report.results(0),
	})
	if errors.Is(err, store.ErrOvertaken) {
		return Version{}, t.overtaken(ctx, cycle, j.Base)
	}
	if err != nil {
		return Version{}, t.fail(ctx, cycle, fmt.Errorf("keep the new version: %w", err))
	}
	if err := t.noteLessons(ctx, j.Base, &o.Report); err != nil {
		return made, err
	}
	if err := t.renew(ctx); err != nil {
		return made, err
	}
	t.hub.update(func(*State) {}, News{Kind: NewsActivated, Cycle: cycle, Version: made.ID, Number: made.Number, From: active.Number, Known: newlyKnown(&o.Report, j), Reason: made.Reason})
	return made, t.prune(ctx, made.BaseHash)
}

// discard removes what a cycle has written that made no version: nothing refers to it, and
// it may hold what is taken back later.
func (t *Trainer) discard(cycle int64) error {
	if err := os.RemoveAll(filepath.Join(t.home, cycleFolder(cycle))); err != nil {
		return fmt.Errorf("remove the files of cycle %d: %w", cycle, err)
	}
	return nil
}

// errOvertaken says that another version was activated while a cycle ran: what the
// cycle made was compared with a version that answers no more.
var errOvertaken = errors.New("another version was chosen while the cycle ran")

// overtaken ends a cycle that another activation has overtaken: the choice of the user,
// or a rollback, stands. What the cycle used counts as unused, and is trained again.
func (t *Trainer) overtaken(ctx context.Context, cycle int64, base string) error {
	active, err := t.store.ActiveVersion(ctx, base)
	if err != nil {
		return t.fail(ctx, cycle, fmt.Errorf("read the version in use: %w", err))
	}
	why := reason(CodeOvertaken, fmt.Sprintf("version %d was chosen while it trained", active.Number), "number", active.Number)
	if active.ID == 0 {
		why = reason(CodeOvertaken, "the untrained base was chosen while it trained", "number", 0)
	}
	if _, _, err := t.store.FinishCycle(ctx, store.CycleEnd{Cycle: cycle, State: CycleStopped, Reason: why}); err != nil {
		return saving(fmt.Errorf("end cycle %d: %w", cycle, err))
	}
	if err := t.discard(cycle); err != nil {
		return err
	}
	return &UserError{Reason: why, Hint: HintWait, Err: fmt.Errorf("cycle %d: %w", cycle, errOvertaken)}
}

// newlyKnown are the questions of lessons that the last asking before this cycle did
// not find known.
func newlyKnown(r *Report, j Job) []string {
	states := make(map[int64]JobLesson, len(j.Lessons))
	for _, l := range j.Lessons {
		states[l.ID] = l
	}
	var out []string
	for _, a := range r.Lessons {
		if l := states[a.Lesson]; a.Known && l.State != LessonKnown {
			out = append(out, l.Question)
		}
	}
	return out
}

// noteLessons keeps what a cycle found out about lessons besides their outcomes.
func (t *Trainer) noteLessons(ctx context.Context, base string, r *Report) error {
	for _, s := range r.Bases {
		if err := t.store.SetBaseAnswer(ctx, base, s.Lesson, s.Text); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("keep the base's answer to lesson %d: %w", s.Lesson, err)
		}
	}
	for _, s := range r.Styled {
		if err := t.store.SetStyled(ctx, base, s.Lesson, s.Text); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("keep lesson %d in the manner: %w", s.Lesson, err)
		}
	}
	return nil
}

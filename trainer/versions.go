package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Versions returns the history: versions, and cycles that trained and made none, since
// the gate refused it or it taught nothing, the newest first, and the untrained base as
// the last row.
func (t *Trainer) Versions(ctx context.Context) ([]VersionRow, error) {
	hash := t.baseHash()
	versions, err := t.store.Versions(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("read the versions: %w", err)
	}
	cycles, err := t.store.CycleReports(ctx, 0)
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
		vain := isInVain(c)
		if c.State != CycleRefused && !vain || hash != "" && c.BaseHash != hash {
			continue
		}
		row := VersionRow{Cycle: c.ID, Created: c.Finished, State: c.State, Verdict: c.Verdict, Reason: c.Reason, Tries: triesOf(c.Report), BaseHash: c.BaseHash}
		var r Report
		if !vain && json.Unmarshal(c.Report, &r) == nil { // of what came of one in vain the gate looked at nothing
			row.Figures = &r.Figures
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b VersionRow) int { return b.Created.Compare(a.Created) })
	return append(rows, VersionRow{BaseHash: hash, Active: !active}), nil
}

// isInVain says whether a cycle trained something that is not used, though the gate did not
// refuse it: it taught nothing, or is the version in use.
func isInVain(c Cycle) bool {
	return c.State == CycleChecked && (c.Reason.Code == CodeInVain || c.Reason.Code == CodeStillGentle)
}

// NextNumber is the number that the next version will have, on whichever model it is trained.
func (t *Trainer) NextNumber(ctx context.Context) (int, error) {
	n, err := t.store.NextNumber(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the versions: %w", err)
	}
	return n, nil
}

// figuresOf reads the figures of a version; nil: it came into use without the gate, as by an import.
func figuresOf(data []byte) *Figures {
	f := new(Figures)
	if len(data) == 0 || json.Unmarshal(data, f) != nil || reflect.ValueOf(*f).IsZero() {
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

// loads says whether the files of a version can be used, as far as the attached model can tell: of those
// for another one it cannot.
func (t *Trainer) loads(v Version) error {
	a := t.model.use()
	if a == nil {
		return nil
	}
	defer a.users.Done()
	if a.info.Hash != v.BaseHash {
		return nil
	}
	if _, _, err := a.load(t.home, v); err != nil {
		return damaged(v, err)
	}
	return nil
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
	// One that cannot be loaded is not even noted: the ratings of the version in use go on
	// being counted from where it came.
	if version != 0 {
		v, err := t.store.Version(ctx, version)
		if err == nil && !v.Removed { // which the store refuses
			err = t.loads(v)
		}
		if err != nil {
			return fmt.Errorf("activate version %d: %w", version, err)
		}
	}
	if err := t.store.ActivateVersion(ctx, hash, version, cause, why); err != nil {
		return saving(fmt.Errorf("activate version %d: %w", version, err))
	}
	if err := t.renew(context.WithoutCancel(ctx)); err != nil {
		// Its files can be loaded, but not what answers beside them: what answered goes on answering.
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

package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"clara/model"
	"clara/store"
)

// versionsFolder holds the adapters of the versions, below the home folder.
const versionsFolder = "versions"

// errChanged says that an adapter is not what was kept with its version: the disk has damaged its file,
// or another program has changed it. It may be read all the same, but nobody has proved it.
var errChanged = errors.New("it is not the adapter that its version was made with")

// loadAdapter reads the adapter that has a hash; "" is whichever is there.
func loadAdapter(r *model.Runner, dir, hash string) (*model.Adapter, error) {
	a, err := r.LoadAdapter(dir)
	if err == nil && hash != "" && a.Hash() != hash {
		return nil, &fs.PathError{Op: "load adapter", Path: dir, Err: errChanged}
	}
	return a, err
}

// isDamage says whether an adapter was not read because it is missing, damaged or changed. Anything
// else may pass, as where another program holds its file.
func isDamage(err error) bool {
	return errors.Is(err, errChanged) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, model.ErrAdapter)
}

// hashOf names an adapter by its values; "": there is none.
func hashOf(a *model.Adapter) string {
	if a == nil {
		return ""
	}
	return a.Hash()
}

// unread is the error for the user where nothing is trained, since the version in use cannot be read,
// because of err, which may pass.
func unread(v Version, err error) error {
	return &UserError{
		Reason: reason(CodeVersionUnread, fmt.Sprintf("the files of version %d cannot be read at present; until then nothing is trained", v.Number), "number", v.Number),
		Hint:   HintRestoreOther, Err: err,
	}
}

// damaged is the error for the user who wants a version that cannot be loaded, because of err.
func damaged(v Version, err error) error {
	return &UserError{
		Reason: reason(CodeVersionDamaged, fmt.Sprintf("the files of version %d are missing, damaged or changed", v.Number), "number", v.Number),
		Hint:   HintRestoreOther, Err: err,
	}
}

// cycleFolder is where a cycle's adapters are, relative to the home folder.
func cycleFolder(cycle int64) string {
	return filepath.Join(versionsFolder, "cycle-"+strconv.FormatInt(cycle, 10))
}

// prune removes the files of all but the last versions, and of those that hold what
// was deleted since: what was taken back is not kept on the disk either.
func (t *Trainer) prune(ctx context.Context, hash string) error {
	versions, err := t.store.Versions(ctx, hash)
	if err != nil {
		return fmt.Errorf("read the versions: %w", err)
	}
	kept := t.settings.Load().KeepVersions
	return t.removeStale(ctx, versions, func(i int, v Version) (bool, error) {
		if i >= kept {
			return true, nil
		}
		return t.holdsDeleted(ctx, v)
	})
}

// removeStale removes the files of those versions that isStale names by their position,
// but for those in use and what others refer to.
func (t *Trainer) removeStale(ctx context.Context, versions []Version, isStale func(i int, v Version) (bool, error)) error {
	needed := make(map[string]bool) // folders that a version that stays refers to
	var stale []Version
	for i, v := range versions {
		if v.Removed {
			continue
		}
		if !v.Active {
			gone, err := isStale(i, v)
			if err != nil {
				return err
			}
			if gone {
				stale = append(stale, v)
				continue
			}
		}
		for _, p := range adaptersOf(v) {
			needed[p] = true
		}
	}
	if err := t.noteRemoved(ctx, stale); err != nil {
		return err
	}
	return t.removeFiles(versions, needed)
}

// noteRemoved takes versions off the list of those that can be chosen.
func (t *Trainer) noteRemoved(ctx context.Context, versions []Version) error {
	for _, v := range versions {
		if err := t.store.RemoveVersion(ctx, v.ID); err != nil {
			return fmt.Errorf("remove version %d: %w", v.Number, err)
		}
	}
	return nil
}

// removeFiles removes what versions have on the disk but for the adapters that are needed.
func (t *Trainer) removeFiles(versions []Version, needed map[string]bool) error {
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
	manner, knowledge, err := a.load(t.home, v)
	if err != nil {
		return fmt.Errorf("export version %d: %w", v.Number, damaged(v, err))
	}
	for _, part := range []struct {
		adapter *model.Adapter
		folder  string
	}{{manner, mannerFolder}, {knowledge, knowledgeFolder}} {
		if part.adapter == nil {
			continue
		}
		if err := part.adapter.Save(filepath.Join(dir, part.folder)); err != nil {
			return fmt.Errorf("export version %d: %w", v.Number, err)
		}
	}
	return nil
}

// ImportVersion makes a version of the PEFT folders "manner" and "knowledge" below
// dir (one of them may be missing) and activates it. It fits the attached model or is
// refused; what it says is not checked. Each stays until the user's own feedback trains one
// in its place; knowledge goes too when it answers lessons worse than the reader.
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
		folder := filepath.Join(dir, part.folder)
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		adapter, err := a.runner.LoadAdapter(folder)
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
		o.Report.MannerKey = importedKey
	}
	if o.Knowledge != nil {
		o.Report.KnowledgeKey = importedKey
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

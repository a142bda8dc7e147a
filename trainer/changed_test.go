package trainer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"clara/model"
)

// flipBit flips the last bit of a weight of an adapter, as a disk may: its file can be read as before.
// Flipped again, it is what it was.
func flipBit(t *testing.T, folder string) {
	t.Helper()
	path := filepath.Join(folder, "adapter_model.safetensors")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-4] ^= 1 // the values stand last, little-endian
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// bring makes a version of adapters as an import does; nil: none.
func (b *bench) bring(manner, knowledge *model.Adapter) Version {
	b.t.Helper()
	dir := b.t.TempDir()
	for folder, a := range map[string]*model.Adapter{mannerFolder: manner, knowledgeFolder: knowledge} {
		if a != nil {
			if err := a.Save(filepath.Join(dir, folder)); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	row, err := b.ImportVersion(b.t.Context(), dir)
	if err != nil {
		b.t.Fatal(err)
	}
	v, err := b.store.Version(b.t.Context(), row.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) inUse(base string) Version {
	b.t.Helper()
	v, err := b.store.ActiveVersion(b.t.Context(), base)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// begun is the job that a cycle begins with now.
func (b *bench) begun(a *attached) Job {
	b.t.Helper()
	l := &loop{Trainer: b.Trainer}
	p, err := l.pending(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	j, _, err := l.job(b.t.Context(), a, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

func wantDamaged(t *testing.T, err error, number, folder string) {
	t.Helper()
	var u *UserError
	if !errors.As(err, &u) || u.Reason.Code != CodeVersionDamaged || u.Reason.Args["number"] != number || u.Hint != HintRestoreOther {
		t.Fatalf("the error is %v, want that version %s cannot be used", err, number)
	}
	if !errors.Is(err, errChanged) || !strings.Contains(err.Error(), "load version "+number+": its "+filepath.Base(folder)) || !strings.Contains(err.Error(), folder) {
		t.Errorf("the error does not say what was attempted: %v", err)
	}
}

// An adapter that is not what its version was made with does not answer, though its file can be
// read: the base does, and says why. It is neither restored nor exported until it is what it was.
func TestAChangedAdapterDoesNotAnswer(t *testing.T) {
	r := tinyRunner(t, 1)
	manner, knowledge := untrained(t, r, 2), untrained(t, r, 3)
	for _, part := range []string{mannerFolder, knowledgeFolder} {
		t.Run(part, func(t *testing.T) {
			b := newBench(t)
			unload := b.load(r)
			v := b.bring(manner, knowledge)
			if v.MannerHash != manner.Hash() || v.KnowledgeHash != knowledge.Hash() {
				t.Fatalf("kept are the hashes %q and %q", v.MannerHash, v.KnowledgeHash)
			}
			wantTrouble(t, b.Trainer, 0)
			unload()
			folder := filepath.Join(b.home, cycleFolder(v.Cycle), part)
			flipBit(t, folder)
			defer b.load(r)()
			wantTrouble(t, b.Trainer, v.Number)
			if t.Failed() {
				t.FailNow()
			}
			why := b.State().Trouble.Reason
			if why.Args["fault"] != CodeFaultChanged || why.Args["path"] != folder || !strings.Contains(why.Text, "load version 1: its "+part) {
				t.Errorf("the trouble is %+v", why)
			}
			if s := b.speaking.Load(); s.manner != nil || s.version.ID != 0 {
				t.Errorf("version %d answers, manner %v", s.version.Number, s.manner)
			}
			if err := b.Restore(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			wantTrouble(t, b.Trainer, 0)
			wantDamaged(t, b.Restore(t.Context(), v.ID), "1", folder)
			if in := b.inUse(r.Info().Hash); in.ID != 0 {
				t.Errorf("version %d is in use", in.Number)
			}
			dir := t.TempDir()
			wantDamaged(t, b.ExportVersion(t.Context(), v.ID, dir), "1", folder)
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("exported %v, %v", left, err)
			}
			flipBit(t, folder)
			if err := b.Restore(t.Context(), v.ID); err != nil {
				t.Fatal(err)
			}
			if s := b.speaking.Load(); s.manner == nil || s.version.ID != v.ID {
				t.Errorf("put right, it does not answer: %+v", s.version)
			}
			wantTrouble(t, b.Trainer, 0)
			if err := b.ExportVersion(t.Context(), v.ID, dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// A file that is changed while its version answers is told when the next cycle begins, and that one
// trains all anew instead of failing on it.
func TestACycleDoesWithoutAChangedAdapter(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	a := b.model.current
	a.base = &BaseFacts{}
	v := b.bring(untrained(t, r, 2), nil)
	if j := b.begun(a); j.Before.MannerHash != v.MannerHash || j.Before.KnowledgeHash != "" {
		t.Fatalf("a cycle begins with %+v", j.Before)
	}
	flipBit(t, filepath.Join(b.home, cycleFolder(v.Cycle), mannerFolder))
	anew := untrained(t, r, 4)
	var job Job
	b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
		job = j
		return Outcome{Manner: anew, Report: Report{Verdict: VerdictProven, Reason: reason(CodeProven, "proven better")}}, nil
	})
	b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
	l := &loop{Trainer: b.Trainer}
	p, err := l.pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events := b.Watch(t.Context())
	if err := l.startCycle(t.Context(), a, p, reason(CodeWanted, "asked for by the user")); err != nil {
		t.Fatal(err)
	}
	wantTrouble(t, b.Trainer, v.Number)
	if e := <-events; !slices.ContainsFunc(e.News, func(n News) bool {
		return n.Kind == NewsTrouble && n.Version == v.ID && n.Reason.Code == CodeVersionBroken
	}) {
		t.Errorf("the news are %+v", e.News)
	}
	l.end(t.Context(), <-l.now.done)
	if !reflect.DeepEqual(job.Before, JobVersion{Version: v.ID}) {
		t.Errorf("the cycle began with %+v", job.Before)
	}
	wantTrouble(t, b.Trainer, 0)
	if now := b.inUse(r.Info().Hash); now.Parent != v.ID || now.MannerHash != anew.Hash() || b.State().Active.ID != now.ID {
		t.Errorf("in use is %+v, and version %d answers", now, b.State().Active.Number)
	}
}

// What cannot be read for a moment, as while another program holds the file, costs a version nothing:
// it goes on answering, and the cycle begins with it once it can be read.
func TestACycleWaitsForAnAdapterThatCannotBeReadNow(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	a := b.model.current
	a.base = &BaseFacts{}
	v := b.bring(untrained(t, r, 2), nil)
	b.teach("When do we open?", "At eight.", Knowledge)
	var job Job
	b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
		job = j
		return Outcome{}, errors.New("the engine broke")
	})
	l := &loop{Trainer: b.Trainer}
	p, err := l.pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begin := func() error { return l.startCycle(t.Context(), a, p, reason(CodeWanted, "asked for by the user")) }
	path := filepath.Join(b.home, cycleFolder(v.Cycle), mannerFolder, model.AdapterTensorsFile)
	aside := path + ".aside"
	if err := errors.Join(os.Rename(path, aside), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	err = begin()
	if user, ok := errors.AsType[*UserError](err); !ok || user.Reason.Code != CodeVersionUnread || user.Hint != HintRestoreOther || l.now.running {
		t.Errorf("a cycle begins without the version in use, or it is not said what to do (%v)", err)
	}
	if s := b.speaking.Load(); s.version.ID != v.ID || s.manner == nil {
		t.Errorf("version %d answers, manner %v", s.version.Number, s.manner)
	}
	wantTrouble(t, b.Trainer, 0)
	if l.now.running {
		t.FailNow()
	}
	if err := errors.Join(os.Remove(path), os.Rename(aside, path), begin()); err != nil {
		t.Fatal(err)
	}
	<-l.now.done
	if job.Before.Version != v.ID || job.Before.MannerHash != v.MannerHash {
		t.Errorf("the cycle began with %+v", job.Before)
	}
}

// A version that comes to answer and is not what its cycle made, since the disk has written something
// else, hinders nothing: the base answers, and the next cycle makes another one.
func TestAVersionThatIsWrittenWrongHindersNothing(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	v := b.bring(untrained(t, r, 2), nil)
	flipBit(t, filepath.Join(b.home, cycleFolder(v.Cycle), mannerFolder))
	b.model.current.loaded = nil // as after a restart
	j := b.begun(b.model.current)
	j.Before.Manner, j.Before.MannerHash = v.Manner, v.MannerHash
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: j.Base})
	if err != nil {
		t.Fatal(err)
	}
	kin, err := b.promote(t.Context(), c.ID, j, Outcome{KeepManner: true}, nil)
	if err != nil || kin.ID == 0 {
		t.Fatalf("made %+v, %v", kin, err)
	}
	wantTrouble(t, b.Trainer, kin.Number)
	b.teach("When do we open?", "At eight.", Knowledge)
	if j := b.begun(b.model.current); !reflect.DeepEqual(j.Before, JobVersion{Version: kin.ID}) {
		t.Errorf("the next cycle begins with %+v", j.Before)
	}
}

// A job says what it begins with: what lies in its folder by then is not taken for it.
func TestAJobIsNotRunOnAChangedAdapter(t *testing.T) {
	r := tinyRunner(t, 1)
	dir := filepath.Join(t.TempDir(), knowledgeFolder)
	adapter := untrained(t, r, 2)
	if err := adapter.Save(dir); err != nil {
		t.Fatal(err)
	}
	flipBit(t, dir)
	job := Job{Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe(), Before: JobVersion{Version: 1, Knowledge: dir, KnowledgeHash: adapter.Hash()}}
	if _, err := RunCycle(t.Context(), r, job, nil, nil); !errors.Is(err, errChanged) || !errors.Is(err, ErrJob) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the error is %v", err)
	}
}

// A version of a program that kept no hash answers with whatever is in its folder; what a cycle makes
// of it has one.
func TestAVersionWithoutAHashAnswers(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	path := "versions/cycle-1/" + mannerFolder
	folder := filepath.Join(b.home, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := untrained(t, r, 2).Save(folder); err != nil {
		t.Fatal(err)
	}
	flipBit(t, folder)
	v := made(t, b.store, r.Info().Hash, path)
	defer b.load(r)()
	wantTrouble(t, b.Trainer, 0)
	if got := b.State().Active.ID; got != v.ID {
		t.Fatalf("version %d answers", got)
	}
	if err := b.ExportVersion(t.Context(), v.ID, t.TempDir()); err != nil {
		t.Error(err)
	}
	j := b.begun(b.model.current)
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: j.Base})
	if err != nil {
		t.Fatal(err)
	}
	kin, err := b.promote(t.Context(), c.ID, j, Outcome{KeepManner: true}, nil)
	if hash := b.speaking.Load().manner.Hash(); err != nil || kin.Manner != path || kin.MannerHash != hash {
		t.Fatalf("made %+v, %v; %s answers", kin, err, hash)
	}
	flipBit(t, folder)
	if err := b.Restore(t.Context(), v.ID); err != nil {
		t.Errorf("what kept no hash is refused: %v", err)
	}
	b.model.current.loaded = nil // as after a restart
	wantDamaged(t, b.Restore(t.Context(), kin.ID), "2", folder)
}

// What goes back by itself passes over a version that is not what it was.
func TestAChangedVersionIsNotGoneBackTo(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	var all []Version
	for rank := range 3 {
		all = append(all, b.bring(untrained(t, r, rank+1), nil))
	}
	for i, changed := range []Version{{}, all[1], all[0]} {
		if changed.ID != 0 {
			flipBit(t, filepath.Join(b.home, cycleFolder(changed.Cycle), mannerFolder))
			b.model.current.loaded = nil // as after a restart
		}
		want := []int64{all[1].ID, all[0].ID, 0}[i]
		if to, err := b.ancestor(t.Context(), all[2]); err != nil || to.ID != want {
			t.Errorf("it goes back to version %d, %v; want %d", to.ID, err, want)
		}
	}
}

// Lessons can be moved to a model whose version is not what it was: all is trained anew there.
func TestMoveToAModelWithAChangedVersion(t *testing.T) {
	from, to := tinyRunner(t, 1), tinyRunner(t, 2)
	b := newBench(t)
	unload := b.load(to)
	v := b.bring(untrained(t, to, 2), nil)
	unload()
	flipBit(t, filepath.Join(b.home, cycleFolder(v.Cycle), mannerFolder))
	defer b.load(from)()
	b.teach("Who leads IT at Brandt?", "Maria Kowalski.", Knowledge)
	var job Job
	b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
		job = j
		return promoted(j)
	})
	card, err := b.Move(t.Context(), to, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(job.Before, JobVersion{Version: v.ID}) || card.State != CycleChecked || card.After.Version != 0 {
		t.Errorf("it began with %+v; the card is %+v", job.Before, card)
	}
}

// An exported job has the hashes with the copies that it begins with.
func TestAnExportedJobKnowsItsAdapters(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	v := b.bring(untrained(t, r, 2), nil)
	b.model.current.base = &BaseFacts{}
	l := &loop{Trainer: b.Trainer}
	b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
	p, err := l.pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.startCycle(t.Context(), b.model.current, p, reason(CodeWanted, "asked for by the user")); err != nil {
		t.Fatal(err)
	}
	cycle := l.now.cycle
	l.end(t.Context(), <-l.now.done)
	dir := filepath.Join(t.TempDir(), "job")
	if _, err := b.ExportJob(t.Context(), cycle, dir, false); err != nil {
		t.Fatal(err)
	}
	j, err := ReadJob(dir)
	if err != nil || j.Before.MannerHash != v.MannerHash {
		t.Fatalf("it begins with %+v, %v", j.Before, err)
	}
	if _, err := loadAdapter(r, j.Before.Manner, j.Before.MannerHash); err != nil {
		t.Error(err)
	}
	var missing *fs.PathError
	if _, err := loadAdapter(r, filepath.Join(dir, "none"), j.Before.MannerHash); !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
}

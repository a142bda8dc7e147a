package trainer

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder with an exported job holds all that it needs, and can be moved.
func TestExportedJobIsWhole(t *testing.T) {
	b := newBench(t)
	adapter := filepath.Join(b.home, cycleFolder(1), mannerFolder)
	if err := os.MkdirAll(adapter, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(adapter, "adapter_config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	prepared := readerFolder(b.home, testHash)
	if err := os.CopyFS(prepared, os.DirFS(adapter)); err != nil {
		t.Fatal(err)
	}
	job := Job{
		Format: jobFormat, Base: testHash, Recipe: b.Settings().recipe(), Reader: prepared, Own: []string{"Which knots hold a heavy boat?"},
		Before: JobVersion{Version: 1, Manner: filepath.ToSlash(filepath.Join(cycleFolder(1), mannerFolder)), MannerKey: "key"},
	}
	encoded, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Job: encoded})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "job")
	if asked, err := b.ExportJob(t.Context(), c.ID, dir, false); err != nil || asked != 1 {
		t.Fatal(asked, err)
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	got, err := ReadJob(moved)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Before.Manner, moved) || got.Before.MannerKey != "key" {
		t.Errorf("it starts from %+v", got.Before)
	}
	if len(got.Own) != 0 {
		t.Errorf("it has %q, which no feedback was given to", got.Own)
	}
	for _, folder := range []string{got.Before.Manner, got.Reader} {
		if _, err := os.Stat(filepath.Join(folder, "adapter_config.json")); err != nil || !strings.HasPrefix(folder, moved) {
			t.Errorf("it needs %s: %v", folder, err)
		}
	}
	if _, err := b.ExportJob(t.Context(), c.ID, moved, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over another job: %v", err)
	}
	if _, err := b.ExportJob(t.Context(), 77, t.TempDir(), false); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such cycle: %v", err)
	}
	whole := t.TempDir()
	if asked, err := b.ExportJob(t.Context(), c.ID, whole, true); err != nil || asked != 1 {
		t.Fatal(asked, err)
	}
	if got, err = ReadJob(whole); err != nil || len(got.Own) != 1 {
		t.Errorf("with the user's own questions wanted it has %q, %v", got.Own, err)
	}
}

// What was imported stays as long as the user has taught nothing in its place; what was
// trained goes with the last feedback that it was trained on.
func TestImportedAdaptersStay(t *testing.T) {
	r := tinyRunner(t, 1)
	adapter := untrained(t, r, 2)
	dir := filepath.Join(t.TempDir(), "adapter")
	if err := adapter.Save(dir); err != nil {
		t.Fatal(err)
	}
	base, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for key, stays := range map[string]bool{importedKey: true, "trained": false} {
		job := Job{
			Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe(),
			Before: JobVersion{Version: 1, Manner: dir, MannerKey: key, Knowledge: dir, KnowledgeKey: key},
		}
		o, err := RunCycle(t.Context(), r, job, base, nil)
		if err != nil {
			t.Fatal(err)
		}
		if o.KeepManner != stays || o.KeepKnowledge != stays || o.Changed(job.Before) == stays {
			t.Errorf("%s: manner kept %v, knowledge kept %v, changed %v", key, o.KeepManner, o.KeepKnowledge, o.Changed(job.Before))
		}
		if (o.Report.MannerKey == importedKey) != stays || (o.Report.KnowledgeKey == importedKey) != stays {
			t.Errorf("%s: the keys are %q and %q", key, o.Report.MannerKey, o.Report.KnowledgeKey)
		}
	}
}

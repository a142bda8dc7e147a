package trainer

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"clara/model"
)

// readers are the reader adapters that come with the program, by the SHA-256 of
// the base model that they were trained on. `make reader` makes them again.
//
//go:embed reader
var embedded embed.FS

var readers fs.FS = embedded // but for tests

var readerFolders = map[string]string{
	"b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53": "reader", // SmolLM2-135M-Instruct Q4_1
}

// ReaderState says where a model's reader adapter is from, or why it has none. Without
// one a lesson's turn serves alone (.72 of 25 lessons as written instead of 1.0).
type ReaderState string

// The states of a model's reader.
const (
	ReaderNone     ReaderState = "none"     // none was made yet
	ReaderBuiltIn  ReaderState = "built_in" // it comes with the program
	ReaderPrepared ReaderState = "prepared" // it was made on this machine
	ReaderRefused  ReaderState = "refused"  // one was made on this machine, and the gate refused it
)

// Usable says whether there is a reader that answers.
func (s ReaderState) Usable() bool { return s == ReaderBuiltIn || s == ReaderPrepared }

// reader is what there is of a model's reader.
type reader struct {
	state   ReaderState
	adapter *model.Adapter // nil: the turn serves alone
	folder  string         // of a prepared one
	report  *ReaderReport  // of its preparation on this machine; nil: there was none
}

// key names the adapter in a job; "" is none.
func (r *reader) key() string { return hashOf(r.adapter) }

// errReader says that a prepared reader is damaged or of another model.
var errReader = errors.New("not a usable reader")

// readerFolder is where the reader of a model is prepared.
func readerFolder(home, hash string) string { return filepath.Join(home, "readers", hash) }

// readerFor looks for the reader adapter of the runner's model: the one prepared below
// home, unless one of a newer recipe comes with the program, else that one, else none. With an error that wraps
// errReader what it returns is right, without the prepared one, which is of no use.
func readerFor(home string, r *model.Runner) (*reader, error) {
	hash := r.Info().Hash
	prepared, damage := preparedReader(readerFolder(home, hash), r)
	if damage != nil && !errors.Is(damage, errReader) {
		return nil, damage
	}
	shipped, err := builtInReport(hash)
	if err != nil {
		return nil, err
	}
	if prepared != nil && prepared.state == ReaderPrepared && !prepared.report.outdatedBy(shipped) {
		return prepared, nil
	}
	a, err := builtInReader(r)
	switch {
	case err != nil:
		return nil, err
	case a != nil:
		return &reader{state: ReaderBuiltIn, adapter: a}, damage
	case prepared != nil:
		return prepared, nil
	}
	return &reader{state: ReaderNone}, damage
}

// preparedReader reads what a preparation left in a folder; nil if it left nothing.
func preparedReader(dir string, r *model.Runner) (*reader, error) {
	report, err := readReaderReport(dir, r.Info().Hash)
	if report == nil || err != nil {
		return nil, err
	}
	if report.Verdict == VerdictRefused {
		return &reader{state: ReaderRefused, report: report}, nil
	}
	a, err := r.LoadAdapter(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errReader, err)
	}
	if a.Hash() != report.Adapter {
		return nil, fmt.Errorf("the adapter in %s is not the one that was checked: %w", dir, errReader)
	}
	return &reader{state: ReaderPrepared, adapter: a, folder: dir, report: report}, nil
}

// readReaderReport reads the report of the preparation in a folder, nil if there was none,
// or one that is to be made again: a reader that was refused by an older program, which
// tried once and gave a base model no lesson to read. The error wraps errReader if it is damaged or of another model.
func readReaderReport(dir, hash string) (*ReaderReport, error) {
	data, err := os.ReadFile(filepath.Join(dir, reportFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the prepared reader: %w", err)
	}
	report := new(ReaderReport)
	if err := json.Unmarshal(data, report); err != nil {
		return nil, fmt.Errorf("read the report in %s: %w: %w", dir, errReader, err)
	}
	if report.Base != hash {
		return nil, fmt.Errorf("the reader in %s is of the model %.12s, not %.12s: %w", dir, report.Base, hash, errReader)
	}
	if report.Verdict == VerdictRefused && report.Rate == 0 { // older programs noted no rate
		return nil, nil
	}
	return report, nil
}

// builtInReader is the reader that comes with the program, nil if there is none for
// the runner's model.
func builtInReader(r *model.Runner) (*model.Adapter, error) {
	folder, ok := readerFolders[r.Info().Hash]
	if !ok {
		return nil, nil
	}
	var files [2][]byte
	for i, name := range []string{model.AdapterConfigFile, model.AdapterTensorsFile} {
		data, err := fs.ReadFile(readers, path.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("read the built-in reader: %w", err)
		}
		files[i] = data
	}
	a, err := r.ReadAdapter(files[0], files[1])
	if err != nil {
		return nil, fmt.Errorf("read the built-in reader: %w", err)
	}
	return a, nil
}

// builtInReport is the report of the reader that comes with the program for the model of
// the given hash, nil if none does.
func builtInReport(hash string) (*ReaderReport, error) {
	folder, ok := readerFolders[hash]
	if !ok {
		return nil, nil
	}
	data, err := fs.ReadFile(readers, path.Join(folder, reportFile))
	if err != nil {
		return nil, fmt.Errorf("read the report of the built-in reader: %w", err)
	}
	report := new(ReaderReport)
	if err := json.Unmarshal(data, report); err != nil {
		return nil, fmt.Errorf("read the report of the built-in reader: %w", err)
	}
	return report, nil
}

// outdatedBy says whether the program has come with a reader of a newer recipe since this
// one was prepared. One of the same recipe was prepared because the user wanted it.
func (r *ReaderReport) outdatedBy(shipped *ReaderReport) bool {
	return shipped != nil && r.Recipe < shipped.Recipe
}

// reader is the reader adapter that the job was made with, nil for none.
func (j *Job) reader(r *model.Runner) (a *model.Adapter, err error) {
	if j.Reader != "" {
		a, err = r.LoadAdapter(j.Reader)
	} else {
		a, err = builtInReader(r)
	}
	if err != nil {
		return nil, fmt.Errorf("load the job's reader: %w", err)
	}
	if j.ReaderKey != "" && (a == nil || a.Hash() != j.ReaderKey) {
		return nil, fmt.Errorf("the job was made with another reader than the one that is here: %w", ErrJob)
	}
	return a, nil
}

// ReaderOf says what reader the model of the given hash has in the data folder home. It
// looks at what was noted, not at the adapter itself.
func ReaderOf(home, hash string) (ReaderState, error) {
	shipped, err := builtInReport(hash)
	if err != nil {
		return ReaderNone, err
	}
	report, err := readReaderReport(readerFolder(home, hash), hash)
	switch {
	case err != nil && !errors.Is(err, errReader):
		return ReaderNone, err
	case report != nil && report.Verdict != VerdictRefused && !report.outdatedBy(shipped):
		return ReaderPrepared, nil
	case shipped != nil:
		return ReaderBuiltIn, nil
	case report != nil:
		return ReaderRefused, nil
	}
	return ReaderNone, nil
}

// RemoveReader removes what was prepared in the data folder home for the model of the
// given hash, which must not be in use. That there is nothing is no error.
func RemoveReader(home, hash string) error {
	if hash == "" {
		return errors.New("remove the reader of a model without a hash")
	}
	if err := os.RemoveAll(readerFolder(home, hash)); err != nil {
		return fmt.Errorf("remove the prepared reader: %w", err)
	}
	return nil
}

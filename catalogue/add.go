package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clara/model"
	"clara/trainer"
)

// Add brings a model that lies elsewhere on this machine into the data folder home and
// returns the path of the new file: a GGUF file is copied; a folder of Hugging Face, or what
// one of its files belongs to, becomes a GGUF file of Q8_0 weights, or, if exact, of the
// weights as they are. What is at path stays. When ctx ends, nothing is left. report, if not
// nil, is called on this goroutine, up to five times a second. Errors that a person can do
// something about are [*trainer.UserError]s.
func Add(ctx context.Context, home, path string, exact bool, report func(Progress)) (string, error) {
	return adder{free: FreeDisk, exact: exact}.add(ctx, path, Folder(home), report)
}

// adder adds models. A file stands under its own name only once all of it is there and on
// disk.
type adder struct {
	free  func(folder string) (int64, error) // bytes on the disk
	exact bool                               // keep a folder's weights as they are
}

// addEnding is the end of a file's name for as long as it is written. One that was left behind
// when the program was killed goes with the next call.
const addEnding = ".adding"

// add is Add into any folder.
func (a adder) add(ctx context.Context, path, folder string, report func(Progress)) (_ string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("add a model: %w", err)
	}
	in, err := a.open(path, info)
	if err != nil {
		return "", refusedModel(path, err)
	}
	defer func() { err = errors.Join(err, in.close()) }()
	lock, err := lockModels(folder)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	target := filepath.Join(folder, in.name)
	if _, err := os.Stat(target); err == nil {
		if sameFile(target, path) {
			return target, nil
		}
		return "", existing(target)
	}
	if err := clearAdding(folder); err != nil {
		return "", err
	}
	free, err := a.free(folder)
	if err != nil {
		return "", err
	}
	if missing := in.size + Reserve - free; missing > 0 {
		return "", noRoom(folder, missing)
	}
	f, err := os.OpenFile(target+addEnding, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("begin to add %s: %w", in.name, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // a second time does no harm
			err = errors.Join(err, os.Remove(target+addEnding))
		}
	}()
	if err := a.fill(ctx, f, in, path, target, report); err != nil {
		return "", err
	}
	if err := settle(f, target); err != nil {
		return "", fmt.Errorf("keep %s: %w", in.name, err)
	}
	return target, nil
}

// clearAdding deletes what was left behind when the program was killed.
func clearAdding(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for what is left of a model: %w", err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), addEnding) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			return fmt.Errorf("clear away what is left of a model: %w", err)
		}
	}
	return nil
}

// fill writes the file and looks whether it is a model.
func (a adder) fill(ctx context.Context, f *os.File, in incoming, path, target string, report func(Progress)) error {
	if report == nil {
		report = func(Progress) {}
	}
	disk := &diskWriter{File: f}
	began, said := time.Now(), time.Time{}
	err := in.write(ctx, disk, func(done int64) {
		now := time.Now()
		if now.Sub(said) < 200*time.Millisecond {
			return
		}
		said = now
		p := Progress{Done: done, Total: in.size}
		if d := now.Sub(began); d >= 2*time.Second {
			p.Rate = float64(done) / d.Seconds()
		}
		report(p)
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case disk.err != nil:
		return notTaken(target, in.size, a.free, disk.err)
	case err != nil:
		return refusedModel(path, err)
	}
	report(Progress{Done: in.size, Total: in.size, Checking: true})
	if _, err := model.ReadOutline(f.Name()); err != nil {
		return refusedModel(path, err)
	}
	return nil
}

// diskWriter keeps the error of the disk apart from those of what is read.
type diskWriter struct {
	*os.File
	err error
}

func (d *diskWriter) Write(p []byte) (int, error) {
	n, err := d.File.Write(p)
	if err != nil {
		d.err = err
	}
	return n, err
}

// refusedModel says why what lies at path is no model for this program, and what to do.
func refusedModel(path string, err error) error {
	inner := err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		inner = cause.Error() // without the path in front of it, which the sentences have
	}
	for _, kind := range []error{model.ErrUnsupported, model.ErrFolder} { // as do they
		inner = strings.TrimSuffix(inner, ": "+kind.Error())
	}
	r := trainer.Reason{Args: map[string]string{"path": path, "error": inner}}
	var file *fs.PathError
	why, _, _ := trainer.FaultOf(err)
	switch {
	case errors.Is(err, fs.ErrNotExist) && errors.As(err, &file):
		r.Code = CodeMissing
		r.Args["file"] = filepath.Base(file.Path)
		r.Text = fmt.Sprintf("%s: %s is missing; a folder of Hugging Face has to be there whole", path, r.Args["file"])
	case why.Code == trainer.CodeFaultModelKind, why.Code == trainer.CodeFaultTemplate:
		r.Code = CodeUnsupported
		r.Text = fmt.Sprintf("%s is of a kind that CLARA does not load: %v; models of the families Llama (also Mistral, SmolLM2) and Gemma 3 can be loaded", path, inner)
	default:
		r.Code = CodeUnreadable
		r.Text = fmt.Sprintf("%s cannot be read as a model: %v; if it was downloaded, fetch it again", path, inner)
	}
	return &trainer.UserError{Reason: r, Err: err}
}

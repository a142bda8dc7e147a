package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clara/model"
	"clara/store"
	"clara/trainer"
)

// part is what there is of a file that is being fetched, with what must be known to go
// on. The two lie beside the target, as NAME.part and NAME.part.json.
type part struct {
	partFacts
	target string
	file   *os.File
	have   int64  // bytes, all from the beginning
	hash   string // the SHA-256 that was known beforehand; "": none
}

// partFacts is what NAME.part.json holds.
type partFacts struct {
	URL       string `json:"url"`
	Bytes     int64  `json:"-"`         // that the file must have; 0: any
	SHA256    string `json:"sha256"`    // that it must have; "": any
	Total     int64  `json:"total"`     // as the server says; 0: not known
	Validator string `json:"validator"` // of the version that the part is of; "": none
}

const partEnding = ".part"

// partSize is how much of a file an interrupted download left.
func partSize(target string) int64 {
	info, err := os.Stat(target + partEnding)
	if err != nil {
		return 0
	}
	return info.Size()
}

// openPart opens what there is of an offer's file, empty if that is of something else.
func openPart(target string, o Offer) (*part, error) {
	f, err := os.OpenFile(target+partEnding, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin to fetch %s: %w", o.File, err)
	}
	p := &part{target: target, file: f, hash: o.SHA256, partFacts: partFacts{URL: o.URL, Bytes: o.Bytes, SHA256: o.SHA256}}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin to fetch %s: %w", o.File, err), f.Close())
	}
	p.have = info.Size()
	var kept partFacts
	data, err := os.ReadFile(p.notes())
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil || kept.URL != o.URL || o.SHA256 != "" && kept.SHA256 != o.SHA256 || kept.Total > 0 && p.have > kept.Total {
		if err := p.restart(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return p, nil
	}
	p.Total, p.Validator, p.SHA256 = kept.Total, kept.Validator, kept.SHA256
	return p, nil
}

func (p *part) notes() string { return p.target + partEnding + ".json" }

// note keeps the facts on disk.
func (p *part) note() error {
	data, err := json.Marshal(p.partFacts)
	if err != nil {
		return fmt.Errorf("note the download: %w", err)
	}
	if err := store.WriteFile(p.notes(), data); err != nil {
		return fmt.Errorf("note the download: %w", err)
	}
	return nil
}

// canResume says whether the rest can be told to belong to what is there: by a validator
// now, or by the hash in the end.
func (p *part) canResume() bool { return p.Validator != "" || p.SHA256 != "" }

// restart throws away what is there.
func (p *part) restart() error {
	p.have, p.Total, p.Validator, p.SHA256 = 0, 0, "", p.hash
	if err := p.file.Truncate(0); err != nil {
		return fmt.Errorf("begin %s anew: %w", filepath.Base(p.target), err)
	}
	return nil
}

// check looks whether what is there is the file, by its hash if there is one, and a whole
// model of a kind that can be loaded.
func (p *part) check(ctx context.Context) error {
	if p.Bytes > 0 && p.have != p.Bytes {
		return fmt.Errorf("it has %d bytes, wanted %d", p.have, p.Bytes)
	}
	path := p.target + partEnding
	if p.SHA256 != "" {
		hash, err := model.HashFile(ctx, path)
		if err != nil {
			return err
		}
		if hash != p.SHA256 {
			return fmt.Errorf("its SHA-256 is %s, wanted %s", hash, p.SHA256)
		}
	}
	_, err := model.ReadOutline(path)
	return err
}

// finish gives the whole file its name.
func (p *part) finish() error {
	err := settle(p.file, p.target)
	if err == nil {
		err = os.Remove(p.notes())
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", filepath.Base(p.target), err)
	}
	return nil
}

// remove deletes the part.
func (p *part) remove() error {
	return errors.Join(p.file.Close(), discard(p.target))
}

// Discard deletes what an interrupted download left in the data folder home.
func Discard(home string, o Offer) error { return discard(filepath.Join(Folder(home), o.File)) }

func discard(target string) error {
	for _, name := range []string{target + partEnding, target + partEnding + ".json"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("discard the download: %w", err)
		}
	}
	return nil
}

// wrong says that what comes is not the file that was wanted.
func (p *part) wrong(err error) error {
	name := filepath.Base(p.target)
	return &trainer.UserError{Reason: trainer.Reason{
		Code: CodeWrong, Args: map[string]string{"file": name, "error": err.Error()},
		Text: fmt.Sprintf("what was fetched is not %s: %v", name, err),
	}, Err: err}
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v4/mem"

	"clara/configs"
	"clara/model"
	"clara/trainer"
)

// offer is a model that is there or can be fetched. cli.Offer and app.Offer are the same
// for their faces.
type offer struct {
	Name       string // without spaces, so that it can be typed
	File       string // the name under which it is kept
	URL        string // "": it cannot be fetched
	Bytes      int64
	SHA256     string // "": not known, only the size is checked
	Licence    string // "": not known
	Languages  []string
	Parameters int64
	CacheBytes int64 // of keys and values for each token of a conversation

	Path    string         // where it is; "": not here
	Fetched int64          // bytes of a download that was interrupted
	Fault   string         // why the file cannot be loaded
	Why     trainer.Reason // the kind of the fault, where it has a name
	Needs   int64          // bytes of memory, with the context of the settings
	Free    int64          // bytes of memory now; -1: the machine does not tell
	Fit     string         // fitsWell, fitsTight, fitsNot; "": not known
}

// How a model fits into memory.
const (
	fitsWell  = "well"
	fitsTight = "tight"
	fitsNot   = "not"
)

// workingBytes is what an answer takes beside weights and cache. Measured on the CPU
// engine, peak memory less the mapped file: 242 MB for a file of 98 MB, 363 MB for 253 MB.
const workingBytes = 150 << 20

// tightFrom is the share of the free memory from which on a model is a tight fit: the
// system and a training want some too.
const tightFrom = 0.7

// weigh says what memory the model takes and how that fits.
func (o *offer) weigh(context int, free int64) {
	o.Free = free
	if o.Bytes == 0 || o.CacheBytes == 0 {
		return
	}
	// The engine lays the weights out anew; the mapped file itself can leave memory.
	o.Needs = o.Bytes + o.CacheBytes*int64(context) + workingBytes
	switch {
	case free < 0:
	case o.Needs > free:
		o.Fit = fitsNot
	case float64(o.Needs) > tightFrom*float64(free):
		o.Fit = fitsTight
	default:
		o.Fit = fitsWell
	}
}

// offersIn lists the model files that are found, in the order of preference, and behind them
// what the catalogue has besides. A file of the catalogue's name and size is taken for
// that model. Downloads are looked for in the data folder.
func offersIn(home string, context int, free int64) ([]offer, error) {
	files, err := modelFiles(modelFolders(home))
	if err != nil {
		return nil, err
	}
	var all []offer
	var here []string // names of the catalogue
	for _, path := range files {
		o, err := fileOffer(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed in this moment
		}
		if err != nil {
			return nil, err
		}
		here = append(here, o.Name)
		all = append(all, o)
	}
	for _, o := range catalogue {
		if !slices.Contains(here, o.Name) {
			o.Fetched = partSize(filepath.Join(downloads(home), o.File))
			all = append(all, o)
		}
	}
	for i := range all {
		all[i].weigh(context, free)
	}
	return all, nil
}

// fileOffer describes a file that is there.
func fileOffer(path string) (offer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return offer{}, fmt.Errorf("look at a model: %w", err)
	}
	name := filepath.Base(path)
	o := offer{Name: strings.TrimSuffix(name, filepath.Ext(name)), File: name, Bytes: info.Size()}
	known := slices.IndexFunc(catalogue, func(c offer) bool { return strings.EqualFold(c.File, name) && c.Bytes == info.Size() })
	if known >= 0 {
		o = catalogue[known]
	} else {
		outline, err := model.ReadOutline(path)
		if err != nil {
			o.Fault = err.Error()
			o.Why, _, _ = trainer.FaultOf(err)
		}
		o.Licence, o.Parameters, o.CacheBytes = outline.Licence, outline.Parameters, outline.CacheBytes
	}
	o.Path = path
	return o, nil
}

// findOffer is the model that a person means: a URL of a GGUF file, or a name of the catalogue
// or the beginning of one, whatever its case. The error is a [*trainer.UserError].
func findOffer(named string) (offer, error) {
	if strings.Contains(named, "://") {
		return offerOf(named)
	}
	var found []offer
	for _, o := range catalogue {
		if strings.EqualFold(o.Name, named) || strings.EqualFold(o.File, named) {
			return o, nil
		}
		if named != "" && len(o.Name) > len(named) && strings.EqualFold(o.Name[:len(named)], named) {
			found = append(found, o)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	slices.SortFunc(found, func(a, b offer) int { return cmp.Compare(a.Bytes, b.Bytes) })
	var names []string
	for _, o := range found {
		names = append(names, o.Name)
	}
	why := fmt.Sprintf("there is no model %q in the catalogue", named)
	if len(names) > 0 {
		why = fmt.Sprintf("%q may be %s", named, strings.Join(names, ", "))
	}
	return offer{}, &trainer.UserError{Reason: trainer.Reason{
		Code: codeUnknownModel, Text: why, Args: map[string]string{"name": named, "names": strings.Join(names, ", ")},
	}}
}

// Codes of the reasons that have to do with model files; app and cli have the words.
const (
	codeUnknownModel    = "model_unknown"    // name; names: those that begin like it
	codeModelInUse      = "model_in_use"     // name
	codeModelForeign    = "model_foreign"    // file: it lies outside of the data folder
	codeModelExists     = "model_exists"     // file: there is one of this name
	codeBadURL          = "download_url"     // url
	codeOffline         = "download_offline" // host, haveBytes, allBytes, error
	codeDownloadRefused = "download_refused" // host, status
	codeDownloadWrong   = "download_wrong"   // file, error
	codeDownloadBusy    = "download_busy"    // folder
	codeDownloadDisk    = "download_disk"    // file, error
	codeDownloadSpace   = "download_space"   // missingBytes, folder

	codeModelMissing     = "model_missing"     // path, file
	codeModelUnsupported = "model_unsupported" // path, error
	codeModelWrong       = "model_wrong"       // path, error
)

// fetchInto fetches a model into the data folder and returns its path; see keepChoice.
func fetchInto(ctx context.Context, home string, file *configs.File, o offer, report func(fetchProgress)) (string, error) {
	return keepChoice(home, file, func() (string, error) {
		return newDownloader().fetch(ctx, o, downloads(home), report)
	})
}

// keepChoice brings a model file into the data folder. Where the settings leave it open which model
// answers, they name from then on the one that did so far: a new file is not to take
// its place by its name.
func keepChoice(home string, file *configs.File, bring func() (string, error)) (string, error) {
	before, err := findModel("", home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	path, err := bring()
	if err != nil || before == "" {
		return path, err
	}
	if now, err := findModel("", home); err != nil || now == before {
		return path, err
	}
	_, err = file.Modify(func(s *configs.Settings) {
		if s.Model.Path == "" {
			s.Model.Path = before
		}
	})
	return path, err
}

// sizeWords writes bytes for a sentence in English; the faces write their own.
func sizeWords(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

// freeMemory is what the system could give to programs; -1 where it does not tell.
func freeMemory() int64 {
	m, err := mem.VirtualMemory()
	if err != nil {
		return -1
	}
	return int64(m.Available)
}

// removeModel deletes a model file that a download brought, with its reader. inUse is the
// path of the model that answers or would.
func removeModel(ctx context.Context, home, named, inUse string) (offer, error) {
	all, err := offersIn(home, 0, -1)
	if err != nil {
		return offer{}, err
	}
	at := slices.IndexFunc(all, func(o offer) bool {
		return o.Path != "" && (strings.EqualFold(o.Name, named) || strings.EqualFold(o.File, named) || o.Path == named)
	})
	if at < 0 {
		return offer{}, &trainer.UserError{Reason: trainer.Reason{
			Code: codeUnknownModel, Args: map[string]string{"name": named, "names": ""}, Text: fmt.Sprintf("no model %q is here", named),
		}, Err: fs.ErrNotExist}
	}
	o := all[at]
	switch {
	case sameFile(o.Path, inUse):
		return o, &trainer.UserError{Reason: trainer.Reason{
			Code: codeModelInUse, Args: map[string]string{"name": o.Name}, Text: o.Name + " is in use; choose another model first",
		}}
	case filepath.Dir(o.Path) != downloads(home):
		return o, &trainer.UserError{Reason: trainer.Reason{
			Code: codeModelForeign, Args: map[string]string{"file": o.Path}, Text: o.Path + " was not fetched by CLARA and stays where it is",
		}}
	}
	hash, err := model.HashFile(ctx, o.Path)
	if err != nil {
		return o, fmt.Errorf("remove model: %w", err)
	}
	if err := os.Remove(o.Path); err != nil {
		return o, fmt.Errorf("remove model: %w", err)
	}
	// Another file may have the same content, and wants the reader.
	for _, other := range all {
		if other.Path == "" || other.Path == o.Path || other.Bytes != o.Bytes {
			continue
		}
		if h, err := model.HashFile(ctx, other.Path); err != nil || h == hash {
			return o, err
		}
	}
	return o, trainer.RemoveReader(home, hash)
}

// sameFile says whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

package catalogue

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"clara/model"
	"clara/trainer"
)

// Offer is a model that is there or can be fetched. Its JSON is what the commands print.
type Offer struct {
	Name       string   `json:"name"`                  // without spaces, so that it can be typed
	File       string   `json:"file"`                  // the name under which it is kept
	URL        string   `json:"url,omitempty"`         // "": it cannot be fetched
	Bytes      int64    `json:"bytes"`                 // of the file
	SHA256     string   `json:"sha256,omitempty"`      // "": not known, only the size is checked
	Licence    string   `json:"licence,omitempty"`     // "": not known
	Languages  []string `json:"languages,omitempty"`   // as ISO 639 names them
	Parameters int64    `json:"parameters,omitempty"`  // 0: not known
	CacheBytes int64    `json:"cache_bytes,omitempty"` // of keys and values for each token of a conversation

	Path    string         `json:"path,omitempty"`    // where it is; "": not here
	Fetched int64          `json:"fetched,omitempty"` // bytes of a download that was interrupted
	Fault   string         `json:"fault,omitempty"`   // why the file cannot be loaded
	Why     trainer.Reason `json:"-"`                 // the kind of the fault, where it has a name
	Needs   int64          `json:"needs,omitempty"`   // bytes of memory, with the context of the settings
	Free    int64          `json:"free"`              // bytes of memory now; -1: the machine does not tell
	Fit     string         `json:"fit,omitempty"`     // FitsWell, FitsTight, FitsNot; "": not known
}

// List lists the model files that are found, in the order of preference, and behind them
// what can be fetched besides. The first is the one that was asked for, wherever it lies
// ("": none was). A file of the name and size of one that can be fetched is
// taken for that model. Downloads are looked for in the data folder home. For context and
// free see [Offer.Weigh].
func List(home, asked string, context int, free int64) ([]Offer, error) {
	files, unread := filesIn(Searched(home))
	if len(unread) > 0 && len(files) == 0 {
		return nil, errors.Join(unread...)
	}
	if asked != "" {
		files = slices.DeleteFunc(files, func(path string) bool { return sameFile(path, asked) })
		files = slices.Insert(files, 0, asked)
	}
	var all []Offer
	var here []string // names of the catalogue
	for _, path := range files {
		o, err := Look(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed in this moment
		}
		if err != nil {
			return nil, err
		}
		here = append(here, o.Name)
		all = append(all, o)
	}
	for _, o := range fetchable {
		if !slices.Contains(here, o.Name) {
			o.Fetched = partSize(filepath.Join(Folder(home), o.File))
			all = append(all, o)
		}
	}
	for i := range all {
		all[i].Weigh(context, free)
	}
	return all, nil
}

// Look describes a file that is there. One that cannot be loaded is no error, see Fault.
func Look(path string) (Offer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Offer{}, fmt.Errorf("look at a model: %w", err)
	}
	name := filepath.Base(path)
	o := Offer{Name: strings.TrimSuffix(name, filepath.Ext(name)), File: name, Bytes: info.Size()}
	known := slices.IndexFunc(fetchable, func(c Offer) bool { return strings.EqualFold(c.File, name) && c.Bytes == info.Size() })
	if known >= 0 {
		o = fetchable[known]
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

// Named is the model that a person means: a URL of a GGUF file, or the name of one that
// can be fetched or the beginning of one, whatever its case. The error is a [*trainer.UserError].
func Named(named string) (Offer, error) {
	if strings.Contains(named, "://") {
		return offerAt(named)
	}
	var found []Offer
	for _, o := range fetchable {
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
	slices.SortFunc(found, func(a, b Offer) int { return cmp.Compare(a.Bytes, b.Bytes) })
	var names []string
	for _, o := range found {
		names = append(names, o.Name)
	}
	why := fmt.Sprintf("there is no model %q in the catalogue", named)
	if len(names) > 0 {
		why = fmt.Sprintf("%q may be %s", named, strings.Join(names, ", "))
	}
	return Offer{}, &trainer.UserError{Reason: trainer.Reason{
		Code: CodeUnknown, Text: why, Args: map[string]string{"name": named, "names": strings.Join(names, ", ")},
	}}
}

// What a file may be called that comes from outside: good on every file system.
var fileName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,199}\.(?i:gguf)$`)

// offerAt is the file at an address. That of a file's page at Hugging Face is understood.
func offerAt(address string) (Offer, error) {
	u, err := url.Parse(address)
	if err == nil && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !fileName.MatchString(path.Base(u.Path))) {
		err = errors.New("wanted http or https and a name that ends in .gguf")
	}
	if err != nil {
		return Offer{}, &trainer.UserError{Reason: trainer.Reason{
			Code: CodeBadURL, Args: map[string]string{"url": address}, Text: fmt.Sprintf("%q is no address of a GGUF file", address),
		}, Err: err}
	}
	if u.Host == strings.TrimPrefix(huggingFace, "https://") {
		u.Path = strings.Replace(u.Path, "/blob/", "/resolve/", 1)
	}
	name := path.Base(u.Path)
	for _, o := range fetchable {
		if o.URL == u.String() {
			return o, nil
		}
	}
	return Offer{Name: strings.TrimSuffix(name, path.Ext(name)), File: name, URL: u.String()}, nil
}

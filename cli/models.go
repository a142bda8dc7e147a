package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clara/model"
	"clara/trainer"
)

// ModelList are the models that are there, in the order of preference, and those that can
// be fetched; the folders that were looked in; the data folder, which has the readers.
type ModelList struct {
	Offers   []Offer
	Searched []string
	Home     string
}

// Offer is a model that is there or can be fetched.
type Offer struct {
	Name       string   `json:"name"`
	File       string   `json:"file"`
	URL        string   `json:"url,omitempty"` // "": it cannot be fetched
	Bytes      int64    `json:"bytes"`
	SHA256     string   `json:"sha256,omitempty"`  // "": not known, only the size is checked
	Licence    string   `json:"licence,omitempty"` // "": not known
	Languages  []string `json:"languages,omitempty"`
	Parameters int64    `json:"parameters,omitempty"`
	CacheBytes int64    `json:"cache_bytes,omitempty"` // of keys and values for each token of a conversation

	Path    string         `json:"path,omitempty"`    // where it is; "": not here
	Fetched int64          `json:"fetched,omitempty"` // bytes of a download that was interrupted
	Fault   string         `json:"fault,omitempty"`   // why the file cannot be loaded
	Why     trainer.Reason `json:"-"`                 // the kind of the fault, where it has a name
	Needs   int64          `json:"needs,omitempty"`   // bytes of memory, with the context of the settings
	Free    int64          `json:"free"`              // bytes of memory now; -1: the machine does not tell
	Fit     string         `json:"fit,omitempty"`     // well, tight, not; "": not known
}

// Fetched is how far a download is.
type Fetched struct {
	Done, Total int64   // bytes; Total is 0 until it is known
	Rate        float64 // bytes a second, of late; 0: not known yet
	Checking    bool    // all is there, its hash is computed
}

func (c *program) modelsCommand() *cobra.Command {
	list := func(cmd *cobra.Command, _ []string) error { return c.listModels(cmd.Context()) }
	cmd := &cobra.Command{
		Use:   "models",
		Short: "The models that are there, how they are prepared, and those that can be fetched",
		Long: `Lists the model files in the order in which they are preferred, and whether each is
prepared for lessons; then the models that models get fetches, with licence, languages,
and whether they fit into the memory that is free. The first of these is opened: the
file that --model names, the one of model.path in the settings, the first in the
folders of CLARA_MODELS, beside the program, and in the data folder.`,
		Args: c.noArgs,
		RunE: list,
	}
	cmd.AddCommand(&cobra.Command{Use: "list", Short: cmd.Short, Long: cmd.Long, Args: c.noArgs, RunE: list},
		c.getCommand(), c.addCommand(), c.removeCommand(), c.prepareCommand())
	return cmd
}

// modelView is a model file as the commands print it.
type modelView struct {
	Offer
	Reader trainer.ReaderState `json:"reader"`
}

func (c *program) listModels(ctx context.Context) error {
	all, err := c.Models(c.options)
	if err != nil {
		return err
	}
	views, others := []modelView{}, []Offer{}
	for _, o := range all.Offers {
		if o.Path == "" {
			others = append(others, o)
			continue
		}
		hash, err := model.HashFile(ctx, o.Path)
		if err != nil {
			return fmt.Errorf("look at a model: %w", err)
		}
		state, err := trainer.ReaderOf(all.Home, hash)
		if err != nil {
			return err
		}
		views = append(views, modelView{o, state})
	}
	return c.show(struct {
		Found     []modelView `json:"found"`
		Catalogue []Offer     `json:"catalogue"`
		Searched  []string    `json:"searched"`
	}{views, others, all.Searched}, func() {
		l := c.language
		for _, v := range views {
			c.sayf("%s  (%s, %s, %s)", "%s  (%s, %s, %s)", v.Path, l.size(v.Bytes), l.reader(v.Reader), l.fit(v.Offer))
		}
		if len(views) == 0 {
			c.sayf("No model found.", "Kein Modell gefunden.")
		}
		if len(others) > 0 {
			c.sayf("\nTo fetch with `clara models get NAME`:", "\nZu holen mit `clara models get NAME`:")
			c.sayOffers(others)
		}
		c.note("Looked in: %s", "Gesucht in: %s", strings.Join(all.Searched, ", "))
	})
}

func (c *program) sayOffers(all []Offer) {
	l := c.language
	rows := make([][]string, len(all))
	for i, o := range all {
		size := l.size(o.Bytes)
		if o.Fetched > 0 {
			size = l.say("%s of %s", "%s von %s", l.size(o.Fetched), size)
		}
		rows[i] = []string{o.Name, size, l.say("%s million", "%s Mio.", l.number(float64(o.Parameters)/1e6, 0)), strings.Join(o.Languages, " "), l.fit(o), o.Licence}
	}
	c.table([]string{l.say("name", "Name"), l.say("size", "Größe"), l.say("parameters", "Parameter"), l.say("languages", "Sprachen"), l.say("memory", "Speicher"), l.say("licence", "Lizenz")}, rows)
}

// size writes a number of bytes in powers of ten, as disks are sold.
func (l language) size(n int64) string {
	if n >= 1e9 {
		return l.number(float64(n)/1e9, 1) + " GB"
	}
	return l.number(float64(n)/1e6, 0) + " MB"
}

// fit says whether a model fits into the memory that is free.
func (l language) fit(o Offer) string {
	switch o.Fit {
	case "well":
		return l.say("fits well", "passt gut")
	case "tight":
		return l.say("tight: needs %s, %s are free", "wird eng: braucht %s, frei sind %s", l.size(o.Needs), l.size(o.Free))
	case "not":
		return l.say("does not fit: needs %s, %s are free", "passt nicht: braucht %s, frei sind %s", l.size(o.Needs), l.size(o.Free))
	}
	switch {
	case o.Why.Code != "":
		return l.say("cannot be loaded: %s", "lässt sich nicht laden: %s", l.because(o.Why))
	case o.Fault != "":
		return l.say("cannot be loaded", "lässt sich nicht laden")
	}
	return l.say("needs %s", "braucht %s", l.size(o.Needs))
}

// reader says what reader a model has.
func (l language) reader(s trainer.ReaderState) string {
	switch s {
	case trainer.ReaderBuiltIn:
		return l.say("reader: built in", "Leser: eingebaut")
	case trainer.ReaderPrepared:
		return l.say("reader: prepared", "Leser: vorbereitet")
	case trainer.ReaderRefused:
		return l.say("reader: refused, lessons work by turn only", "Leser: abgelehnt, Lektionen wirken nur als Vorgeschichte")
	}
	return l.say("reader: none, lessons work by turn only", "Leser: keiner, Lektionen wirken nur als Vorgeschichte")
}

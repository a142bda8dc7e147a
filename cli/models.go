package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clara/catalogue"
	"clara/model"
	"clara/trainer"
)

// ModelList are the models that are there, in the order of preference, and those that can
// be fetched; the folders that were looked in; the data folder, which has the readers.
type ModelList struct {
	Offers   []catalogue.Offer
	Searched []string
	Unread   []error // the folders of Searched that could not be read
	Home     string
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
	catalogue.Offer
	Reader trainer.ReaderState `json:"reader"`
}

func (c *program) listModels(ctx context.Context) error {
	all, err := c.Models(c.options)
	if err != nil {
		return err
	}
	views, others := []modelView{}, []catalogue.Offer{}
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
	var unread []string
	for _, err := range all.Unread {
		unread = append(unread, c.explain(err).Text)
	}
	return c.show(struct {
		Found     []modelView       `json:"found"`
		Catalogue []catalogue.Offer `json:"catalogue"`
		Searched  []string          `json:"searched"`
		Unread    []string          `json:"unread,omitempty"`
	}{views, others, all.Searched, unread}, func() {
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
		for _, text := range unread {
			c.note("Could not look everywhere: %s.", "Nicht überall ließ sich suchen: %s.", text)
		}
	})
}

func (c *program) sayOffers(all []catalogue.Offer) {
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
func (l language) fit(o catalogue.Offer) string {
	switch o.Fit {
	case catalogue.FitsWell:
		return l.say("fits well", "passt gut")
	case catalogue.FitsTight:
		return l.say("tight: needs %s, %s are free", "wird eng: braucht %s, frei sind %s", l.size(o.Needs), l.size(o.Free))
	case catalogue.FitsNot:
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
		return l.say("reader: refused, lessons work by turn only", "Leser: abgelehnt, Lektionen werden nur gelesen")
	}
	return l.say("reader: none, lessons work by turn only", "Leser: keiner, Lektionen werden nur gelesen")
}

package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"clara/model"
	"clara/trainer"
)

func (c *program) modelsCommand() *cobra.Command {
	list := func(cmd *cobra.Command, _ []string) error { return c.listModels(cmd.Context()) }
	cmd := &cobra.Command{
		Use:   "models",
		Short: "The models that are there, and how they are prepared for lessons",
		Long: `Lists the model files in the order in which they are preferred, and whether each is
prepared for lessons. The first of these is opened: the file that --model names, the
one of model.path in the settings, the first in the folders of CLARA_MODELS, beside
the program, and in the data folder.`,
		Args: cobra.NoArgs,
		RunE: list,
	}
	cmd.AddCommand(&cobra.Command{Use: "list", Short: cmd.Short, Long: cmd.Long, Args: cobra.NoArgs, RunE: list}, c.prepareCommand())
	return cmd
}

// modelView is a model file as the commands print it.
type modelView struct {
	Path   string              `json:"path"`
	Bytes  int64               `json:"bytes"`
	Reader trainer.ReaderState `json:"reader"`
}

func (c *program) listModels(ctx context.Context) error {
	all, err := c.Models(c.options)
	if err != nil {
		return err
	}
	views := make([]modelView, len(all.Found))
	for i, path := range all.Found {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("look at a model: %w", err)
		}
		hash, err := model.HashFile(ctx, path)
		if err != nil {
			return fmt.Errorf("look at a model: %w", err)
		}
		state, err := trainer.ReaderOf(all.Home, hash)
		if err != nil {
			return err
		}
		views[i] = modelView{path, info.Size(), state}
	}
	return c.show(struct {
		Found    []modelView `json:"found"`
		Searched []string    `json:"searched"`
	}{views, all.Searched}, func() {
		l := c.language
		for _, v := range views {
			c.sayf("%s  (%s MB, %s)", "%s  (%s MB, %s)", v.Path, l.number(float64(v.Bytes)/1e6, 0), l.reader(v.Reader))
		}
		if len(views) == 0 {
			c.sayf("No model found. `make model` fetches the built-in one.", "Kein Modell gefunden. `make model` holt das eingebaute.")
		}
		c.note("Looked in: %s", "Gesucht in: %s", strings.Join(all.Searched, ", "))
	})
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

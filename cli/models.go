package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func (c *program) modelsCommand() *cobra.Command {
	list := func(*cobra.Command, []string) error { return c.listModels() }
	cmd := &cobra.Command{
		Use:   "models",
		Short: "The models that are there, and where they are looked for",
		Long: `Lists the model files in the order in which they are preferred. The first of these
is opened: the file that --model names, the one of model.path in the settings, the
first in the folders of CLARA_MODELS, beside the program, and in the data folder.`,
		Args: cobra.NoArgs,
		RunE: list,
	}
	cmd.AddCommand(&cobra.Command{Use: "list", Short: cmd.Short, Long: cmd.Long, Args: cobra.NoArgs, RunE: list})
	return cmd
}

// modelView is a model file as the commands print it.
type modelView struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

func (c *program) listModels() error {
	found, searched, err := c.Models(c.options)
	if err != nil {
		return err
	}
	views := make([]modelView, len(found))
	for i, path := range found {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("look at a model: %w", err)
		}
		views[i] = modelView{path, info.Size()}
	}
	return c.show(struct {
		Found    []modelView `json:"found"`
		Searched []string    `json:"searched"`
	}{views, searched}, func() {
		l := c.language
		for _, v := range views {
			c.sayf("%s  (%s MB)", "%s  (%s MB)", v.Path, l.number(float64(v.Bytes)/1e6, 0))
		}
		if len(views) == 0 {
			c.sayf("No model found. `make model` fetches the built-in one.", "Kein Modell gefunden. `make model` holt das eingebaute.")
		}
		c.note("Looked in: %s", "Gesucht in: %s", strings.Join(searched, ", "))
	})
}

package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"clara/catalogue"
)

func (c *program) getCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get NAME|URL",
		Short: "Fetch a model",
		Long: `Fetches a model into the data folder: one that models list names (the beginning of the
name is enough), or any GGUF file by its address, also that of its page at Hugging Face.
Its size and, where it is known, its SHA-256 are checked. Ctrl+C stops it, and the next
call goes on. CLARA_MIRROR, or HF_ENDPOINT, names a mirror of huggingface.co.`,
		Args: c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.get(cmd.Context(), args[0]) },
	}
}

func (c *program) get(ctx context.Context, named string) error {
	o, err := c.bring(ctx, func(report func(catalogue.Progress)) (catalogue.Offer, error) {
		return c.Get(ctx, c.options, named, report)
	})
	if errors.Is(err, context.Canceled) {
		c.note("What was fetched is kept; the same call goes on with it.", "Das Geholte bleibt; derselbe Aufruf macht damit weiter.")
	}
	if err != nil {
		return err
	}
	return c.show(o, func() {
		c.sayBrought(o)
		if o.SHA256 == "" {
			c.sayf("No checksum is known for it: its size and its form were checked.", "Eine Prüfsumme ist dafür nicht bekannt: Geprüft wurden Größe und Aufbau.")
		}
	})
}

// bring shows how far a model is that is brought into the data folder. Where ctx has ended
// the error is context.Canceled.
func (c *program) bring(ctx context.Context, do func(report func(catalogue.Progress)) (catalogue.Offer, error)) (catalogue.Offer, error) {
	bar := &fetchBar{language: c.language, w: c.errs, terminal: isTerminal(c.errs)}
	o, err := do(bar.show)
	bar.end()
	if ctx.Err() != nil && err != nil {
		return o, context.Canceled
	}
	return o, err
}

// sayBrought says where a new model is and what can be done with it.
func (c *program) sayBrought(o catalogue.Offer) {
	c.sayf("%s is there: %s (%s)", "%s ist da: %s (%s)", o.Name, o.Path, c.language.fit(o))
	c.sayf("To use it: clara --model %q chat, or model.path in the settings.", "Benutzen: clara --model %q chat, oder model.path in den Einstellungen.", o.Path)
	if o.Licence != "" {
		c.sayf("Its licence: %s", "Seine Lizenz: %s", o.Licence)
	}
}

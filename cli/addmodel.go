package cli

import (
	"context"

	"github.com/spf13/cobra"

	"clara/catalogue"
)

func (c *program) addCommand() *cobra.Command {
	var exact bool
	cmd := &cobra.Command{
		Use:   "add FOLDER|FILE",
		Short: "Add a model that lies on this machine",
		Long: `Brings a model into the data folder: a folder as Hugging Face has it (config.json,
tokenizer.json, model.safetensors or several of them with their index), which is
converted into one GGUF file of the folder's name, or a GGUF file, which is copied. What
was there stays. Llama (also Mistral and SmolLM2) and Gemma 3 can be loaded. The weights
become Q8_0: half of the memory of 16-bit weights, and faster answers; --exact keeps them
as they are. Ctrl+C stops it and leaves nothing.`,
		Args: c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.add(cmd.Context(), args[0], exact) },
	}
	cmd.Flags().BoolVar(&exact, "exact", false, "keep the weights of a folder as they are")
	return cmd
}

func (c *program) add(ctx context.Context, path string, exact bool) error {
	o, err := c.bring(ctx, func(report func(catalogue.Progress)) (catalogue.Offer, error) {
		return c.Add(ctx, c.options, path, exact, report)
	})
	if err != nil {
		return err
	}
	return c.show(o, func() { c.sayBrought(o) })
}

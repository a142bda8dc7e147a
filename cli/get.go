package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
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

func (c *program) removeCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Delete a model that was fetched or added, with its reader",
		Long: `Deletes a model that models get or add brought, and what it was prepared with. Lessons and
feedback stay. The model in use is not deleted, nor a file that lies outside of the
data folder.`,
		Args: c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes && !c.confirmed(args[0]) {
				return c.usage("this deletes %s; say --yes to do it", "das löscht %s; mit --yes geschieht es", args[0])
			}
			o, err := c.Remove(cmd.Context(), c.options, args[0])
			if err != nil {
				return err
			}
			return c.show(o, func() { c.sayf("%s is deleted.", "%s ist gelöscht.", o.Name) })
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "delete it without asking")
	return cmd
}

// confirmed asks a person at a terminal.
func (c *program) confirmed(name string) bool {
	if c.json || !isTerminal(c.in) {
		return false
	}
	fmt.Fprint(c.errs, c.language.say("Delete %s? [y/N] ", "%s löschen? [j/N] ", name))
	line, err := bufio.NewReader(c.in).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return err == nil && (answer == "y" || answer == "yes" || answer == "j" || answer == "ja")
}

// fetchBar shows how far a download is: a bar for a person at a terminal, else a line for
// each tenth. It is not safe for concurrent use.
type fetchBar struct {
	language language
	w        io.Writer
	terminal bool
	bar      *progressbar.ProgressBar
	tenth    int64
	checking bool
}

func (b *fetchBar) show(f catalogue.Progress) {
	l := b.language
	switch {
	case f.Checking:
		b.end()
		if !b.checking {
			b.checking = true
			fmt.Fprintln(b.w, l.say("checking", "prüft"))
		}
	case b.terminal && f.Total > 0:
		if b.bar == nil {
			b.bar = progressbar.NewOptions64(f.Total, progressbar.OptionSetWriter(b.w), progressbar.OptionSetWidth(20), progressbar.OptionThrottle(200*time.Millisecond),
				progressbar.OptionSetPredictTime(false), progressbar.OptionSetRenderBlankState(true))
		}
		b.bar.Describe(fmt.Sprintf("%-40s", b.words(f)))
		_ = b.bar.Set64(f.Done) // it only draws
	case f.Total > 0:
		if t := 10 * f.Done / f.Total; t > b.tenth {
			b.tenth = t
			fmt.Fprintln(b.w, b.words(f))
		}
	}
}

// words say how much is there, how fast it comes, and how long it takes.
func (b *fetchBar) words(f catalogue.Progress) string {
	l := b.language
	words := l.say("%s of %s", "%s von %s", l.size(f.Done), l.size(f.Total))
	if f.Rate > 0 {
		left := time.Duration(float64(f.Total-f.Done) / f.Rate * float64(time.Second))
		words += l.say(", %s/s, %s left", ", %s/s, noch %s", l.size(int64(f.Rate)), l.span(left))
	}
	return words
}

// end leaves the terminal at the beginning of a line.
func (b *fetchBar) end() {
	if b.bar != nil {
		fmt.Fprintln(b.w)
		b.bar = nil
	}
}

// Package cli holds the commands of the program: each does its work through the
// same trainer and in the same data folder as the window, and prints it for a
// person, or with --json as one object for a program.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clara/catalogue"
	"clara/compute"
	"clara/configs"
	"clara/model"
	"clara/trainer"
)

// Options are the flags that every command takes; the zero value of each means
// that it was not given.
type Options struct {
	Home     string // the data folder
	Config   string // the settings file
	Model    string // a GGUF file
	Engine   string // one of Params.Engines, or auto
	Language string // de or en
	Threads  int
	Verbose  bool
	File     string // a GGUF file that the window takes, as the desktop hands one over

	// Moved, no flag, hears that another engine goes on for one that failed; nil: an
	// engine that fails is an error.
	Moved func(why trainer.Reason)
}

// Params are what the commands work with: the assembly of the program, as functions.
type Params struct {
	Version string
	Engines []string // what --engine takes besides auto
	// Language is what the settings say of the language, as far as they can be read.
	Language func(o Options) string
	// SystemLanguage is what the system speaks where no variable says it, "de-AT"; "": that is
	// not known. It may be nil.
	SystemLanguage func() string
	// Open opens the data folder for this program alone. It does not start the loop.
	Open func(ctx context.Context, o Options) (*Session, error)
	// Runner opens a model alone, for work that leaves the data folder as it is.
	Runner func(ctx context.Context, o Options) (*model.Runner, func() error, error)
	// Engine starts an engine alone.
	Engine func(ctx context.Context, o Options) (compute.Backend, error)
	// Models lists the models that are there and those that can be fetched.
	Models func(o Options) (ModelList, error)
	// Get fetches a model, named as in the catalogue or by the address of a GGUF file, into
	// the data folder. It goes on with what a call before left.
	Get func(ctx context.Context, o Options, named string, report func(catalogue.Progress)) (catalogue.Offer, error)
	// Add brings a model that lies elsewhere into the data folder: a GGUF file, or a folder of
	// Hugging Face, which becomes one. exact keeps such a folder's weights as they are.
	Add func(ctx context.Context, o Options, path string, exact bool, report func(catalogue.Progress)) (catalogue.Offer, error)
	// Remove deletes a model that Get or Add brought, with its reader.
	Remove func(ctx context.Context, o Options, named string) (catalogue.Offer, error)
	Users  func(o Options) (Users, error) // of the server
	Limits ServeOptions                   // of the server, as they are where no flag says otherwise
	// Desktop shows the window until it is closed. Where there is nothing to show it on, the
	// error is ErrNoDisplay or ErrNoOpenGL.
	Desktop func(ctx context.Context, o Options) error
}

// ErrNoDisplay says that there is no display to show a window on.
var ErrNoDisplay = errors.New("there is no display to show a window on")

// ErrNoOpenGL says that there is nothing to draw a window with.
var ErrNoOpenGL = errors.New("no window could be made with OpenGL 2.1")

// Session is an open data folder.
type Session struct {
	Home     string
	File     *configs.File
	Settings configs.Settings
	Trainer  *trainer.Trainer
	// Follow takes over what is changed in the settings file, but for its section [model],
	// until ctx ends. tell gets the changed settings, or why they cannot be used; it may be nil.
	Follow func(ctx context.Context, tell func(configs.Settings, error))
	// Load opens the model and gives it to the trainer, once.
	Load func(ctx context.Context) (*model.Runner, error)
	// Engines tries every engine, also those that are not in use.
	Engines func(ctx context.Context) []Engine
	// Serve loads the model and answers over HTTP until ctx ends.
	Serve func(ctx context.Context, o ServeOptions) error
	Close func() error
}

// Run runs the program with its arguments (without its own name) and returns its
// exit code.
func Run(ctx context.Context, args []string, p Params) int {
	c := &program{Params: p, in: os.Stdin, out: os.Stdout, errs: os.Stderr}
	c.hear()
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.out)
	root.SetErr(c.errs)
	var err error
	c.called, err = root.ExecuteContextC(ctx)
	return c.end(err)
}

// program is one run: what was asked for, and where to say what came of it.
type program struct {
	Params
	options  Options
	language language
	json     bool
	called   *cobra.Command
	began    bool // the arguments made sense
	answered bool // the one JSON object is out

	putLast  string                   // the contradiction that was put to the person with thanks last, in its own words
	atPrompt func(name string) string // how a command is typed at the prompt that stands; nil: none does

	in        *os.File
	out, errs io.Writer
}

// root is the command line.
func (c *program) root() *cobra.Command {
	cobra.MousetrapHelpText = "" // a double click opens the window
	root := &cobra.Command{
		Use:   "clara",
		Short: "A local language model that learns from you",
		Long: `CLARA is a local language model that learns from you: chat with it, rate, correct
or teach it, and in the background it trains on that, checks that it does no harm,
says whether it is proven better, and answers with what it has learnt. Nothing
leaves this machine.

Without a command it opens its window; given a GGUF file, with that model. Every
command works on the same data.`,
		Version:           c.Version,
		Args:              c.fileOrNothing,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: c.begin,
		RunE:              c.window,
	}
	root.SetFlagErrorFunc(c.flagError)
	root.SetVersionTemplate("clara {{.Version}}\n")
	f := root.PersistentFlags()
	f.SortFlags = false
	f.Func("home", "`folder` of the data (default: CLARA_HOME, else the user's data folder)", c.heard(&c.options.Home))
	f.Func("config", "settings `file` (default: continuous.toml in the data folder)", c.heard(&c.options.Config))
	f.StringVar(&c.options.Model, "model", "", "model `file` in GGUF format (default: see `clara models`)")
	f.StringVar(&c.options.Engine, "engine", "", "what computes: "+strings.Join(c.engines(), ", "))
	f.IntVar(&c.options.Threads, "threads", 0, "how many `threads` compute (default: one a core)")
	f.Func("lang", "`language` of the messages: de or en (this help is in English)", c.speak)
	f.BoolVar(&c.json, "json", false, "print one JSON object on stdout; everything else goes to stderr")
	f.BoolVar(&c.options.Verbose, "verbose", false, "log every decision to stderr, and every error with its causes")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "talk", Title: "Talk and teach:"},
		&cobra.Group{ID: "learn", Title: "What it learnt:"},
		&cobra.Group{ID: "check", Title: "Check and measure:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add("talk", c.chatCommand(), c.presetsCommand(), c.learnCommand(), c.feedbackCommand(), c.serveCommand(), c.usersCommand())
	add("learn", c.trainCommand(), c.lessonsCommand(), c.adaptersCommand(), c.statsCommand(), c.dataCommand(), c.cycleCommand())
	add("check", c.doctorCommand(), c.demoCommand(), c.modelsCommand(), c.benchCommand(), c.parityCommand())
	root.AddCommand(exitCodesTopic())
	c.strictHelp(root)
	return root
}

// fileOrNothing takes what a desktop adds to the name of the program: a file that was opened with it.
func (c *program) fileOrNothing(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && strings.EqualFold(filepath.Ext(args[0]), ".gguf") {
		return nil
	}
	return c.noArgs(cmd, args)
}

func (c *program) window(cmd *cobra.Command, args []string) (err error) {
	if len(args) > 0 {
		if c.options.File, err = filepath.Abs(args[0]); err != nil {
			return fmt.Errorf("find %s: %w", args[0], err)
		}
	}
	return c.Desktop(cmd.Context(), c.options)
}

func (c *program) engines() []string { return append([]string{"auto"}, c.Engines...) }

// begin looks at what cobra does not: the values of the flags that every command has.
func (c *program) begin(*cobra.Command, []string) error {
	threads, _ := configs.KeyOf("model.threads")
	c.options.Engine = configs.Renewed("model.engine", c.options.Engine)
	switch {
	case c.options.Engine != "" && !slices.Contains(c.engines(), c.options.Engine):
		return c.usage("--engine is %s, not %q", "--engine ist %s, nicht %q", strings.Join(c.engines(), c.language.say(" or ", " oder ")), c.options.Engine)
	case float64(c.options.Threads) < threads.Range.Min || float64(c.options.Threads) > threads.Range.Max:
		return c.usage("--threads is %.0f (one a core) to %.0f, not %d", "--threads geht von %.0f (einer je Kern) bis %.0f, %d nicht", threads.Range.Min, threads.Range.Max, c.options.Threads)
	}
	c.options.Moved = func(why trainer.Reason) { c.note("%s", "%s", c.language.because(why)) }
	c.began = true
	return nil
}

// speak takes --lang, at once: what is wrong with the other arguments is said in it.
func (c *program) speak(lang string) error {
	if lang != string(german) && lang != string(english) {
		return fmt.Errorf("de or en, not %q", lang)
	}
	c.options.Language = lang
	c.hear()
	return nil
}

// heard takes a flag that says where the settings lie, at once, for the same reason.
func (c *program) heard(at *string) func(string) error {
	return func(value string) error {
		*at = value
		c.hear()
		return nil
	}
}

// hear chooses the language by the arguments read so far, and by the settings that they name:
// it holds before the data folder is opened, for what never opens it, and for what is wrong
// with either.
func (c *program) hear() {
	c.language = languageOf(c.options.Language, c.Language(c.options), c.SystemLanguage)
}

// usage is an error of the arguments, in both languages.
func (c *program) usage(en, de string, args ...any) error {
	return usage("%s", c.language.say(en, de, args...))
}

// usage marks an error of the arguments that only a command can see.
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

type usageError struct{ error }

// opened opens the data folder, runs work on it, and closes it.
func (c *program) opened(ctx context.Context, work func(s *Session) error) (err error) {
	s, err := c.Open(ctx, c.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return work(s)
}

// openedWithModel is opened with the model loaded.
func (c *program) openedWithModel(ctx context.Context, work func(s *Session) error) error {
	return c.opened(ctx, func(s *Session) error {
		if _, err := s.Load(ctx); err != nil {
			return err
		}
		return work(s)
	})
}

// openedForFigures is opened with the model loaded where there is one: what was
// learnt belongs to a model, but the rest can be shown without. One that a flag names has
// to be there.
func (c *program) openedForFigures(ctx context.Context, work func(s *Session) error) error {
	return c.opened(ctx, func(s *Session) error {
		if _, err := s.Load(ctx); err != nil && (c.options.Model != "" || !isNoModelFile(err)) {
			return err
		}
		return work(s)
	})
}

// isNoModelFile says that there is no model, as opposed to one that is broken.
func isNoModelFile(err error) bool {
	var u *trainer.UserError
	return errors.As(err, &u) && u.Reason.Code == catalogue.CodeNoFile
}

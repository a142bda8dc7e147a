package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// noArgs refuses arguments: where a command has others below it, one that is none of
// them.
func (c *program) noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasAvailableSubCommands() {
		return c.calledAs(cmd)
	}
	return c.noCommand(cmd, args[0])
}

// noCommand says that cmd has no command of this name, and which may be meant.
func (c *program) noCommand(cmd *cobra.Command, name string) error {
	text := c.language.say("there is no command %q", "den Befehl %q gibt es nicht", strings.TrimPrefix(cmd.CommandPath()+" "+name, "clara "))
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		text += c.language.say("; did you mean %s?", "; ist %s gemeint?", strings.Join(near, ", "))
	}
	return usage("%s", text)
}

// strictHelp makes cobra's help miss what there is not: it would help with the command
// above, and be content.
func (c *program) strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Run, help.RunE = nil, func(_ *cobra.Command, args []string) error {
		about, rest, err := root.Find(args)
		switch {
		case err != nil:
			return err
		case len(rest) > 0:
			return c.noCommand(about, rest[0])
		}
		return about.Help()
	}
}

// args wants at least and at most so many arguments; most < 0 is no bound.
func (c *program) args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return c.calledAs(cmd)
		}
		return nil
	}
}

// calledAs says how a command is called.
func (c *program) calledAs(cmd *cobra.Command) error {
	return c.usage("it is called as: %s", "aufgerufen wird es so: %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
}

// flagError is what cobra says of a flag, without the words of the standard library, and in
// the person's language.
func (c *program) flagError(_ *cobra.Command, err error) error {
	text, _, _ := strings.Cut(err.Error(), ": strconv.")
	if c.language != german {
		return usage("%s", text)
	}
	// Its errors have types of their own, in a library that is not ours to import.
	if name, ok := strings.CutPrefix(text, "unknown flag: "); ok {
		text = name + " gibt es hier nicht"
	} else if where, ok := strings.CutPrefix(text, "unknown shorthand flag: "); ok {
		_, name, _ := strings.Cut(where, " in ")
		text = name + " gibt es hier nicht"
	} else if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		text = name + " braucht einen Wert"
	} else if what, ok := strings.CutPrefix(text, "invalid argument "); ok {
		value, rest, _ := strings.Cut(what, ` for "`)
		name, _, _ := strings.Cut(rest, `" flag`)
		text = value + " passt nicht zu " + name
	}
	return usage("%s", text)
}

// usageHint names the help of the command that was called.
func (c *program) usageHint() string {
	path := "clara"
	if c.called != nil {
		path = c.called.CommandPath()
	}
	if path == "clara" || path == "clara help" {
		return c.language.say("`clara help` lists the commands, `clara COMMAND --help` explains one.", "`clara help` zeigt die Befehle, `clara BEFEHL --help` erklärt einen.")
	}
	return c.language.say("`%s --help` explains it.", "`%s --help` erklärt es.", path)
}

package cli

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

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

package cli

import (
	"context"
	"sync"

	"github.com/spf13/cobra"

	"clara/configs"
	"clara/trainer"
)

func (c *program) learnCommand() *cobra.Command {
	var interactive, stats bool
	cmd := &cobra.Command{
		Use:   "learn",
		Short: "Learn continuously",
		Long: `Runs the loop that trains on the feedback by the settings, and says what it does,
until Ctrl+C. With --interactive there is a prompt beside it (help lists its
commands); lines can come from a pipe, and with --json each is answered by one
object. With --stats it prints the figures and ends. What is changed in the settings
file meanwhile holds from then on, what its section [model] says from the next start on.
What is typed at a prompt is kept for the next time in the file history of the data
folder; what is older than a day goes from it with each start of CLARA.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case interactive && stats:
				return c.usage("--interactive and --stats exclude each other", "--interactive und --stats schließen sich aus")
			case stats:
				return c.openedForFigures(cmd.Context(), func(s *Session) error { return c.stats(cmd.Context(), s.Trainer) })
			case interactive:
				return c.dialogue(cmd.Context(), trainer.Ask{}, "", worded)
			}
			return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.learn(cmd.Context(), s) })
		},
	}
	cmd.Flags().BoolVar(&interactive, "interactive", false, "give commands at a prompt meanwhile")
	cmd.Flags().BoolVar(&stats, "stats", false, "print the figures and end")
	return cmd
}

// learn runs the loop until ctx ends.
func (c *program) learn(ctx context.Context, session *Session) error {
	t := session.Trainer
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	events := t.Watch(watching)
	var following sync.WaitGroup
	following.Go(func() { c.tell(events) })
	following.Go(func() { session.Follow(watching, c.tellSettings(session.Settings)) })
	defer func() { stop(); following.Wait() }()
	if err := t.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	t.Stop()
	s := t.State()
	return c.show(statusOf(s), func() {})
}

// tellSettings says that the settings file was changed since the program began with the
// settings start.
func (c *program) tellSettings(start configs.Settings) func(configs.Settings, error) {
	return func(now configs.Settings, err error) {
		switch {
		case err != nil:
			c.note("* the changed settings cannot be used, those before are in force: %s", "* die geänderten Einstellungen sind nicht brauchbar, die vorigen gelten weiter: %s", c.explain(err).Text)
		case now.Model != start.Model:
			c.note("* the changed settings are in force, but for those of [model]: they hold from the next start on",
				"* die geänderten Einstellungen gelten jetzt, außer denen unter [model]: Diese gelten ab dem nächsten Start")
		default:
			c.note("* the changed settings are in force", "* die geänderten Einstellungen gelten jetzt")
		}
	}
}

// tell says what the loop does, on stderr.
func (c *program) tell(events <-chan trainer.Event) {
	p := c.newProgress()
	defer p.end()
	last := ""
	for e := range events {
		for _, n := range e.News {
			if text := c.newsOf(n); text != "" {
				p.end()
				c.note("* %s", "* %s", text)
			}
		}
		if isBusy(e.State.Phase) {
			p.follow(e.State)
			continue
		}
		p.end()
		// The seconds until a training change; that it is due does not.
		if e.State.Phase == "" || last == string(e.State.Phase)+e.State.Why.Code {
			continue
		}
		last = string(e.State.Phase) + e.State.Why.Code
		c.note("%s: %s", "%s: %s", c.language.phase(e.State), c.language.because(e.State.Why))
	}
}

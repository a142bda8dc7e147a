package cli

import (
	"context"
	"net"
	"time"

	"github.com/spf13/cobra"
)

// ServeOptions are how the program serves. What the limits are by default is Params.Limits.
type ServeOptions struct {
	Addr     string
	Parallel int     // answers at a time
	Queue    int     // requests that each user may have waiting
	Rate     float64 // requests a second of each user
	// Ready is called once the server answers: where, and how many users there are.
	Ready func(addr string, users int)
}

// Users are the users of the server, as functions.
type Users struct {
	Add    func(name string) (token string, err error)
	Remove func(name string) (folder string, err error)
	List   func() ([]User, error)
}

// User is a user of the server.
type User struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
}

func (c *program) serveCommand() *cobra.Command {
	o := c.Limits
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer over HTTP",
		Long: `Answers over HTTP until Ctrl+C, and learns meanwhile: /feedback and /generate, ratings
and corrections by the id of an answer, /lessons, /stats, /adapters, /train, and what
OpenAI's clients expect under /v1. /docs describes it all. What is under way at Ctrl+C
has ten seconds; Ctrl+C once more does not wait.

Without users it serves this data folder on an address of this machine alone, and
asks for no token. Once there are users (clara users add NAME), every request needs a
token, and each user has feedback, lessons and versions of their own.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Parallel < 1 || o.Queue < 1 || !(o.Rate > 0) {
				return c.usage("--parallel and --queue are 1 and more, --rate is more than 0", "--parallel und --queue sind 1 und mehr, --rate ist größer als 0")
			}
			return c.opened(cmd.Context(), func(s *Session) error { return c.serve(cmd.Context(), s, o) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "`host:port` to listen on")
	f.IntVar(&o.Parallel, "parallel", o.Parallel, "give so many `answers` at a time")
	f.IntVar(&o.Queue, "queue", o.Queue, "let each user have so many `requests` waiting")
	f.Float64Var(&o.Rate, "rate", o.Rate, "`requests` a second that each user may send, over time")
	return cmd
}

func (c *program) serve(ctx context.Context, s *Session, o ServeOptions) error {
	asked := o.Addr
	o.Ready = func(addr string, users int) {
		ready := struct {
			URL   string `json:"url"`
			Users int    `json:"users"`
		}{"http://" + listening(asked, addr), users}
		_ = c.show(ready, func() { // who reads it has gone at worst
			c.sayf("CLARA answers on %s (Ctrl+C ends it).", "CLARA antwortet auf %s (Strg+C beendet es).", ready.URL)
		})
	}
	return s.Serve(ctx, o)
}

// listening is the address asked for with the port that was got: the address of the
// listener says [::] where 0.0.0.0 was asked for.
func listening(asked, got string) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil || host == "" {
		return got
	}
	_, port, err := net.SplitHostPort(got)
	if err != nil {
		return got
	}
	return net.JoinHostPort(host, port)
}

func (c *program) usersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "users",
		Short: "Who may use the server",
		Long: `Lists, adds and removes the users of clara serve, also while it runs. Each has a token,
which is printed once and kept nowhere.`,
		Args: c.noArgs,
		RunE: func(*cobra.Command, []string) error { return c.withUsers(c.listUsers) },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the users", Args: c.noArgs,
			RunE: func(*cobra.Command, []string) error { return c.withUsers(c.listUsers) },
		},
		&cobra.Command{
			Use: "add NAME", Short: "Add a user and print the token", Args: c.args(1, 1),
			RunE: func(_ *cobra.Command, args []string) error {
				return c.withUsers(func(u Users) error { return c.addUser(u, args[0]) })
			},
		},
		&cobra.Command{
			Use: "remove NAME", Short: "Take a user's access away; what they taught stays", Args: c.args(1, 1),
			RunE: func(_ *cobra.Command, args []string) error {
				return c.withUsers(func(u Users) error { return c.removeUser(u, args[0]) })
			},
		},
	)
	return cmd
}

func (c *program) withUsers(work func(Users) error) error {
	u, err := c.Users(c.options)
	if err != nil {
		return err
	}
	return work(u)
}

func (c *program) listUsers(u Users) error {
	all, err := u.List()
	if err != nil {
		return err
	}
	return c.show(struct {
		Users []User `json:"users"`
	}{all}, func() {
		if len(all) == 0 {
			c.sayf("There are no users: the server serves this machine alone, without a token.",
				"Es gibt keine Benutzer: Der Server bedient nur diesen Rechner, ohne Token.")
			return
		}
		l := c.language
		rows := make([][]string, len(all))
		for i, x := range all {
			rows[i] = []string{x.Name, when(x.Created)}
		}
		c.table([]string{l.say("USER", "BENUTZER"), l.say("SINCE", "SEIT")}, rows)
	})
}

func (c *program) addUser(u Users, name string) error {
	token, err := u.Add(name)
	if err != nil {
		return err
	}
	return c.show(struct {
		Name  string `json:"name"`
		Token string `json:"token"`
	}{name, token}, func() {
		c.sayf("%s", "%s", token)
		c.note("This is the token of %s. It is shown this once: keep it well.", "Das ist das Token für %s. Es wird nur dieses eine Mal gezeigt: Bewahren Sie es gut auf.", name)
	})
}

func (c *program) removeUser(u Users, name string) error {
	folder, err := u.Remove(name)
	if err != nil {
		return err
	}
	return c.show(struct {
		Name   string `json:"name"`
		Folder string `json:"folder"`
	}{name, folder}, func() {
		c.sayf("%s can no longer use the server. What was taught stays in %s.", "%s kann den Server nicht mehr benutzen. Das Beigebrachte bleibt in %s.", name, folder)
	})
}

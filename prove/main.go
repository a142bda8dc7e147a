// Command prove measures what learning promises, through the same trainer that the
// faces use, and writes every count down. sets/README.md says what it asks, and
// -report makes docs/learning.md of what it wrote.
//
// Every finished measurement is a line of the results file. One that is there is not
// done again, so it can be stopped at any time, and goes on with the first that has no
// line; what was stopped in the middle begins anew, but for a life of many cycles, which
// goes on from its last checkpoint. With -again, one of another commit is done again, and
// takes its place. With -model, the same goals are judged on another model, in a folder of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(1)
	}
}

// givenFolder holds the sets that came with the project.
func givenFolder() string {
	data := os.Getenv("CLARA_TESTDATA")
	if data == "" {
		data = filepath.Join("..", "shared", "data")
		if _, err := os.Stat(data); err != nil { // from the folder of a test
			data = filepath.Join("..", data)
		}
	}
	return filepath.Join(data, "learning")
}

// session is one run of the program.
type session struct {
	options
	folder  string // of the results and pictures
	models  string
	home    string
	threads int
	budget  time.Duration
	commit  string
	again   bool                // what has a line of another commit is done again
	others  map[string][]lesson // fillers, by language
}

// shortBudget is what the short form takes at most.
const shortBudget = 20 * time.Minute

// The results in their folder, and what says that a run writes there.
const (
	resultsFile = "results.jsonl"
	lockFile    = ".lock"
)

// errBusy says that another run writes into the same folder: both would do the same.
var errBusy = errors.New("another run measures into it")

func run(ctx context.Context, args []string) error {
	s := session{}
	f := flag.NewFlagSet("prove", flag.ContinueOnError)
	f.StringVar(&s.folder, "out", "", "`folder` of the results and pictures, the report lies beside it (default docs/learning, with -short bin/learning, with -model a folder of its name beside that)")
	f.StringVar(&s.models, "models", "models", "`folder` of the model files")
	f.StringVar(&s.model, "model", "", "name of the `file` in that folder to measure in place of the built-in model, in English")
	f.StringVar(&s.home, "home", filepath.Join("bin", "learning-home"), "data `folder` of the readers of other models, which are made where they are missing")
	f.IntVar(&s.threads, "threads", 0, "threads that compute; 0: one a core")
	f.IntVar(&s.seeds, "seeds", wantedSeeds, "how often each measurement is repeated with another seed")
	f.BoolVar(&s.short, "short", false, "one seed and smaller sizes: less than 20 minutes on two cores; fails where learning is broken")
	f.DurationVar(&s.budget, "budget", 0, "begin no measurement that would not end within this `time`, and stop one that does not; 0: no limit")
	f.BoolVar(&s.again, "again", false, "measure anew what was measured at another commit, too")
	only := f.String("only", "", "only these `measurements`: "+strings.Join(order, ","))
	list := f.Bool("list", false, "only say what would be done")
	report := f.Bool("report", false, "only make the report of the results")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if s.short {
		s.seeds = 1
		if s.budget == 0 {
			s.budget = shortBudget
		}
	}
	if s.folder == "" {
		s.folder = folderOf(s.short, s.model)
	}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	if *report {
		return writeReport(s.folder)
	}
	sets, err := ownSets()
	if err != nil {
		return err
	}
	given, err := givenSets(givenFolder())
	if err != nil {
		return err
	}
	if given == nil {
		fmt.Fprintf(os.Stderr, "without the given sets: there is no %s (CLARA_TESTDATA)\n", givenFolder())
	}
	sets = append(sets, given...)
	lendUnrelated(sets)
	s.others = make(map[string][]lesson)
	for _, x := range sets {
		if x.Part == partFillers {
			s.others[x.Language] = append(s.others[x.Language], x.Lessons...)
		}
	}
	units, err := plan(sets, s.options)
	if err != nil {
		return err
	}
	if *list {
		total := time.Duration(0)
		for _, u := range units {
			r := u.result()
			fmt.Printf("%4.0f s  %s\n", u.cost.Seconds(), r.key())
			total += u.cost
		}
		fmt.Printf("%d measurements, about %s\n", len(units), total.Round(time.Minute))
		return nil
	}
	s.commit = commit(ctx)
	lock, err := s.hold()
	if err != nil {
		return err
	}
	return errors.Join(s.measure(ctx, units), writeReport(s.folder), s.judge(), lock.Unlock())
}

// hold makes the folder of the results and keeps other runs out of it until the lock is
// released.
func (s *session) hold() (*flock.Flock, error) {
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the results: %w", err)
	}
	lock := flock.New(filepath.Join(s.folder, lockFile))
	free, err := lock.TryLock()
	if err == nil && !free {
		err = errBusy
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("measure into %s: %w", s.folder, err), lock.Close())
	}
	return lock, nil
}

// judge says of the short form, which nobody looks at, whether learning is broken at the
// present commit.
func (s *session) judge() error {
	if !s.short {
		return nil
	}
	lines, _, err := readResults(filepath.Join(s.folder, resultsFile))
	return errors.Join(err, judgeFloors(slices.DeleteFunc(lines, func(r result) bool { return r.Commit != s.commit })))
}

// folderOf is where results go if nothing else is said. Those of the short form ask less under
// the same names, and those of another model would be added up with ours, so they are kept
// apart.
func folderOf(short bool, model string) string {
	switch name := "learning-" + strings.TrimSuffix(model, ".gguf"); {
	case model != "" && short:
		return filepath.Join("bin", name+"-short")
	case model != "":
		return filepath.Join("docs", name)
	case short:
		return filepath.Join("bin", "learning")
	}
	return filepath.Join("docs", "learning")
}

// commit names what is measured; a changed working tree is told.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--abbrev=12", "--dirty").Output()
	if err != nil { // an archive has no history, and a container may not read it
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// errBudget is why a measurement is stopped that takes longer than there is time.
var errBudget = errors.New("the budget is spent")

// measure does what has no line yet, as long as the budget lasts.
func (s *session) measure(ctx context.Context, units []unit) (err error) {
	if s.budget > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, s.budget, errBudget)
		defer stop()
	}
	file, err := openResults(filepath.Join(s.folder, resultsFile))
	if err != nil {
		return err
	}
	of := ""
	if s.again || s.short { // lines of other commits say nothing of whether this one is broken
		of = s.commit
	}
	var todo []unit
	for _, u := range units {
		if err := file.about(u.result()); err != nil {
			return err
		}
		if !file.has(u.name(), of) {
			todo = append(todo, u)
		}
	}
	var b *bench
	defer func() {
		if b != nil {
			err = errors.Join(err, b.close())
		}
	}()
	began, opened := time.Now(), ""
	pace := paceOf{}
	var failed []error // the others go on
	stopped := func(u unit) error {
		if errors.Is(context.Cause(ctx), errBudget) {
			fmt.Fprintf(os.Stderr, "stopped after %s, the budget: %s; the next run goes on\n", s.budget, u.name())
			return errors.Join(failed...)
		}
		return fmt.Errorf("stopped in %s; what is finished is kept, and the next run goes on", u.name())
	}
	for i, u := range todo {
		spent := time.Since(began)
		if s.budget > 0 && spent+pace.of(u.cost) > s.budget {
			fmt.Fprintf(os.Stderr, "left out for the budget: %s\n", u.name())
			continue
		}
		fmt.Fprintf(os.Stderr, "%d of %d, %s, %s left: %s\n", i+1, len(todo), clock(spent), clock(pace.left(todo[i:], s.budget, spent)), u.name())
		path := filepath.Join(s.models, u.model)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) { // no line: it may be there the next time
			fmt.Fprintf(os.Stderr, "left out: there is no %s\n", path)
			continue
		}
		if opened != u.model {
			if b != nil {
				if err := b.close(); err != nil {
					return err
				}
			}
			if b, err = s.open(ctx, u.model, file); err != nil {
				if ctx.Err() != nil {
					return stopped(u)
				}
				return err
			}
			opened = u.model
		}
		if !b.ready { // no line: another seed may bring one
			fmt.Fprintf(os.Stderr, "left out: the gate refused the reader of %s\n", u.model)
			continue
		}
		r, start := u.result(), time.Now()
		r.Commit, r.Base, r.Reader, r.Machine = s.commit, b.runner.Info().Hash, b.reader, b.machine()
		if err := u.run(ctx, b, &r); err != nil {
			if ctx.Err() != nil {
				return stopped(u)
			}
			failed = append(failed, fmt.Errorf("%s: %w", u.name(), err))
			fmt.Fprintln(os.Stderr, failed[len(failed)-1])
			continue
		}
		r.Ended = time.Now().UTC().Truncate(time.Second)
		r.Seconds += time.Since(start).Seconds() // to those of a run before that it went on from
		pace.note(u.cost, time.Duration(r.Seconds*float64(time.Second)))
		if err := errors.Join(file.append(r), b.checkpointOf(&r).drop()); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// open opens a model and measures it once, with the reader that the lines of the file were
// measured with. One that has none gets it first, if the gate lets it; without a reader it is
// not measured.
func (s *session) open(ctx context.Context, name string, file *results) (_ *bench, err error) {
	b, err := openBench(ctx, filepath.Join(s.models, name), s.home, s.threads)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	b.others, b.unfinished = s.others, filepath.Join(s.folder, "unfinished")
	if b.ready, err = b.hasReader(); err != nil {
		return nil, err
	}
	if !b.ready {
		if err := b.prepare(ctx, name); err != nil {
			return nil, err
		}
		if b.ready, err = b.hasReader(); err != nil || !b.ready {
			return b, err
		}
	}
	if err := b.measure(ctx); err != nil {
		return nil, err
	}
	if err := file.of(name, b.reader); err != nil {
		return nil, err
	}
	return b, nil
}

func (u *unit) name() string {
	r := u.result()
	return r.key()
}

func clock(d time.Duration) string { return d.Round(time.Second).String() }

// paceOf learns how long measurements take against what was expected of them.
type paceOf struct{ expected, taken time.Duration }

func (p *paceOf) note(expected, taken time.Duration) {
	p.expected += expected
	p.taken += taken
}

func (p *paceOf) of(cost time.Duration) time.Duration {
	if p.expected == 0 {
		return cost
	}
	return time.Duration(float64(cost) * float64(p.taken) / float64(p.expected))
}

func (p *paceOf) left(units []unit, budget, spent time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, u := range units {
		sum += p.of(u.cost)
	}
	if budget > 0 {
		sum = min(sum, budget-spent)
	}
	return sum
}

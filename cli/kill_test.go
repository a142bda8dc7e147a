package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"clara/store"
)

// prompt is a program with its prompt on pipes: a command in, one JSON object out.
type prompt struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	log strings.Builder
}

// killedModel is the model of these tests, "" where there is none: the small trained one of
// the test data, whose cycles take seconds, so that a kill finds any part of one; the built-in
// one, which is measured for minutes before it trains, where many kills are asked for, or
// where there is no other.
func killedModel() string {
	small := filepath.Join(testData(), "models", "stories260K", "stories260K.gguf")
	if _, err := os.Stat(small); err != nil || os.Getenv(manyKills) != "" {
		return modelFile
	}
	return small
}

// manyKills says how often TestKillLosesNoFeedback kills.
const manyKills = "CLARA_KILLS"

// learn starts `clara learn --interactive` on a data folder.
func learn(t *testing.T, home string) *prompt {
	t.Helper()
	args := []string{"--home", home, "--json", "learn", "--interactive"}
	if path := killedModel(); path != "" {
		args = append(args, "--model", path)
	}
	p := &prompt{cmd: exec.CommandContext(t.Context(), program, args...)}
	p.cmd.Env = environment()
	p.cmd.Stderr = &p.log
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 1<<20)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func environment() []string {
	return append(os.Environ(), "LC_ALL=C", "CLARA_MODELS=", "DISPLAY=", "WAYLAND_DISPLAY=")
}

// reply is what a command of the prompt answers, as far as these tests look at it.
type reply struct {
	ID     int64  `json:"id"`
	Prompt string `json:"prompt"`
	Answer string `json:"answer"`
	Better string `json:"better"`
	State  string `json:"state"`
	Phase  string `json:"phase"`
	Cycle  int64  `json:"cycle"`
	Lesson int64  `json:"lesson"`
	Why    struct{ Code string }
	Error  *struct{ Code, Message string }
}

// ask gives one command and returns its answer; ok is false when the program has
// died before.
func (p *prompt) ask(command string) (r reply, ok bool) {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return r, false
	}
	if !p.out.Scan() {
		return r, false
	}
	return r, json.Unmarshal(p.out.Bytes(), &r) == nil
}

// quit ends the program in good order.
func (p *prompt) quit(t *testing.T) {
	t.Helper()
	if err := p.in.Close(); err != nil {
		t.Error(err)
	}
	for p.out.Scan() {
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("learn: %v\n%s", err, &p.log)
	}
}

func (p *prompt) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for p.out.Scan() {
	}
	_ = p.cmd.Wait() // "signal: killed"
}

// command runs the program to its end and reads the object that it prints.
func command(t *testing.T, home string, into any, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"--home", home, "--json"}, args...)...)
	cmd.Env = environment()
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("clara %v: %v\n%s%s", args, err, out, &log)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("clara %v: %v: %s", args, err, out)
	}
}

// preparedHome is a data folder in which answers are short, no reader is made for a model
// that has none, and the model has been measured, as it is once for each model: training can
// begin at once.
func preparedHome(t *testing.T) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "continuous.toml"), []byte("[continuous]\nprepare_models = false\n[answer]\nmax_tokens = 6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if killedModel() == "" {
		return home
	}
	if measured == nil {
		p := learn(t, home)
		if r, ok := p.ask("wait"); !ok || r.Error != nil {
			t.Fatalf("wait: %+v\n%s", r, &p.log)
		}
		p.quit(t)
		var err error
		if measured, err = os.ReadFile(filepath.Join(home, "clara.db")); err != nil {
			t.Fatal(err)
		}
		return home
	}
	if err := os.WriteFile(filepath.Join(home, "clara.db"), measured, 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// measured is the database of the first preparedHome.
var measured []byte

// Two programs on one folder: the second says so with its own exit code, and nothing
// happens to the first.
func TestSecondProgramOnOneFolderSaysSo(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	first := learn(t, home)
	if _, ok := first.ask("status"); !ok {
		t.Fatalf("the first program: %s", &first.log)
	}
	for _, args := range [][]string{{"stats"}, {"feedback", "add", "--text", "one two three", "--score", "1"}, {"chat", "--once", "hello"}, {"doctor"}} {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--home", home, "--json"}, args...)...)
		cmd.Env = environment()
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 4 || !strings.Contains(string(out), `"code":"locked"`) {
			t.Errorf("clara %v: %v: %s", args, err, out)
		}
	}
	if r, ok := first.ask("teach Who is the mayor? => Anna Huber."); !ok || r.ID != 1 {
		t.Errorf("the first program answers %+v\n%s", r, &first.log)
	}
	first.quit(t)
}

// longKill is how often a kill waits for a late part of a cycle, see TestKill.
const longKill = 20

// TestKillLosesNoFeedback kills the program at random moments of rating, correcting,
// teaching and training. Whatever it has acknowledged is there afterwards, the store
// is sound, and a cycle that was cut is marked so; none is half applied.
func TestKillLosesNoFeedback(t *testing.T) {
	kills := 3
	if s := os.Getenv(manyKills); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatalf("%s: %v", manyKills, err)
		}
	}
	if killedModel() == "" {
		t.Log("without a model (make model) nothing is rated and nothing trains")
	}
	const seed = 1
	t.Logf("seed %d, %d kills", seed, kills)
	random := rand.New(rand.NewPCG(seed, 0))
	home := preparedHome(t)
	kept := make(map[int64]reply)
	n, trainings, cut := 0, 0, 0
	lacking := func() bool { return killedModel() != "" && cut == 0 }
	// A machine that is busy with something else comes to train later.
	for k := 0; k < kills || k < 8*kills && lacking(); k++ {
		longest := 3 * time.Second
		if k%longKill == longKill-1 {
			longest = time.Minute
		}
		p := learn(t, home)
		// From the first answer on, so that starting up does not take most kills.
		if _, ok := p.ask("help"); !ok {
			t.Fatalf("kill %d: the program does not start: %s", k, &p.log)
		}
		after := time.Duration(random.Int64N(int64(longest)))
		timer := time.AfterFunc(after, func() { _ = p.cmd.Process.Kill() })
		for step := 0; ; step++ {
			n++
			r, ok := p.ask(killCommand(step, n))
			if !ok {
				break
			}
			if r.Error != nil {
				t.Errorf("kill %d, step %d: %+v", k, step, *r.Error)
				timer.Stop()
				break
			}
			if r.State != "" {
				kept[r.ID] = r
			}
			if r.Cycle != 0 && r.ID == 0 {
				trainings++
			}
			time.Sleep(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
		}
		p.kill(t)
		timer.Stop()
		cut = checkAfterKill(t, home, kept)
		if t.Failed() {
			t.Fatalf("after kill %d, %v after the start", k, after)
		}
	}
	t.Logf("%d samples acknowledged, %d trainings begun, %d cycles cut", len(kept), trainings, cut)
	if lacking() {
		t.Error("no cycle was cut by a kill: the test shows nothing of cycles")
	}
	if len(kept) == 0 {
		t.Error("no feedback was acknowledged before any kill: the test shows nothing")
	}
}

// killCommand is what the program does when it is killed.
func killCommand(step, n int) string {
	if killedModel() == "" {
		return []string{
			fmt.Sprintf("teach Who lives at number %d? => Person %d lives there.", n, n),
			fmt.Sprintf("feedback 0.5 A text worth keeping, the %dth.", n),
		}[step%2]
	}
	switch step % 6 {
	case 0:
		return fmt.Sprintf("generate What is at number %d?", n)
	case 1:
		return "feedback 4"
	case 2:
		return fmt.Sprintf("correct The house of person %d is there.", n)
	case 3:
		return fmt.Sprintf("teach Who lives at number %d? => Person %d lives there.", n, n)
	case 4:
		return fmt.Sprintf("feedback 0.5 A text worth keeping, the %dth.", n)
	}
	return "train"
}

// checkAfterKill opens the folder again, as the program does and by hand, and counts the cycles
// that are marked as cut.
func checkAfterKill(t *testing.T, home string, kept map[int64]reply) (cut int) {
	t.Helper()
	var list struct{ Samples []reply }
	command(t, home, &list, "feedback", "list")
	there := make(map[int64]reply, len(list.Samples))
	for _, s := range list.Samples {
		there[s.ID] = s
	}
	for id, want := range kept {
		if got, ok := there[id]; !ok || got.Prompt != want.Prompt || got.Answer != want.Answer || got.Better != want.Better {
			t.Errorf("sample %d was acknowledged as %+v and is now %+v", id, want, got)
		}
	}
	st, err := store.Open(t.Context(), filepath.Join(home, "clara.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.Check(t.Context()); err != nil {
		t.Error(err)
	}
	cycles, err := st.Cycles(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	promoted := make(map[int64]bool)
	hashes := make(map[string]bool)
	for _, c := range cycles {
		hashes[c.BaseHash] = true
		switch c.State {
		case store.CycleRunning:
			t.Errorf("cycle %d still counts as running", c.ID)
		case store.CyclePromoted:
			promoted[c.ID] = true
		case store.CycleCut:
			cut++
		}
	}
	for hash := range hashes {
		versions, err := st.Versions(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range versions {
			if !promoted[v.Cycle] {
				t.Errorf("version %d is of cycle %d, which was not promoted", v.Number, v.Cycle)
			}
			delete(promoted, v.Cycle)
			for _, folder := range []string{v.Manner, v.Knowledge} {
				if folder == "" || v.Removed {
					continue
				}
				for _, file := range []string{"adapter_config.json", "adapter_model.safetensors"} {
					if _, err := os.Stat(filepath.Join(home, folder, file)); err != nil {
						t.Errorf("version %d: %v", v.Number, err)
					}
				}
			}
		}
	}
	for c := range promoted {
		t.Errorf("cycle %d was promoted and has no version", c)
	}
	return cut
}

// A cycle that was cut by a kill is marked so and starts again by itself, also where the figures were
// looked at in between; one that was cut twice in a row may be what kills the program, and waits.
func TestKillInTrainingStartsTheCycleAgain(t *testing.T) {
	if killedModel() == "" {
		t.Skip("the built-in model was not fetched (make model)")
	}
	home := preparedHome(t)
	look := func() {
		t.Helper()
		var figures json.RawMessage
		command(t, home, &figures, "stats")
	}
	p := learn(t, home)
	if r, ok := p.ask("teach Who is the mayor of Neuburg? => Anna Huber is the mayor."); !ok || r.ID != 1 {
		t.Fatalf("teach: %+v\n%s", r, &p.log)
	}
	r, ok := p.ask("train")
	if !ok || r.Cycle != 1 {
		t.Fatalf("train: %+v\n%s", r, &p.log)
	}
	p.kill(t)
	look()

	p = learn(t, home)
	if r = p.until(t, func(r reply) bool { return r.Phase == "running" || r.Phase == "checking" }); r.Cycle != 2 || r.Why.Code != "interrupted" {
		t.Errorf("cycle %d runs because of %q, want cycle 2 because of the interruption", r.Cycle, r.Why.Code)
	}
	p.kill(t)
	look()

	p = learn(t, home)
	defer p.quit(t)
	if r = p.until(t, func(r reply) bool { return r.Phase == "running" || r.Why.Code == "cut_twice" }); r.Phase != "waiting" {
		t.Errorf("what was cut twice is %s because of %q", r.Phase, r.Why.Code)
	}
}

// until asks for the status until it is as it is waited for.
func (p *prompt) until(t *testing.T, isWanted func(reply) bool) reply {
	t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		r, ok := p.ask("status")
		switch {
		case !ok:
			t.Fatalf("status: %s", &p.log)
		case isWanted(r):
			return r
		case time.Since(began) > 20*time.Second:
			t.Fatalf("it is not what it waits for: %+v", r)
		}
	}
}

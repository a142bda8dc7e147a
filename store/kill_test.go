package store

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// victimEnv makes the test binary run a victim on the database that it names, victimWorkEnv says which.
const victimEnv, victimWorkEnv = "CLARA_STORE_VICTIM", "CLARA_STORE_VICTIM_WORK"

var victims = map[string]func(path string){"": victim, "erases": eraser}

// die ends a victim that cannot go on, which is told from one that was killed.
func die(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// victim gives feedback and runs cycles until it is killed. It prints a line
// for each thing that the store has acknowledged.
func victim(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path)
	die(err)
	_, err = s.MarkCut(ctx)
	die(err)
	var printing sync.Mutex
	say := func(format string, args ...any) {
		printing.Lock()
		defer printing.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	say("open")
	c, err := addConversation(ctx, s, Conversation{Title: "talk"})
	die(err)
	go func() { // rates
		for {
			m, err := s.AddMessage(ctx, Message{Conversation: c.ID, Role: RoleAssistant, Text: "an answer"})
			die(err)
			say("message %d", m.ID)
			sample, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormRating, Kind: Manner, Answer: "an answer", Score: 1, Message: m.ID}})
			die(err)
			say("rating %d", sample.ID)
		}
	}()
	go func() { // reads
		for {
			_, err := s.Samples(ctx, SampleQuery{Limit: 50})
			die(err)
		}
	}()
	go func() { // corrects, each time the one before
		last := []int64{}
		for {
			sample, _, err := s.AddFeedback(ctx, Feedback{
				Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "When?", Answer: "At 9.", Better: "At 8."},
				Lesson: &Lesson{Question: "When?", Answer: "At 8."}, Replaces: last,
			})
			die(err)
			last = []int64{sample.ID}
			say("correction %d", sample.ID)
		}
	}()
	for { // trains
		used, err := s.Samples(ctx, SampleQuery{States: []SampleState{SampleNew, SampleUsed}, NewestFirst: true, Limit: 20})
		die(err)
		lessons, err := s.Lessons(ctx, "base")
		die(err)
		end := CycleEnd{State: CyclePromoted, Version: &Version{}, Used: make(map[int64]Kind)}
		for _, x := range used {
			end.Used[x.ID] = x.Kind
			end.Version.Samples = append(end.Version.Samples, x.ID)
		}
		for _, l := range lessons {
			end.Results = append(end.Results, LessonResult{Lesson: l.ID, Outcome: LessonKnown})
		}
		job, err := json.Marshal(end.Version.Samples)
		die(err)
		c, err := s.StartCycle(ctx, Cycle{BaseHash: "base", Job: job})
		die(err)
		say("cycle %d", c.ID)
		end.Cycle = c.ID
		_, v, err := s.FinishCycle(ctx, end)
		die(err)
		say("version %d", v.ID)
	}
}

// eraser erases feedback, of which a copy from before an update has the text, until it is killed.
func eraser(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path)
	die(err)
	fmt.Println("open")
	for {
		text := fmt.Sprintf("secret %d.", time.Now().UnixNano())
		x, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormRating, Kind: Manner, Prompt: text, Score: 1}})
		die(err)
		die(os.WriteFile(copyName(path, 3), []byte(text), 0o600))
		die(s.DeleteSample(ctx, x.ID))
		die(s.EraseSamples(ctx, time.Now().Add(time.Hour)))
		fmt.Printf("erased %d\n", x.ID)
		die(s.ClearTraces(ctx))
	}
}

// TestKillLeavesNoErasedTextInACopy kills a program that erases, again and again: what is in a copy
// of the database from before an update is in the database too, so that the next start erases both.
func TestKillLeavesNoErasedTextInACopy(t *testing.T) {
	random := seeded(t)
	path := filepath.Join(t.TempDir(), "clara.db")
	erased, copies := 0, 0
	const kills = 15
	for n := 0; n < kills || n < 8*kills && (copies == 0 || erased == 0); n++ {
		longest := 150 * (1 + n/kills) // a slow disk has erased nothing by then
		erased += len(killed(t, "erases", path, time.Duration(random.IntN(longest))*time.Millisecond, true)["erased"])
		s := must(Open(t.Context(), path))(t)
		all := must(s.Samples(t.Context(), SampleQuery{States: []SampleState{SampleNew, SampleUsed, SampleRejected, SampleDeleted}}))(t)
		check(t, s.Close())
		copied, err := os.ReadFile(copyName(path, 3))
		if err != nil || !strings.HasSuffix(string(copied), ".") { // it was removed, or is half written
			continue
		}
		copies++
		if !slices.ContainsFunc(all, func(x Sample) bool { return x.Prompt == string(copied) }) {
			t.Errorf("%q was erased and is in a copy", copied)
		}
	}
	t.Logf("%d erased, %d copies left", erased, copies)
	if erased == 0 || copies == 0 {
		t.Error("nothing was erased, or no kill left a copy: the test has tested nothing")
	}
}

// TestKill kills a program that rates, corrects and trains, again and again on
// one file: whatever was acknowledged is there, and nothing is there by half.
// CLARA_KILLS says how often, 15 times by default.
func TestKill(t *testing.T) {
	kills := 15
	if v := os.Getenv("CLARA_KILLS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("CLARA_KILLS is %q, want a number from 1", v)
		}
		kills = n
	}
	random := seeded(t)
	path := filepath.Join(t.TempDir(), "clara.db")
	acknowledged := map[string][]int64{}
	kinds := []string{"message", "rating", "correction", "cycle", "version"}
	lacking := func() bool {
		return slices.ContainsFunc(kinds, func(kind string) bool { return len(acknowledged[kind]) == 0 })
	}
	n := 0
	// A machine that is busy with something else needs longer for a version.
	for ; n < kills || n < 8*kills && lacking(); n++ {
		longest := 150 * (1 + n/kills)
		for kind, ids := range killed(t, "", path, time.Duration(random.IntN(longest))*time.Millisecond, true) {
			acknowledged[kind] = append(acknowledged[kind], ids...)
		}
		afterKill(t, path, acknowledged)
	}
	t.Logf("%d kills; acknowledged: %d messages, %d ratings, %d corrections, %d cycles, %d versions", n, len(acknowledged["message"]),
		len(acknowledged["rating"]), len(acknowledged["correction"]), len(acknowledged["cycle"]), len(acknowledged["version"]))
	for _, kind := range kinds {
		if len(acknowledged[kind]) == 0 {
			t.Errorf("no %s was acknowledged: the test has tested nothing", kind)
		}
	}
}

// TestKillWhileItIsMade kills the program around its very first writes.
func TestKillWhileItIsMade(t *testing.T) {
	random := seeded(t)
	for range 10 {
		path := filepath.Join(t.TempDir(), "clara.db")
		afterKill(t, path, killed(t, "", path, time.Duration(random.IntN(60))*time.Millisecond, false))
	}
}

// seeded draws when to kill: the same in each run, or by CLARA_SEED.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(1)
	if v := os.Getenv("CLARA_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("CLARA_SEED is %q, want a number", v)
		}
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// killed runs a victim for a while, from its first line on or from its start,
// kills it and returns the IDs that it had acknowledged, by kind.
func killed(t *testing.T, work, path string, after time.Duration, fromFirstLine bool) map[string][]int64 {
	t.Helper()
	cmd := exec.Command(must(os.Executable())(t))
	cmd.Env = append(os.Environ(), victimEnv+"="+path, victimWorkEnv+"="+work)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out := must(cmd.StdoutPipe())(t)
	check(t, cmd.Start())
	lines := bufio.NewReader(out)
	if fromFirstLine {
		if line, err := lines.ReadString('\n'); err != nil || line != "open\n" {
			t.Fatalf("the program says %q, %v: %s", line, err, complaint.String())
		}
	}
	killing := time.AfterFunc(after, func() { cmd.Process.Kill() }) //nolint:errcheck // Wait tells
	defer killing.Stop()
	acknowledged := map[string][]int64{}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // what comes after the last end of line was cut short
		}
		kind, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if id, err := strconv.ParseInt(number, 10, 64); err == nil {
			acknowledged[kind] = append(acknowledged[kind], id)
		}
	}
	if err := cmd.Wait(); err == nil || complaint.Len() > 0 {
		t.Fatalf("the program ended by itself: %v: %s", err, complaint.String())
	}
	return acknowledged
}

// afterKill opens the database as the next start does and looks at it.
func afterKill(t *testing.T, path string, acknowledged map[string][]int64) {
	t.Helper()
	ctx := t.Context()
	s := must(Open(ctx, path))(t)
	defer func() { check(t, s.Close()) }()
	check(t, s.Check(ctx))
	must(s.MarkCut(ctx))(t)

	samples := map[int64]Sample{}
	for _, x := range must(s.Samples(ctx, SampleQuery{}))(t) {
		samples[x.ID] = x
	}
	lessons := map[int64]Lesson{}
	for _, x := range samples {
		switch x.Form {
		case FormRating:
			if x.Answer != "an answer" || x.Score != 1 || x.Message == 0 {
				t.Fatalf("half a rating: %+v", x)
			}
		case FormCorrection:
			l, err := s.LessonOf(ctx, "base", x.ID)
			if err != nil || l.Answer != "At 8." {
				t.Fatalf("correction %d without its lesson: %v", x.ID, err)
			}
			lessons[x.ID] = l
		}
	}
	for _, id := range slices.Concat(acknowledged["rating"], acknowledged["correction"]) {
		if samples[id].ID != id {
			t.Fatalf("sample %d was acknowledged and is gone", id)
		}
	}
	for _, id := range acknowledged["message"] {
		must(s.Message(ctx, id))(t)
	}
	for _, id := range acknowledged["version"] {
		must(s.Version(ctx, id))(t)
	}

	made := map[int64]Version{}
	versions := must(s.Versions(ctx, "base"))(t)
	for _, v := range versions {
		made[v.Cycle] = v
	}
	if n := len(must(s.Activations(ctx, "base"))(t)); n != len(versions) {
		t.Fatalf("%d versions, %d activations", len(versions), n)
	}
	trails := must(s.Trails(ctx, "base", 0))(t)
	results := map[int64]int{}
	for _, trail := range trails {
		for _, r := range trail {
			results[r.Cycle]++
		}
	}
	cycles := must(s.Cycles(ctx, 0))(t)
	for i, c := range cycles {
		v, promoted := made[c.ID]
		switch {
		case c.State == CycleCut && !promoted && results[c.ID] == 0:
			for _, x := range samples {
				if x.Cycle == c.ID {
					t.Fatalf("cycle %d was cut and has used sample %d", c.ID, x.ID)
				}
			}
		case c.State == CyclePromoted && promoted && c.ID == v.Cycle:
			var job []int64
			check(t, json.Unmarshal(c.Job, &job))
			if !slices.Equal(job, v.Samples) {
				t.Fatalf("cycle %d was given %v, its version has %v", c.ID, job, v.Samples)
			}
			for _, id := range job {
				if samples[id].Cycle < c.ID || i == 0 && samples[id].Cycle != c.ID {
					t.Fatalf("cycle %d has used sample %d, which says cycle %d", c.ID, id, samples[id].Cycle)
				}
			}
		default:
			t.Fatalf("cycle %d is %s, with a version: %v, results: %d", c.ID, c.State, promoted, results[c.ID])
		}
	}
	for _, id := range acknowledged["cycle"] {
		if !slices.ContainsFunc(cycles, func(c Cycle) bool { return c.ID == id }) {
			t.Fatalf("cycle %d was acknowledged and is gone", id)
		}
	}
}

package model

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
)

// scarce is an engine that has so many bytes free, and notes what it is asked for.
type scarce struct {
	compute.Backend
	free  int64
	mu    sync.Mutex
	asked []int // values
}

func (s *scarce) MemoryUse() (compute.MemoryUse, error) {
	return compute.MemoryUse{Free: s.free}, nil
}

func (s *scarce) Alloc(n int) (compute.Memory, error) {
	s.mu.Lock()
	s.asked = append(s.asked, n)
	s.mu.Unlock()
	return s.Backend.Alloc(n)
}

// Answers side by side take no more memory than there is: their groups are as small as what
// is free wants it, and one that is refused all the same is divided. The engine is not left,
// and the answers are the same.
func TestAnswersSideBySideFitIntoTheMemoryThereIs(t *testing.T) {
	for _, arch := range tinyArchitectures {
		t.Run(arch, func(t *testing.T) {
			plenty := openTiny(t, arch)
			ad := randomAdapter(plenty, 2, 7)
			var qs []Request
			for range 2 {
				for _, p := range tinyPrompts {
					qs = append(qs, greedy(p+" said, that there", 12), greedy("the mayor, "+p, 12, ad))
				}
			}
			want, err := plenty.GenerateAll(t.Context(), qs, Background)
			if err != nil {
				t.Fatal(err)
			}
			same := func(name string, r *Runner) {
				t.Helper()
				got, err := r.GenerateAll(t.Context(), qs, Background)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for i := range want {
					if got[i].Text != want[i].Text || got[i].Finish != want[i].Finish || !slices.Equal(got[i].IDs, want[i].IDs) || got[i].PromptTokens != want[i].PromptTokens {
						t.Errorf("%s, request %d: %+v, want %+v", name, i, got[i], want[i])
					}
				}
			}
			stays := Options{Context: 256, Next: func(compute.Info) (compute.Backend, error) {
				t.Error("the engine is left")
				return nil, errLast
			}}
			n := plenty.at.net
			arena := func(rank int) int {
				return n.forwardValues(promptRows, sideBySide, rank, false) + sideBySide*(n.Vocabulary+16)
			}

			be := &scarce{free: 2 * 150 * n.cacheBytes()}
			same("150 tokens' room", openTinyOn(t, arch, stays, func(b compute.Backend) compute.Backend { be.Backend = b; return be }))
			most := 0
			for _, values := range be.asked {
				if values != arena(0) && values != arena(2) {
					most = max(most, values)
				}
			}
			if room := 150 * int(n.cacheBytes()/4); most > room || most < room/2 {
				t.Errorf("a cache of %d values, there was room for %d", most, room)
			}
			be = &scarce{}
			same("nothing free", openTinyOn(t, arch, stays, func(b compute.Backend) compute.Backend { be.Backend = b; return be }))

			refusing := &frugal{most: arena(2)}
			same("refused", openTinyOn(t, arch, stays, func(b compute.Backend) compute.Backend { refusing.Backend = b; return refusing }))
			if refusing.refused == 0 {
				t.Error("nothing was refused")
			}
		})
	}
}

// moody is an engine that refuses memory as long as it is told to, and notes what it is asked for.
type moody struct {
	scarce
	name    string
	refuses func(values int) bool
}

func (m *moody) Info() compute.Info { return compute.Info{Name: m.name} }

func (m *moody) Alloc(n int) (compute.Memory, error) {
	memory, err := m.scarce.Alloc(n)
	if err == nil && m.refuses != nil && m.refuses(n) {
		memory.Free()
		return nil, fmt.Errorf("%d values: %w", n, compute.ErrMemory)
	}
	return memory, err
}

// A group that was refused is whole again as soon as there is room: when what lay idle was freed,
// and on the engine that the model moved to.
func TestARefusalHoldsNoLongerThanItsReason(t *testing.T) {
	var qs []Request
	for i := range sideBySide + 4 {
		qs = append(qs, greedy(fmt.Sprintf("the mayor of %d", i%7), 12))
	}
	open := func(o Options) (*moody, *Runner) {
		be := &moody{scarce: scarce{free: -1}}
		o.Context = 256
		r := openTinyOn(t, "llama", o, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
		be.asked = nil
		return be, r
	}
	texts := func(r *Runner) (all []string) {
		t.Helper()
		got, err := r.GenerateAll(t.Context(), qs, Background)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range got {
			all = append(all, x.Text)
		}
		return all
	}
	untroubled, r := open(Options{})
	want := texts(r)
	if len(untroubled.asked) != 4 { // a cache and an arena for each of two groups
		t.Fatalf("the memory of two groups is asked for as %v", untroubled.asked)
	}

	be, r := open(Options{Next: func(compute.Info) (compute.Backend, error) {
		t.Error("the engine is left")
		return nil, errLast
	}})
	if _, err := r.Generate(t.Context(), greedy("the mayor", 4), nil); err != nil {
		t.Fatal(err)
	}
	be.asked, be.refuses = nil, func(int) bool {
		r.at.sessions.mu.Lock()
		defer r.at.sessions.mu.Unlock()
		return len(r.at.sessions.free) > 0
	}
	if got := texts(r); !slices.Equal(got, want) {
		t.Errorf("beside an idle answer they are %q, want %q", got, want)
	}
	if got := be.asked; len(got) != 5 || !slices.Equal(got[1:], untroubled.asked) {
		t.Errorf("beside an idle answer %v is asked for, want %v", got, untroubled.asked)
	}

	next := &moody{scarce: scarce{free: -1}, name: "next"}
	be, r = open(Options{Next: func(failed compute.Info) (compute.Backend, error) {
		if failed.Name == next.name {
			return nil, errLast
		}
		engine, err := cpu.New(cpu.Options{Threads: 2})
		next.Backend = engine
		return next, err
	}})
	be.refuses = func(int) bool { return true }
	if got := texts(r); !slices.Equal(got, want) {
		t.Errorf("on the next engine they are %q, want %q", got, want)
	}
	if got := next.asked; len(got) < 4 || !slices.Equal(got[len(got)-4:], untroubled.asked) {
		t.Errorf("on the next engine %v is asked for, want %v at the end", got, untroubled.asked)
	}
}

// A group that was begun on an engine with much room takes no more of the next one than that has.
func TestAGroupThatMovesFitsIntoTheNextEngine(t *testing.T) {
	var qs []Request
	for i := range sideBySide {
		qs = append(qs, greedy(fmt.Sprintf("the mayor of %d", i%7), 12))
	}
	plenty := openTiny(t, "llama")
	want, err := plenty.GenerateAll(t.Context(), qs, Background)
	if err != nil {
		t.Fatal(err)
	}
	const room = 150
	cacheBytes := plenty.at.net.cacheBytes()
	next := &moody{scarce: scarce{free: 2 * room * cacheBytes}, name: "next"}
	be := &moody{scarce: scarce{free: -1}}
	r := openTinyOn(t, "llama", Options{Context: 256, Next: func(failed compute.Info) (compute.Backend, error) {
		if failed.Name == next.name {
			return nil, errLast
		}
		engine, err := cpu.New(cpu.Options{Threads: 2})
		next.Backend = engine
		return next, err
	}}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
	be.refuses = func(int) bool { return true }
	got, err := r.GenerateAll(t.Context(), qs, Background)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Text != want[i].Text || got[i].Finish != want[i].Finish {
			t.Errorf("request %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	n := plenty.at.net
	arena := n.forwardValues(promptRows, sideBySide, 0, false) + sideBySide*(n.Vocabulary+16)
	caches := next.asked[slices.Index(next.asked, arena)-1:] // before it the model is moved
	most := 0
	for _, values := range caches {
		if values != arena {
			most = max(most, values)
		}
	}
	if values := room * int(cacheBytes/4); most > values || most < values/4 {
		t.Errorf("a cache of %d values, there was room for %d", most, values)
	}
}

// What all prompts begin with lies in the cache once, and takes room once; where there is plenty
// of room a group is no larger for it.
func TestASharedBeginningTakesRoomOnce(t *testing.T) {
	const shared, own, limit = 600, 20, 64
	var qs []Request
	var limits, order []int
	for i := range 2 * sideBySide {
		q := Request{Prompt: make([]int32, shared+own)}
		q.Prompt[shared] = int32(i + 1)
		qs, limits, order = append(qs, q), append(limits, limit), append(order, i)
	}
	for _, c := range []struct{ most, want int }{
		{togetherTokens, togetherTokens / (shared + own + limit)},
		{shared + 16*(own+limit), 16},
		{shared + 16*(own+limit) - 1, 15},
		{shared, 1},
		{0, 1},
	} {
		if got := groupSize(qs, limits, order, c.most); got != c.want {
			t.Errorf("%d are decoded in %d tokens, want %d", got, c.most, c.want)
		}
		r := &Runner{}
		if g := r.newGroup(qs, limits, order[:c.want], make([]Result, len(qs))); c.want > 1 && g.capacity > c.most {
			t.Errorf("%d answers are laid out in %d tokens, beyond %d", c.want, g.capacity, c.most)
		}
	}
}

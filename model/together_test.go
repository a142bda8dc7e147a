package model

import (
	"slices"
	"sync"
	"testing"

	"clara/compute"
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

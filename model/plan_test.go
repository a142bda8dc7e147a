package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"clara/compute"
)

// plainSequence is a text without a prompt around it.
var plainSequence = Sequence{Prompt: tokensOf(""), Answer: tokensOf("a text by itself")[1:]}

// tinyItems are sequences of several lengths, one of them with candidates; some begin alike,
// and one like none.
func tinyItems() []Item {
	var items []Item
	for i, s := range tinySequences {
		it := Item{Sequence: s}
		if i == 1 {
			for _, id := range s.Answer {
				it.Candidates = append(it.Candidates, []int32{id, 40, 90})
			}
		}
		items = append(items, it)
	}
	return append(items,
		Item{Sequence: Sequence{Prompt: tokensOf("another beginning"), Answer: tokensOf("and its end")[1:]}},
		Item{Sequence: Sequence{Prompt: tokensOf("x"), Answer: tokensOf("y")[1:]}},
		Item{Sequence: plainSequence},
		Item{Sequence: Sequence{Prompt: tokensOf("another beginning, too"), Answer: tokensOf("!")[1:]}})
}

// divided are the gradients of a step that is divided and recomputed as given.
func divided(t *testing.T, tr *Training, items []Item, parts, recomputed int) (StepReport, division, [][projections]pair) {
	t.Helper()
	ids, width, err := candidates(items)
	if err != nil {
		t.Fatal(err)
	}
	n := tr.on.net
	s := step{exec: &exec{Backend: n.be, ctx: t.Context()}, t: tr, items: items, loss: nll, ids: ids, width: width}
	d, ok := n.divideBy(parts, items, width, tr.rank, unlimited)
	if !ok || len(d.parts) != parts {
		t.Fatalf("%d parts of %d items: %+v", parts, len(items), d)
	}
	for i := range d.parts {
		d.parts[i].recomputed = recomputed
	}
	report, err := s.run(d)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := n.read(tr.grads)
	if err != nil {
		t.Fatal(err)
	}
	return report, d, grads
}

// furthest is the largest distance of two gradients of one matrix, in parts of its norm.
func furthest(got, want [][projections]pair) (far float64, where string) {
	for l := range want {
		for p := range projections {
			for which, m := range [2][2][]float32{{got[l][p].a, want[l][p].a}, {got[l][p].b, want[l][p].b}} {
				var d, norm float64
				for i, w := range m[1] {
					d += math.Pow(float64(m[0][i]-w), 2)
					norm += float64(w) * float64(w)
				}
				if d := math.Sqrt(d / norm); !(d <= far) {
					far, where = d, fmt.Sprintf("layer %d %s %c", l, peftModules[p], "AB"[which])
				}
			}
		}
	}
	return far, where
}

// Blocks that are recomputed give the same gradients to the bit: they are the same
// operations on the same values.
func TestRecomputingChangesNothing(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		tr, err := r.NewTraining(TrainingOptions{From: randomAdapter(r, 3, 4)})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		items := tinyItems()
		whole, _, want := divided(t, tr, items, 1, 0)
		for _, recomputed := range []int{1, 3, r.at.net.Layers - 1} {
			report, _, got := divided(t, tr, items, 1, recomputed)
			if far, where := furthest(got, want); far != 0 {
				t.Errorf("%d blocks recomputed: %s is %.3g away", recomputed, where, far)
			}
			if report.Loss != whole.Loss || report.GradNorm != whole.GradNorm {
				t.Errorf("%d blocks recomputed: %+v, want %+v", recomputed, report, whole)
			}
		}
	})
}

// The loss of a divided step is the undivided one, and so are its gradients but for the
// order in which their terms are added up: in each block a gradient is a sum over the
// rows, which is handed down through two products at most.
func TestPartsAddUp(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		tr, err := r.NewTraining(TrainingOptions{From: randomAdapter(r, 3, 4)})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		items := tinyItems()
		whole, _, want := divided(t, tr, items, 1, 0)
		const eps = 1.0 / (1 << 23)
		limit := 2 * float64(r.at.net.Layers) * (math.Sqrt(float64(whole.Tokens)) + 4) * eps
		for parts := 2; parts <= len(items); parts++ {
			for _, recomputed := range []int{0, 4} {
				report, _, got := divided(t, tr, items, parts, recomputed)
				if far, where := furthest(got, want); !(far <= limit) {
					t.Errorf("%d parts, %d blocks recomputed: %s is %.3g away, at most %.3g", parts, recomputed, where, far, limit)
				}
				if d := math.Abs(report.Loss - whole.Loss); !(d <= limit*math.Abs(whole.Loss)) {
					t.Errorf("%d parts: the loss is %v, undivided %v", parts, report.Loss, whole.Loss)
				}
			}
		}
	})
}

// backwards notes how many rows go backward.
type backwards struct {
	compute.Backend
	rows []int
}

func (b *backwards) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	b.rows = append(b.rows, dh.Rows)
	return b.Backend.HeadLogProbsBackward(dh, dlogp, lse, h, w, ids)
}

// What the loss only looks at goes forward alone, wherever it stands among the items: loss and
// gradients are as if it had gone backward with derivatives of 0, but for the order in which
// their terms are added up. A loss that wants more of it is refused.
func TestWhatIsOnlyLookedAtGoesNoWayBack(t *testing.T) {
	for _, arch := range tinyArchitectures {
		t.Run(arch, func(t *testing.T) {
			be := new(backwards)
			r := openTinyOn(t, arch, Options{Context: 256}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
			tr, err := r.NewTraining(TrainingOptions{From: randomAdapter(r, 3, 4)})
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			looked := []int{1, 3, 6}
			loss := func(logp [][][]float32) (float64, [][][]float32, error) {
				value, d, err := nll(logp)
				for _, i := range looked { // it scales the others' derivatives
					for j := range d[i] {
						clear(d[i][j])
					}
					value -= float64(logp[i][0][0])
				}
				d[0][0][0] *= -logp[looked[0]][0][0]
				d[2][0][0] *= -logp[looked[1]][0][0]
				return value, d, err
			}
			gradients := func(most int64, only bool) (StepReport, [][projections]pair, int) {
				t.Helper()
				items := tinyItems()
				for _, i := range looked {
					items[i].ForwardOnly = only
				}
				be.rows, tr.most = nil, most
				tr.drop()
				report, err := tr.gradients(r.exec(t.Context(), tr.on, Background), items, loss)
				if err != nil {
					t.Fatal(err)
				}
				grads, err := r.at.net.read(tr.grads)
				if err != nil {
					t.Fatal(err)
				}
				return report, grads, sum(be.rows)
			}
			whole, want, rows := gradients(unlimited, false)
			for _, i := range looked {
				rows -= len(tinyItems()[i].Answer)
			}
			const eps = 1.0 / (1 << 23)
			limit := 2 * float64(r.at.net.Layers) * (math.Sqrt(float64(whole.Tokens)) + 4) * eps
			for _, share := range []int64{1, 2, 4, 5} {
				report, got, back := gradients(whole.Plan.Bytes/share, true)
				if far, where := furthest(got, want); !(far <= limit) {
					t.Errorf("1/%d of the memory: %s is %.3g away, at most %.3g", share, where, far, limit)
				}
				if d := math.Abs(report.Loss - whole.Loss); !(d <= limit*math.Abs(whole.Loss)) {
					t.Errorf("1/%d of the memory: the loss is %v, want %v", share, report.Loss, whole.Loss)
				}
				if back != rows {
					t.Errorf("1/%d of the memory: %d judged tokens go backward, want %d", share, back, rows)
				}
				if share == 1 && report.Plan.Parts != 1 || report.Plan.Bytes > whole.Plan.Bytes/share {
					t.Errorf("1/%d of %d bytes: %+v", share, whole.Plan.Bytes, report.Plan)
				}
			}
			items := tinyItems()
			items[3].ForwardOnly = true
			if _, err := tr.gradients(r.exec(t.Context(), tr.on, Background), items, nll); err == nil {
				t.Error("a loss with derivatives at what only goes forward is taken")
			}
			for i := range items {
				items[i].ForwardOnly = true
			}
			none := func(logp [][][]float32) (float64, [][][]float32, error) {
				_, d, err := nll(logp)
				for i := range d {
					for j := range d[i] {
						clear(d[i][j])
					}
				}
				return 0, d, err
			}
			if report, err := tr.gradients(r.exec(t.Context(), tr.on, Background), items, none); err != nil || report.GradNorm != 0 {
				t.Errorf("a step that only goes forward: %+v, %v", report, err)
			}
		})
	}
}

// A step takes from the arena what was computed before, but for the places that round
// a tensor's size up; and the engine's memory grows by no more than was planned.
func TestStepTakesWhatWasPlanned(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		const rank = 3
		use := func() int64 {
			u, err := r.at.net.be.MemoryUse()
			if err != nil {
				t.Fatal(err)
			}
			return u.Used
		}
		step := func(items []Item, parts, recomputed int) (grown int64, d division, taken int) {
			before := use()
			tr, err := r.NewTraining(TrainingOptions{Rank: rank, Alpha: 6, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			_, d, _ = divided(t, tr, items, parts, recomputed)
			return use() - before, d, tr.arena.Mark()
		}
		step(tinyItems()[4:], 1, 0) // what the engine takes once
		items := tinyItems()
		tensors := 40 + 20*r.at.net.Layers
		for _, c := range []struct{ parts, recomputed int }{{1, 0}, {1, 3}, {1, r.at.net.Layers - 1}, {3, 2}} {
			grown, d, taken := step(items, c.parts, c.recomputed)
			values := d.values
			if c.recomputed > 0 { // the arena was as large as without, but not all of it was used
				values = 0
				for _, p := range d.parts {
					values = max(values, r.at.net.stepValues(p, 3, rank))
				}
			}
			if c.parts == 1 && (taken > values || taken < values-tensors*compute.ArenaAlign) {
				t.Errorf("%+v: %d values taken, %d planned", c, taken, values)
			}
			least := r.at.net.trainedBytes(rank) + 4*int64(d.values)
			most := r.at.net.trainedBytes(rank) + d.bytes
			if grown < least || grown > most {
				t.Errorf("%+v: the engine took %d bytes more, planned are %d to %d", c, grown, least, most)
			}
		}
	})
}

// rowsOfPack is how many rows sequences make side by side.
func rowsOfPack(t *testing.T, seqs ...Sequence) int {
	t.Helper()
	pk, err := Config{Vocabulary: 259}.pack(seqs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(pk.ids)
}

// What begins like none stands alone and takes nothing from the others: a plain text, whose
// prompt is one token, and prompts behind other instructions, which share those.
func TestWhatBeginsOtherwiseStandsAlone(t *testing.T) {
	of := func(prompts ...string) (seqs []Sequence) {
		for _, p := range prompts {
			seqs = append(seqs, Sequence{Prompt: tokensOf(p), Answer: tokensOf(" yes")[1:]})
		}
		return seqs
	}
	alike := of("you are brief. who?", "you are brief. is it?", "you are brief. at 8?")
	other := of("be kind, as ever. who?", "be kind, as ever. is it?")
	together, kind := rowsOfPack(t, alike...), rowsOfPack(t, other...)
	if each := rowsOfPack(t, alike[0]) + rowsOfPack(t, alike[1]) + rowsOfPack(t, alike[2]); together != each-2*len(tokensOf("you are brief. ")) {
		t.Errorf("three that begin alike make %d rows, apart %d", together, each)
	}
	plain := []Sequence{plainSequence, {Prompt: tokensOf("")[:1], Answer: tokensOf("another text")[1:]}}
	for _, c := range []struct {
		name string
		with []Sequence
		want int
	}{
		{"a plain text behind them", slices.Concat(alike, plain[:1]), together + rowsOfPack(t, plain[0])},
		{"plain texts before them", slices.Concat(plain, alike), together + rowsOfPack(t, plain[0]) + rowsOfPack(t, plain[1])},
		{"one with another beginning", slices.Concat(alike[:1], other[:1], alike[1:]), together + rowsOfPack(t, other[0])},
		{"two with another one", slices.Concat(alike[:1], other[:1], plain, alike[1:], other[1:]), together + kind + rowsOfPack(t, plain[0]) + rowsOfPack(t, plain[1])},
	} {
		if got := rowsOfPack(t, c.with...); got > c.want {
			t.Errorf("%s: %d rows, want %d", c.name, got, c.want)
		}
	}
}

// Of all ways to lay out beginnings the one with the fewest rows is taken.
func TestSharingMakesTheFewestRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		seqs := make([]Sequence, 1+rng.IntN(5))
		for i := range seqs {
			ids := make([]int32, 1+rng.IntN(7))
			for j := range ids {
				ids[j] = int32(rng.IntN(1 + rng.IntN(2)))
			}
			seqs[i] = Sequence{Prompt: ids, Answer: []int32{5}}
		}
		// Each takes part in the beginning of so many of its tokens; all ways are tried.
		fewest := math.MaxInt
		var try func(i, rows int, laid []string)
		try = func(i, rows int, laid []string) {
			if i == len(seqs) {
				fewest = min(fewest, rows)
				return
			}
			ids := seqs[i].Prompt
			for n := range ids {
				beginning, more := fmt.Sprint(ids[:n]), len(ids)-n
				if !slices.Contains(laid, beginning) {
					more += n
				}
				try(i+1, rows+more, append(slices.Clip(laid), beginning))
			}
		}
		try(0, 0, nil)
		if got := rowsOfPack(t, seqs...); got != fewest {
			t.Errorf("%v: %d rows, %d would do", seqs, got, fewest)
		}
	}
}

func TestPackedRowsAreThoseOfPack(t *testing.T) {
	r := openTiny(t, "llama")
	items := tinyItems()
	for to := 1; to <= len(items); to++ {
		var seqs []Sequence
		for _, it := range items[:to] {
			seqs = append(seqs, it.Sequence)
		}
		pk, err := r.at.net.pack(seqs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if rows, outs := packedRows(items[:to]); rows != len(pk.ids) || outs != len(pk.out) {
			t.Errorf("%d items: %d rows, %d judged; pack makes %d and %d", to, rows, outs, len(pk.ids), len(pk.out))
		}
	}
}

// What is planned fits, and costs more the less memory there is; what fits undivided is
// not divided; what cannot fit is refused with figures.
func TestDivide(t *testing.T) {
	c := Config{Layers: 30, Width: 576, FeedForward: 1536, Heads: 9, KVHeads: 3, HeadDim: 64, Vocabulary: 49152}
	const rank, width = 16, 1
	var items []Item
	for i := range 12 {
		ids := make([]int32, 160+10*i)
		ids[0] = int32(i) // nothing in common
		items = append(items, Item{Sequence: Sequence{Prompt: ids[:100], Answer: ids[100:]}})
	}
	whole, err := c.divide(items, width, rank, unlimited)
	if err != nil || len(whole.parts) != 1 || whole.again != 0 {
		t.Fatalf("without a limit: %+v, %v", whole, err)
	}
	again := 0.0
	undivided := true
	for percent := 110; ; percent-- {
		most := whole.bytes * int64(percent) / 100
		d, err := c.divide(items, width, rank, most)
		if err != nil {
			if percent > 3 {
				t.Errorf("%d %% of %d bytes: %v", percent, whole.bytes, err)
			}
			if !errors.Is(err, compute.ErrMemory) || !strings.Contains(err.Error(), "MiB") {
				t.Errorf("refused: %v", err)
			}
			break
		}
		if d.bytes > most || d.again < again {
			t.Errorf("%d %%: %d of %d bytes, %g computed again, %g with more memory", percent, d.bytes, most, d.again, again)
		}
		again = d.again
		if len(d.parts) > 1 {
			undivided = false
		} else if !undivided {
			t.Errorf("%d %%: undivided, with more memory it was not", percent)
		}
		if percent >= 100 && again > 0 || percent < 99 && again == 0 {
			t.Errorf("%d %% of the memory: %+v", percent, d.plan())
		}
		if percent == 25 && len(d.parts) > 1 {
			t.Errorf("a quarter of the memory is enough with blocks recomputed: %+v", d.plan())
		}
		var covered []int
		for _, p := range d.parts {
			covered = append(covered, p.to-p.from)
			if p.recomputed >= c.Layers {
				t.Errorf("%d %%: %+v", percent, p)
			}
		}
		if n := sum(covered); n != len(items) || slices.Min(covered) < 1 {
			t.Errorf("%d %%: parts of %v items", percent, covered)
		}
	}
}

func sum(values []int) (n int) {
	for _, v := range values {
		n += v
	}
	return n
}

// frugal is an engine that gives no more than so many values at a time.
type frugal struct {
	compute.Backend
	most    int
	refused int
}

func (f *frugal) Alloc(n int) (compute.Memory, error) {
	if n > f.most {
		f.refused++
		return nil, fmt.Errorf("%d values: %w", n, compute.ErrMemory)
	}
	return f.Backend.Alloc(n)
}

func (f *frugal) MemoryUse() (compute.MemoryUse, error) { return compute.MemoryUse{Free: -1}, nil }

// An engine that says nothing of its memory and then refuses is asked for less; a limit
// is kept from the start; both end in the step that it would have been.
func TestStepsFitIntoTheMemoryThereIs(t *testing.T) {
	for _, arch := range tinyArchitectures {
		t.Run(arch, func(t *testing.T) {
			plenty := openTiny(t, arch)
			n := plenty.at.net
			items := tinyItems()
			const rank = 3
			whole, err := n.divide(items, 3, rank, unlimited)
			if err != nil {
				t.Fatal(err)
			}
			train := func(r *Runner) (StepReport, error) {
				tr, err := r.NewTraining(TrainingOptions{Rank: rank, Alpha: 6, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				defer tr.Close()
				if _, err := tr.Step(t.Context(), items, nll, steps()); err != nil {
					return StepReport{}, err
				}
				return tr.Step(t.Context(), items, nll, steps())
			}
			want, err := train(plenty)
			if err != nil {
				t.Fatal(err)
			}
			if want.Plan.Parts != 1 || want.Plan.Recomputed != 0 {
				t.Errorf("with plenty of memory: %+v", want.Plan)
			}
			for _, share := range []int64{2, 3, 4} {
				be := &frugal{most: whole.values / int(share)}
				scarce := openTinyOn(t, arch, Options{Context: 256}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
				limited := openTinyOn(t, arch, Options{Context: 256, TrainingMemory: n.trainedBytes(rank) + whole.bytes/share}, nil)
				for name, r := range map[string]*Runner{"refused": scarce, "limited": limited} {
					got, err := train(r)
					if err != nil {
						t.Fatalf("%s, 1/%d of the memory: %v", name, share, err)
					}
					if got.Plan.Parts == 1 && got.Plan.Recomputed == 0 {
						t.Errorf("%s, 1/%d of the memory: %+v", name, share, got.Plan)
					}
					if name == "limited" && got.Plan.Bytes > whole.bytes/share {
						t.Errorf("1/%d of %d bytes: %+v", share, whole.bytes, got.Plan)
					}
					if d := math.Abs(got.Loss - want.Loss); !(d <= 1e-4*math.Abs(want.Loss)) {
						t.Errorf("%s, 1/%d of the memory: the second loss is %v, %v with all", name, share, got.Loss, want.Loss)
					}
				}
				if be.refused == 0 {
					t.Error("nothing was refused")
				}
			}
			small := openTinyOn(t, arch, Options{Context: 256, TrainingMemory: n.trainedBytes(rank) + 5000}, nil)
			if _, err := train(small); !errors.Is(err, compute.ErrMemory) {
				t.Errorf("5000 bytes for a step: %v", err)
			}
			none := openTinyOn(t, arch, Options{Context: 256}, func(b compute.Backend) compute.Backend { return &frugal{Backend: b, most: n.loraSize(rank)} })
			if _, err := train(none); !errors.Is(err, compute.ErrMemory) {
				t.Errorf("an engine that has no more than for an adapter: %v", err)
			}
		})
	}
}

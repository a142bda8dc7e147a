package model

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model/chat"
	"clara/model/gguf"
)

func onTiny(t *testing.T, f func(t *testing.T, r *Runner)) {
	for _, arch := range tinyArchitectures {
		t.Run(arch, func(t *testing.T) { f(t, openTiny(t, arch)) })
	}
}

func greedy(prompt string, n int, ads ...*Adapter) Request {
	return Request{Prompt: tokensOf(prompt), MaxTokens: n, Adapters: ads, Exact: true}
}

var tinyPrompts = []string{"the mayor of", "the mayor lives", "the", "the mayor of Lindau is away", "x"}

// Answers decoded side by side, which share a beginning, are those decoded alone.
func TestGenerateAllEqualsGenerate(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		ad := randomAdapter(r, 4, 7)
		var qs []Request
		for _, p := range tinyPrompts {
			qs = append(qs, greedy(p, 24), greedy(p, 24, ad))
		}
		all, err := r.GenerateAll(t.Context(), qs, Background)
		if err != nil {
			t.Fatal(err)
		}
		distinct := map[string]bool{}
		for i, q := range qs {
			alone, err := r.Generate(t.Context(), q, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(alone.IDs, all[i].IDs) || alone.Finish != all[i].Finish || alone.Text != all[i].Text {
				t.Errorf("request %d: %v %q side by side, %v %q alone", i, all[i].IDs, all[i].Finish, alone.IDs, alone.Finish)
			}
			distinct[alone.Text] = true
		}
		if len(distinct) < 4 {
			t.Errorf("only %d distinct answers: the comparison shows little", len(distinct))
		}
	})
}

// A second turn that finds its beginning in the cache is answered as a fresh one.
func TestCacheReuse(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		first, err := r.Generate(t.Context(), greedy("the mayor of Lindau", 20), nil)
		if err != nil {
			t.Fatal(err)
		}
		if first.CachedTokens != 0 {
			t.Errorf("%d cached tokens in the first turn", first.CachedTokens)
		}
		longer := Request{Prompt: append(append(tokensOf("the mayor of Lindau"), first.IDs...), tokensOf(" and then")...), MaxTokens: 20, Exact: true}
		again, err := r.Generate(t.Context(), longer, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again.CachedTokens == 0 {
			t.Error("the second turn found nothing in the cache")
		}
		fresh, err := r.GenerateAll(t.Context(), []Request{longer}, Foreground)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.IDs, fresh[0].IDs) {
			t.Errorf("from the cache %v, fresh %v", again.IDs, fresh[0].IDs)
		}
		// other adapters must not find the base's keys
		with, err := r.Generate(t.Context(), Request{Prompt: longer.Prompt, MaxTokens: 20, Exact: true, Adapters: []*Adapter{randomAdapter(r, 2, 5)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if with.CachedTokens != 0 {
			t.Errorf("%d tokens of the base's cache taken for an adapter", with.CachedTokens)
		}
		// and the base finds its own again, as after an answer that used a lesson
		base, err := r.Generate(t.Context(), longer, nil)
		if err != nil {
			t.Fatal(err)
		}
		if base.CachedTokens != len(longer.Prompt)-1 || !slices.Equal(base.IDs, fresh[0].IDs) {
			t.Errorf("after an answer with an adapter, %d of %d tokens are cached: %v, fresh %v", base.CachedTokens, len(longer.Prompt), base.IDs, fresh[0].IDs)
		}
	})
}

// Two conversations in turn, which begin alike, both keep what was read of them.
func TestTwoConversationsKeepTheirCaches(t *testing.T) {
	r := openTiny(t, "llama")
	one, two := tokensOf("be brief. who is the mayor of Lindau?"), tokensOf("be brief. what lives behind the mill?")
	for turn := range 3 {
		for i, prompt := range []*[]int32{&one, &two} {
			got, err := r.Generate(t.Context(), Request{Prompt: *prompt, MaxTokens: 6, Exact: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if turn > 0 && got.CachedTokens < len(*prompt)-8 {
				t.Errorf("turn %d of conversation %d: %d of %d tokens are cached", turn, i, got.CachedTokens, len(*prompt))
			}
			*prompt = slices.Concat(*prompt, got.IDs, tokensOf(" and?")[1:])
		}
	}
}

// Where there is no room for a second cache, the one that lies idle serves.
func TestOneCacheServesWhereNoOtherFits(t *testing.T) {
	be := &frugal{most: math.MaxInt}
	r := openTinyOn(t, "llama", Options{Context: 256}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
	plenty := openTiny(t, "llama")
	for _, p := range tinyPrompts {
		want, err := plenty.Generate(t.Context(), greedy(p, 20), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Generate(t.Context(), greedy(p, 20), nil)
		if err != nil || !slices.Equal(got.IDs, want.IDs) {
			t.Errorf("%q: %v (%v), want %v", p, got.IDs, err, want.IDs)
		}
		be.most = 100
	}
	if be.refused == 0 {
		t.Error("nothing was refused")
	}
}

// An answer that is gone on with is the one that it would have been in one go: its words
// stay apart where SentencePiece begins a text with a blank, and its tokens count for the
// repetition penalty.
func TestAnswerGoesOnAsInOneGo(t *testing.T) {
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int32{2, 3, 3}
	for i := range 256 {
		tokens, types = append(tokens, fmt.Sprintf("▁w%d", i)), append(types, 1)
	}
	path := filepath.Join(t.TempDir(), "words.gguf")
	words := tinyModel(t, "llama", gguf.KV{Key: "tokenizer.ggml.tokens", Value: tokens},
		gguf.KV{Key: "tokenizer.ggml.token_type", Value: types}, gguf.KV{Key: "tokenizer.ggml.add_space_prefix", Value: true})
	if err := os.WriteFile(path, words, 0o600); err != nil {
		t.Fatal(err)
	}
	be, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), path, be, Options{Context: 256})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(r.Close(), be.Close()); err != nil {
			t.Error(err)
		}
	}()
	const n = 12
	q := greedy("x", n)
	q.Sampling.RepeatPenalty = 5
	whole, err := r.Generate(t.Context(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.IDs) != n {
		t.Fatalf("the answer has %d tokens: it shows little", len(whole.IDs))
	}
	var on []Request
	for k := range n {
		b := q
		b.Prompt, b.Begun, b.MaxTokens = slices.Concat(q.Prompt, whole.IDs[:k]), k, n-k
		on = append(on, b)
	}
	together, err := r.GenerateAll(t.Context(), on, Background)
	if err != nil {
		t.Fatal(err)
	}
	for k, b := range on {
		told := ""
		alone, err := r.Generate(t.Context(), b, func(p Piece) { told += p.Text })
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]Result{"alone": alone, "side by side": together[k]} {
			begun := r.tokenizer.Decode(whole.IDs[:k])
			if begun+got.Text != whole.Text || !slices.Equal(got.IDs, whole.IDs[k:]) {
				t.Errorf("%s, %q goes on with %q, in one go: %q", name, begun, got.Text, whole.Text)
			}
		}
		if told != alone.Text {
			t.Errorf("told %q of %q", told, alone.Text)
		}
	}
	for _, begun := range []int{-1, len(q.Prompt) + 1} {
		q.Begun = begun
		if _, err := r.Generate(t.Context(), q, nil); err == nil {
			t.Errorf("%d of %d tokens begun: accepted", begun, len(q.Prompt))
		}
	}
}

// An answer that its limit cuts inside a character ends before it: it is gone on with from
// there, and what comes is that character.
func TestAnswerIsCutBetweenCharacters(t *testing.T) {
	r := openTiny(t, "llama")
	inside := 0
	for _, prompt := range tinyPrompts[:3] {
		for n := 1; n <= 16; n++ {
			alone, err := r.Generate(t.Context(), greedy(prompt, n), nil)
			if err != nil {
				t.Fatal(err)
			}
			together, err := r.GenerateAll(t.Context(), []Request{greedy(prompt, n)}, Background)
			if err != nil {
				t.Fatal(err)
			}
			if alone.Finish != FinishLength {
				break
			}
			want, d := "", r.tokenizer.NewDecoder()
			for _, id := range alone.IDs {
				want += d.Push(id)
			}
			if alone.Text != want || together[0].Text != want {
				t.Errorf("%d tokens: %q alone, %q side by side, want %q", n, alone.Text, together[0].Text, want)
			}
			if d.Flush() != "" {
				inside++
			}
		}
	}
	if inside == 0 {
		t.Error("no answer was cut inside a character: this shows nothing")
	}
}

var tinySequences = []Sequence{
	{Prompt: tokensOf("shared start. who is it"), Answer: append(tokensOf("Anna")[1:], 2)},
	{Prompt: tokensOf("shared start. where"), Answer: append(tokensOf("behind the mill")[1:], 2)},
	{Prompt: tokensOf("shared start. when exactly"), Answer: append(tokensOf("at 8")[1:], 2)},
}

// Packing sequences side by side with the beginnings that some of them share changes nothing.
func TestPackedLogProbsEqualSingle(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		ads := []*Adapter{randomAdapter(r, 3, 1)}
		var seqs []Sequence
		for _, it := range tinyItems() {
			seqs = append(seqs, it.Sequence)
		}
		packed, err := r.LogProbs(t.Context(), seqs, ads, Background)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range seqs {
			alone, err := r.LogProbs(t.Context(), []Sequence{s}, ads, Background)
			if err != nil {
				t.Fatal(err)
			}
			if len(packed[i]) != len(s.Answer) {
				t.Fatalf("%d values for %d tokens", len(packed[i]), len(s.Answer))
			}
			for j := range alone[0] {
				if d := math.Abs(float64(packed[i][j] - alone[0][j])); !(d <= 2e-5*math.Max(1, math.Abs(float64(alone[0][j])))) {
					t.Errorf("sequence %d token %d: packed %g, alone %g", i, j, packed[i][j], alone[0][j])
				}
			}
		}
	})
}

// TopK's first entries are probabilities of the same distribution as LogProbs.
func TestTopKAgreesWithLogProbs(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		const k = 16
		top, err := r.TopK(t.Context(), tinySequences, nil, k, Background)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range tinySequences {
			if len(top[i]) != len(s.Answer) {
				t.Fatalf("%d distributions for %d tokens", len(top[i]), len(s.Answer))
			}
			for j, d := range top[i] {
				if !slices.IsSortedFunc(d.LogProbs, func(a, b float32) int { return int(math.Copysign(1, float64(b-a))) }) {
					t.Errorf("not in descending order: %v", d.LogProbs)
				}
				probe := Sequence{Prompt: append(slices.Clone(s.Prompt), s.Answer[:j]...), Answer: d.IDs[:1]}
				lp, err := r.LogProbs(t.Context(), []Sequence{probe}, nil, Background)
				if err != nil {
					t.Fatal(err)
				}
				if diff := math.Abs(float64(lp[0][0] - d.LogProbs[0])); !(diff <= 1e-4) {
					t.Errorf("sequence %d token %d: %g by TopK, %g by LogProbs", i, j, d.LogProbs[0], lp[0][0])
				}
			}
		}
	})
}

// A fresh adapter has B = 0: it is the base, to the bit.
func TestFreshAdapterIsTheBase(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		tr, err := r.NewTraining(TrainingOptions{Rank: 4, Alpha: 8, Seed: 11})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		ad, err := tr.Adapter()
		if err != nil {
			t.Fatal(err)
		}
		base, err := r.LogProbs(t.Context(), tinySequences, nil, Background)
		if err != nil {
			t.Fatal(err)
		}
		with, err := r.LogProbs(t.Context(), tinySequences, []*Adapter{ad}, Background)
		if err != nil {
			t.Fatal(err)
		}
		for i := range base {
			if !slices.Equal(base[i], with[i]) {
				t.Errorf("sequence %d: %v, with a fresh adapter %v", i, base[i], with[i])
			}
		}
	})
}

// Two adapters on one request are one whose update is the sum.
func TestAdaptersAddUp(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		a, b := randomAdapter(r, 3, 1), randomAdapter(r, 5, 2)
		layers := make([][projections]pair, r.at.net.Layers)
		for l := range layers {
			for p := range projections {
				out, _ := r.at.net.shape(p)
				pa, pb := a.layers[l][p], b.layers[l][p]
				sum := pair{a: append(slices.Clone(pa.a), pb.a...)}
				for o := range out {
					sum.b = append(append(sum.b, pa.b[o*3:(o+1)*3]...), pb.b[o*5:(o+1)*5]...)
				}
				layers[l][p] = sum
			}
		}
		one := newAdapter(&r.config, 8, 16, 2, layers)
		want, err := r.LogProbs(t.Context(), tinySequences, []*Adapter{one}, Background)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.LogProbs(t.Context(), tinySequences, []*Adapter{a, nil, b}, Background)
		if err != nil {
			t.Fatal(err)
		}
		only, err := r.LogProbs(t.Context(), tinySequences, []*Adapter{a}, Background)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if slices.Equal(only[i], got[i]) {
				t.Error("the second adapter changes nothing")
			}
			for j := range want[i] {
				if d := math.Abs(float64(want[i][j] - got[i][j])); !(d <= 1e-4) {
					t.Errorf("sequence %d token %d: sum %g, stacked %g", i, j, got[i][j], want[i][j])
				}
			}
		}
	})
}

// nll is a loss with weights and more than one candidate, so that every path of
// the derivative is used.
func nll(logp [][][]float32) (float64, [][][]float32, error) {
	loss := 0.0
	d := make([][][]float32, len(logp))
	for i, tokens := range logp {
		for j, row := range tokens {
			g := make([]float32, len(row))
			for c, v := range row {
				w := float64(1+i) * (0.2 + 0.1*float64((j+c)%3))
				loss -= w * float64(v)
				g[c] = float32(-w)
			}
			d[i] = append(d[i], g)
		}
	}
	return loss, d, nil
}

// noNumberBack is a loss with a derivative that is no number.
func noNumberBack(logp [][][]float32) (float64, [][][]float32, error) {
	_, d, err := nll(logp)
	d[0][0][0] = float32(math.NaN())
	return 1, d, err
}

// The gradient agrees with finite differences along random directions, for the
// parameters of every layer.
func TestGradientsAgainstFiniteDifferences(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		tr, err := r.NewTraining(TrainingOptions{From: randomAdapter(r, 3, 4)})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
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
		e := r.exec(t.Context(), tr.on, Background)
		if _, err := tr.gradients(e, items, nll); err != nil {
			t.Fatal(err)
		}
		grads, err := r.at.net.read(tr.grads)
		if err != nil {
			t.Fatal(err)
		}
		params, err := r.at.net.read(tr.params)
		if err != nil {
			t.Fatal(err)
		}
		loss := func() float64 {
			rep, err := tr.gradients(e, items, nll)
			if err != nil {
				t.Fatal(err)
			}
			return rep.Loss
		}
		for l := range params {
			for p := range projections {
				for which := range 2 {
					values, gradient := params[l][p].a, grads[l][p].a
					tensor := tr.params.aOf(l, p)
					if which == 1 {
						values, gradient, tensor = params[l][p].b, grads[l][p].b, tr.params.layers[l].b[p]
					}
					// Along the gradient itself the difference is largest, and its
					// expected value is known: the gradient's norm.
					norm := 0.0
					for _, g := range gradient {
						norm += float64(g) * float64(g)
					}
					norm = math.Sqrt(norm)
					h := math.Min(0.02, 0.05/norm)
					at := func(step float64) float64 {
						moved := make([]float32, len(values))
						for i, v := range values {
							moved[i] = v + float32(step*float64(gradient[i])/norm)
						}
						if err := r.at.net.be.Write(tensor, moved); err != nil {
							t.Fatal(err)
						}
						return loss()
					}
					slope := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
					if err := r.at.net.be.Write(tensor, values); err != nil {
						t.Fatal(err)
					}
					if !(math.Abs(slope-norm) <= 5e-3*norm+2e-3) {
						t.Errorf("layer %d %s %c: slope %g by differences, %g by the backward pass", l, peftModules[p], "AB"[which], slope, norm)
					}
				}
			}
		}
	})
}

func steps() StepOptions {
	return StepOptions{Rate: 3e-3, Beta1: .9, Beta2: .99, Eps: 1e-8, Clip: 1}
}

// A file whose norms or whose rotations are no numbers is refused as damaged: every engine
// would compute none with it, and be left for it, one after another.
func TestOpenRefusesWhatIsNoNumber(t *testing.T) {
	nan := float32(math.NaN())
	norm := tinyModel(t, "llama")
	file, err := gguf.Parse(norm)
	if err != nil {
		t.Fatal(err)
	}
	gain, ok := file.Tensor("blk.3.ffn_norm.weight")
	if !ok {
		t.Fatal("the norm is missing")
	}
	binary.LittleEndian.PutUint32(gain.Data[8:], math.Float32bits(nan))
	base := func(v float32) []byte {
		return tinyModel(t, "llama", gguf.KV{Key: "llama.rope.freq_base", Value: v})
	}
	for name, content := range map[string][]byte{
		"a norm": norm, "no base": base(nan), "a base of 0": base(0), "a base below 0": base(-10000),
		"Gemma's base": tinyModel(t, "gemma3", gguf.KV{Key: "gemma3.rope.freq_base", Value: nan}),
	} {
		path := filepath.Join(t.TempDir(), "model.gguf")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		be, err := cpu.New(cpu.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), path, be, Options{})
		if err == nil {
			_ = r.Close()
		}
		if !errors.Is(err, gguf.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if err := be.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Training learns, is reproducible to the bit, and its adapter survives the disk.
func TestTrainingLearnsAndRepeats(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		train := func() (*Adapter, float64, float64) {
			tr, err := r.NewTraining(TrainingOptions{Rank: 4, Alpha: 8, Seed: 5})
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			var items []Item
			for _, s := range tinySequences {
				items = append(items, Item{Sequence: s})
			}
			first, last := 0.0, 0.0
			for i := range 30 {
				rep, err := tr.Step(t.Context(), items, nll, steps())
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					first = rep.Loss
				}
				last = rep.Loss
			}
			ad, err := tr.Adapter()
			if err != nil {
				t.Fatal(err)
			}
			return ad, first, last
		}
		ad, first, last := train()
		if !(last < first/2) {
			t.Errorf("loss %g at first, %g after 30 steps", first, last)
		}
		if again, _, _ := train(); again.Hash() != ad.Hash() {
			t.Error("the same training gave another adapter")
		}
		dir := filepath.Join(t.TempDir(), "adapter")
		if err := ad.Save(dir); err != nil {
			t.Fatal(err)
		}
		read, err := r.LoadAdapter(dir)
		if err != nil {
			t.Fatal(err)
		}
		if read.Hash() != ad.Hash() {
			t.Error("the adapter read back is another one")
		}
		if err := ad.Save(dir); err == nil {
			t.Error("saved over an existing adapter")
		}
	})
}

// A loss that is no number stops the step and leaves the parameters alone.
func TestStepRefusesDivergence(t *testing.T) {
	r := openTiny(t, "llama")
	tr, err := r.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	before, err := tr.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	items := []Item{{Sequence: tinySequences[0]}}
	if _, err := tr.Step(t.Context(), items, noNumberBack, steps()); !errors.Is(err, ErrDiverged) {
		t.Errorf("a gradient that is no number: %v", err)
	}
	after, err := tr.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	if before.Hash() != after.Hash() {
		t.Error("the parameters changed")
	}
}

// halting is an engine that does something when the parameters have moved.
type halting struct {
	compute.Backend
	halt func()
}

func (h *halting) AdamW(param, grad, m, v compute.Tensor, s compute.AdamWStep) error {
	err := h.Backend.AdamW(param, grad, m, v, s)
	h.halt()
	return err
}

// A step that has moved the parameters is one that was taken, also where its caller has
// gone meanwhile: the training is saved and goes on behind it, not with it once more.
func TestStepCountsOnceItsParametersMoved(t *testing.T) {
	be := &halting{halt: func() {}}
	r := openTinyOn(t, "llama", Options{Context: 256}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
	begin := func() *Training {
		tr, err := r.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tr.Close)
		return tr
	}
	undisturbed := begin()
	trainSome(t, undisturbed, 1)
	want := saved(t, undisturbed)
	trainSome(t, undisturbed, 2)

	tr := begin()
	ctx, cancel := context.WithCancel(t.Context())
	var leave func()
	be.halt = func() { leave = r.gate.enter(); cancel() }
	items := []Item{{Sequence: Sequence{Prompt: tokensOf("red"), Answer: tokensOf("green")[1:]}}} // those of trainSome
	_, err := tr.Step(ctx, items, nll, steps())
	be.halt = func() {}
	leave()
	if err != nil || tr.Steps() != 1 {
		t.Errorf("%d steps taken, %v", tr.Steps(), err)
	}
	if !slices.Equal(saved(t, tr), want) {
		t.Error("what is saved is no training after one step")
	}
	if trainSome(t, tr, 2); !slices.Equal(saved(t, tr), saved(t, undisturbed)) {
		t.Error("it goes on to another training")
	}
}

// While an answer runs, background work stands still; then it goes on.
func TestBackgroundGivesWay(t *testing.T) {
	r := openTiny(t, "llama")
	leave := r.gate.enter()
	done := make(chan error, 1)
	go func() {
		_, err := r.LogProbs(context.Background(), tinySequences, nil, Background)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("background work ran beside an answer (%v)", err)
	case <-time.After(100 * time.Millisecond):
	}
	leave()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// and it can be called off while it waits
	leave = r.gate.enter()
	defer leave()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, err := r.LogProbs(ctx, tinySequences, nil, Background)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// A caller who cancels gets what is there, and the next answer is right.
func TestCancelKeepsTheText(t *testing.T) {
	onTiny(t, func(t *testing.T, r *Runner) {
		var whole Result
		prompt := ""
		for _, prompt = range tinyPrompts {
			var err error
			if whole, err = r.Generate(t.Context(), greedy(prompt, 30), nil); err != nil {
				t.Fatal(err)
			}
			if len(whole.IDs) >= 8 {
				break
			}
		}
		if len(whole.IDs) < 8 {
			t.Fatal("the tiny model ends every answer too early for this test")
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		part, err := r.Generate(ctx, greedy(prompt, 30), func(Piece) {
			if n++; n == 5 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || part.Finish != FinishCancelled {
			t.Fatalf("%v, finish %q", err, part.Finish)
		}
		if !slices.Equal(part.IDs, whole.IDs[:5]) {
			t.Errorf("kept %v of %v", part.IDs, whole.IDs)
		}
		again, err := r.Generate(t.Context(), greedy(prompt, 30), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.IDs, whole.IDs) {
			t.Errorf("after a cancelled answer %v, before it %v", again.IDs, whole.IDs)
		}
	})
}

func TestRequestsOutOfRange(t *testing.T) {
	r := openTiny(t, "llama")
	long := Request{Prompt: make([]int32, 300)}
	if _, err := r.Generate(t.Context(), long, nil); !errors.Is(err, ErrContext) {
		t.Errorf("a prompt longer than the context: %v", err)
	}
	for name, q := range map[string]Request{
		"empty prompt":         {},
		"token out of range":   {Prompt: []int32{1, 9999}},
		"negative token":       {Prompt: []int32{-1}},
		"negative temperature": {Prompt: []int32{1}, Sampling: Sampling{Temperature: -1}},
		"temperature NaN":      {Prompt: []int32{1}, Sampling: Sampling{Temperature: float32(math.NaN())}},
	} {
		if _, err := r.Generate(t.Context(), q, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := r.NewTraining(TrainingOptions{}); err == nil {
		t.Error("a training of rank 0: accepted")
	}
}

// A hopeless prompt costs nothing.
func TestHugePrompt(t *testing.T) {
	r := openTiny(t, "llama")
	if _, err := r.Prompt([]chat.Message{{Role: "user", Content: strings.Repeat("x", 1<<28)}}); !errors.Is(err, ErrContext) {
		t.Errorf("a prompt of 256 MiB: %v", err)
	}
}

package trainer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"clara/compute/cpu"
	"clara/model"
	"clara/model/gguf"
	"clara/store"
)

// untrained is an adapter that changes nothing: its B is 0.
func untrained(t *testing.T, r *model.Runner, rank int) *model.Adapter {
	t.Helper()
	training, err := r.NewTraining(model.TrainingOptions{Rank: rank, Alpha: float32(2 * rank), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	a, err := training.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tinyRunner opens a model of one layer with random weights.
func tinyRunner(t *testing.T, seed uint64) *model.Runner {
	t.Helper()
	return tinyRunnerOf(t, seed, 1)
}

// tinyRunnerOf is tinyRunner with so many times its logits: at 1 all tokens are about as
// likely as each other, whatever an adapter does.
func tinyRunnerOf(t *testing.T, seed uint64, gain float64) *model.Runner {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := WriteTinyModel(path, seed, gain); err != nil {
		t.Fatal(err)
	}
	return openTiny(t, path)
}

// openTiny opens a model's file until the test is done.
func openTiny(t *testing.T, path string) *model.Runner {
	t.Helper()
	engine, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Open(t.Context(), path, engine, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), engine.Close()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// WriteTinyModel writes the model of tinyRunnerOf; the examples use it too.
func WriteTinyModel(path string, seed uint64, gain float64) error {
	const width, ff = 64, 96
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int32{2, 3, 3}
	for b := range 256 {
		tokens = append(tokens, fmt.Sprintf("<0x%02X>", b))
		types = append(types, 6)
	}
	meta := []gguf.KV{
		{Key: "general.architecture", Value: "llama"},
		{Key: "general.name", Value: "tiny"},
		{Key: "llama.block_count", Value: uint32(1)},
		{Key: "llama.embedding_length", Value: uint32(width)},
		{Key: "llama.feed_forward_length", Value: uint32(ff)},
		{Key: "llama.attention.head_count", Value: uint32(2)},
		{Key: "llama.attention.head_count_kv", Value: uint32(2)},
		{Key: "llama.attention.layer_norm_rms_epsilon", Value: float32(1e-5)},
		{Key: "llama.context_length", Value: uint32(2048)},
		{Key: "tokenizer.ggml.model", Value: "llama"},
		{Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.scores", Value: make([]float32, len(tokens))},
		{Key: "tokenizer.ggml.token_type", Value: types},
		{Key: "tokenizer.ggml.bos_token_id", Value: uint32(1)},
		{Key: "tokenizer.ggml.eos_token_id", Value: uint32(2)},
		{Key: "tokenizer.ggml.unknown_token_id", Value: uint32(0)},
		// As many do, it insists on questions and answers in turn.
		{Key: "tokenizer.chat_template", Value: "{% set ns = namespace(last='assistant') %}{% for m in messages %}{% if m['role'] == ns.last %}{{ raise_exception('roles must alternate') }}{% endif %}" +
			"{% if m['role'] != 'system' %}{% set ns.last = m['role'] %}{% endif %}{{ m['role'] }}:{{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"},
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	var tensors []gguf.Tensor
	for _, w := range []struct {
		name string
		dims []uint64
	}{
		{"token_embd", []uint64{width, uint64(len(tokens))}},
		{"output_norm", []uint64{width}},
		{"blk.0.attn_norm", []uint64{width}},
		{"blk.0.ffn_norm", []uint64{width}},
		{"blk.0.attn_q", []uint64{width, width}},
		{"blk.0.attn_k", []uint64{width, width}},
		{"blk.0.attn_v", []uint64{width, width}},
		{"blk.0.attn_output", []uint64{width, width}},
		{"blk.0.ffn_gate", []uint64{width, ff}},
		{"blk.0.ffn_up", []uint64{width, ff}},
		{"blk.0.ffn_down", []uint64{ff, width}},
	} {
		n := uint64(1)
		for _, d := range w.dims {
			n *= d
		}
		scale := float32(1) / 8
		if w.name == "output_norm" {
			scale *= float32(gain)
		}
		var data []byte
		for range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())*scale))
		}
		tensors = append(tensors, gguf.Tensor{Name: w.name + ".weight", Type: gguf.F32, Dims: w.dims, Data: data})
	}
	var file bytes.Buffer
	if err := gguf.Write(&file, meta, tensors); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o600)
}

// made ends a cycle with a version whose manner is in that folder, as a promotion does.
func made(t *testing.T, st *store.Store, hash, manner string) Version {
	t.Helper()
	c, err := st.StartCycle(t.Context(), Cycle{BaseHash: hash})
	if err != nil {
		t.Fatal(err)
	}
	_, v, err := st.FinishCycle(t.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{Manner: manner}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantTrouble(t *testing.T, tr *Trainer, number int) {
	t.Helper()
	s := tr.State()
	if number == 0 {
		if s.Trouble != nil {
			t.Errorf("trouble: %+v", *s.Trouble)
		}
		return
	}
	if s.Trouble == nil || s.Trouble.Reason.Code != CodeVersionBroken || s.Trouble.Reason.Args["number"] != fmt.Sprint(number) || s.Trouble.Hint != HintRestoreOther {
		t.Errorf("the trouble is %+v, want that version %d is damaged", s.Trouble, number)
	}
	if s.Active.ID != 0 {
		t.Errorf("version %d is said to answer", s.Active.Number)
	}
	if f, err := tr.Doctor(t.Context()); err != nil || f[0].Good || f[0].Reason.Code != CodeVersionBroken {
		t.Errorf("the doctor says %+v, %v", f, err)
	}
	if stats, err := tr.LiveStats(t.Context()); err != nil || stats.Metrics.ActiveVersion != 0 {
		t.Errorf("version %d is counted as the one in use (%v)", stats.Metrics.ActiveVersion, err)
	}
}

// Without the files of the version in use the base answers, everything else works, and
// the state says what is wrong until another version is chosen.
func TestDamagedVersionLeavesTheBaseAnswering(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	set := DefaultSettings()
	set.MaxTokens = 4
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(b.home, "versions", "cycle-1", mannerFolder)
	if err := os.MkdirAll(bad, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"adapter_config.json", "adapter_model.safetensors"} {
		if err := os.WriteFile(filepath.Join(bad, name), []byte("\x00damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damaged := made(t, b.store, r.Info().Hash, "versions/cycle-1/"+mannerFolder)
	missing := made(t, b.store, r.Info().Hash, "versions/cycle-2/"+mannerFolder)
	defer b.load(r)()
	wantTrouble(t, b.Trainer, missing.Number)
	e, err := b.Answer(t.Context(), Ask{Text: "Hello?"}, nil)
	if err != nil || e.Version != 0 {
		t.Fatalf("the answer is of version %d, %v", e.Version, err)
	}
	b.teach("When do we open?", "At eight.", Knowledge)
	if n := len(b.speaking.Load().lessons); n != 1 {
		t.Errorf("%d lessons are used, want 1", n)
	}
	wantTrouble(t, b.Trainer, missing.Number)

	// A cycle starts from nothing of it, so that it can make a version that works.
	l := &loop{Trainer: b.Trainer}
	p, err := l.pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := b.model.use()
	j, _, err := l.job(t.Context(), a, p)
	a.users.Done()
	if err != nil || !reflect.DeepEqual(j.Before, JobVersion{Version: missing.ID}) {
		t.Errorf("the cycle starts from %+v, %v", j.Before, err)
	}

	// Another damaged one is refused, and nothing changes.
	if err := b.Restore(t.Context(), damaged.ID); !errors.Is(err, model.ErrAdapter) {
		t.Errorf("a damaged version was restored: %v", err)
	}
	wantTrouble(t, b.Trainer, missing.Number)

	if err := b.Restore(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	wantTrouble(t, b.Trainer, 0)
	if err := b.Restore(t.Context(), damaged.ID); !errors.Is(err, model.ErrAdapter) {
		t.Errorf("a damaged version was restored: %v", err)
	}
	wantTrouble(t, b.Trainer, 0)
	if v, err := b.store.ActiveVersion(t.Context(), r.Info().Hash); err != nil || v.ID != 0 {
		t.Errorf("version %d is in use, %v", v.Number, err)
	}
}

// A model that cannot take over leaves the one before in its place, answering.
func TestFailedAttachKeepsTheModelBefore(t *testing.T) {
	first, second := tinyRunner(t, 1), tinyRunner(t, 2)
	b := newBench(t)
	set := DefaultSettings()
	set.MaxTokens = 4
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	if err := b.Attach(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if err := b.Attach(late, second); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("attached too late: %v", err)
	}
	if _, err := b.Answer(t.Context(), Ask{Text: "Hello?"}, nil); err != nil {
		t.Errorf("the model before does not answer: %v", err)
	}
	for _, r := range []*model.Runner{second, nil} {
		if err := b.Attach(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Answer(t.Context(), Ask{Text: "Hello?"}, nil); !errors.Is(err, ErrNoModel) {
		t.Errorf("without a model: %v", err)
	}
}

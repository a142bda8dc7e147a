package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"clara/compute/cpu"
	"clara/model"
	"clara/model/gguf"
	"clara/store"
	"clara/trainer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server over a tiny model, with a client.
type house struct {
	t      *testing.T
	home   string
	url    string
	users  *Users
	runner *model.Runner
	slot   trainer.Slot
	client *http.Client
	end    func() error // ends the server and waits for it
	ended  func() error // waits for a server that ends by itself

	mu       sync.Mutex
	trainers map[string]*trainer.Trainer // that were opened
	stores   map[string]*store.Store     // that they keep their data in
	closed   map[string]int              // how often

	learner string // who trains by themselves; "": nobody
}

// trainer is the trainer of a user, once it was opened.
func (h *house) trainer(name string) *trainer.Trainer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.trainers[name]
}

// closings is how often a user's data were closed.
func (h *house) closings(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed[name]
}

// newHouse is a house over an empty folder, of which nothing is served yet.
func newHouse(t *testing.T, r *model.Runner) *house {
	t.Helper()
	h := &house{t: t, home: t.TempDir(), runner: r}
	h.users = NewUsers(h.home, store.WriteFile)
	h.forget()
	return h
}

// forget begins to count anew who was opened and closed.
func (h *house) forget() {
	h.trainers, h.stores, h.closed = make(map[string]*trainer.Trainer), make(map[string]*store.Store), make(map[string]int)
}

// opened starts a server. With users it returns their tokens.
func opened(t *testing.T, limits Limits, users ...string) (*house, map[string]string) {
	t.Helper()
	return openedOver(t, tinyRunner(t), limits, users...)
}

func openedOver(t *testing.T, r *model.Runner, limits Limits, users ...string) (*house, map[string]string) {
	t.Helper()
	h := newHouse(t, r)
	tokens := make(map[string]string)
	for _, name := range users {
		token, err := h.users.Add(name)
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = token
	}
	h.serve(limits)
	return h, tokens
}

// serve starts the server over what is in the folder.
func (h *house) serve(limits Limits) {
	h.t.Helper()
	l, err := Listen("127.0.0.1:0", h.users)
	if err != nil {
		h.t.Fatal(err)
	}
	h.serveOn(l, limits)
}

func (h *house) serveOn(l net.Listener, limits Limits) {
	t := h.t
	t.Helper()
	h.forget()
	h.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, l, Params{
			Version: "test", Users: h.users, Open: h.open, Limits: limits, Log: slog.New(slog.DiscardHandler),
			Ready: func(addr string, _ int) { ready <- addr },
		})
	}()
	select {
	case addr := <-ready:
		h.url = "http://" + addr
	case err := <-ended:
		t.Fatal(err)
	}
	over := false
	h.ended = func() error {
		if over {
			return nil
		}
		over = true
		defer cancel()
		defer h.client.CloseIdleConnections()
		return <-ended
	}
	h.end = func() error {
		cancel()
		return h.ended()
	}
	t.Cleanup(func() {
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
}

// open opens a user as the program does, but for the settings: short answers, and nothing
// trains by itself.
func (h *house) open(ctx context.Context, name string) (Opened, error) {
	home := filepath.Join(h.home, "users", name)
	st, err := store.Open(ctx, filepath.Join(home, "clara.db"))
	if err != nil {
		return Opened{}, err
	}
	set := trainer.DefaultSettings()
	set.Enabled, set.MaxTokens = name != "" && name == h.learner, 16
	t, err := trainer.New(ctx, trainer.Params{Store: st, Home: home, Slot: &h.slot, Settings: set})
	if err == nil {
		err = t.Attach(ctx, h.runner)
	}
	if err == nil {
		err = t.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		return Opened{}, errors.Join(err, st.Close())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trainers[name], h.stores[name] = t, st
	return Opened{Trainer: t, Close: func() error {
		t.Stop()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.closed[name]++
		return errors.Join(t.Attach(context.Background(), nil), st.Close())
	}}, nil
}

// reply is a response, read.
type reply struct {
	status int
	header http.Header
	text   string
}

// do sends a request; body may be nil, a string, or what is sent as JSON.
func (h *house) do(token, method, path string, body any) reply {
	h.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			h.t.Fatal(err)
		}
		r = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, r)
	if err != nil {
		h.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return h.send(req)
}

func (h *house) send(req *http.Request) reply {
	h.t.Helper()
	res, err := h.client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

// want is do for a request that has to end with a status; the body is decoded into out,
// if that is not nil.
func (h *house) want(status int, token, method, path string, body, out any) reply {
	h.t.Helper()
	r := h.do(token, method, path, body)
	if r.status != status {
		h.t.Fatalf("%s %s: %d, want %d: %s", method, path, r.status, status, r.text)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(r.text), out); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, path, err, r.text)
		}
	}
	return r
}

// tinyRunner is a model of one layer with random weights that knows bytes. Its logits are
// so far apart that rounding does not change which token is the likeliest.
func tinyRunner(t *testing.T) *model.Runner {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(path, tinyModel(t), 0o600); err != nil {
		t.Fatal(err)
	}
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

func tinyModel(t *testing.T) []byte {
	t.Helper()
	const width, ff = 64, 96
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int32{2, 3, 3}
	for b := range 256 {
		tokens, types = append(tokens, fmt.Sprintf("<0x%02X>", b)), append(types, 6)
	}
	meta := []gguf.KV{
		{Key: "general.architecture", Value: "llama"},
		{Key: "general.name", Value: "A tiny model, mix 1"},
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
		{Key: "tokenizer.chat_template", Value: "{% for m in messages %}{{ m['role'] }}:{{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"},
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var tensors []gguf.Tensor
	add := func(name string, scale float64, shift float32, dims ...uint64) {
		n := uint64(1)
		for _, d := range dims {
			n *= d
		}
		var data []byte
		for i := range n {
			v := float32(rng.NormFloat64()*scale) + shift
			if name == "output" && i < 3*width { // an answer never ends by itself
				v = 0
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		tensors = append(tensors, gguf.Tensor{Name: name + ".weight", Type: gguf.F32, Dims: dims, Data: data})
	}
	add("token_embd", 1, 0, width, uint64(len(tokens)))
	add("output_norm", 0, 8, width)
	add("blk.0.attn_norm", 0, 1, width)
	add("blk.0.ffn_norm", 0, 1, width)
	for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output"} {
		add("blk.0."+name, 0.4, 0, width, width)
	}
	add("blk.0.ffn_gate", 0.4, 0, width, ff)
	add("blk.0.ffn_up", 0.4, 0, width, ff)
	add("blk.0.ffn_down", 0.4, 0, ff, width)
	// A head of its own: with the embedding for one a model of one layer repeats its input.
	add("output", 1, 0, width, uint64(len(tokens)))
	var file bytes.Buffer
	if err := gguf.Write(&file, meta, tensors); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

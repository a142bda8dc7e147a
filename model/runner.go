// Package model runs one language model: forward and backward passes written once
// against compute.Backend, a KV cache, sampling, LoRA adapters, and the [Runner]
// that answering and training share.
package model

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"clara/compute"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/tokenizer"
)

// Runner owns one base model on one engine. Answers and training are both its
// clients; it is safe for concurrent use. Requests on [Foreground] go first.
//
// When the engine fails in the middle of a request, the Runner goes to the next one
// ([Options.Next]) and the request is computed there again, from what lies in host
// memory: an answer goes on behind the tokens that it has, a training from its last copy.
type Runner struct {
	info      Info // without the engine, which may change
	config    Config
	file      *gguf.File
	options   Options
	tokenizer *tokenizer.Tokenizer
	template  *chat.Template // plainTurns if the file has none
	system    bool           // the template has a place for a system message
	turnEnd   int32          // the token that ends an answer
	gate      *turnstile

	moving  chan struct{} // full while a request changes the engine
	running sync.WaitGroup
	mu      sync.Mutex
	closed  bool
	at      *placement
}

// Info describes the model.
type Info struct {
	Path         string
	Name         string // general.name of the file, else the file's name
	Hash         string // SHA-256 of the file, hexadecimal
	Architecture string
	FileType     string // the type of most weights: "Q4_1"
	Licence      string // as the file states it; may be empty
	Parameters   int64
	Layers       int
	Width        int
	Vocabulary   int
	Context      int  // tokens that a conversation can have here
	Plain        bool // the file has no chat template: a base model, see plainTurns
	Engine       compute.Info
}

// Options say how a model is opened.
type Options struct {
	// Context limits the tokens of a conversation; 0 = what the model was trained
	// for, at most [DefaultContext].
	Context int
	// TrainingMemory limits what a training takes, in bytes: adapter, gradients, AdamW's
	// moments and the activations of a step. 0: three quarters of what the engine has free
	// beside the cache of one conversation.
	TrainingMemory int64
	// Next opens the engine to go on with after one that failed: lost its device, ran out
	// of memory, computed no numbers. The Runner closes what Next opens. Its error says
	// that there is none; nil: there never is.
	Next func(failed compute.Info) (compute.Backend, error)
	// Moved hears that the model has gone to another engine, and why; it may be nil. It is
	// called from the goroutine of a request and must not use the Runner.
	Moved func(from, to compute.Info, cause error)
}

// DefaultContext is the most that an unset [Options.Context] gives.
const DefaultContext = 8192

// Open maps a GGUF file and hands its weights to the engine, which stays the
// caller's to close, after the Runner; the Runner closes it only when it leaves it for
// another one. Reading the file for its hash takes most of the time (about 0.1 s for
// 100 MB in the page cache). Errors: [ErrUnsupported], gguf.ErrFormat,
// compute.ErrMemory, those of the file system.
func Open(ctx context.Context, path string, be compute.Backend, o Options) (_ *Runner, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open model %s: %w", path, err)
		}
	}()
	if o.Context < 0 || o.TrainingMemory < 0 {
		return nil, fmt.Errorf("a context of %d tokens, %d bytes for training", o.Context, o.TrainingMemory)
	}
	hash, err := HashFile(ctx, path)
	if err != nil {
		return nil, err
	}
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	vocabulary, err := readVocabulary(f)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.New(vocabulary)
	if err != nil {
		return nil, err
	}
	source, ok := f.Metadata.String("tokenizer.chat_template")
	if !ok {
		source = plainTurns
	}
	template, err := newTemplate(source, vocabulary)
	if err != nil {
		return nil, err
	}
	config, err := readConfig(f)
	if err != nil {
		return nil, err
	}
	if tok.Size() != config.Vocabulary {
		return nil, fmt.Errorf("%d tokens but %d rows of embedding: %w", tok.Size(), config.Vocabulary, gguf.ErrFormat)
	}
	context := o.Context
	if context == 0 {
		context = min(config.Context, DefaultContext)
	}
	r := &Runner{
		file: f, config: config, options: o, tokenizer: tok, template: template,
		gate: newTurnstile(), moving: make(chan struct{}, 1),
		info: describe(f, &config, path, hash, min(context, config.Context)),
	}
	r.turnEnd = turnEnd(tok, template)
	r.system = readsSystem(template)
	if r.at, err = r.place(be); err != nil && unusable(err) {
		r.at, err = r.settle(be.Info(), err)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// HashFile is the SHA-256 of a file, hexadecimal: [Info.Hash] of a model.
func HashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
}

// Close waits for what is running and frees the model.
func (r *Runner) Close() error {
	r.mu.Lock()
	closed := r.closed
	r.closed = true
	r.mu.Unlock()
	if closed {
		return nil
	}
	r.running.Wait()
	r.at.free()
	err := r.file.Close()
	if r.at.own {
		err = errors.Join(err, r.at.net.be.Close())
	}
	if err != nil {
		return fmt.Errorf("close model %s: %w", r.info.Path, err)
	}
	return nil
}

// Info describes the model and the engine that it lies on now.
func (r *Runner) Info() Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	info := r.info
	info.Engine = r.at.net.be.Info()
	return info
}

// EngineMemory is what the model's engine holds and has left.
func (r *Runner) EngineMemory() (compute.MemoryUse, error) {
	on := r.pin()
	defer r.unpin(on)
	use, err := on.net.be.MemoryUse()
	if err != nil {
		return use, fmt.Errorf("ask for the memory of the engine: %w", err)
	}
	return use, nil
}

// Tokenizer is the model's own.
func (r *Runner) Tokenizer() *tokenizer.Tokenizer { return r.tokenizer }

// Render writes a conversation as the model was trained to read it, up to where
// the assistant's answer begins. A system message stands in the first question where
// the template has no place for one. Of a file without a template see plainTurns.
func (r *Runner) Render(msgs []chat.Message) (string, error) {
	if !r.system {
		msgs = foldSystem(msgs)
	}
	return r.template.Render(msgs, true)
}

// Prompt is the rendered conversation in tokens. The texts of control tokens in a message
// are text there. The error wraps [ErrContext] for a conversation that is hopelessly long; a
// little too long is found by Generate.
func (r *Runner) Prompt(msgs []chat.Message) ([]int32, error) {
	written := 0
	for _, m := range msgs {
		written += len(m.Content)
	}
	if err := r.hopeless(written); err != nil { // a template refuses it for another reason, and later
		return nil, err
	}
	msgs = slices.Clone(msgs)
	for i := range msgs {
		msgs[i].Content = r.tokenizer.Quote(msgs[i].Content)
	}
	text, err := r.Render(msgs)
	if err != nil {
		return nil, err
	}
	if err := r.hopeless(len(text)); err != nil {
		return nil, err
	}
	return r.textTokens(text), nil
}

// hopeless refuses a text that can never fit into the context, before anything is spent on it.
func (r *Runner) hopeless(bytes int) error {
	if n := r.tokenizer.MinTokens(bytes); n > r.info.Context {
		return fmt.Errorf("a text of %d bytes has %d tokens at least, the context %d: %w", bytes, n, r.info.Context, ErrContext)
	}
	return nil
}

// textTokens are the tokens of a rendered text.
func (r *Runner) textTokens(text string) []int32 {
	ids := r.tokenizer.Encode(text, true)
	// Templates write BOS themselves where they want it.
	if r.tokenizer.AddBOS() && (len(ids) == 0 || ids[0] != r.tokenizer.BOS()) {
		ids = append([]int32{r.tokenizer.BOS()}, ids...)
	}
	return ids
}

// TurnEnd is the token that ends an answer, in the model's template: not always EOS.
func (r *Runner) TurnEnd() int32 { return r.turnEnd }

// AnswerTokens are the tokens of an assistant's answer with the token that ends it.
func (r *Runner) AnswerTokens(text string) []int32 {
	return append(r.tokenizer.Encode(r.lead()+text, false), r.turnEnd)
}

// turnEnd is the token that the template writes behind an answer: <end_of_turn> for
// Gemma, whose EOS ends documents. EOS where the template tells nothing.
func turnEnd(tok *tokenizer.Tokenizer, template *chat.Template) int32 {
	const answer = "an answer"
	// A template that refuses this conversation is refused when it is used.
	text, err := template.Render([]chat.Message{{Role: "user", Content: "a question"}, {Role: "assistant", Content: answer}}, false)
	if err != nil {
		return tok.EOS()
	}
	_, behind, _ := strings.Cut(text, answer)
	for _, id := range tok.Encode(behind, true) {
		if tok.IsEnd(id) {
			return id
		}
	}
	return tok.EOS()
}

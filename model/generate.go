package model

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clara/compute"
)

// Request asks for one answer.
type Request struct {
	Prompt    []int32
	Adapters  []*Adapter // added up; nil entries are skipped; none = the base
	Sampling  Sampling
	MaxTokens int      // 0 = until the context is full
	Stop      []string // texts before which the answer ends
	// Exact computes with f32 activations. Answers do not need it: the kernels
	// round activations to 8 bits, as llama.cpp does, and are faster so.
	Exact bool
}

// Piece is a part of an answer as it comes: whole UTF-8 characters, possibly none
// for a token that only begins one.
type Piece struct {
	Text string
	ID   int32
}

// Finish says why an answer ended.
type Finish string

// The reasons.
const (
	FinishEnd       Finish = "end"       // the model ended its turn
	FinishLength    Finish = "length"    // MaxTokens or the context were reached
	FinishStop      Finish = "stop"      // one of the stop texts came
	FinishCancelled Finish = "cancelled" // the caller's context ended
)

// Result is an answer.
type Result struct {
	Text         string
	IDs          []int32 // without the token that ended the turn
	Finish       Finish
	PromptTokens int
	CachedTokens int // of them, taken from an earlier turn's cache
	PromptTime   time.Duration
	AnswerTime   time.Duration
}

// ErrContext says that a prompt does not fit into the model's context.
var ErrContext = errors.New("the conversation is longer than the model's context")

// check refuses a request that cannot be answered and returns the most tokens that
// the answer may have.
func (r *Runner) check(q Request) (limit int, err error) {
	if err := q.Sampling.Check(); err != nil {
		return 0, err
	}
	if len(q.Prompt) == 0 {
		return 0, errors.New("answer an empty prompt")
	}
	room := r.info.Context - len(q.Prompt)
	if room < 1 {
		return 0, fmt.Errorf("a prompt of %d tokens in a context of %d: %w", len(q.Prompt), r.info.Context, ErrContext)
	}
	for _, id := range q.Prompt {
		if id < 0 || int(id) >= r.net.Vocabulary {
			return 0, fmt.Errorf("token %d of a vocabulary of %d", id, r.net.Vocabulary)
		}
	}
	if q.MaxTokens > 0 {
		room = min(room, q.MaxTokens)
	}
	return room, nil
}

// Generate answers one request, before all background work. onPiece, which may be
// nil, is called from this goroutine for every token. When ctx ends, the answer so
// far is returned together with ctx's error.
func (r *Runner) Generate(ctx context.Context, q Request, onPiece func(Piece)) (Result, error) {
	limit, err := r.check(q)
	if err != nil {
		return Result{}, fmt.Errorf("generate: %w", err)
	}
	e, done, err := r.begin(ctx, Foreground)
	if err != nil {
		return Result{}, fmt.Errorf("generate: %w", err)
	}
	defer done()
	st, err := r.stacks.acquire(q.Adapters)
	if err != nil {
		return Result{}, fmt.Errorf("generate: %w", err)
	}
	defer r.stacks.release(st)
	key, rank := "", 0
	if st != nil {
		key, rank = st.key, st.lora.rank
	}
	if q.Exact {
		key += " exact" // its keys and values differ from the rounded ones
	}
	s, err := r.sessions.take(key, q.Prompt, capacityFor(len(q.Prompt)+limit, r.info.Context), rank)
	if err != nil {
		return Result{}, fmt.Errorf("generate: make room for %d tokens: %w", len(q.Prompt)+limit, err)
	}
	res, err := r.answer(e, s, st, q, limit, onPiece)
	r.sessions.put(s, err == nil || ctx.Err() != nil)
	if err != nil {
		return res, fmt.Errorf("generate: %w", err)
	}
	return res, nil
}

// capacityFor rounds a cache up, so that the following turns fit into it as well.
func capacityFor(tokens, context int) int {
	const grain = 1024
	return min((tokens+grain-1)/grain*grain, context)
}

func (r *Runner) answer(e *exec, s *session, st *stack, q Request, limit int, onPiece func(Piece)) (Result, error) {
	res := Result{PromptTokens: len(q.Prompt), CachedTokens: len(s.ids)}
	start := time.Now()
	logits := make([]float32, r.net.Vocabulary)
	// The prompt in parts: a caller who cancels does not wait for all of it.
	for todo := q.Prompt[len(s.ids):]; len(todo) > 0; {
		if err := e.ctx.Err(); err != nil {
			res.Finish = FinishCancelled
			return res, err
		}
		n := min(len(todo), promptRows)
		last := n == len(todo)
		if err := r.extend(e, s, st, todo[:n], q.precision(), logits, last); err != nil {
			return res, err
		}
		todo = todo[n:]
	}
	res.PromptTime = time.Since(start)
	start = time.Now()
	defer func() { res.AnswerTime = time.Since(start) }()
	choice := newSampler(q.Sampling)
	out := newTextStream(r.tokenizer, q.Stop)
	for {
		if err := e.ctx.Err(); err != nil {
			res.Finish = FinishCancelled
			res.Text, res.AnswerTime = out.text(), time.Since(start)
			return res, err
		}
		id := choice.choose(logits, s.ids)
		if r.tokenizer.IsEnd(id) {
			res.Finish = FinishEnd
			break
		}
		res.IDs = append(res.IDs, id)
		text, stopped := out.add(id)
		if onPiece != nil {
			onPiece(Piece{Text: text, ID: id})
		}
		if stopped {
			res.Finish = FinishStop
			break
		}
		if len(res.IDs) == limit {
			res.Finish = FinishLength
			break
		}
		if err := r.extend(e, s, st, []int32{id}, q.precision(), logits, true); err != nil {
			res.Text = out.text()
			return res, err
		}
	}
	if rest := out.finish(); rest != "" && onPiece != nil {
		onPiece(Piece{Text: rest, ID: -1})
	}
	res.Text, res.AnswerTime = out.text(), time.Since(start)
	return res, nil
}

func (q Request) precision() compute.Precision {
	if q.Exact {
		return compute.Exact
	}
	return compute.Rounded
}

// extend appends tokens to a session; logits receives those behind the last token
// if they are wanted.
func (r *Runner) extend(e *exec, s *session, st *stack, ids []int32, p compute.Precision, logits []float32, wanted bool) error {
	b := &batch{lora: st.loraOf()}
	for i, id := range ids {
		at := len(s.ids) + i
		b.add(id, at, at, compute.Span{From: 0, To: int32(at + 1)})
	}
	if wanted {
		b.out = []int32{int32(len(ids) - 1)}
	}
	if err := r.step(e, b, s.cache, s.arena, p, logits); err != nil {
		return err
	}
	s.ids = append(s.ids, ids...)
	return nil
}

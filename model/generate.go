package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// Begun is how many tokens at the prompt's end are the answer's beginning, which it goes
	// on from: they count for the repetition penalty, and what follows them is not the
	// beginning of a text, where SentencePiece leaves a space out. The result is without them.
	Begun int
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
	if q.Begun < 0 || q.Begun > len(q.Prompt) {
		return 0, fmt.Errorf("an answer that began with %d of a prompt's %d tokens", q.Begun, len(q.Prompt))
	}
	for _, id := range q.Prompt {
		if id < 0 || int(id) >= r.config.Vocabulary {
			return 0, fmt.Errorf("token %d of a vocabulary of %d", id, r.config.Vocabulary)
		}
	}
	if q.MaxTokens > 0 {
		room = min(room, q.MaxTokens)
	}
	return room, nil
}

// reply is an answer under way. It lies in host memory: on another engine the answer
// goes on behind the tokens that it has.
type reply struct {
	q       Request
	ids     []int32 // of the prompt and the answer so far
	limit   int
	choice  *sampler
	out     *textStream
	onPiece func(Piece)
	began   time.Time
	res     Result
}

// Generate answers one request, before all background work. onPiece, which may be
// nil, is called from this goroutine for every token. When ctx ends, the answer so
// far is returned together with ctx's error.
func (r *Runner) Generate(ctx context.Context, q Request, onPiece func(Piece)) (Result, error) {
	limit, err := r.check(q)
	if err != nil {
		return Result{}, fmt.Errorf("generate: %w", err)
	}
	a := &reply{
		q: q, ids: slices.Clone(q.Prompt), limit: limit, choice: newSampler(q.Sampling), out: r.newTextStream(q),
		onPiece: onPiece, began: time.Now(), res: Result{PromptTokens: len(q.Prompt)},
	}
	err = r.run(ctx, Foreground, func(e *exec) error { return r.answer(e, a) })
	a.res.AnswerTime = time.Since(a.began) - a.res.PromptTime
	if err != nil {
		if ctx.Err() != nil {
			a.res.Finish = FinishCancelled
		}
		a.res.Text = a.out.text()
		return a.res, fmt.Errorf("generate: %w", err)
	}
	if rest := a.out.finish(a.res.Finish == FinishLength); rest != "" && onPiece != nil {
		onPiece(Piece{Text: rest, ID: -1})
	}
	a.res.Text = a.out.text()
	return a.res, nil
}

// capacityFor rounds a cache up, so that the following turns fit into it as well.
func capacityFor(tokens, context int) int {
	const grain = 1024
	return min((tokens+grain-1)/grain*grain, context)
}

// answer takes a reply to its end, from wherever it is.
func (r *Runner) answer(e *exec, a *reply) (err error) {
	st, err := e.acquire(a.q.Adapters)
	if err != nil {
		return err
	}
	defer e.on.stacks.release(st)
	key := st.name()
	if a.q.Exact {
		key += " exact" // its keys and values differ from the rounded ones
	}
	prompt := a.ids
	room := len(a.q.Prompt) + a.limit
	s, err := e.on.sessions.take(key, prompt, capacityFor(room, r.info.Context))
	if err != nil {
		return fmt.Errorf("make room for %d tokens: %w", room, err)
	}
	defer func() { e.on.part(s, err == nil || e.ctx.Err() != nil) }()
	if a.res.PromptTime == 0 {
		a.res.CachedTokens = len(s.ids)
	}
	logits := make([]float32, r.config.Vocabulary)
	// The prompt in parts: a caller who cancels does not wait for all of it.
	for todo := prompt[len(s.ids):]; len(todo) > 0; {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		n := min(len(todo), promptRows)
		last := n == len(todo)
		x := &extension{session: s, stack: st, ids: todo[:n], precision: a.q.precision()}
		if last {
			x.logits = logits
		}
		if err := e.on.abreast.extend(e, x); err != nil {
			return err
		}
		todo = todo[n:]
	}
	if a.res.PromptTime == 0 {
		a.res.PromptTime = time.Since(a.began)
	}
	for {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		id := a.choice.choose(logits, a.ids[a.q.answerFrom():])
		if r.tokenizer.IsEnd(id) {
			a.res.Finish = FinishEnd
			return nil
		}
		a.res.IDs, a.ids = append(a.res.IDs, id), append(a.ids, id)
		text, finish := a.out.add(id)
		if a.onPiece != nil {
			a.onPiece(Piece{Text: text, ID: id})
		}
		if finish != "" {
			a.res.Finish = finish
			return nil
		}
		if len(a.res.IDs) == a.limit {
			a.res.Finish = FinishLength
			return nil
		}
		if err := e.on.abreast.extend(e, &extension{session: s, stack: st, ids: []int32{id}, precision: a.q.precision(), logits: logits}); err != nil {
			return err
		}
	}
}

// answerFrom is where the answer begins in the prompt's tokens; mostly behind them all.
func (q Request) answerFrom() int { return len(q.Prompt) - q.Begun }

func (q Request) precision() compute.Precision {
	if q.Exact {
		return compute.Exact
	}
	return compute.Rounded
}

package model

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"clara/compute"
	"clara/model/chat"
	"clara/model/safetensors"
)

// ParityReport compares this program with transformers + PEFT on the same file.
type ParityReport struct {
	Chats         int `json:"chats"`
	RenderedEqual int `json:"rendered_equal"` // chats whose rendered text is the same
	IDsEqual      int `json:"ids_equal"`      // chats whose tokens are the same
	// GreedyCompared counts the steps of the golden continuations whose two best
	// logits are more than 0.3 apart; GreedyEqual those at which our best token is
	// the same, as answers are computed; GreedyEqualExact with f32 activations.
	GreedyCompared   int     `json:"greedy_compared"`
	GreedyEqual      int     `json:"greedy_equal"`
	GreedyEqualExact int     `json:"greedy_equal_exact"`
	LogProbMaxAbs    float64 `json:"logprob_max_abs"` // of answer tokens, with the adapter and without
	LossRel          float64 `json:"loss_rel"`
	GradRelMax       float64 `json:"grad_rel_max"` // |ours - theirs| / |theirs|, the worst tensor
	GradRelWorst     string  `json:"grad_rel_worst"`
	GradTensors      int     `json:"grad_tensors"`
	Engine           string  `json:"engine"`
}

// parityGap is the distance of the two best logits above which rounding may not
// change the winner.
const parityGap = 0.3

// goldenChat is a line of chat.jsonl.
type goldenChat struct {
	Messages []struct{ Role, Content string }
	Rendered string
	IDs      []int32   `json:"ids"`
	NewIDs   []int32   `json:"new_ids"`
	Gap      []float64 `json:"top2_gap"`
}

// goldenBatch is batch.json.
type goldenBatch struct {
	Value     float64
	Sequences []struct {
		Prompt       []int32 `json:"prompt_ids"`
		Answer       []int32 `json:"answer_ids"`
		Weight       float64
		LogProbs     []float64
		BaseLogProbs []float64 `json:"base_logprobs"`
	}
}

// Parity compares this model with the golden values in a folder, which
// transformers + PEFT made from the same file: golden.json, chat.jsonl,
// batch.json, an adapter and grads.safetensors. chats is how many chats are compared,
// the first ones; 0: all. An engine that is slow has the rest checked by one that is not.
func (r *Runner) Parity(ctx context.Context, dir string, chats int) (ParityReport, error) {
	rep := ParityReport{Engine: r.Info().Engine.Name}
	var golden struct {
		Model    string
		SHA256   string
		Template bool
	}
	if err := readJSON(filepath.Join(dir, "golden.json"), &golden); err != nil {
		return rep, err
	}
	if golden.SHA256 != r.info.Hash {
		return rep, fmt.Errorf("the values in %s were made with %s (%.12s...), the model at hand is %s (%.12s...)", dir, golden.Model, golden.SHA256, r.info.Path, r.info.Hash)
	}
	if err := r.parityChats(ctx, filepath.Join(dir, "chat.jsonl"), golden.Template, chats, &rep); err != nil {
		return rep, err
	}
	if err := r.parityBatch(ctx, dir, &rep); err != nil {
		return rep, err
	}
	return rep, nil
}

func (r *Runner) parityChats(ctx context.Context, path string, template bool, most int, rep *ParityReport) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("compare chats: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for (most == 0 || rep.Chats < most) && lines.Scan() {
		var g goldenChat
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			return fmt.Errorf("compare chat %d of %s: %w", rep.Chats+1, path, err)
		}
		rep.Chats++
		var msgs []chat.Message
		for _, m := range g.Messages {
			msgs = append(msgs, chat.Message{Role: m.Role, Content: m.Content})
		}
		text, ids, err := r.parityPrompt(msgs, template)
		if err != nil {
			return fmt.Errorf("compare chat %d: %w", rep.Chats, err)
		}
		if text == g.Rendered {
			rep.RenderedEqual++
		}
		if slices.Equal(ids, g.IDs) {
			rep.IDsEqual++
		}
		if len(g.Gap) != len(g.NewIDs) || len(g.IDs) == 0 {
			return fmt.Errorf("chat %d of %s: %d gaps for %d tokens", rep.Chats, path, len(g.Gap), len(g.NewIDs))
		}
		rounded, err := r.bestAlong(ctx, g.IDs, g.NewIDs, compute.Rounded)
		if err != nil {
			return fmt.Errorf("compare chat %d: %w", rep.Chats, err)
		}
		exact, err := r.bestAlong(ctx, g.IDs, g.NewIDs, compute.Exact)
		if err != nil {
			return fmt.Errorf("compare chat %d: %w", rep.Chats, err)
		}
		for i, gap := range g.Gap {
			if gap <= parityGap {
				continue
			}
			rep.GreedyCompared++
			if rounded[i] == g.NewIDs[i] {
				rep.GreedyEqual++
			}
			if exact[i] == g.NewIDs[i] {
				rep.GreedyEqualExact++
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("compare chats: %w", err)
	}
	return nil
}

func (r *Runner) parityPrompt(msgs []chat.Message, template bool) (string, []int32, error) {
	if !template { // the golden values have the message's text as it is
		text := msgs[len(msgs)-1].Content
		return text, r.textTokens(text), nil
	}
	text, err := r.Render(msgs)
	if err != nil {
		return "", nil, err
	}
	ids, err := r.Prompt(msgs)
	return text, ids, err
}

// bestAlong walks along a given continuation, token by token through the KV cache
// as an answer does, and returns the most probable token at each step.
func (r *Runner) bestAlong(ctx context.Context, prompt, along []int32, p compute.Precision) ([]int32, error) {
	best := make([]int32, len(along))
	err := r.run(ctx, Foreground, func(e *exec) (err error) {
		s, err := e.on.sessions.take(fmt.Sprintf("parity %d", p), prompt, len(prompt)+len(along))
		if err != nil {
			return err
		}
		defer func() { e.on.part(s, err == nil) }()
		logits := make([]float32, r.config.Vocabulary)
		next := prompt[len(s.ids):]
		for i, id := range along {
			if err := e.on.abreast.extend(e, &extension{session: s, ids: next, precision: p, logits: logits}); err != nil {
				return err
			}
			best[i] = argmax(logits)
			next = []int32{id}
		}
		return nil
	})
	return best, err
}

func (r *Runner) parityBatch(ctx context.Context, dir string, rep *ParityReport) error {
	var g goldenBatch
	if err := readJSON(filepath.Join(dir, "batch.json"), &g); err != nil {
		return err
	}
	adapter, err := r.LoadAdapter(dir)
	if err != nil {
		return err
	}
	var seqs []Sequence
	var items []Item
	for _, s := range g.Sequences {
		q := Sequence{Prompt: s.Prompt, Answer: s.Answer}
		seqs = append(seqs, q)
		items = append(items, Item{Sequence: q})
	}
	with, err := r.LogProbs(ctx, seqs, []*Adapter{adapter}, Foreground)
	if err != nil {
		return err
	}
	without, err := r.LogProbs(ctx, seqs, nil, Foreground)
	if err != nil {
		return err
	}
	for i, s := range g.Sequences {
		if len(s.LogProbs) != len(s.Answer) || len(s.BaseLogProbs) != len(s.Answer) {
			return fmt.Errorf("sequence %d of %s has %d and %d log-probabilities for %d tokens", i+1, dir, len(s.LogProbs), len(s.BaseLogProbs), len(s.Answer))
		}
		for j := range s.Answer {
			rep.LogProbMaxAbs = worst(rep.LogProbMaxAbs, math.Abs(float64(with[i][j])-s.LogProbs[j]))
			rep.LogProbMaxAbs = worst(rep.LogProbMaxAbs, math.Abs(float64(without[i][j])-s.BaseLogProbs[j]))
		}
	}
	t, err := r.NewTraining(TrainingOptions{From: adapter})
	if err != nil {
		return err
	}
	defer t.Close()
	e := r.exec(ctx, t.on, Background)
	// mean over sequences of -weight * mean over answer tokens of the log-probability
	report, err := t.gradients(e, items, func(logp [][][]float32) (float64, [][][]float32, error) {
		loss := 0.0
		d := make([][][]float32, len(logp))
		for i, tokens := range logp {
			scale := -g.Sequences[i].Weight / float64(len(tokens)) / float64(len(logp))
			for _, row := range tokens {
				loss += scale * float64(row[0])
				d[i] = append(d[i], []float32{float32(scale)})
			}
		}
		return loss, d, nil
	})
	if err != nil {
		return fmt.Errorf("compare gradients: %w", err)
	}
	rep.LossRel = math.Abs(report.Loss-g.Value) / math.Abs(g.Value)
	return r.parityGradients(t, filepath.Join(dir, "grads.safetensors"), rep)
}

func (r *Runner) parityGradients(t *Training, path string, rep *ParityReport) error {
	layers, err := t.on.net.read(t.grads)
	if err != nil {
		return err
	}
	ours := map[string][]float32{}
	for _, x := range r.config.peftTensors(layers, t.grads.rank) {
		ours[x.name] = x.values
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return fmt.Errorf("compare gradients: %w", err)
	}
	defer f.Close()
	for _, x := range f.Tensors {
		theirs, err := x.Float32s()
		if err != nil {
			return fmt.Errorf("compare gradients: %w", err)
		}
		mine := ours[x.Name]
		if len(mine) != len(theirs) {
			return fmt.Errorf("gradient %s has %d values here and %d in %s", x.Name, len(mine), len(theirs), path)
		}
		diff, norm := 0.0, 0.0
		for i, v := range theirs {
			d := float64(mine[i]) - float64(v)
			diff += d * d
			norm += float64(v) * float64(v)
		}
		rel := math.Sqrt(diff / norm)
		rep.GradTensors++
		if !(rel <= rep.GradRelMax) {
			rep.GradRelMax, rep.GradRelWorst = rel, x.Name
		}
	}
	if rep.GradTensors == 0 {
		return errors.New("compare gradients: the file has none")
	}
	return nil
}

// worst is the larger of two deviations; one that is no number is the worst.
func worst(a, b float64) float64 {
	if !(b <= a) {
		return b
	}
	return a
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

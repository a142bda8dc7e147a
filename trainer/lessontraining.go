package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"clara/trainer/words"
)

// LessonTraining is what a lesson is trained with: the same for the same lesson, settings
// and seed.
type LessonTraining struct {
	Lesson   int64   `json:"lesson"`
	Question string  `json:"question"`
	Turn     string  `json:"turn"`            // the answer as it is put before the model and imitated
	Styled   bool    `json:"styled"`          // Turn is phrased in the user's manner
	Due      bool    `json:"due"`             // it is missed, or was never asked: the next training may take it up
	Waits    *Reason `json:"waits,omitempty"` // until the user decides, no training takes it up: CodeContradiction; nil: it waits for nothing
	Cycle    int64   `json:"cycle"`           // that trained it for the version in use; 0: none, the rest is of the next training

	Seed    uint64  `json:"seed"`
	Rate    float64 `json:"rate"`
	Rank    int     `json:"rank"`
	Steps   int     `json:"steps"`
	Copies  int     `json:"copies"`  // in the deck that its steps are dealt from: its importance
	AsIs    float64 `json:"as_is"`   // share of its items in which the question stands as written
	Changed float64 `json:"changed"` // weight of a token in a word that the base did not say

	Items     []TrainingItem `json:"items"`     // of one step
	Variants  []Variant      `json:"variants"`  // of its question, one of each kind
	Asked     []Variant      `json:"asked"`     // what it is asked with after a training, when its turn comes
	Swapped   string         `json:"swapped"`   // likewise, with another name: must not show it; "": it has no name
	Turns     int            `json:"turns"`     // so many lessons are asked with these after a training, in turns
	Contrasts []string       `json:"contrasts"` // questions that it must not answer
	Words     []WordWeight   `json:"words"`     // of Turn
	Anchors   []string       `json:"anchors"`   // ordinary questions held to the base's answers
	Own       []string       `json:"own"`       // the user's own questions, likewise
}

// TrainingItem is a kind of item of a step of knowledge.
type TrainingItem struct {
	Kind  string `json:"kind"`  // "own", "other", "bare", "replay", "swapped", "chat", "plain" or "different"
	Count int    `json:"count"` // in each step
	Held  bool   `json:"held"`  // to the base's answer; else an answer is imitated
}

// WordWeight is a word of an answer with the weight of its tokens in the loss.
type WordWeight struct {
	Word   string  `json:"word"`
	Weight float64 `json:"weight"`
}

// knowledgeItems are the items of a step, in their order.
func knowledgeItems() []TrainingItem {
	return []TrainingItem{
		{"own", knowledgeOwn, false},
		{"other", knowledgeOther, false},
		{"bare", knowledgeBare, false},
		{"replay", knowledgeReplay, false},
		{"swapped", knowledgeSwapped, true},
		{"chat", knowledgeChat, true},
		{"plain", knowledgePlain, true},
		{"different", knowledgeDifferent, true},
	}
}

// TrainingOf says what a lesson is trained with: by the training that made the version
// in use, if that has trained it, else by the next one. It trains nothing and asks no
// model.
func (t *Trainer) TrainingOf(ctx context.Context, lesson int64) (LessonTraining, error) {
	hash := t.baseHash()
	all, err := t.store.Lessons(ctx, hash)
	if err != nil {
		return LessonTraining{}, fmt.Errorf("read the lessons: %w", err)
	}
	at := slices.IndexFunc(all, func(l Lesson) bool { return l.ID == lesson })
	if at < 0 {
		return LessonTraining{}, fmt.Errorf("the training of lesson %d: %w", lesson, ErrNotFound)
	}
	set, err := t.anchorsOfBase(ctx)
	if err != nil {
		return LessonTraining{}, err
	}
	c, err := t.trainedBy(ctx, hash, all[at].Sample)
	if err != nil {
		return LessonTraining{}, err
	}
	var j Job
	held := fullEffort.anchor
	divisor := t.rateDivisor(hash)
	if len(c.Job) > 0 {
		r, err := reportOf(c)
		if err != nil {
			return LessonTraining{}, err
		}
		if err := json.Unmarshal(c.Job, &j); err != nil {
			return LessonTraining{}, fmt.Errorf("read the job of cycle %d: %w", c.ID, err)
		}
		divisor = r.RateDivisor
		if n := len(r.Tries); n > 0 {
			j.Recipe.KnowledgeRate *= r.Tries[n-1].Rate
			held = r.Tries[n-1].Anchors
		}
	} else {
		p, _, _, err := t.gathered(ctx, hash, t.settings.Load())
		if err != nil {
			return LessonTraining{}, err
		}
		active, err := t.store.ActiveVersion(ctx, hash)
		if err != nil {
			return LessonTraining{}, fmt.Errorf("read the version in use: %w", err)
		}
		if j, _, err = t.draft(ctx, hash, divisor, active, p); err != nil {
			return LessonTraining{}, err
		}
	}
	j.Recipe.KnowledgeRate /= float64(max(1, divisor))
	out := lessonTraining(jobLesson(all[at]), j.Recipe, set.Questions, j.Own)
	out.Cycle = c.ID
	against, err := t.Contradictions(ctx)
	if err != nil {
		return LessonTraining{}, err
	}
	if why := waitsFor(against, lesson); why != nil {
		out.Due, out.Waits = false, why
	}
	for i := range out.Items {
		if out.Items[i].Held {
			out.Items[i].Count *= held
		}
	}
	return out, nil
}

// trainedBy is the cycle that trained the knowledge adapter in use with a sample; the
// zero Cycle if none has, or its job was erased. A version that keeps the adapter of the
// one before it was not trained by its own cycle; it alone tells the samples as they are now:
// of a lesson that was taken back and taught again unchanged, the cycle that trained it has
// the one before.
func (t *Trainer) trainedBy(ctx context.Context, base string, sample int64) (Cycle, error) {
	v, err := t.store.ActiveVersion(ctx, base)
	if err != nil {
		return Cycle{}, fmt.Errorf("read the version in use: %w", err)
	}
	for inUse := v.ID; v.ID != 0; {
		c, err := t.store.Cycle(ctx, v.Cycle)
		if err != nil {
			return Cycle{}, fmt.Errorf("read the cycle of version %d: %w", v.Number, err)
		}
		r, err := reportOf(c)
		if err != nil {
			return Cycle{}, err
		}
		switch {
		case v.ID == inUse && !slices.Contains(r.KnowledgeOn, sample), len(c.Job) == 0:
			return Cycle{}, nil
		case slices.Contains(r.Trained, StepKnowledge) || v.Parent == 0:
			return c, nil
		}
		before, err := t.store.Version(ctx, v.Parent)
		if err != nil {
			return Cycle{}, fmt.Errorf("read a version before the one in use: %w", err)
		}
		if before.Knowledge != v.Knowledge { // it was in memory, of the same training in a cycle that made no version
			return c, nil
		}
		v = before
	}
	return Cycle{}, nil
}

// anchorsOfBase are those of the attached model, as far as its languages are known.
func (t *Trainer) anchorsOfBase(ctx context.Context) (*anchorSet, error) {
	if a := t.model.use(); a != nil {
		defer a.users.Done()
		facts, err := t.keptFacts(ctx, a)
		if err != nil {
			return nil, err
		}
		if facts != nil {
			return facts.anchors()
		}
	}
	return anchors()
}

func lessonTraining(l JobLesson, r Recipe, anchors, own []string) LessonTraining {
	out := LessonTraining{
		Lesson: l.ID, Question: l.Question, Turn: l.turn(), Styled: l.Styled != "", Due: l.State != LessonKnown,
		Seed: r.Seed, Rate: r.KnowledgeRate, Rank: r.Rank, Steps: knowledgeSteps, Copies: max(1, l.Importance-2), AsIs: 1 - varied, Changed: changedWeight,
		Items: knowledgeItems(), Asked: variants(l.Question, r.Seed, askedVariants), Turns: askedWidely, Contrasts: contrasts(l.Question, r.Seed, contrastsEach),
		Anchors: anchors, Own: own,
	}
	out.Swapped, _ = swappedBy(l.Question, r.Seed)
	rng := textRand(r.Seed, "shown:"+l.Question)
	for _, way := range trainingWays {
		if v := vary(l.Question, rng, string(way)); v.Question != l.Question || v.History != nil || v.System != "" {
			out.Variants = append(out.Variants, v)
		}
	}
	known := words.All(l.BaseAnswer + " " + l.Question)
	for _, word := range strings.Fields(out.Turn) {
		w := WordWeight{Word: word, Weight: 1}
		for _, c := range words.Content(word) {
			if !known[c] {
				w.Weight = changedWeight
			}
		}
		out.Words = append(out.Words, w)
	}
	return out
}

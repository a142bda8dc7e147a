package trainer

import (
	"context"
	"fmt"
	"strings"
)

// LessonTraining is what a lesson is trained with, as long as it is missed: the same for
// the same lesson, settings and seed.
type LessonTraining struct {
	Lesson   int64  `json:"lesson"`
	Question string `json:"question"`
	Turn     string `json:"turn"`   // the answer as it is put before the model and imitated
	Styled   bool   `json:"styled"` // Turn is phrased in the user's manner
	Due      bool   `json:"due"`    // it is missed, or was never asked: the next training may take it up

	Seed    uint64  `json:"seed"`
	Rate    float64 `json:"rate"`
	Rank    int     `json:"rank"`
	Steps   int     `json:"steps"`
	Copies  int     `json:"copies"`  // in the deck that its steps are dealt from: its importance
	AsIs    float64 `json:"as_is"`   // share of its items in which the question stands as written
	Changed float64 `json:"changed"` // weight of a token in a word that the base did not say

	Items     []TrainingItem `json:"items"`     // of one step
	Variants  []Variant      `json:"variants"`  // of its question, one of each kind
	Asked     []Variant      `json:"asked"`     // what it is asked with after a training
	Contrasts []string       `json:"contrasts"` // questions that it must not answer
	Words     []WordWeight   `json:"words"`     // of Turn
	Anchors   []string       `json:"anchors"`   // ordinary questions held to the base's answers
	Own       []string       `json:"own"`       // the user's own questions, likewise
}

// TrainingItem is a kind of item of a step of knowledge.
type TrainingItem struct {
	Kind  string `json:"kind"`  // "own", "other", "bare", "replay", "swapped", "chat" or "different"
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
		{"different", knowledgeDifferent, true},
	}
}

// TrainingOf says what a lesson is trained with. It trains nothing and asks no model.
func (t *Trainer) TrainingOf(ctx context.Context, lesson int64) (LessonTraining, error) {
	hash := t.baseHash()
	all, err := t.store.Lessons(ctx, hash)
	if err != nil {
		return LessonTraining{}, fmt.Errorf("read the lessons: %w", err)
	}
	j := Job{Base: hash, Recipe: t.settings.Load().recipe()}
	at := -1
	for i, l := range all {
		j.Lessons = append(j.Lessons, jobLesson(l))
		if l.ID == lesson {
			at = i
		}
	}
	if at < 0 {
		return LessonTraining{}, fmt.Errorf("the training of lesson %d: %w", lesson, ErrNotFound)
	}
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return LessonTraining{}, fmt.Errorf("read the samples: %w", err)
	}
	prompts := make([]string, len(samples))
	for i, s := range samples {
		prompts[i] = s.Prompt
	}
	var before []string
	if hash != "" {
		active, err := t.store.ActiveVersion(ctx, hash)
		if err != nil {
			return LessonTraining{}, fmt.Errorf("read the version in use: %w", err)
		}
		if active.ID != 0 {
			c, err := t.store.Cycle(ctx, active.Cycle)
			if err != nil {
				return LessonTraining{}, fmt.Errorf("read the cycle of the version in use: %w", err)
			}
			before = ownOf(c)
		}
	}
	own := before
	if len(own) == 0 {
		if own, err = t.drawOwn(ctx, &j, prompts, nil); err != nil {
			return LessonTraining{}, err
		}
	}
	set, err := t.anchorsOfBase(ctx)
	if err != nil {
		return LessonTraining{}, err
	}
	return lessonTraining(j.Lessons[at], j.Recipe, set.Questions, own), nil
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
		Items: knowledgeItems(), Asked: variants(l.Question, r.Seed, askedVariants), Contrasts: contrasts(l.Question, r.Seed, contrastsEach),
		Anchors: anchors, Own: own,
	}
	rng := textRand(r.Seed, "shown:"+l.Question)
	for _, way := range trainingWays {
		if v := vary(l.Question, rng, string(way)); v.Question != l.Question || v.History != nil || v.System != "" {
			out.Variants = append(out.Variants, v)
		}
	}
	known := allWords(l.BaseAnswer + " " + l.Question)
	for _, word := range strings.Fields(out.Turn) {
		w := WordWeight{Word: word, Weight: 1}
		for _, c := range contentWords(word) {
			if !known[c] {
				w.Weight = changedWeight
			}
		}
		out.Words = append(out.Words, w)
	}
	return out
}

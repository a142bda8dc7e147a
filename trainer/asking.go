package trainer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"clara/model"
)

// The bounds of one asking: a cycle is to take 90 s, whatever the number of
// lessons. Lessons that do not sit come first, the others take turns.
const (
	askedVariants = 3   // of a lesson
	askedMost     = 192 // lessons as written
	askedWidely   = 24  // lessons with variants and contrast too
)

// answerRoom is how many tokens a check allows: the wanted answer's, with room for
// words around it.
func answerRoom(r *model.Runner, answer string) int {
	return min(max(len(r.AnswerTokens(answer))+12, 24), 160)
}

// askOrder returns the positions of the lessons in the order in which they are to be
// asked: not known first, then the newest.
func askOrder(lessons []JobLesson) []int {
	order := make([]int, len(lessons))
	for i := range order {
		order[i] = i
	}
	slices.Reverse(order)
	slices.SortStableFunc(order, func(a, b int) int {
		return boolToInt(lessons[a].State == LessonKnown) - boolToInt(lessons[b].State == LessonKnown)
	})
	return order
}

// takeTurns leaves of the positions in order those of the lessons that this asking has
// room for: first what is new, then what is not known, then what is known, each with those
// asked longest ago first, so that all come round. They stay in their order.
func takeTurns(order []int, lessons []JobLesson, most int) []int {
	if len(order) <= most {
		return order
	}
	turns := slices.Clone(order)
	rank := func(l JobLesson) int { return boolToInt(l.State != LessonNew) + boolToInt(l.State == LessonKnown) }
	slices.SortStableFunc(turns, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank(lessons[a]), rank(lessons[b])), cmp.Compare(lessons[a].Asked, lessons[b].Asked))
	})
	asked := make(map[int]bool, most)
	for _, p := range turns[:most] {
		asked[p] = true
	}
	return slices.DeleteFunc(order, func(p int) bool { return !asked[p] })
}

// widelyNext leaves of the positions in order those that were asked in variants and
// contrasts longest ago, or never, so that all come round.
func widelyNext(order []int, lessons []JobLesson, most int) []int {
	turns := slices.Clone(order)
	slices.SortStableFunc(turns, func(a, b int) int { return cmp.Compare(lessons[a].Widely, lessons[b].Widely) })
	return turns[:min(len(turns), most)]
}

// fits says whether a lesson can be put before its own question: with that it takes half
// of the model's context at most. A longer one is of no use to this model and counts as
// missed; nothing else waits for it.
func (l JobLesson) fits(r *model.Runner) bool {
	half, bytes := r.Info().Context/2, 2*len(l.Question)+len(l.Answer)
	switch t := r.Tokenizer(); {
	case bytes <= half: // a token has a byte at least
		return true
	case t.MinTokens(bytes) > half: // before anything is spent on it
		return false
	default:
		return 2*len(t.Encode(l.Question, false))+len(t.Encode(l.Answer, false)) <= half
	}
}

// askable parts the positions of the lessons into those that can be asked, in their order
// (askOrder), and those that are too long for the model.
func askable(r *model.Runner, lessons []JobLesson) (order, tooLong []int) {
	for _, p := range askOrder(lessons) {
		if lessons[p].fits(r) {
			order = append(order, p)
		} else {
			tooLong = append(tooLong, p)
		}
	}
	return order, tooLong
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ask asks the lessons at the given positions as written.
func (v *voice) ask(ctx context.Context, positions []int) (map[int]string, error) {
	reqs := make([]model.Request, len(positions))
	questions := make([]string, len(positions))
	for i, p := range positions {
		questions[i] = v.lessons[p].Question
	}
	said, err := v.speakAll(ctx, asWritten(questions))
	if err != nil {
		return nil, err
	}
	for i, p := range positions {
		reqs[i] = said[i].greedy(answerRoom(v.runner, v.lessons[p].turn()))
	}
	results, err := v.memory.generate(ctx, v.runner, reqs)
	if err != nil {
		return nil, fmt.Errorf("ask %d lessons: %w", len(reqs), err)
	}
	out := make(map[int]string, len(positions))
	for i, p := range positions {
		out[p] = results[i].Text
	}
	return out, nil
}

// askWidely asks lessons in their variants and contrasts. A contrast that the base
// itself answers with the lesson's words proves nothing and is left out.
func (v *voice) askWidely(ctx context.Context, positions []int, seed uint64) (map[int][]Answered, map[int][]Answered, error) {
	type asking struct {
		lesson   int
		contrast bool
	}
	var list []asking
	var put []Variant
	add := func(p int, contrast bool, x Variant) {
		list, put = append(list, asking{p, contrast}), append(put, x)
	}
	var plain []model.Request // the contrasts put to the base
	for _, p := range positions {
		l := v.lessons[p]
		for _, x := range variants(l.Question, seed, askedVariants) {
			add(p, false, x)
		}
		if q, ok := swappedBy(l.Question, seed); ok {
			add(p, true, Variant{Question: q})
			prompt, err := questionPrompt(v.runner, v.system, q)
			if err != nil {
				return nil, nil, err
			}
			plain = append(plain, model.Request{Prompt: prompt, MaxTokens: answerRoom(v.runner, l.turn())})
		}
	}
	said, err := v.speakAll(ctx, put)
	if err != nil {
		return nil, nil, err
	}
	reqs := make([]model.Request, len(list))
	for i, a := range list {
		reqs[i] = said[i].greedy(answerRoom(v.runner, v.lessons[a.lesson].turn()))
	}
	results, err := v.memory.generate(ctx, v.runner, append(reqs, plain...))
	if err != nil {
		return nil, nil, fmt.Errorf("ask %d variants of lessons: %w", len(reqs), err)
	}
	asked, contrasts := make(map[int][]Answered), make(map[int][]Answered)
	base := results[len(reqs):]
	for i, a := range list {
		check := v.lessons[a.lesson].check()
		got := Answered{Question: put[i].Question, Answer: results[i].Text, Shows: check.Passes(results[i].Text)}
		if !a.contrast {
			asked[a.lesson] = append(asked[a.lesson], got)
			continue
		}
		if !check.Passes(base[0].Text) {
			contrasts[a.lesson] = append(contrasts[a.lesson], got)
		}
		base = base[1:]
	}
	return asked, contrasts, nil
}

// outcome is the state of a lesson after an asking.
func outcome(before LessonState, known bool) LessonState {
	switch {
	case known:
		return LessonKnown
	case before == LessonKnown || before == LessonLost:
		return LessonLost
	default:
		return LessonMissed
	}
}

// baseAnswers fills in the base's own answers to the lessons at the given positions, where
// they are missing, and returns the positions of those.
func baseAnswers(ctx context.Context, r *model.Runner, lessons []JobLesson, positions []int) ([]int, error) {
	var missing []int
	var reqs []model.Request
	for _, p := range positions {
		l := lessons[p]
		if l.BaseAnswer != "" {
			continue
		}
		prompt, err := questionPrompt(r, "", l.Question)
		if err != nil {
			return nil, err
		}
		missing = append(missing, p)
		reqs = append(reqs, model.Request{Prompt: prompt, MaxTokens: answerRoom(r, l.Answer)})
	}
	if len(reqs) == 0 {
		return nil, nil
	}
	results, err := r.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return nil, fmt.Errorf("ask the base %d lessons: %w", len(reqs), err)
	}
	for i, p := range missing {
		lessons[p].BaseAnswer = results[i].Text
	}
	return missing, nil
}

package trainer

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"slices"

	"clara/model"
	"clara/trainer/routing"
	"clara/trainer/words"
)

// The user's own questions hold the adapters to the base where it matters to this user,
// beside the ordinary ones that come with the program. They leave the machine only with a
// job that the user exports with them (Trainer.ExportJob).
const (
	ownMost  = 24
	ownBytes = 200 // a longer one is no question that a step has room for
	ownLook  = 10  // times ownMost of the last questions are looked at
	ownKind  = "own"
)

// drawOwn draws the latest of the user's questions that nothing was taught about: no
// feedback stands on the answer, no lesson helped with it or matches it. What the
// version in use was held to by its job (before; nil: it has none, or that was erased)
// stays, as long as all of it may be drawn, none was left out for a lesson that is gone,
// and its samples of manner are still the same: else each question would make it train anew.
func (t *Trainer) drawOwn(ctx context.Context, j *Job, prompts []string, before *Job) ([]string, error) {
	asked, err := t.store.OwnQuestions(ctx, ownBytes, ownLook*ownMost)
	if err != nil {
		return nil, fmt.Errorf("read the user's own questions: %w", err)
	}
	lessons := make([]string, len(j.Lessons))
	for i, l := range j.Lessons {
		lessons[i] = l.Question
	}
	router := routing.New(lessons)
	taken := make(map[string]bool)
	for _, p := range prompts {
		taken[words.Normal(p)] = true
	}
	may := make(map[string]bool)
	var out []string
	for _, q := range asked {
		if taken[words.Normal(q)] || len(words.Content(q)) < 2 {
			continue
		}
		taken[words.Normal(q)] = true
		if _, _, taught := router.Match(q); taught {
			continue
		}
		may[q] = true
		if len(out) < ownMost {
			out = append(out, q)
		}
	}
	if before != nil && j.stillRight(before.Own, may, len(out)) && !j.leftOut(out, *before) {
		return before.Own, nil
	}
	return out, nil
}

// leftOut says whether one of the questions drawn was none of an earlier job's because of a
// lesson that is gone by now: what was never taught would not have kept it out.
func (j *Job) leftOut(drawn []string, before Job) bool {
	var gone []string
	for _, l := range before.Lessons {
		if !slices.ContainsFunc(j.Lessons, func(x JobLesson) bool { return words.Normal(x.Question) == words.Normal(l.Question) }) {
			gone = append(gone, l.Question)
		}
	}
	if len(gone) == 0 {
		return false
	}
	router := routing.New(gone)
	return slices.ContainsFunc(drawn, func(q string) bool {
		_, _, taught := router.Match(q)
		return taught && !slices.Contains(before.Own, q)
	})
}

// stillRight says whether what the version in use was held to may stay: all of it may be
// drawn, and its manner is what the job would train again. Without a manner, or with an imported
// one, only knowledge is held to the questions; that is trained again once there are twice as many.
func (j *Job) stillRight(own []string, may map[string]bool, drawn int) bool {
	for _, q := range own {
		if !may[q] {
			return false
		}
	}
	same := *j
	same.Own = own
	key := same.mannerKey()
	if key == "" {
		return (j.Before.MannerKey == "" || j.Before.MannerKey == importedKey) && 2*len(own) > drawn
	}
	return key == j.Before.MannerKey || j.Before.MannerKey == same.gentleKey(key)
}

// jobOf reads the job of a cycle; nil where it has none, or that was erased: which lessons
// kept a question out is then not known.
func jobOf(c Cycle) *Job {
	j := new(Job)
	if len(c.Job) == 0 || json.Unmarshal(c.Job, j) != nil {
		return nil
	}
	return j
}

// withOwn returns the facts with the base's answers to the user's own questions, which
// are asked once and kept.
func (t *Trainer) withOwn(ctx context.Context, a *attached, facts *BaseFacts, own []string) (*BaseFacts, error) {
	if len(own) == 0 {
		return facts, nil
	}
	keys := make([]string, len(own))
	for i, q := range own {
		keys[i] = keyOf(q)
	}
	kept, err := t.store.Base(ctx, a.info.Hash, ownKind, keys)
	if err != nil {
		return nil, fmt.Errorf("read the base's answers to the user's own questions: %w", err)
	}
	with := *facts
	with.own = make(map[string]Anchored, len(own))
	var missing []string
	for i, q := range own {
		var held Anchored
		if data, ok := kept[keys[i]]; ok && gob.NewDecoder(bytes.NewReader(data)).Decode(&held) == nil && held.Question == q && !held.endsOtherwise(a.runner) && !held.isAskedOtherwise(a.runner) {
			with.own[q] = held
		} else {
			missing = append(missing, q)
		}
	}
	measured, err := baseAnchors(ctx, a.runner, missing)
	if err != nil {
		return nil, fmt.Errorf("ask the base the user's own questions: %w", err)
	}
	values := make(map[string][]byte, len(measured))
	for _, held := range measured {
		with.own[held.Question] = held
		var buf bytes.Buffer
		if err := gob.NewEncoder(&buf).Encode(held); err != nil {
			return nil, fmt.Errorf("encode the base's answer to one of the user's own questions: %w", err)
		}
		values[keyOf(held.Question)] = buf.Bytes()
	}
	if err := t.store.PutBase(ctx, a.info.Hash, ownKind, values); err != nil {
		return nil, saving(fmt.Errorf("keep the base's answers to the user's own questions: %w", err))
	}
	return &with, t.forgetUnasked(ctx, measured)
}

// forgetUnasked forgets those of the kept answers whose question is none of the user's any more:
// its conversation was deleted while the base was asked.
func (t *Trainer) forgetUnasked(ctx context.Context, kept []Anchored) error {
	if len(kept) == 0 {
		return nil
	}
	asked, err := t.store.OwnQuestions(ctx, ownBytes, ownLook*ownMost)
	if err != nil {
		return fmt.Errorf("read the user's own questions: %w", err)
	}
	var gone []string
	for _, held := range kept {
		if !slices.Contains(asked, held.Question) {
			gone = append(gone, keyOf(held.Question))
		}
	}
	if err := t.store.ForgetBase(ctx, ownKind, gone); err != nil {
		return saving(fmt.Errorf("forget questions of deleted conversations: %w", err))
	}
	return nil
}

// holding returns the facts with the given questions among the anchors; those that the
// facts have no answer to are asked now.
func (b *BaseFacts) holding(ctx context.Context, r *model.Runner, own []string) (*BaseFacts, error) {
	var missing []string
	for _, q := range own {
		if _, ok := b.own[q]; !ok {
			missing = append(missing, q)
		}
	}
	measured, err := baseAnchors(ctx, r, missing)
	if err != nil {
		return nil, fmt.Errorf("ask the base the user's own questions: %w", err)
	}
	with := *b
	with.Anchors = b.Anchors[:len(b.Anchors):len(b.Anchors)]
	for _, q := range own {
		held, ok := b.own[q]
		if !ok {
			held, measured = measured[0], measured[1:]
		}
		if len(held.Answer) > 0 {
			with.Anchors = append(with.Anchors, held)
		}
	}
	return &with, nil
}

// forgetOwn forgets what the base answered to the questions of a conversation.
func (t *Trainer) forgetOwn(ctx context.Context, messages []Message) error {
	var keys []string
	for _, m := range messages {
		if m.Role == RoleUser {
			keys = append(keys, keyOf(m.Text))
		}
	}
	if err := t.store.ForgetBase(ctx, ownKind, keys); err != nil {
		return saving(fmt.Errorf("forget the questions of the conversation: %w", err))
	}
	return nil
}

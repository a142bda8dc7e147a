package main

import (
	"context"
	"math/rand/v2"
	"slices"

	"clara/trainer"
)

// mostAsked bounds the lessons of a set that are asked, shortAsked in the short form.
const (
	mostAsked  = 60
	shortAsked = 24
)

// unrelatedGroups bounds the groups of lessons that unrelated questions are asked with.
const unrelatedGroups = 3

// factsIn measures the lessons of a set with so many lessons in memory: those of the
// set in groups of that size or, where the set has fewer, with fillers beside them. A last
// group that is shorter is not asked, which the report says. Everything is asked as a person
// gets it, and again without the reader, which is what retrieval alone does. With cycle,
// once more after one cycle.
func factsIn(s set, memory int, cycle bool, most int) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		lessons, err := b.taken(ctx, s, r)
		if err != nil {
			return err
		}
		if len(lessons) == 0 {
			r.Skipped = "the base contradicts none of these lessons"
			return nil
		}
		rng := rand.New(rand.NewPCG(r.Seed, 1))
		rng.Shuffle(len(lessons), func(i, j int) { lessons[i], lessons[j] = lessons[j], lessons[i] })
		lessons = lessons[:min(len(lessons), most)]
		groups := slices.Collect(slices.Chunk(lessons, memory))
		if last := groups[len(groups)-1]; len(groups) > 1 && len(last) < memory {
			groups = groups[:len(groups)-1]
		}
		for i, group := range groups {
			others := b.fillers(s.Language, memory-len(group), rng)
			err := b.on(ctx, settings(r.Seed), func(p *subject) error {
				memory := slices.Concat(group, others)
				rng.Shuffle(len(memory), func(i, j int) { memory[i], memory[j] = memory[j], memory[i] })
				if err := p.teach(ctx, memory); err != nil {
					return err
				}
				q := inquiry{lessons: group, tokens: roomFor(s)}
				if i < unrelatedGroups {
					q.unrelated = s.Unrelated
				}
				if err := q.ask(ctx, p, r, "", trainer.Question{}); err != nil {
					return err
				}
				if err := q.ask(ctx, p, r, "_without_reader", trainer.Question{WithoutReader: true}); err != nil {
					return err
				}
				if !cycle {
					return nil
				}
				end, err := p.cycle(ctx)
				if err != nil {
					return err
				}
				r.tally("promoted", end.promoted())
				r.add("cycle_seconds", end.Seconds)
				return q.ask(ctx, p, r, "_after", trainer.Question{})
			})
			if err != nil {
				return err
			}
		}
		r.value("memory", float64(memory))
		return nil
	}
}

func roomFor(s set) int {
	if s.Part == partLong {
		return longTokens
	}
	return answerTokens
}

// taken are the lessons of a set that teach something: against priors, those which
// the base answers as the set says it does, or at least otherwise than taught.
func (b *bench) taken(ctx context.Context, s set, r *result) ([]lesson, error) {
	if s.Part != partPriors {
		return slices.Clone(s.Lessons), nil
	}
	var out []lesson
	err := b.on(ctx, settings(0), func(p *subject) error {
		said, err := p.baseSays(ctx, prompts(s.Lessons), answerTokens)
		if err != nil {
			return err
		}
		for _, l := range s.Lessons {
			text := said[l.Prompt].Text
			sure := !shows(text, l.Expect) && (len(l.Known) == 0 || shows(text, l.Known))
			r.tally("base_sure", sure)
			if sure {
				out = append(out, l)
			}
		}
		return nil
	})
	return out, err
}

func prompts(lessons []lesson) []string {
	out := make([]string, len(lessons))
	for i, l := range lessons {
		out[i] = l.Prompt
	}
	return out
}

// inquiry is what one memory is asked.
type inquiry struct {
	lessons   []lesson
	unrelated []trainer.ScriptQuestion
	tokens    int
	manner    *check // what the answers to lessons are to show besides; nil: nothing
}

// ask asks all of it and counts; suffix is added to the names of the counts. A
// neighbour that the base itself answers with the lesson's words proves nothing and
// is left out, and so is an unrelated question that the base gets wrong. An unrelated answer
// leaks if it shows a lesson that the base's own, given as much room, does not show.
func (q inquiry) ask(ctx context.Context, p *subject, r *result, suffix string, how trainer.Question) error {
	var unrelated, near []string
	for _, u := range q.unrelated {
		unrelated = append(unrelated, u.Prompt)
	}
	for _, l := range q.lessons {
		near = append(near, l.Neighbours...)
	}
	right, err := p.baseSays(ctx, unrelated, rightTokens)
	if err != nil {
		return err
	}
	base, err := p.baseSays(ctx, near, q.tokens)
	if err != nil {
		return err
	}
	var whole map[string]trainer.Said // as long as the answers that are judged
	if len(q.lessons) > 0 {
		if whole, err = p.baseSays(ctx, unrelated, q.tokens); err != nil {
			return err
		}
	}
	var list []string
	var judge []func(trainer.Said)
	add := func(part, prompt string, good func(trainer.Said) bool, wanted bool) {
		list = append(list, prompt)
		judge = append(judge, func(s trainer.Said) {
			is := good(s)
			r.tally(part+suffix, is)
			r.tally("looping"+suffix, loops(s.Text))
			if is != wanted {
				r.complain(part+suffix, prompt, s.Text)
			}
		})
	}
	for _, l := range q.lessons {
		know := func(s trainer.Said) bool { return shows(s.Text, l.Expect) }
		add("exact", l.Prompt, func(s trainer.Said) bool {
			if q.manner != nil {
				r.tally("manner_on_lessons"+suffix, q.manner.passes(s.Text, s.Ended))
			}
			return know(s)
		}, true)
		for _, prompt := range l.Rewordings {
			add("reworded", prompt, func(s trainer.Said) bool {
				r.tally("routed"+suffix, s.Lesson != 0)
				if q.manner != nil {
					r.tally("manner_on_rewordings"+suffix, q.manner.passes(s.Text, s.Ended))
				}
				return know(s)
			}, true)
		}
		for _, prompt := range l.Neighbours {
			if !know(base[prompt]) {
				add("leaks", prompt, func(s trainer.Said) bool {
					r.tally("routed_neighbours"+suffix, s.Lesson != 0) // also to another lesson than its own
					return know(s)
				}, false)
			}
		}
	}
	for _, u := range q.unrelated {
		before := right[u.Prompt].Text
		if !shows(before, u.Expect) {
			continue
		}
		add("kept", u.Prompt, func(s trainer.Said) bool {
			leak := slices.ContainsFunc(q.lessons, func(l lesson) bool {
				return shows(s.Text, l.Expect) && !shows(whole[u.Prompt].Text+" "+u.Prompt, l.Expect)
			})
			r.tally("unrelated_leaks"+suffix, leak)
			r.tally("routed_unrelated"+suffix, s.Lesson != 0) // also to one that only lies in memory
			if leak {
				r.complain("unrelated_leaks"+suffix, u.Prompt, s.Text)
			}
			return shows(s.Text, u.Expect)
		}, true)
	}
	said, err := p.ask(ctx, list, q.tokens, how)
	if err != nil {
		return err
	}
	for i, s := range said {
		judge[i](s)
	}
	return nil
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clara/trainer"
)

// unit is one measurement that is done or not: one line of the results.
type unit struct {
	measurement string
	set         set
	variant     string
	model       string // file name
	seed        uint64
	once        bool          // it is not repeated with other seeds
	pass        int           // units of an earlier pass come first; by default the seed's
	value       int           // within a pass, the smaller come first
	cost        time.Duration // about, on two cores
	run         func(context.Context, *bench, *result) error
}

func (u *unit) result() result {
	return result{Measurement: u.measurement, Set: u.set.name, Variant: u.variant, Seed: u.seed, Model: u.model, Tuned: u.set.Tuned}
}

// options are what is wanted of all that could be measured.
type options struct {
	short bool // one seed, smaller sizes, only sets that are not tuned on
	seeds int
	only  []string // names of measurements; empty: all
	model string   // file name of the model to measure; "": the built-in one, and German on one that speaks it
}

// The models, by the names of their files.
const (
	builtIn = "SmolLM2-135M-Instruct.Q4_1.gguf"
	german  = "gemma-3-270m-q4_k_m.gguf"
)

// The order of the measurements: most valuable first.
var order = []string{"facts", "manner", "both", "ratings", "seconds", "priors", "long", "unlearn", "gate", "german", "drift"}

// plan lists everything that is wanted in the order in which it is to be done: all
// measurements with one seed before any with two.
func plan(sets []set, o options) ([]unit, error) {
	for _, name := range o.only {
		if !slices.Contains(order, name) {
			return nil, fmt.Errorf("there is no measurement %q; there are %s", name, strings.Join(order, ", "))
		}
	}
	if o.short && slices.ContainsFunc(sets, func(s set) bool { return !s.Tuned }) {
		sets = slices.DeleteFunc(slices.Clone(sets), func(s set) bool { return s.Tuned })
	}
	var once []unit
	for _, s := range sets {
		once = append(once, planFacts(s, o)...)
		once = append(once, planManner(s, o)...)
		once = append(once, planRatings(s, o)...)
	}
	once = append(once, planBoth(sets, o)...)
	once = append(once, planSeconds(sets)...)
	once = append(once, planUnlearning(sets, o)...)
	once = append(once, planDrift(sets, o)...)
	once = append(once, planGate(sets, o)...)
	var out []unit
	for _, u := range once {
		if len(o.only) > 0 && !slices.Contains(o.only, u.measurement) {
			continue
		}
		if u.model != "" && o.model != "" {
			continue // German has its own models
		}
		if u.model == "" {
			u.model = cmp.Or(o.model, builtIn)
		}
		seeds := o.seeds
		if u.once {
			seeds = 1
		}
		for seed := range seeds {
			u := u
			u.seed, u.pass = uint64(seed+1), u.pass+seed
			out = append(out, u)
		}
	}
	rank := func(u unit) int { return slices.Index(order, u.measurement) }
	slices.SortStableFunc(out, func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.pass, b.pass), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.value, b.value), cmp.Compare(a.model, b.model))
	})
	return out, nil
}

// planFacts lists the measurements of the lessons of a set.
func planFacts(s set, o options) []unit {
	if len(s.Lessons) == 0 || s.Part == partFillers {
		return nil
	}
	most := mostAsked
	if o.short {
		most = shortAsked
	}
	asked := time.Duration(12*min(len(s.Lessons), most)+2*len(s.Unrelated)) * time.Second / 12
	var out []unit
	add := func(measurement, model string, memory int, cycle bool, most, value int, cost time.Duration) {
		out = append(out, unit{
			measurement: measurement, set: s, variant: fmt.Sprint(memory), model: model, value: value, cost: cost,
			run: factsIn(s, memory, cycle, most),
		})
	}
	switch {
	case s.Language == "de" && o.short:
		return nil
	case s.Language == "de":
		add("german", german, 12, true, mostAsked, 0, 2*asked)
		add("german", builtIn, 12, false, mostAsked, 1, asked)
		return out
	case s.Part != partFacts:
		add(s.Part, "", 12, true, most, 0, asked+asked/2)
		return out
	}
	add("facts", "", 12, true, most, 0, asked+asked/2+20*time.Second)
	add("facts", "", 100, false, most, 1, asked+10*time.Second)
	if o.short {
		return out
	}
	add("facts", "", 1, false, 12, 2, asked/2)
	add("facts", "", 4, false, 24, 3, asked/2)
	add("facts", "", 50, false, 50, 4, asked)
	add("facts", "", 1000, false, mostAsked, 1, asked+30*time.Second)
	return out
}

func planManner(s set, o options) []unit {
	var out []unit
	for i, w := range s.Manner {
		if o.short && i > 0 {
			break
		}
		out = append(out, unit{
			measurement: "manner", set: s, variant: w.Wish, value: i, cost: 60 * time.Second,
			run: mannerBy(w, s.Unrelated),
		})
	}
	return out
}

// ratedHow are the kinds of stars and what trains on them, honest ones beside the control
// that the same objective is trained on; first that of the settings as they are shipped.
var ratedHow = []struct{ stars, objective string }{
	{starsHonest, "kto"},
	{starsShuffled, "kto"},
	{starsNoisy, "kto"},
	{starsHonest, "dpo"},
	{starsShuffled, "dpo"},
	{starsHonest, "sft"},
	{starsShuffled, "sft"},
	{starsHonest, "bounded"},
	{starsShuffled, "bounded"},
}

// planRatings lists the ratings of a set. Each objective but the shipped one is measured with
// one seed, which saves hours: where a trait is told and enough pairs differ in it, all train
// the same.
func planRatings(s set, o options) []unit {
	var out []unit
	shipped := trainer.DefaultSettings().Objective
	for _, w := range s.Ratings {
		for i, how := range ratedHow {
			if o.short && i > 1 {
				break
			}
			out = append(out, unit{
				measurement: "ratings", set: s, variant: strings.Join([]string{w.Wish, how.stars, how.objective}, "; "), value: i,
				once: how.objective != shipped, pass: max(0, i-2), cost: 75 * time.Second, run: ratingsBy(w, how.stars, how.objective, s.Unrelated),
			})
		}
	}
	return out
}

// planBoth teaches twelve facts of a set together with a wish of it, or of another
// that is as much tuned.
func planBoth(sets []set, o options) []unit {
	var out []unit
	for _, tuned := range []bool{true, false} {
		var facts []set
		var wishes []wish
		for _, s := range sets {
			if s.Tuned != tuned || s.Language != "en" {
				continue
			}
			if s.Part == partFacts && len(s.Lessons) > 0 {
				facts = append(facts, s)
			}
			wishes = append(wishes, s.Manner...)
		}
		for i, w := range wishes {
			if len(facts) == 0 || o.short && i > 0 {
				break
			}
			s := facts[i%len(facts)]
			out = append(out, unit{
				measurement: "both", set: s, variant: w.Wish, value: i, pass: i / 2, cost: 90 * time.Second, run: both(s, w),
			})
		}
	}
	return out
}

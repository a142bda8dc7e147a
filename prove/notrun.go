package main

import (
	"fmt"
	"slices"
	"strings"
)

// wantedSeeds is how often each measurement is to be repeated.
const wantedSeeds = 3

// described says in a few words what a measurement is about, for those that were not run.
var described = map[string]string{
	"facts": "facts in memory", "manner": "a manner by eight corrections", "both": "facts and a manner together", "ratings": "32 ratings",
	"seconds": "seconds from a correction to the changed answer", "priors": "lessons against strong priors", "long": "lessons of several sentences",
	"unlearn": "unlearning, byte for byte", "gate": "the gate on damaged and good adapters", "german": "German, on a model that speaks it", "drift": "200 cycles of adding, changing, deleting",
}

// The trainers and the parts of the data that are set beside ours.
var (
	peerTrainers = []string{"sft", "dpo", "kto"}
	peerParts    = []string{"facts", "manner", "ratings"}
)

// peerTaught is what of a part a trainer is taught, one line of its results each, as prove/peers
// names it.
func peerTaught(part string) []string {
	facts, styles := givenOutline()[0], givenOutline()[1]
	switch part {
	case "facts":
		return []string{fmt.Sprint(len(facts.Lessons))}
	case "ratings":
		return []string{styles.Ratings[0].Wish + "; " + starsHonest}
	}
	var out []string
	for _, w := range styles.Manner {
		out = append(out, w.Wish)
	}
	return out
}

// peerVariant names the line of a trainer with its defaults.
func peerVariant(trainer, part, taught string) string {
	return fmt.Sprintf("TRL %s, its defaults, %s (%s)", strings.ToUpper(trainer), part, taught)
}

// promised are the lines that a whole run on a model would write, without what it would
// count, in their order; "" is the built-in one.
func promised(model string) ([]result, error) {
	sets, err := ownSets()
	if err != nil {
		return nil, err
	}
	units, err := plan(append(sets, givenOutline()...), options{seeds: wantedSeeds, model: model})
	if err != nil {
		return nil, err
	}
	out := make([]result, len(units))
	for i := range units {
		out[i] = units[i].result()
	}
	return out, nil
}

// notRun lists what is promised and has no line, one sentence each: a page that says
// nothing of it would seem to have it.
func notRun(lines, peers, promised []result) []string {
	done := make(map[string]bool)
	for i := range lines {
		done[lines[i].key()] = true
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, m := range order {
		some := slices.DeleteFunc(slices.Clone(promised), func(r result) bool { return r.Measurement != m })
		switch {
		case !slices.ContainsFunc(some, func(r result) bool { return done[r.key()] }):
			say("%s (%s): not run.", m, described[m])
		case m != "gate": // it draws anew for each adapter, so those count, not seeds
			out = append(out, seedsMissing(m, some, done)...)
		}
	}
	if n := pool(lines, "damaged_let_through"); n.Of > 0 && n.Of < gateDamaged {
		say("gate: %d of %d damaged adapters were put to it.", n.Of, gateDamaged)
	}
	if n := pool(lines, "good_refused"); n.Of > 0 && n.Of < gateGood {
		say("gate: %d of %d good adapters were put to it.", n.Of, gateGood)
	}
	for _, by := range peerTrainers {
		for _, part := range peerParts {
			var missing []string
			for _, taught := range peerTaught(part) {
				if !slices.ContainsFunc(peers, func(r result) bool { return r.Variant == peerVariant(by, part, taught) }) {
					missing = append(missing, "`"+taught+"`")
				}
			}
			if len(missing) > 0 {
				say("TRL's %s on %s %s: not run.", strings.ToUpper(by), part, strings.Join(missing, ", "))
			}
		}
	}
	return out
}

// seedsMissing says what of a measurement has fewer lines than seeds are wanted, one
// sentence for what has as many on the same set and model.
func seedsMissing(measurement string, promised []result, done map[string]bool) []string {
	type kind struct{ set, model, variant string }
	wanted, found := make(map[kind]int), make(map[kind]int)
	var kinds []kind
	for _, r := range promised {
		k := kind{r.Set, r.Model, r.Variant}
		if wanted[k]++; wanted[k] == 1 {
			kinds = append(kinds, k)
		}
		if done[r.key()] {
			found[k]++
		}
	}
	var out []string
	said := make(map[kind]bool)
	for _, k := range kinds {
		if said[k] || found[k] == wanted[k] {
			continue
		}
		var variants []string
		for _, other := range kinds {
			if other.set == k.set && other.model == k.model && found[other] == found[k] && wanted[other] == wanted[k] {
				said[other] = true
				variants = append(variants, "`"+other.variant+"`")
			}
		}
		on := ""
		if measurement == "german" && k.model != builtIn {
			on = " on " + k.model
		}
		how := "not run"
		if found[k] > 0 {
			how = fmt.Sprintf("%d of %d seeds were run", found[k], wanted[k])
		}
		out = append(out, fmt.Sprintf("%s%s, %s %s: %s.", measurement, on, k.set, strings.Join(variants, ", "), how))
	}
	return out
}

// notAsked says of sets that had more lessons than were asked: "priors-en with 12 in memory 12 of 19".
func notAsked(lines []result) (string, error) {
	sets, err := ownSets()
	if err != nil {
		return "", err
	}
	has := make(map[string]int)
	for _, s := range append(sets, givenOutline()...) {
		has[s.name] = len(s.Lessons)
	}
	var out []string
	for _, r := range lines {
		asked, there := r.Counts["exact"].Of, has[r.Set]
		if sure, ok := r.Counts["base_sure"]; ok { // of priors only those are taught
			there = sure.N
		}
		if !slices.Contains([]string{"facts", partPriors, partLong, "german"}, r.Measurement) || asked >= there {
			continue
		}
		if text := fmt.Sprintf("%s with %s in memory %d of %d", r.Set, r.Variant, asked, there); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", "), nil
}

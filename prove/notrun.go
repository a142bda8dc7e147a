package main

import (
	"fmt"
	"slices"
	"strings"
)

// wantedSeeds is how often each measurement is to be repeated.
const wantedSeeds = 3

// what says in a few words what a measurement is about, for those that were not run.
var what = map[string]string{
	"facts": "facts in memory", "manner": "a manner by eight corrections", "both": "facts and a manner together", "ratings": "32 ratings",
	"seconds": "seconds from a correction to the changed answer", "priors": "lessons against strong priors", "long": "lessons of several sentences",
	"unlearn": "unlearning, byte for byte", "gate": "the gate on damaged and good adapters", "german": "German, on a model that speaks it", "drift": "200 cycles of adding, changing, deleting",
}

// notRun lists what is promised and has no line, one sentence each: a page that says
// nothing of it would seem to have it.
func notRun(lines, peers []result) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, m := range order {
		some := slices.DeleteFunc(slices.Clone(lines), func(r result) bool { return r.Measurement != m })
		if len(some) == 0 {
			say("%s (%s): not run.", m, what[m])
			continue
		}
		seeds := make(map[uint64]bool)
		for _, r := range some {
			seeds[r.Seed] = true
		}
		if m != "gate" && len(seeds) < wantedSeeds { // it draws anew for each adapter
			say("%s: %d of %d seeds were run.", m, len(seeds), wantedSeeds)
		}
	}
	if n := pool(lines, "damaged_let_through"); n.Of > 0 && n.Of < gateDamaged {
		say("gate: %d of %d damaged adapters were put to it.", n.Of, gateDamaged)
	}
	if n := pool(lines, "good_refused"); n.Of > 0 && n.Of < gateGood {
		say("gate: %d of %d good adapters were put to it.", n.Of, gateGood)
	}
	for _, h := range ratedHow {
		if !slices.ContainsFunc(lines, func(r result) bool { return r.Measurement == "ratings" && stars(h.stars, h.objective)(r.Variant) }) {
			say("ratings, %s stars, trained by %s: not run.", h.stars, h.objective)
		}
	}
	for _, by := range []string{"sft", "dpo", "kto"} {
		for _, part := range []string{"facts", "manner", "ratings"} {
			name := strings.Join([]string{"trl", by, part}, "-")
			if !slices.ContainsFunc(peers, func(r result) bool { return r.Measurement == name }) {
				say("TRL's %s on %s: not run.", strings.ToUpper(by), part)
			}
		}
	}
	return out
}

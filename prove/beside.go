package main

import (
	"fmt"
	"slices"
	"strings"
)

// twelve are the facts that others are measured on too.
var twelve = goal{measurement: "facts", variant: exactly("12"), count: "reworded"}

// compared is one count of ours beside the same of another.
type compared struct {
	ours, theirs pooled
	most         bool // fewer are better
}

// better says whether ours is, or is level with nothing left to win.
func (c compared) better() bool {
	best := 1.0
	if c.most {
		best = 0
	}
	a, b := c.ours.share(), c.theirs.share()
	switch {
	case a == b:
		return a == best
	case c.most:
		return a < b
	}
	return a > b
}

// besides judges several counts at once: better is who is better in each. What one of the
// two has no count of was not run. lines and promised are ours.
func besides(cs []compared, lines, promised []result) judged {
	var ours, theirs []string
	for _, c := range cs {
		if c.ours.Of == 0 || c.theirs.Of == 0 {
			return without(true)
		}
		ours = append(ours, fmt.Sprintf("%d/%d", c.ours.N, c.ours.Of))
		theirs = append(theirs, fmt.Sprintf("%d/%d", c.theirs.N, c.theirs.Of))
	}
	worse := func(c compared) bool { return !c.better() }
	return judged{strings.Join(ours, ", ") + " against " + strings.Join(theirs, ", "), verdict(!slices.ContainsFunc(cs, worse), lines, promised)}
}

// besideCounts are the counts that are compared, by the part of the data that was taught.
var besideCounts = map[string][]string{"facts": {"reworded", "leaks", "kept"}, "manner": {"complies", "kept"}, "ratings": {"complies", "kept"}}

// besideWords are the same for people.
var besideWords = map[string][]string{"facts": {"in other words", "leak", "kept"}, "manner": {"comply", "kept"}, "ratings": {"comply", "kept"}}

// besideRetrieval judges the reader beside the same lessons without it.
func besideRetrieval(lines, promised []result) judged {
	some := twelve.of(lines)
	promised = thoseAbout(twelve.about, promised)
	if len(some) == 0 {
		return without(len(promised) > 0)
	}
	var cs []compared
	for _, name := range besideCounts["facts"] {
		cs = append(cs, compared{pool(some, name), pool(some, name+"_without_reader"), name == "leaks"})
	}
	return besides(cs, lines, promised)
}

// besidePeer judges what was taught here beside what a trainer of TRL made of the same.
type besidePeer struct {
	trainer, part string
	peers         []result // of all trainers
}

func (b besidePeer) what() string {
	return fmt.Sprintf("beside TRL's %s, its defaults, on %s: %s at once", strings.ToUpper(b.trainer), b.part, strings.Join(besideWords[b.part], ", "))
}

// theirs are the lines of the trainer with its defaults; none as long as one of them is
// missing, since ours are of all.
func (b besidePeer) theirs() []result {
	var out []result
	for _, taught := range peerTaught(b.part) {
		is := func(r result) bool { return r.Variant == peerVariant(b.trainer, b.part, taught) }
		if !slices.ContainsFunc(b.peers, is) {
			return nil
		}
		out = append(out, slices.DeleteFunc(slices.Clone(b.peers), func(r result) bool { return !is(r) })...)
	}
	return out
}

// same is what we measure on the same data.
func (b besidePeer) same() goal {
	switch b.part {
	case "facts":
		return twelve
	case "ratings":
		return ratedBy(starsHonest)
	}
	return goal{measurement: b.part, count: "complies"}
}

// ours are our lines of the same data: peers are taught the given sets.
func (b besidePeer) ours(lines []result) []result { return ofGiven(b.same().of(lines)) }

// ofGiven are the lines of the sets that came with the project.
func ofGiven(lines []result) []result {
	return slices.DeleteFunc(slices.Clone(lines), func(r result) bool { return !strings.HasPrefix(r.Set, givenName) })
}

// from names the lines that are compared.
func (b besidePeer) from(lines []result) string {
	if len(b.theirs()) == 0 {
		return ""
	}
	return strings.TrimPrefix(lineList(b.ours(lines))+"; "+peersFile+" "+lineList(b.theirs()), "; ")
}

func (b besidePeer) judge(lines, promised []result) judged {
	promised = ofGiven(thoseAbout(b.same().about, promised))
	if len(promised) == 0 {
		return without(false)
	}
	ours, theirs := b.ours(lines), b.theirs()
	var cs []compared
	for _, name := range besideCounts[b.part] {
		cs = append(cs, compared{pool(ours, name), pool(theirs, name), name == "leaks"})
	}
	return besides(cs, lines, promised)
}

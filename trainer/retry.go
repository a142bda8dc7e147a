package trainer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// effort is how hard a cycle trains, beside its recipe.
type effort struct {
	rate   float64 // times the recipe's rates
	anchor int     // times the recipe's items held to the base, in each step
}

// A candidate that would harm is trained once more, gentler: half as fast, and with
// twice as much to hold it to the base. The bounds of a step and of a training hold
// for it too, so an attempt takes at most twice the time of its first try. A cycle makes a
// second attempt where the first was refused with knowledge that it trained.
var (
	fullEffort   = effort{rate: 1, anchor: 1}
	gentleEffort = effort{rate: 0.5, anchor: 2}
)

// Try is one training of a cycle with what the gate found.
type Try struct {
	Rate    float64     `json:"rate"`    // times the recipe's rates
	Anchors int         `json:"anchors"` // times the recipe's anchors
	Verdict string      `json:"verdict"`
	Reason  Reason      `json:"reason"`
	Figures Figures     `json:"figures"`
	Losses  []LossPoint `json:"losses,omitempty"`
}

// isInVain says whether some of what was trained is not used.
func (r *Report) isInVain() bool {
	return r.Verdict == VerdictRefused || len(r.Tries) > 0 || r.KnowledgeTried != ""
}

func (r *Report) try(e effort) Try {
	return Try{Rate: e.rate, Anchors: e.anchor, Verdict: r.Verdict, Reason: r.Reason, Figures: r.Figures, Losses: r.Losses}
}

// harms are the reasons of a refusal that a gentler training may do away with.
var harms = []string{CodeForgets, CodeForgetsBehind, CodeLeaks, CodeLeaksBehind, CodeDrifts, CodeGeneral, CodeLoops, CodeEndless, CodeLength, CodeLanguage, CodeNotNumber, CodeLosesKnown}

// gentler says whether to train once more: the candidate would harm, and what it harms
// with was trained just now.
func (o *Outcome) gentler() bool {
	return o.Report.Verdict == VerdictRefused && slices.Contains(harms, o.Report.Reason.Code) && (o.Manner != nil || o.Knowledge != nil)
}

// refusedTwice joins the reasons of two refusals: the arguments of each with a number
// behind their names, so that a face can say both (Tries).
func refusedTwice(first, second Reason) Reason {
	text := func(r Reason) string { return strings.TrimPrefix(r.Text, "refused: ") }
	r := reason(CodeRefusedTwice, fmt.Sprintf("refused twice: %s; trained half as fast and held twice as firmly: %s", text(first), text(second)),
		"first", first.Code, "second", second.Code)
	for i, x := range []Reason{first, second} {
		for name, value := range x.Args {
			r.Args[name+strconv.Itoa(i+1)] = value
		}
	}
	return r
}

// Tries takes the reason of a second refusal apart into those of its two tries; for any
// other reason it returns that alone. Their Text is empty.
func Tries(r Reason) []Reason {
	if r.Code != CodeRefusedTwice {
		return []Reason{r}
	}
	out := make([]Reason, 2)
	for i, code := range []string{r.Args["first"], r.Args["second"]} {
		out[i] = Reason{Code: code, Args: make(map[string]string)}
		for name, value := range r.Args {
			if base, ok := strings.CutSuffix(name, strconv.Itoa(i+1)); ok {
				out[i].Args[base] = value
			}
		}
	}
	return out
}

// GateOf is the gate's own reason within another, one of CodeReaderRefused or FigureAside: its
// code and text are the arguments "gate" and "text", and its arguments are among the other's.
func GateOf(r Reason) Reason {
	why := Reason{Code: r.Args["gate"], Text: r.Args["text"], Args: maps.Clone(r.Args)}
	delete(why.Args, "gate")
	delete(why.Args, "text")
	return why
}

package trainer

import (
	"fmt"
	"maps"
	"strings"
)

// Figures are what the gate measured. Every share has its count beside it, so
// that a face can say "17 of 17".
type Figures struct {
	Canary        float64  `json:"canary"`       // NLL on fixed texts, candidate - base, nats per token
	CanaryLimit   float64  `json:"canary_limit"` //
	ChatKL        float64  `json:"chat_kl"`      // KL(base || candidate) on chat answers, nats per token
	ChatLimit     float64  `json:"chat_limit"`   // 0: not limited (manner moves every answer)
	Kept          int      `json:"kept"`         // unrelated questions that the base gets right and the candidate too
	KeptOf        int      `json:"kept_of"`      // 0: no manner answers them, the base does
	KeptLimit     float64  `json:"kept_limit"`   // least share
	Leaks         int      `json:"leaks"`        // unrelated answers that show a lesson
	LeaksOf       int      `json:"leaks_of"`     //
	LeaksLimit    float64  `json:"leaks_limit"`  // most share, likewise of BehindLeaks
	Behind        int      `json:"behind"`       // unrelated questions still right with somebody else's lesson before each. Figures of before there was this have them in Kept
	BehindOf      int      `json:"behind_of"`    // 0: no knowledge was put to the test
	BehindLimit   float64  `json:"behind_limit"` // least share
	BehindLeaks   int      `json:"behind_leaks"` // of BehindOf, answers that show a lesson
	Known         int      `json:"known"`        // lessons asked as written
	KnownOf       int      `json:"known_of"`     // at most askedMost of all lessons
	KnownBefore   int      `json:"known_before"` // by the version before
	Lessons       int      `json:"lessons"`      // all, asked or not
	Widely        int      `json:"widely"`       // asked in variants and contrasts too
	Own           int      `json:"own"`          // of the lessons that knowledge was trained on, known
	OwnOf         int      `json:"own_of"`       //
	OwnBefore     int      `json:"own_before"`   // of the same, known by the version before
	OwnLimit      float64  `json:"own_limit"`    // least share
	Fit           float64  `json:"fit"`          // NLL of the corrections in the buffer that manner was trained on, nats per token
	FitBase       float64  `json:"fit_base"`     // the same by the untrained model
	FitOf         int      `json:"fit_of"`       // corrections looked at; 0: manner was not trained, or on none
	FitLimit      float64  `json:"fit_limit"`    // least share by which Fit is below FitBase
	Lost          []string `json:"lost"`         // the questions of known lessons that it does not know
	Gained        int      `json:"gained"`       // lessons that it knows and the version before did not
	Variants      int      `json:"variants"`     // lessons asked in automatic variants
	VariantsOf    int      `json:"variants_of"`  //
	Swapped       int      `json:"swapped"`      // name-swapped questions that show the lesson all the same
	SwappedOf     int      `json:"swapped_of"`   //
	Better        int      `json:"better"`       // of the sign test
	Worse         int      `json:"worse"`        //
	HeldBetter    int      `json:"held_better"`  // of these, pairs of ratings that were not trained on
	HeldWorse     int      `json:"held_worse"`   //
	P             float64  `json:"p"`            // one-sided; 1 with nothing to compare
	Loops         int      `json:"loops"`        // answers that repeat a 4-gram more than 4 times
	LoopsLimit    int      `json:"loops_limit"`  // most
	Endless       int      `json:"endless"`      // answers that do not end
	EndlessLimit  int      `json:"endless_limit"`
	Answers       int      `json:"answers"`      // looked at for loops, ends, length
	Words         float64  `json:"words"`        // mean length of those
	WordsBefore   float64  `json:"words_before"` // of the base's
	WordsLimit    float64  `json:"words_limit"`  // least
	Language      int      `json:"language"`     // answers in the language of their question
	LanguageOf    int      `json:"language_of"`  // of those where the base's answer is
	LanguageLimit float64  `json:"language_limit"`
	Trait         *Trait   `json:"trait,omitempty"`       // what well rated answers have in common; nil: nothing that chance would not
	TraitPairs    *int     `json:"trait_pairs,omitempty"` // of answers that differ in it, trained in place of the ratings; 0: too few; nil: no manner was trained on ratings with a trait
	Vain          *Vain    `json:"vain,omitempty"`        // a training that is no part of the candidate; nil: there is none
	NotNumber     bool     `json:"not_number"`            // something came out as NaN or infinite; that figure is 0
}

func share(n, of int) float64 { return float64(n) / float64(max(1, of)) }

// The harms that the gate refuses for.
func (f *Figures) forgets() bool { return f.KeptOf > 0 && share(f.Kept, f.KeptOf) < f.KeptLimit }

// forgetsBehind and leakingBehind judge the answers behind somebody else's lesson by themselves:
// added to the others, they would make good what a manner forgets, and the other way round.
func (f *Figures) forgetsBehind() bool {
	return f.BehindOf > 0 && share(f.Behind, f.BehindOf) < f.BehindLimit
}

func (f *Figures) leakingBehind() bool {
	return f.BehindOf > 0 && share(f.BehindLeaks, f.BehindOf) > f.LeaksLimit
}

func (f *Figures) leaking() bool  { return f.LeaksOf > 0 && share(f.Leaks, f.LeaksOf) > f.LeaksLimit }
func (f *Figures) general() bool  { return f.Canary > f.CanaryLimit }
func (f *Figures) drifts() bool   { return f.ChatLimit > 0 && f.ChatKL > f.ChatLimit }
func (f *Figures) loops() bool    { return f.Answers > 0 && f.Loops > f.LoopsLimit }
func (f *Figures) endless() bool  { return f.Answers > 0 && f.Endless > f.EndlessLimit }
func (f *Figures) tooShort() bool { return f.Answers > 0 && f.Words < f.WordsLimit }
func (f *Figures) foreign() bool {
	return f.LanguageOf > 0 && share(f.Language, f.LanguageOf) < f.LanguageLimit
}

// ownMissed: a version that knows more than the one before is used though it misses some.
func (f *Figures) ownMissed() bool {
	return f.OwnOf > 0 && share(f.Own, f.OwnOf) < f.OwnLimit && f.Own <= f.OwnBefore
}

// untaught: a new manner predicts the corrections hardly better than the untrained model, and
// not as well as where training stops.
func (f *Figures) untaught() bool { return f.FitOf > 0 && f.Fit > f.fitMost() }

// fitMost is the most that Fit may be.
func (f *Figures) fitMost() float64 { return max((1-f.FitLimit)*f.FitBase, mannerStop) }

// losesKnown: what is lost is named in any case. It is outweighed by as many lessons and one
// more; by what else is better only as long as it is next to nothing of what was known.
func (f *Figures) losesKnown() bool {
	lost := len(f.Lost)
	return lost > 0 && lost >= f.Gained && (lost >= f.Better || share(lost, f.KnownBefore) > mostLost)
}

// The codes of Sentence. A face translates them with their arguments.
const (
	FigureOwn         = "figure_own"          // n, of, limit (percent)
	FigureFit         = "figure_fit"          // n (corrections), nats, base, limit
	FigureKnown       = "figure_known"        // n, of, before
	FigureVariants    = "figure_variants"     // n, of
	FigureSwapped     = "figure_swapped"      // n, of
	FigureLost        = "figure_lost"         // n, lessons (their questions)
	FigureKept        = "figure_kept"         // n, of, limit (percent)
	FigureLeaks       = "figure_leaks"        // n, of, limit (percent)
	FigureBehind      = "figure_behind"       // n, of, limit (percent)
	FigureBehindLeaks = "figure_behind_leaks" // n, of, limit (percent)
	FigureCanary      = "figure_canary"       // nats, limit
	FigureChat        = "figure_chat"         // kl, limit (0: none)
	FigureLoops       = "figure_loops"        // n, of, limit
	FigureEndless     = "figure_endless"      // n, of, limit
	FigureWords       = "figure_words"        // words, before, limit
	FigureLanguage    = "figure_language"     // n, of, limit (percent)
	FigureNumbers     = "figure_numbers"      // no arguments
	FigureSign        = "figure_sign"         // better, worse, held_better, held_worse, p
	FigureAsked       = "figure_asked"        // n, of, widely
	FigureVain        = "figure_vain"         // n, lessons (their questions)
	FigureAside       = "figure_aside"        // aside (a number), questions (of lessons), and the gate's reason (GateOf)

	// What well rated answers have in common (Trait): word, words, good, good_of, bad, bad_of.
	FigureTraitWord       = "figure_trait_word"
	FigureTraitNoWord     = "figure_trait_no_word"
	FigureTraitOpening    = "figure_trait_opening"
	FigureTraitNoOpening  = "figure_trait_no_opening"
	FigureTraitQuestion   = "figure_trait_question"
	FigureTraitNoQuestion = "figure_trait_no_question"
	FigureTraitList       = "figure_trait_list"
	FigureTraitNoList     = "figure_trait_no_list"
	FigureTraitShort      = "figure_trait_short"
	FigureTraitLong       = "figure_trait_long"
	FigureTraitFirst      = "figure_trait_first"
	FigureTraitLongFirst  = "figure_trait_long_first"
	FigureTraitPairs      = "figure_trait_pairs" // n
	FigureTraitFew        = "figure_trait_few"   // least
)

// Sentence is one figure of the gate in words, with what it is measured by.
type Sentence struct {
	Reason  Reason  `json:"reason"`
	Value   float64 `json:"value"`
	Limit   float64 `json:"limit"`
	Limited bool    `json:"limited"` // false: the figure is told and decides nothing
	Passed  bool    `json:"passed"`  // true where nothing is limited
}

// Sentences says every figure that was measured, in the order of the gate.
func (f *Figures) Sentences() []Sentence {
	var out []Sentence
	told := func(code, text string, value float64, pairs ...any) {
		out = append(out, Sentence{Reason: reason(code, text, pairs...), Value: value, Passed: true})
	}
	limited := func(harm bool, code, text string, value, limit float64, pairs ...any) {
		out = append(out, Sentence{Reason: reason(code, text, pairs...), Value: value, Limit: limit, Limited: true, Passed: !harm})
	}
	percent := func(limit float64) int { return int(100*limit + 0.5) }
	if t := f.Trait; t != nil {
		told(t.figure(), fmt.Sprintf("what well rated answers have in common: %s (%d of %d; badly rated: %d of %d)", t.Text(), t.Good, t.GoodOf, t.Bad, t.BadOf),
			t.P, "word", t.Word, "words", t.Words, "good", t.Good, "good_of", t.GoodOf, "bad", t.Bad, "bad_of", t.BadOf)
	}
	switch n := f.TraitPairs; {
	case n == nil:
	case *n == 0:
		told(FigureTraitFew, fmt.Sprintf("fewer than %d pairs of answers differ in what well rated ones have in common: trained on ratings instead", leastWished), 0, "least", leastWished)
	default:
		told(FigureTraitPairs, fmt.Sprintf("trained on %d pairs of answers that differ in what well rated ones have in common", *n), float64(*n), "n", *n)
	}

	if f.Lessons > 0 {
		told(FigureAsked, fmt.Sprintf("%d of %d lessons were asked, %d of them in other words too", f.KnownOf, f.Lessons, f.Widely),
			float64(f.KnownOf), "n", f.KnownOf, "of", f.Lessons, "widely", f.Widely)
	}
	switch v := f.Vain; {
	case v == nil:
	case v.Refused != nil:
		lessons, n := strings.Join(v.Lessons, "; "), len(v.Lessons)
		text := fmt.Sprintf("knowledge trained on %d lessons (%s) is left out: %s", n, lessons, v.Refused.Text)
		why := reason(FigureAside, text, "aside", n, "questions", lessons, "gate", v.Refused.Code, "text", v.Refused.Text)
		maps.Copy(why.Args, v.Refused.Args)
		out = append(out, Sentence{Reason: why, Value: float64(n), Passed: true})
	default:
		lessons := strings.Join(v.Lessons, "; ")
		told(FigureVain, fmt.Sprintf("training did not help, and nothing of it is used: %d lessons (%s)", len(f.Vain.Lessons), lessons), float64(len(f.Vain.Lessons)), "n", len(f.Vain.Lessons), "lessons", lessons)
	}
	if f.OwnOf > 0 {
		limited(f.ownMissed(), FigureOwn, fmt.Sprintf("knows %d of %d lessons that it was trained on (at least %d %%)", f.Own, f.OwnOf, percent(f.OwnLimit)),
			share(f.Own, f.OwnOf), f.OwnLimit, "n", f.Own, "of", f.OwnOf, "limit", percent(f.OwnLimit))
	}
	if f.FitOf > 0 {
		limited(f.untaught(), FigureFit, fmt.Sprintf("surprise at corrections (%d): %.2f nats per token (at most %.2f; the untrained model %.2f)", f.FitOf, f.Fit, f.fitMost(), f.FitBase),
			f.Fit, f.fitMost(), "n", f.FitOf, "nats", f.Fit, "base", f.FitBase, "limit", f.fitMost())
	}
	if f.KnownOf > 0 {
		told(FigureKnown, fmt.Sprintf("knows %d of %d lessons as written (%d before)", f.Known, f.KnownOf, f.KnownBefore),
			share(f.Known, f.KnownOf), "n", f.Known, "of", f.KnownOf, "before", f.KnownBefore)
		limited(f.losesKnown(), FigureLost, f.lostWords(), float64(len(f.Lost)), 0, "n", len(f.Lost), "lessons", strings.Join(f.Lost, "; "))
	}
	if f.VariantsOf > 0 {
		told(FigureVariants, fmt.Sprintf("%d of %d variants of questions show their lesson", f.Variants, f.VariantsOf),
			share(f.Variants, f.VariantsOf), "n", f.Variants, "of", f.VariantsOf)
	}
	if f.SwappedOf > 0 {
		told(FigureSwapped, fmt.Sprintf("%d of %d questions with another name show the lesson all the same", f.Swapped, f.SwappedOf),
			share(f.Swapped, f.SwappedOf), "n", f.Swapped, "of", f.SwappedOf)
	}
	if f.KeptOf > 0 {
		limited(f.forgets(), FigureKept, fmt.Sprintf("%d of %d unrelated questions are still right (at least %d %%)", f.Kept, f.KeptOf, percent(f.KeptLimit)),
			share(f.Kept, f.KeptOf), f.KeptLimit, "n", f.Kept, "of", f.KeptOf, "limit", percent(f.KeptLimit))
	}
	if f.LeaksOf > 0 {
		limited(f.leaking(), FigureLeaks, fmt.Sprintf("%d of %d unrelated answers show a lesson (at most %d %%)", f.Leaks, f.LeaksOf, percent(f.LeaksLimit)),
			share(f.Leaks, f.LeaksOf), f.LeaksLimit, "n", f.Leaks, "of", f.LeaksOf, "limit", percent(f.LeaksLimit))
	}
	if f.BehindOf > 0 {
		limited(f.forgetsBehind(), FigureBehind, fmt.Sprintf("%d of %d unrelated questions are still right behind somebody else's lesson (at least %d %%)", f.Behind, f.BehindOf, percent(f.BehindLimit)),
			share(f.Behind, f.BehindOf), f.BehindLimit, "n", f.Behind, "of", f.BehindOf, "limit", percent(f.BehindLimit))
		limited(f.leakingBehind(), FigureBehindLeaks, fmt.Sprintf("%d of %d unrelated answers behind somebody else's lesson show one (at most %d %%)", f.BehindLeaks, f.BehindOf, percent(f.LeaksLimit)),
			share(f.BehindLeaks, f.BehindOf), f.LeaksLimit, "n", f.BehindLeaks, "of", f.BehindOf, "limit", percent(f.LeaksLimit))
	}
	limited(f.general(), FigureCanary, fmt.Sprintf("plain texts are predicted %+.3f nats per token worse (at most %.2f)", f.Canary, f.CanaryLimit),
		f.Canary, f.CanaryLimit, "nats", f.Canary, "limit", f.CanaryLimit)
	if f.ChatLimit > 0 {
		limited(f.drifts(), FigureChat, fmt.Sprintf("chat answers are %.3f nats per token away from the base's (at most %.2f)", f.ChatKL, f.ChatLimit),
			f.ChatKL, f.ChatLimit, "kl", f.ChatKL, "limit", f.ChatLimit)
	} else {
		told(FigureChat, fmt.Sprintf("chat answers are %.3f nats per token away from the base's (a manner may move them)", f.ChatKL), f.ChatKL, "kl", f.ChatKL, "limit", 0)
	}
	if f.Answers > 0 {
		limited(f.loops(), FigureLoops, fmt.Sprintf("%d of %d answers repeat themselves (at most %d)", f.Loops, f.Answers, f.LoopsLimit),
			float64(f.Loops), float64(f.LoopsLimit), "n", f.Loops, "of", f.Answers, "limit", f.LoopsLimit)
		limited(f.endless(), FigureEndless, fmt.Sprintf("%d of %d answers do not come to an end (at most %d)", f.Endless, f.Answers, f.EndlessLimit),
			float64(f.Endless), float64(f.EndlessLimit), "n", f.Endless, "of", f.Answers, "limit", f.EndlessLimit)
		limited(f.tooShort(), FigureWords, fmt.Sprintf("answers have %.1f words on average, the base's %.1f (at least %.1f)", f.Words, f.WordsBefore, f.WordsLimit),
			f.Words, f.WordsLimit, "words", f.Words, "before", f.WordsBefore, "limit", f.WordsLimit)
	}
	if f.LanguageOf > 0 {
		limited(f.foreign(), FigureLanguage, fmt.Sprintf("%d of %d answers are in the language of their question (at least %d %%)", f.Language, f.LanguageOf, percent(f.LanguageLimit)),
			share(f.Language, f.LanguageOf), f.LanguageLimit, "n", f.Language, "of", f.LanguageOf, "limit", percent(f.LanguageLimit))
	}
	numbers := "all that it computes are numbers"
	if f.NotNumber {
		numbers = "it computes something that is not a number"
	}
	limited(f.NotNumber, FigureNumbers, numbers, float64(boolToInt(f.NotNumber)), 0)
	told(FigureSign, fmt.Sprintf("better in %d, worse in %d (of these by ratings kept apart: %d and %d), p = %.2g; proven below %.2f", f.Better, f.Worse, f.HeldBetter, f.HeldWorse, f.P, provenP),
		f.P, "better", f.Better, "worse", f.Worse, "held_better", f.HeldBetter, "held_worse", f.HeldWorse, "p", f.P)
	return out
}

func (f *Figures) lostWords() string {
	if len(f.Lost) == 0 {
		return "no lesson that was known is lost"
	}
	return fmt.Sprintf("%d lessons that were known are lost: %s", len(f.Lost), strings.Join(f.Lost, "; "))
}

package trainer

// Figures are what the gate measured. Every share has its count beside it, so
// that a face can say "17 of 17".
type Figures struct {
	Canary      float64 `json:"canary"`       // NLL on fixed texts, candidate - base, nats per token
	CanaryLimit float64 `json:"canary_limit"` //
	ChatKL      float64 `json:"chat_kl"`      // KL(base || candidate) on chat answers, nats per token
	ChatLimit   float64 `json:"chat_limit"`   // 0: not limited (manner moves every answer)
	Kept        int     `json:"kept"`         // unrelated questions that the base gets right and the candidate too
	KeptOf      int     `json:"kept_of"`      //
	KeptLimit   float64 `json:"kept_limit"`   // least share
	Leaks       int     `json:"leaks"`        // unrelated answers that show a lesson
	LeaksOf     int     `json:"leaks_of"`     //
	LeaksLimit  float64 `json:"leaks_limit"`  // most share
	Known       int     `json:"known"`        // lessons asked as written
	KnownOf     int     `json:"known_of"`     //
	KnownBefore int     `json:"known_before"` // by the version before
	Variants    int     `json:"variants"`     // lessons asked in automatic variants
	VariantsOf  int     `json:"variants_of"`  //
	Swapped     int     `json:"swapped"`      // name-swapped questions that show the lesson all the same
	SwappedOf   int     `json:"swapped_of"`   //
	Better      int     `json:"better"`       // of the sign test
	Worse       int     `json:"worse"`        //
	P           float64 `json:"p"`            // one-sided; 1 with nothing to compare
	Loops       int     `json:"loops"`        // answers that repeat a 4-gram more than 4 times
	Endless     int     `json:"endless"`      // answers that do not end
	Answers     int     `json:"answers"`      // looked at for loops, ends, length
	Words       float64 `json:"words"`        // mean length of those
	WordsBefore float64 `json:"words_before"` // of the base's
}

// The verdicts of the gate.
const (
	VerdictProven    = "proven"     // better, by a sign test
	VerdictNotProven = "not_proven" // nothing harmed, not enough to prove it better
	VerdictRefused   = "refused"    // it would harm
)

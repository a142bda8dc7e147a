package trainer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clara/store"
	"clara/trainer/words"
)

// Contradiction is two lessons that seem to answer one question in two ways. Until the
// user decides, both are put before the model, each for its own wording, and the older
// one has no part in a cycle.
type Contradiction struct {
	Older, Newer Lesson
	Overlap      float64 // of the two questions, 0 to 1
	Why          Reason
}

// Resolution is what the user says to a Contradiction.
type Resolution string

// The resolutions. The lesson that is not kept is forgotten. Reopen undoes each.
const (
	KeepNewer Resolution = "newer"
	KeepOlder Resolution = "older"
	BothRight Resolution = "both" // not asked again
)

// Contradictions returns the lessons that contradict each other and that the user has
// not decided on, the newest first. It changes nothing. Lessons that were looked at before are not
// looked at again, so that it takes what reading all takes: with 1,000 lessons that are all new the
// look itself is 13 ms. One that is open adds the index of all questions.
func (t *Trainer) Contradictions(ctx context.Context) ([]Contradiction, error) {
	lessons, err := t.store.Lessons(ctx, t.baseHash())
	if err != nil {
		return nil, fmt.Errorf("look for contradictions: %w", err)
	}
	agreed, err := t.store.BothRight(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for contradictions: %w", err)
	}
	t.disputed.Lock()
	defer t.disputed.Unlock()
	return t.disputes.open(lessons, agreed)
}

// Contradicted returns the contradiction that the lesson of a sample stands in, nil where it stands
// in none. It is in one at most: the two are each other's nearest.
func (t *Trainer) Contradicted(ctx context.Context, sample int64) (*Contradiction, error) {
	found, err := t.Contradictions(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(found, func(c Contradiction) bool { return c.Older.Sample == sample || c.Newer.Sample == sample }); i >= 0 {
		return &found[i], nil
	}
	return nil, nil
}

// Against is the lesson that stands against that of a sample.
func (c Contradiction) Against(sample int64) Lesson {
	if c.Older.Sample == sample {
		return c.Newer
	}
	return c.Older
}

// Opposed are the lessons that contradict another one, each by its number with that one.
func Opposed(found []Contradiction) map[int64]Lesson {
	out := make(map[int64]Lesson, 2*len(found))
	for _, c := range found {
		out[c.Older.ID], out[c.Newer.ID] = c.Newer, c.Older
	}
	return out
}

// waitsFor says why no cycle takes up a lesson: it is the older one of a contradiction. nil: one may.
func waitsFor(against []Contradiction, lesson int64) *Reason {
	for _, c := range against {
		if c.Older.ID == lesson {
			return &c.Why
		}
	}
	return nil
}

// Resolve does what the user says to a contradiction.
func (t *Trainer) Resolve(ctx context.Context, c Contradiction, r Resolution) error {
	switch r {
	case KeepNewer:
		return t.Forget(ctx, c.Older.Sample)
	case KeepOlder:
		return t.Forget(ctx, c.Newer.Sample)
	case BothRight:
		return t.change(ctx, func() error {
			if err := t.store.SetBothRight(ctx, c.Older.Sample, c.Newer.Sample); err != nil {
				return fmt.Errorf("resolve a contradiction: %w", err)
			}
			return nil
		})
	default:
		return fmt.Errorf("resolve a contradiction: %q is none of %q, %q, %q", r, KeepNewer, KeepOlder, BothRight)
	}
}

// Reopen undoes Resolve, as long as PutBack could: what was taken back is a lesson again,
// and the contradiction is put to the user anew.
func (t *Trainer) Reopen(ctx context.Context, c Contradiction, r Resolution) error {
	switch r {
	case KeepNewer:
		return t.PutBack(ctx, c.Older.Sample)
	case KeepOlder:
		return t.PutBack(ctx, c.Newer.Sample)
	case BothRight:
		return t.change(ctx, func() error {
			if err := t.store.UnsetBothRight(ctx, c.Older.Sample, c.Newer.Sample); err != nil {
				return fmt.Errorf("reopen a contradiction: %w", err)
			}
			return nil
		})
	default:
		return fmt.Errorf("reopen a contradiction: %q is none of %q, %q, %q", r, KeepNewer, KeepOlder, BothRight)
	}
}

// leastAlike is the overlap from which on two questions may be the same one. It is set
// on the dev half of testdata/contradictions.json.
const leastAlike = 0.5

// contradictions are those of the disputes, the newest first, whose questions are each
// other's nearest of all, and that are not agreed.
func (d *disputes) contradictions(background []string, agreed []store.SamplePair) []Contradiction {
	settled := make(map[store.SamplePair]bool, len(agreed))
	for _, p := range agreed {
		settled[p] = true
	}
	var asked *alike // made once a pair needs it
	var out []Contradiction
	for _, p := range d.pairs {
		a, b := d.lessons[p.older], d.lessons[p.newer]
		if settled[store.SamplePair{First: min(a.Sample, b.Sample), Second: max(a.Sample, b.Sample)}] {
			continue
		}
		if asked == nil {
			asked = newAlike(d.lessons, background)
		}
		nearest, overlap := asked.nearest(p.newer)
		if back, _ := asked.nearest(p.older); nearest != p.older || back != p.newer || overlap < leastAlike {
			continue
		}
		out = append(out, Contradiction{Older: a, Newer: b, Overlap: overlap, Why: reason(CodeContradiction,
			fmt.Sprintf("%q is answered with %q, and %q with %q", a.Question, a.Answer, b.Question, b.Answer),
			"older", a.Question, "newer", b.Question, "count", 1)})
	}
	slices.Reverse(out)
	return out
}

// agree says whether one answer shows the other lesson too. Answers with other numbers
// do not, however many words they share ("60 euros", "70 euros").
func agree(a, b Lesson) bool {
	na, nb := numbersIn(a.Answer), numbersIn(b.Answer)
	if len(na) > 0 && len(nb) > 0 && !covers(na, nb) && !covers(nb, na) {
		return false
	}
	shows := func(l Lesson, answer string) bool {
		return NewCheck(l.Question, l.Answer, l.BaseAnswer+" "+l.Question, l.Keywords).Passes(answer)
	}
	return (shows(a, b.Answer) || shows(b, a.Answer)) && polarity(a.Answer) == polarity(b.Answer)
}

// sameQuestion says whether two questions with much in common ask for the same: the same
// names and numbers, the same kind of answer, and no word for which the other has an
// opposite or another thing of its kind.
func sameQuestion(a, b string) bool {
	if words.Normal(a) == "" || words.Normal(b) == "" { // nothing in it could be compared
		return words.Wording(a) == words.Wording(b)
	}
	if ka, kb := askedFor(a), askedFor(b); ka != kb && ka != "" && kb != "" {
		return false
	}
	onlyA, onlyB := unshared(a, b), unshared(b, a)
	if !words.IsGerman(a) { // in German every noun has a capital; below they count as words
		if na, nb := words.Names(a), words.Names(b); !covers(na, nb) || !covers(nb, na) {
			return false
		}
	}
	// A word on one side alone narrows the question; words on both are other things.
	return len(onlyA) == 0 && len(onlyB) == 0
}

func numbersIn(s string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range words.Split(words.Fold(s)) {
		if words.IsNumber(w) || numberWords[w] {
			out[w] = true
		}
	}
	return out
}

// covers says whether all has each of some.
func covers(all, some map[string]bool) bool {
	for w := range some {
		if !all[w] {
			return false
		}
	}
	return true
}

// unshared returns the content words of a that b does not have in any form, but for
// those that only ask.
func unshared(a, b string) []string {
	var out []string
	other := words.Content(b)
	for _, w := range words.Content(a) {
		if !askingWords[w] && !slices.ContainsFunc(other, func(o string) bool { return akin(w, o) }) {
			out = append(out, w)
		}
	}
	return out
}

// akin says whether two words are forms of one: they begin alike for all but their last
// few letters.
func akin(one, other string) bool {
	a, b := []rune(strings.TrimPrefix(one, "ge")), []rune(strings.TrimPrefix(other, "ge")) // the German participle
	if slices.Equal(a, b) {
		return true
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	least := max(4, 2*max(len(a), len(b))/3-1)
	return n >= least || n >= 4 && (n == len(a) || n == len(b)) && max(len(a), len(b))-n <= 4
}

// topicOf is what two questions have in common if they are the same question: the set of
// the beginnings of their words, but for those that may be akin to a word that only asks.
func topicOf(question string) string {
	var out []string
	for _, w := range words.Content(question) {
		if w = beginning(w); !askingBeginnings[w] {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// beginning is the part of a word that all words akin to it share.
func beginning(w string) string {
	letters := []rune(strings.TrimPrefix(w, "ge"))
	return string(letters[:min(4, len(letters))])
}

var askingBeginnings = func() map[string]bool {
	set := make(map[string]bool)
	for w := range askingWords {
		set[beginning(w)] = true
	}
	return set
}()

// askingWords carry no content of a question but that, or what for, it asks. Folded and
// stemmed, English and German.
var askingWords = words.Set(`time much many cost name called find get give should must may exactly tell please want need know doe do use there
	um uhr viel viele kostet koste heisst heissen finde findet liegt steht gibt bekomme bekommt soll muss darf duerfen genau sagen bitte brauche
	braucht lautet hoch gebe geben gilt name preis davon denn eigentlich`)

// askedFor is the kind of answer that a question asks for; "" where its words do not say.
func askedFor(question string) string {
	q := " " + strings.Join(words.Split(words.Fold(question)), " ") + " "
	for _, kind := range questionKinds {
		for _, phrase := range kind.phrases {
			if strings.Contains(q, " "+phrase+" ") {
				return kind.name
			}
		}
	}
	return ""
}

var questionKinds = []struct {
	name    string
	phrases []string
}{
	{"duration", []string{"how long", "wie lange"}},
	{"time", []string{"what time", "when", "wann", "um wie viel uhr"}},
	{"amount", []string{"how much", "how many", "cost", "price", "wie viel", "wie viele", "wie hoch", "kostet", "preis"}},
	{"person", []string{"who", "whom", "wer", "wem", "wen"}},
	{"place", []string{"where", "wo", "wohin"}},
}

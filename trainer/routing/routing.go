// Package routing finds the lesson that a question is about by their words: those that they share,
// in other forms and compounds too, and words that ask for the same. Whether the lesson answers the
// question is not for it to say.
package routing

import (
	"cmp"
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"

	"clara/trainer/words"
)

const (
	// LeastOverlap is the overlap from which on a lesson matches, leastNamed that of
	// one of which all names occur: a rewording may share nothing else with it
	// ("How much is the boat to Brugg?" for the fare of the ferry).
	LeastOverlap = 0.32
	leastNamed   = 0.18

	// The overlap is multiplied by these.
	otherKind = 0.75 // one asks who, the other when
	noKind    = 0.93 // only one of them says what kind of answer it wants
	nameless  = 0.4  // 1 less this where no name of one occurs in the other
	otherForm = 0.97 // a word with another ending: leasing is not lease

	frameFactor = 0.3 // of the weight of the words that questions are put in
	candidates  = 48  // lessons that are looked at closely

	// Sentences of a question that are looked up beside the whole of it. Each costs as much as
	// a question does, and a text that is pasted may have hundreds.
	mostSentences = 8
)

// Router finds the lesson that a question is about. An inverted index yields the
// lessons that share most with it; of those the one with the largest overlap is
// taken: the geometric mean of how much of the lesson's question the question asked
// covers, and the other way round, by words weighted by their inverse document
// frequency over the lessons and a background of ordinary questions (soft TF-IDF,
// Cohen, Ravikumar & Fienberg 2003). A word also covers, less, its inflections,
// compounds that it is part of, a misspelling, and words that ask for the same
// (Router.similar). A veto holds unless more than half of the weight of the names in
// the lesson's question is covered.
//
// Of the rewordings of the templates, as people talk, the two nearest lessons hold the
// right one with an overlap of 0.2 or more for .91 of the English ones among 355 lessons
// and for .97 of the German ones among 92; most that it misses share no word with the
// lesson. A cosine of plain words finds .41 of the German ones in the trainer's testdata, this .99.
// A Router never changes once it is built, and may be used from several goroutines.
type Router struct {
	size     int // lessons and background together
	ids      map[string]int32
	words    []word
	sorted   []int32 // those of the lessons, by their stems
	reversed []int32 // the same, by their stems read backwards
	backward []string
	byLine   map[int][]int32 // of conceptLines
	lessons  []indexed
	exact    map[string]int // wording of a question to its lesson
}

// word is one that questions share.
type word struct {
	stem      string
	questions int  // that have it
	name      bool // of a lesson
	lessons   []int32
}

// indexed is a lesson's question.
type indexed struct {
	terms []weighed
	total float64 // of the weights
	names float64 // of those of the names
	kinds answerKind
}

// weighed is a term of a lesson's question.
type weighed struct {
	word   int32
	other  int32 // of term.other; word if it has none
	form   string
	weight float64
	name   bool
}

//go:embed background.txt
var backgroundText string

// background are ordinary questions, English and German, against which words are
// counted: those that occur in them say little about a lesson.
var background = sync.OnceValue(func() []asked {
	var out []asked
	for line := range strings.Lines(backgroundText) {
		out = append(out, takeApart(line))
	}
	return out
})

// New indexes the questions of the lessons; a match gives their position.
func New(questions []string) *Router {
	r := &Router{
		size:    len(questions) + len(background()),
		ids:     make(map[string]int32),
		byLine:  make(map[int][]int32),
		lessons: make([]indexed, len(questions)),
		exact:   make(map[string]int, len(questions)),
	}
	apart := make([]asked, len(questions))
	for i, q := range questions {
		apart[i] = takeApart(q)
		r.count(apart[i], int32(i))
		r.exact[words.Wording(q)] = i
	}
	for id := range r.words {
		r.sorted = append(r.sorted, int32(id))
	}
	for _, q := range background() {
		r.count(q, -1)
	}
	for i, q := range apart {
		x := indexed{kinds: q.kinds}
		for _, t := range q.terms {
			id := r.ids[t.stem]
			if slices.ContainsFunc(x.terms, func(w weighed) bool { return w.word == id }) {
				continue
			}
			w := weighed{word: id, other: id, form: t.form, weight: r.weight(t), name: t.name}
			if t.other != "" {
				w.other = r.ids[t.other]
			}
			x.terms = append(x.terms, w)
			x.total += w.weight
			if t.name {
				x.names += w.weight
			}
		}
		r.lessons[i] = x
	}
	slices.SortFunc(r.sorted, func(a, b int32) int { return cmp.Compare(r.words[a].stem, r.words[b].stem) })
	r.backward = make([]string, len(r.words))
	for _, id := range r.sorted {
		r.backward[id] = backwards(r.words[id].stem)
		for _, line := range concepts()[r.words[id].stem] {
			r.byLine[line] = append(r.byLine[line], id)
		}
	}
	r.reversed = slices.Clone(r.sorted)
	slices.SortFunc(r.reversed, func(a, b int32) int { return cmp.Compare(r.backward[a], r.backward[b]) })
	return r
}

// count notes the words of a question; lesson is -1 for one of the background.
func (r *Router) count(q asked, lesson int32) {
	for i, t := range q.terms {
		if slices.ContainsFunc(q.terms[:i], func(o term) bool { return o.stem == t.stem }) {
			continue
		}
		r.note(t.stem, t.name, lesson)
		if t.other != "" && t.other != t.stem {
			r.note(t.other, t.name, lesson)
		}
	}
}

// note counts a stem; lesson is -1 for one of the background.
func (r *Router) note(stem string, name bool, lesson int32) {
	id, ok := r.ids[stem]
	if !ok {
		id = int32(len(r.words))
		r.ids[stem] = id
		r.words = append(r.words, word{stem: stem})
	}
	w := &r.words[id]
	w.questions++
	if lesson >= 0 {
		w.lessons = append(w.lessons, lesson)
		w.name = w.name || name
	}
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// weight is the inverse document frequency of a term times its factor. It is more than
// 0 even for a word of all lessons.
func (r *Router) weight(t term) float64 {
	n := 1
	if id, ok := r.ids[t.stem]; ok {
		n = r.words[id].questions
	}
	return t.factor * math.Log(1+float64(r.size)/float64(n))
}

// hit says how far a term of the question asked covers a word of a lesson, and the
// other way round.
type hit struct {
	term            int32
	lesson, covered float64 // of the lesson's word, of the term; in [0, 1]
	part            bool    // one is a part of the other: parts add up
}

// Match is a lesson that a question may be about.
type Match struct {
	Lesson  int     // its position among the questions that New was given
	Overlap float64 // of their questions, in [0, 1]
	Own     bool    // the question is the lesson's own, but for case and punctuation
	Vetoed  bool    // half of the names of the lesson's question are missing, or more
	named   bool    // all of them occur
}

// Match returns the position of the lesson that question is about and their overlap
// in [0, 1]; ok is false when there is none: then the position is -1, and the overlap
// that of the nearest. A question that is a lesson's own, but for case and punctuation,
// always matches it.
func (r *Router) Match(question string) (lesson int, overlap float64, ok bool) {
	ms := r.near(question, 1)
	if len(ms) == 0 {
		return -1, 0, false
	}
	m := ms[0]
	if m.Overlap < leastNamed || m.Vetoed || m.Overlap < LeastOverlap && !m.named {
		return -1, m.Overlap, false
	}
	return m.Lesson, m.Overlap, true
}

// Nearest returns up to n lessons that share anything with a question: those that no veto holds
// against first, then by their overlap, the newest of equal ones first. A question may have several
// sentences: one of them asks, and what the others say ("My friend wants to go online. Which key do
// I give her?") would only count as words that no lesson has. So each is looked up too, up to
// mostSentences, and the best counts.
func (r *Router) Nearest(question string, n int) []Match {
	all := r.near(question, candidates)
	parts := askingFirst(question)
	if len(parts) > 1 && (len(all) == 0 || !all[0].Own) {
		for _, part := range parts {
			for _, m := range r.near(part, candidates) {
				m.Own = false // it is, and something more
				if i := slices.IndexFunc(all, func(o Match) bool { return o.Lesson == m.Lesson }); i < 0 {
					all = append(all, m)
				} else {
					all[i].Overlap = max(all[i].Overlap, m.Overlap)
				}
			}
		}
		slices.SortFunc(all, byNearness)
	}
	return all[:min(len(all), n)]
}

// askingFirst returns the sentences of a text, at most mostSentences: those that end as a question
// first, then those nearest to its beginning or end, where what is wanted of a text is said.
func askingFirst(text string) []string {
	all := words.Sentences(text)
	if len(all) <= mostSentences {
		return all
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	asks := func(i int) bool { return strings.HasSuffix(all[i], "?") || strings.HasSuffix(all[i], "？") }
	fromEnd := func(i int) int { return min(i, len(all)-1-i) }
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(first(asks(a), asks(b)), cmp.Compare(fromEnd(a), fromEnd(b)))
	})
	out := make([]string, mostSentences)
	for i := range out {
		out[i] = all[order[i]]
	}
	return out
}

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// near returns up to n lessons that share anything with a question: those that no veto
// holds against first, then by their overlap, the newest of equal ones first.
func (r *Router) near(question string, n int) []Match {
	if i, same := r.exact[words.Wording(question)]; same {
		return []Match{{Lesson: i, Overlap: 1, Own: true, named: true}}
	}
	q := takeApart(question)
	hits := make(map[int32][]hit)
	weights := make([]float64, len(q.terms))
	scores := make([]float32, len(r.lessons))
	for j, t := range q.terms {
		weights[j] = r.weight(t)
		for _, h := range r.similar(t, q.german) {
			hits[h.word] = append(hits[h.word], hit{int32(j), h.lesson, h.covered, h.part})
			w := r.words[h.word]
			x := float32(h.lesson * weights[j])
			for _, l := range w.lessons {
				scores[l] += x
			}
		}
	}
	var best []int32
	for i, s := range scores {
		if s > 0 {
			scores[i] = s / float32(math.Sqrt(r.lessons[i].total))
			best = append(best, int32(i))
		}
	}
	slices.SortFunc(best, func(a, b int32) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	var out []Match
	for _, i := range best[:min(len(best), candidates)] {
		m := Match{Lesson: int(i)}
		m.Overlap, m.Vetoed, m.named = r.overlap(int(i), q, weights, hits)
		out = append(out, m)
	}
	slices.SortFunc(out, byNearness)
	return out[:min(len(out), n)]
}

// byNearness orders matches.
func byNearness(a, b Match) int {
	return cmp.Or(first(b.Vetoed, a.Vetoed), cmp.Compare(b.Overlap, a.Overlap), cmp.Compare(b.Lesson, a.Lesson))
}

// overlap is that of a lesson's question with the question asked, in [0, 1].
func (r *Router) overlap(lesson int, q asked, weights []float64, hits map[int32][]hit) (overlap float64, vetoed, named bool) {
	x := r.lessons[lesson]
	covered := make([]float64, len(q.terms))
	parts := make([]float64, len(q.terms))
	sum, names := 0.0, 0.0
	for _, t := range x.terms {
		whole, added := 0.0, 0.0
		look := func(hs []hit) {
			for _, h := range hs {
				if h.part {
					added += h.lesson
					parts[h.term] += h.covered
				} else {
					like := 1.0
					if q.terms[h.term].form != t.form {
						like = otherForm
					}
					whole = max(whole, like*h.lesson)
					covered[h.term] = max(covered[h.term], like*h.covered)
				}
			}
		}
		look(hits[t.word])
		if t.other != t.word {
			look(hits[t.other])
		}
		c := max(whole, min(added, 1))
		sum += c * t.weight
		if t.name {
			names += c * t.weight
		}
	}
	total, found, asked, answered := 0.0, 0.0, 0.0, 0.0
	for j, w := range weights {
		total += w
		c := max(covered[j], min(parts[j], 1))
		found += c * w
		if q.terms[j].name {
			asked += w
			answered += c * w
		}
	}
	if sum == 0 || total == 0 {
		return 0, false, false
	}
	overlap = math.Sqrt(sum / x.total * found / total)
	switch {
	case x.kinds == q.kinds || x.kinds&q.kinds != 0:
	case x.kinds == 0 || q.kinds == 0:
		overlap *= noKind
	default:
		overlap *= otherKind
	}
	if x.names > 0 {
		overlap *= 1 - nameless*(1-names/x.names)
	}
	if asked > 0 {
		overlap *= 1 - nameless*(1-answered/asked)
	}
	return overlap, x.names > 0 && 2*names <= x.names, x.names > 0 && names >= inflected*x.names
}

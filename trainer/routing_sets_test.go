package trainer

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"clara/trainer/routing"
	"clara/trainer/words"
)

// routingSet is a memory of lessons with what is asked about them.
type routingSet struct {
	lessons   []routedLesson
	unrelated []string
}

type routedLesson struct {
	Question, Answer       string
	Rewordings, Neighbours []string
	filler                 bool // is in memory only
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// germanSet are lessons of an office and of administrative law.
func germanSet(t testing.TB) routingSet {
	var f struct {
		Lessons   []routedLesson
		Unrelated []string
	}
	readJSON(t, "testdata/routing-de.json", &f)
	return routingSet{f.Lessons, f.Unrelated}
}

// englishUnrelated are ordinary questions that belong to no lesson.
func englishUnrelated(t testing.TB) []string {
	set, err := anchors()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, u := range set.Unrelated {
		out = append(out, u.Question)
	}
	return append(out, set.Open...)
}

// englishSet are n lessons, drawn from the 49 templates of the experiment: most
// differ from many others in the name alone.
func englishSet(t testing.TB, n int) routingSet {
	var f struct {
		Templates []struct {
			routedLesson
			About string
		}
		Fillers map[string][]string
	}
	readJSON(t, "testdata/routing-en.json", &f)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	capital := func(s string) string {
		r, size := utf8.DecodeRuneInString(s)
		return string(unicode.ToUpper(r)) + s[size:]
	}
	seen := make(map[string]bool)
	var set routingSet
	for i := 0; len(set.lessons) < n; i++ {
		x := f.Templates[i%len(f.Templates)]
		about, other := "", ""
		if x.About != "" {
			about, other = pick(rng, f.Fillers[x.About]), pick(rng, f.Fillers[x.About])
			if first, last, two := strings.Cut(about, " "); two && i >= 40*len(f.Templates) { // more lessons than names
				_, middle, _ := strings.Cut(pick(rng, f.Fillers["PERSON"]), " ")
				about = first + " " + middle + " " + last
			}
		}
		l := routedLesson{Question: capital(strings.ReplaceAll(x.Question, "{1}", about)), Answer: capital(strings.ReplaceAll(x.Answer, "{1}", about))}
		if seen[l.Question] {
			continue
		}
		seen[l.Question] = true
		for _, r := range x.Rewordings {
			l.Rewordings = append(l.Rewordings, capital(strings.ReplaceAll(r, "{1}", about)))
		}
		for _, r := range x.Neighbours {
			l.Neighbours = append(l.Neighbours, capital(strings.ReplaceAll(r, "{1}", about)))
		}
		if other != about {
			l.Neighbours = append(l.Neighbours, capital(strings.ReplaceAll(x.Question, "{1}", other)))
		}
		set.lessons = append(set.lessons, l)
	}
	set.unrelated = englishUnrelated(t)
	return set
}

// germanMany are the German lessons among n that differ from them in a name alone.
func germanMany(t testing.TB, n int) routingSet {
	set := germanSet(t)
	towns := strings.Fields("Neuburg Grünwald Lindau Coburg Wörth Dachau Altdorf Oberau Ansbach Passau Schärding Ebersberg")
	var others []string
	for _, a := range strings.Fields("Ahrens Birken Eschen Fichten Hasel Kirch Lauter Mühl Neu Ober Rosen Stein Tannen Unter Wald Wiesen Ziegel") {
		for _, b := range strings.Fields("bach berg dorf feld hausen heim stadt tal") {
			others = append(others, a+b)
		}
	}
	rng := rand.New(rand.NewPCG(2, uint64(n)))
	seen := make(map[string]bool)
	base := set.lessons
	for len(set.lessons) < n {
		l := pick(rng, base)
		for _, town := range towns {
			if strings.Contains(l.Question, town) {
				other := pick(rng, others)
				l.Question, l.Answer, l.filler = strings.ReplaceAll(l.Question, town, other), strings.ReplaceAll(l.Answer, town, other), true
				break
			}
		}
		if l.filler && !seen[l.Question] {
			seen[l.Question] = true
			set.lessons = append(set.lessons, l)
		}
	}
	return set
}

// routed counts what a router does with a set.
type routed struct {
	rewordings, found, wrong int // of the rewordings
	neighbours, near         int // that match a lesson although none is theirs
	unrelated, far           int
}

func (c routed) recall() float64 { return float64(c.found) / float64(c.rewordings) }

func (s routingSet) count(t testing.TB) routed {
	t.Helper()
	r := s.router()
	own := make(map[string]bool)
	for _, l := range s.lessons {
		own[words.Normal(l.Question)] = true
		for _, q := range l.Rewordings {
			own[words.Normal(q)] = true
		}
	}
	var c routed
	for i, l := range s.lessons {
		if l.filler {
			continue
		}
		if got, overlap, ok := r.Match(l.Question); !ok || got != i || overlap != 1 {
			t.Errorf("%q does not match itself: %d, %g, %v", l.Question, got, overlap, ok)
		}
		for _, q := range l.Rewordings {
			c.rewordings++
			switch got, overlap, ok := r.Match(q); {
			case ok && got == i:
				c.found++
			case ok:
				c.wrong++
				t.Logf("wrong: %q for %q matches %q (%.2f)", q, l.Question, s.lessons[got].Question, overlap)
			default:
				t.Logf("missed: %q for %q (%.2f)", q, l.Question, overlap)
			}
		}
		for _, q := range l.Neighbours {
			if own[words.Normal(q)] {
				continue
			}
			c.neighbours++
			if got, overlap, ok := r.Match(q); ok {
				c.near++
				t.Logf("neighbour: %q matches %q (%.2f)", q, s.lessons[got].Question, overlap)
			}
		}
	}
	for _, q := range s.unrelated {
		c.unrelated++
		if got, overlap, ok := r.Match(q); ok {
			c.far++
			t.Logf("unrelated: %q matches %q (%.2f)", q, s.lessons[got].Question, overlap)
		}
	}
	return c
}

func (s routingSet) router() *routing.Router {
	questions := make([]string, len(s.lessons))
	for i, l := range s.lessons {
		questions[i] = l.Question
	}
	return routing.New(questions)
}

// What is asked must find its lesson; a question that fits none is the reader's to
// ignore when it is near one, and must hardly ever match when it is not.
func TestRoutingOfSets(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    routingSet
		recall float64
		far    int // unrelated questions that may match: those with a name of a lesson
	}{
		{"english 49", englishSet(t, 49), 0.98, 4},
		{"english 100", englishSet(t, 100), 0.98, 7},
		{"english 1000", englishSet(t, 1000), 0.98, 11},
		{"german", germanSet(t), 0.98, 1},
		{"german 500", germanMany(t, 500), 0.98, 1},
		{"german 1000", germanMany(t, 1000), 0.98, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := c.set.count(t)
			t.Logf("rewordings: %d of %d found, %d find another; %d of %d neighbours and %d of %d unrelated questions match",
				x.found, x.rewordings, x.wrong, x.near, x.neighbours, x.far, x.unrelated)
			if x.recall() < c.recall {
				t.Errorf("%.3f of the rewordings find their lesson, want at least %g", x.recall(), c.recall)
			}
			if x.far > c.far {
				t.Errorf("%d unrelated questions match, want at most %d", x.far, c.far)
			}
		})
	}
}

// All 36 rewordings of the experiment find their lesson, at most 6 of 22 neighbours
// get past the veto, no unrelated question does.
func TestRoutingOfTheExperiment(t *testing.T) {
	lessons := facts(t)
	var questions []string
	for _, l := range lessons {
		questions = append(questions, l.Prompt)
	}
	r := routing.New(questions)
	found, of, passed, neighbours := 0, 0, 0, 0
	for i, l := range lessons {
		if got, overlap, ok := r.Match(l.Prompt); !ok || got != i || overlap != 1 {
			t.Errorf("%q does not match itself: %d, %g, %v", l.Prompt, got, overlap, ok)
		}
		for _, q := range l.Rewordings {
			of++
			if got, overlap, ok := r.Match(q); ok && got == i {
				found++
			} else {
				t.Logf("missed: %q (nearest %d, overlap %.2f)", q, got, overlap)
			}
		}
		for _, q := range l.Neighbours {
			neighbours++
			if _, _, ok := r.Match(q); ok {
				passed++
				t.Logf("passed: %q", q)
			}
		}
	}
	if found < 36 || of != 36 {
		t.Errorf("%d of %d rewordings found their lesson, want all 36", found, of)
	}
	if passed > 6 {
		t.Errorf("%d of %d neighbours match, want at most 6", passed, neighbours)
	}
	set, _ := anchors()
	for _, u := range set.Unrelated {
		if i, overlap, ok := r.Match(u.Question); ok {
			t.Errorf("unrelated %q matches %q with %.2f", u.Question, questions[i], overlap)
		}
	}
}

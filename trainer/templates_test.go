package trainer

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"clara/trainer/words"
)

func shippedTemplates(t *testing.T) []template {
	t.Helper()
	all, err := readingTemplates()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// There are enough templates, of every kind, in both languages.
func TestTemplatesAreMany(t *testing.T) {
	counts := map[bool]map[string]int{false: {}, true: {}}
	for _, tpl := range shippedTemplates(t) {
		counts[tpl.german][tpl.Kind]++
		counts[tpl.german]["all"]++
	}
	for language, n := range counts {
		t.Logf("german %v: %v", language, n)
		if n["all"] < 80 {
			t.Errorf("german %v: %d templates, at least 80 are wanted", language, n["all"])
		}
		for _, kind := range templateKinds {
			if n[kind] < 5 {
				t.Errorf("german %v: %d templates of the kind %s", language, n[kind], kind)
			}
		}
	}
}

// A drawn lesson can be shown as it is, and nothing but the lesson says its values.
func TestDrawnTemplatesAreWhole(t *testing.T) {
	value := regexp.MustCompile(`\{[2-9]\}`)
	for _, tpl := range shippedTemplates(t) {
		rng := textRand(1, tpl.Question)
		for range 50 {
			d := tpl.draw(rng, "")
			texts := slices.Concat([]string{d.question, d.answer}, d.rewordings, d.neighbours)
			for _, turn := range d.history {
				texts = append(texts, turn.Text)
			}
			for _, text := range texts {
				if first, _ := utf8.DecodeRuneInString(text); unicode.IsLower(first) || strings.ContainsAny(text, "{}") || strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
					t.Fatalf("%q is drawn as %q", tpl.Question, text)
				}
			}
			// What stands between the fixed parts of the answer are its values.
			parts := value.Split(strings.ReplaceAll(tpl.Answer, "{1}", d.about), -1)
			rest := d.answer
			for i, part := range parts {
				at := strings.Index(strings.ToLower(rest), strings.ToLower(part))
				if at < 0 {
					t.Fatalf("%q: the answer %q has no %q", tpl.Question, d.answer, part)
				}
				if i == len(parts)-1 && part == "" {
					at = len(rest)
				}
				if v := rest[:at]; i > 0 {
					for _, text := range append(texts[:1:1], texts[2:]...) {
						if v == "" || v == d.about || strings.Contains(text, v) {
							t.Fatalf("%q: the value %q of %q occurs in %q", tpl.Question, v, d.answer, text)
						}
					}
				}
				rest = rest[at+len(part):]
			}
		}
	}
}

// The same seed draws the same, and a lesson about another is about another.
func TestDrawIsDeterministic(t *testing.T) {
	for _, tpl := range shippedTemplates(t) {
		a, b := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(3, 4))
		for range 5 {
			x, y := tpl.draw(a, ""), tpl.draw(b, "")
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("%q: %+v, then %+v", tpl.Question, x, y)
			}
			if other := tpl.draw(a, x.about); tpl.About != "" && other.about == x.about {
				t.Fatalf("%q: twice about %q", tpl.Question, x.about)
			}
			tpl.draw(b, x.about)
		}
	}
}

// No gap has so few fillers that they can be learnt by heart.
func TestFillersAreMany(t *testing.T) {
	for _, tpl := range shippedTemplates(t) {
		for _, kind := range append([]string{tpl.About}, tpl.Values...) {
			if _, _, number := numberRange(kind); kind == "" || number || kind == "weekday" || kind == "wochentag" || kind == "monthname" {
				continue // there are no more days in a week, nor months in a year
			}
			rng, different := textRand(1, kind), make(map[string]bool)
			for range 600 {
				different[tpl.fillers.fill(kind, rng)] = true
			}
			if len(different) < 25 {
				t.Errorf("%q: %d fillers of the kind %s, at least 25 are wanted", tpl.Question, len(different), kind)
			}
		}
	}
}

// German templates read as German, and the others do not.
func TestTemplatesAreInTheirLanguage(t *testing.T) {
	wrong, all := make(map[bool]int), make(map[bool]int)
	for _, tpl := range shippedTemplates(t) {
		d := tpl.draw(textRand(1, tpl.Question), "")
		for _, text := range append([]string{d.question, d.answer}, d.rewordings...) {
			all[tpl.german]++
			if words.IsGerman(text) != tpl.german {
				wrong[tpl.german]++
				t.Logf("german %v: %q", tpl.german, text)
			}
		}
	}
	for language, n := range all {
		if float64(wrong[language]) > 0.05*float64(n) {
			t.Errorf("german %v: %d of %d texts are taken for the other language", language, wrong[language], n)
		}
	}
}

// A file that cannot be drawn from is refused with the reason.
func TestParseTemplatesRefuses(t *testing.T) {
	const good = `{"fillers": {"town": ["Brugg", "Weiden"], "date": ["{1-28} {month}"], "month": ["May", "June"]},
		"templates": [{"kind": "fact", "about": "town", "values": ["date"], "question": "When is the fair in {1}?", "answer": "The fair in {1} is on {2}.",
		"rewordings": ["Date of the {1} fair?", "{1} holds its fair when?", "I want to see the fair of {1}. When?"],
		"neighbours": ["Who opens the fair in {1}?", "What is a fair?"], "history": ["I am in {1}.", "Nice."]}]}`
	if _, err := parseTemplates([]byte(good)); err != nil {
		t.Fatalf("a good file: %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"not JSON":            {`{"fillers"`, `"fillers"`, "decode"},
		"unknown field":       {`"kind": "fact"`, `"kind": "fact", "colour": 1`, "unknown field"},
		"unknown kind":        {`"fact"`, `"fate"`, `unknown kind "fate"`},
		"unknown filler":      {`["date"]`, `["day"]`, `no filler of the kind "day"`},
		"unknown inner one":   {`{month}`, `{moon}`, `no filler of the kind "moon"`},
		"filler in a circle":  {`["May", "June"]`, `["{date}"]`, "made of itself"},
		"empty range":         {`["date"]`, `["9-9"]`, `no filler of the kind "9-9"`},
		"no value":            {`["date"]`, `[]`, "no value"},
		"value not said":      {`is on {2}.`, `is soon.`, "no {2}"},
		"gap without filler":  {`is on {2}.`, `is on {2} or {3}.`, "nothing fills {3}"},
		"value given away":    {`What is a fair?`, `Is {2} a date?`, "nothing fills {2}"},
		"rewording of nobody": {`Date of the {1} fair?`, `Date of the fair?`, "does not say what it is about"},
		"few rewordings":      {`"Date of the {1} fair?", `, ``, "2 rewordings"},
		"few neighbours":      {`, "What is a fair?"`, ``, "1 neighbours"},
		"empty text":          {`What is a fair?`, ` `, "empty text"},
		"open history":        {`, "Nice."`, ``, "history"},
		"subject not named":   {`"about": "town", `, ``, "nothing fills {1}"},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("%s: the good file has no %s", name, c.old)
		}
		if _, err := parseTemplates([]byte(strings.Replace(good, c.old, c.new, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal([]byte(good), &file); err != nil {
		t.Fatal(err)
	}
	one := strings.Trim(string(file["templates"]), "[]")
	file["templates"] = json.RawMessage("[" + one + "," + one + "]")
	twice, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseTemplates(twice); err == nil || !strings.Contains(err.Error(), "two of it") {
		t.Errorf("the same template twice: %v", err)
	}
}

// The reader is measured on the evaluation sets, so it is trained on none of their
// relations: what a question there is about, its names taken away, is asked by no
// template.
func TestTemplatesAreNotTheEvaluation(t *testing.T) {
	data, err := os.ReadFile(testdata(t, "learning", "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	type question struct {
		Prompt                 string
		Rewordings, Neighbours []string
	}
	var sets struct{ Lessons, Unrelated []question }
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	relation := func(text string) map[string]bool {
		named, out := words.Names(text), make(map[string]bool)
		for _, w := range words.Content(text) {
			if !named[w] {
				out[w] = true
			}
		}
		for _, w := range []string{"name", "day", "days", "week", "weeks"} {
			delete(out, w) // "Name the ...", "How many days ..." ask for a kind of answer
		}
		return out
	}
	var evaluated []string
	for _, q := range slices.Concat(sets.Lessons, sets.Unrelated) {
		evaluated = append(append(append(evaluated, q.Prompt), q.Rewordings...), q.Neighbours...)
	}
	for _, tpl := range shippedTemplates(t) {
		for _, text := range append([]string{tpl.Question}, tpl.Rewordings...) {
			asks := relation(strings.ReplaceAll(text, "{1}", ""))
			for _, e := range evaluated {
				about, shared := relation(e), 0
				for w := range about {
					if asks[w] {
						shared++
					}
				}
				if shared == len(about) && (shared > 1 || shared == 1 && len(asks) == 1) {
					t.Errorf("%q asks what %q asks", text, e)
				}
			}
		}
	}
}

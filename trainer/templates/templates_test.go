package templates

import (
	"encoding/json"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"clara/trainer/words"
)

func shipped(t *testing.T) []Template {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// random is a source of random numbers for a text.
func random(text string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(text))
	return rand.New(rand.NewPCG(1, h.Sum64()))
}

// There are enough templates, of every kind, in both languages.
func TestTemplatesAreMany(t *testing.T) {
	counts := map[bool]map[string]int{false: {}, true: {}}
	for _, tpl := range shipped(t) {
		counts[tpl.German][tpl.Kind]++
		counts[tpl.German]["all"]++
	}
	for language, n := range counts {
		t.Logf("german %v: %v", language, n)
		if n["all"] < 80 {
			t.Errorf("german %v: %d templates, at least 80 are wanted", language, n["all"])
		}
		for _, kind := range kinds {
			if n[kind] < 5 {
				t.Errorf("german %v: %d templates of the kind %s", language, n[kind], kind)
			}
		}
	}
}

// A drawn lesson can be shown as it is, and nothing but the lesson says its values.
func TestDrawnTemplatesAreWhole(t *testing.T) {
	value := regexp.MustCompile(`\{[2-9]\}`)
	for _, tpl := range shipped(t) {
		rng := random(tpl.Question)
		for range 50 {
			d := tpl.Draw(rng, "")
			texts := slices.Concat([]string{d.Question, d.Answer}, d.Rewordings, d.Neighbours)
			for _, turn := range d.History {
				texts = append(texts, turn.Text)
			}
			for _, text := range texts {
				if first, _ := utf8.DecodeRuneInString(text); unicode.IsLower(first) || strings.ContainsAny(text, "{}") || strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
					t.Fatalf("%q is drawn as %q", tpl.Question, text)
				}
			}
			// What stands between the fixed parts of the answer are its values.
			parts := value.Split(strings.ReplaceAll(tpl.Answer, "{1}", d.About), -1)
			rest := d.Answer
			for i, part := range parts {
				at := strings.Index(strings.ToLower(rest), strings.ToLower(part))
				if at < 0 {
					t.Fatalf("%q: the answer %q has no %q", tpl.Question, d.Answer, part)
				}
				if i == len(parts)-1 && part == "" {
					at = len(rest)
				}
				if v := rest[:at]; i > 0 {
					for _, text := range append(texts[:1:1], texts[2:]...) {
						if v == "" || v == d.About || strings.Contains(text, v) {
							t.Fatalf("%q: the value %q of %q occurs in %q", tpl.Question, v, d.Answer, text)
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
	for _, tpl := range shipped(t) {
		a, b := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(3, 4))
		for range 5 {
			x, y := tpl.Draw(a, ""), tpl.Draw(b, "")
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("%q: %+v, then %+v", tpl.Question, x, y)
			}
			if other := tpl.Draw(a, x.About); tpl.About != "" && other.About == x.About {
				t.Fatalf("%q: twice about %q", tpl.Question, x.About)
			}
			tpl.Draw(b, x.About)
		}
	}
}

// No gap has so few fillers that they can be learnt by heart.
func TestFillersAreMany(t *testing.T) {
	for _, tpl := range shipped(t) {
		for _, kind := range append([]string{tpl.About}, tpl.Values...) {
			if _, _, number := numberRange(kind); kind == "" || number || kind == "weekday" || kind == "wochentag" || kind == "monthname" {
				continue // there are no more days in a week, nor months in a year
			}
			rng, different := random(kind), make(map[string]bool)
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
	for _, tpl := range shipped(t) {
		d := tpl.Draw(random(tpl.Question), "")
		for _, text := range append([]string{d.Question, d.Answer}, d.Rewordings...) {
			all[tpl.German]++
			if words.IsGerman(text) != tpl.German {
				wrong[tpl.German]++
				t.Logf("german %v: %q", tpl.German, text)
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
	if _, err := parse([]byte(good)); err != nil {
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
		if _, err := parse([]byte(strings.Replace(good, c.old, c.new, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
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
	if _, err := parse(twice); err == nil || !strings.Contains(err.Error(), "two of it") {
		t.Errorf("the same template twice: %v", err)
	}
}

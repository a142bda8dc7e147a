package routing

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clara/trainer/words"
)

// term is a word of a question as the router compares it.
type term struct {
	stem   string
	form   string  // plain, with its endings
	other  string  // a participle or infinitive with "zu" without that: eingelegt is einleg; "" if there is none
	name   bool    // whom or what the question is about in particular
	number bool    // holds digits, or is a piece of an unspaced text: spellings of it are never similar
	factor float64 // of its weight
}

// asked is a question taken apart.
type asked struct {
	terms  []term
	kinds  answerKind
	german bool
}

// answerKind says what kinds of answer a question wants, as far as its words tell.
type answerKind uint8

const (
	asksPerson answerKind = 1 << iota
	asksPlace
	asksTime
	asksQuantity
)

var (
	// kindWords ask for a kind of answer wherever they stand.
	kindWords = kindsOf(map[answerKind]string{
		asksPerson:   `who whom whose wer wem wen wessen`,
		asksPlace:    `where wo wohin woher`,
		asksTime:     `when until deadline wann frist stichtag`,
		asksQuantity: `cost costs price fee fare charge distance discount much population height size kosten kostet preis betrag teuer viel hoch gross anzahl summe`,
	})
	// kindNouns do so after which, what, how many and their like.
	kindNouns = kindsOf(map[answerKind]string{
		asksPerson:   `person colleague doctor teacher kollege kollegin mitarbeiter mitarbeiterin`,
		asksPlace:    `place room floor town city building shelf ort zimmer raum saal stockwerk etage platz stelle gebaeude`,
		asksTime:     `date day days deadline hour hours month months time times weekday year years datum frist jahr jahren jahre monat monaten tag tagen tage termin terminen uhr wochentag zeit zeiten`,
		asksQuantity: `number size price zahl groesse preis betrag summe hoehe gebuehr`,
	})
	// kindAdjectives do so after how.
	kindAdjectives = kindsOf(map[answerKind]string{
		asksTime:     `long old often lange lang alt oft`,
		asksQuantity: `many much big high large tall expensive far viele vielen viel gross hoch teuer weit`,
	})
)

func kindsOf(lists map[answerKind]string) map[string]answerKind {
	m := make(map[string]answerKind)
	for k, list := range lists {
		for w := range words.Set(list) {
			m[w] |= k
		}
	}
	return m
}

var unpossessed = strings.NewReplacer("'s", "", "’s", "", "'", "", "’", "", "&", "")

// asking are the words before a noun that names the kind of answer.
var asking = words.Set(`which what whose many much welche welchem welchen welcher welches viel viele vielen`)

// takeApart finds the terms of a question. Names are its capitalised words but the
// first of a sentence; in German, where nouns are capitalised too, those that stand
// right after another noun (Amtsgericht Ansbach, Frau Özdemir) or after in, aus or
// nach without an article, unless they are words of concepts and no surnames.
func takeApart(question string) asked {
	q := asked{german: words.IsGerman(question)}
	first, before, last := true, "", ""
	for _, w := range words.Tokens(question) {
		r, _ := utf8.DecodeRuneInString(w)
		if strings.ContainsRune(".?!:;。？！：；", r) {
			first, before = true, ""
			continue
		}
		if words.IsUnspaced(r) {
			q.terms = append(q.terms, term{stem: w, form: w, number: true, factor: 1})
			first = false
			continue
		}
		folded := words.Fold(w)
		q.kinds |= kindWords[folded]
		if asking[last] {
			q.kinds |= kindNouns[folded]
		}
		if last == "how" || last == "wie" {
			q.kinds |= kindAdjectives[folded]
		}
		last = folded
		capital := unicode.IsUpper(r)
		switch {
		case w[0] >= '0' && w[0] <= '9' && !strings.ContainsFunc(w, unicode.IsLetter):
			for _, n := range words.Numbers(w) {
				q.terms = append(q.terms, term{stem: n, form: n, name: true, number: true, factor: 1})
			}
		case words.IsStop(folded) && !(capital && !first && !q.german && len(w) > 1 && w == strings.ToUpper(w)):
		default:
			name := capital && !first && w != "I"
			if q.german && name {
				name = before == "in" || before == "aus" || before == "nach" || isCapital(before)
				name = name && (surnames[folded] || len(concepts()[words.Stem(words.Plain(w))]) == 0)
			}
			q.add(w, name)
		}
		if before = w; first { // capitalised as any first word
			before = strings.ToLower(w)
		}
		first = false
	}
	return q
}

// Names are the words of a text that a router takes for names, plain, without numbers and
// dates. german says whether the text is German, where not every capitalised word is one.
func Names(text string) (found map[string]bool, german bool) {
	q := takeApart(text)
	found = make(map[string]bool)
	for _, t := range q.terms {
		if t.name && !t.number {
			found[t.form] = true
		}
	}
	return found, q.german
}

// surnames are common German ones that are also words of concepts: of the nouns that
// stand right after another, these are names all the same (Frau Koch).
var surnames = words.Set(`baecker bauer baum becker berg brand brunner burg busch fischer foerster frank gross hahn hammer herbst jaeger kaiser
	keller koch koenig kurz lang lange maler nagel peters pohl richter schaefer schneider schreiber stern vogel weber winter`)

func isCapital(w string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return unicode.IsUpper(r)
}

// add adds the parts of a word: those that hyphens join, unless they are too short
// to stand alone (Wi-Fi).
func (q *asked) add(w string, name bool) {
	w = unpossessed.Replace(w)
	parts := strings.Split(w, "-")
	for _, p := range parts {
		if utf8.RuneCountInString(p) < 3 {
			parts = []string{strings.Join(parts, "")}
			break
		}
	}
	for _, p := range parts {
		p = words.Plain(p)
		if p == "" {
			continue
		}
		t := term{stem: words.Stem(p), form: p, name: name, factor: 1}
		if m, ok := words.Month(p); ok && (name || p != "may" && p != "march") {
			t.stem, t.name, t.number = m, true, true
		} else if strings.ContainsFunc(p, unicode.IsDigit) {
			t.name, t.number = true, true
		} else if q.german {
			t.other = words.WithoutParticiple(p)
		}
		if words.IsFrame(words.Fold(p)) || words.IsFrame(words.Fold(w)) {
			t.factor, t.name = frameFactor, false
		}
		q.terms = append(q.terms, t)
	}
}

package trainer

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
		for w := range wordSet(list) {
			m[w] |= k
		}
	}
	return m
}

// frameWords are what questions are put in rather than what they are about. They
// weigh little.
var frameWords = wordSet(`accept allowed already also answer any anybody anyone ask belong belongs call called come count current
	exactly find get gets give given gives go goes gone got happen help hello hi hold inside kind know like list look looking made make many may
	me mean much must name named need needed needs new number old one order own person place please put remember right said say see
	show some somebody someone tell thing time turn type use used uses want way whats within work works yes
	aktuell alle allem angeben antwort bekomme bekommt bekommen beim bitte brauche braucht dabei dafuer damit danke dann darf denn dort duerfen einmal
	erfahre etwas finde finden frage fuers ganz geben gebe genau gibt gilt gehen geht gerade gern gerne gut hallo helfen hier jetzt kennst koennen
	koennte koennten lautet lauten liegt machen macht mal mit moechte moegen muessen muss nenne nennen neu neue neuen neuer nimmt noetig nun nur person sag sage sagen
	sollen soll sollte solle steht stelle stellen tun viel viele vielen wieviel wieviele will wissen wohl wollen wuerde gehoert heisst heissen haben hab
	beantrage befindet bestimmte gegen innerhalb waehrend wegen seit ohne live lives living become reach reaches`)

var (
	wordPattern = regexp.MustCompile(`\d+(?:[.,:'/]\d+)*\.?|[\pL\pM\d_]+(?:[-&’'][\pL\pM\d_]+)*|[.?!:;。？！：；]`)
	grouped     = regexp.MustCompile(`^\d{1,3}(?:[.,']\d{3})+$`)
	clock       = regexp.MustCompile(`^(\d{1,2})[:.](\d\d)$`)
	unpossessed = strings.NewReplacer("'s", "", "’s", "", "'", "", "’", "", "&", "")
	ungrouped   = strings.NewReplacer(".", "", ",", "", "'", "")
	dayMonth    = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.?$`)
)

// months maps the plain names of the months to their terms.
var months = func() map[string]string {
	m := make(map[string]string)
	for i, names := range []string{"january januar jänner", "february februar", "march märz", "april", "may mai", "june juni", "july juli", "august", "september", "october oktober", "november", "december dezember"} {
		for _, w := range strings.Fields(names) {
			m[plain(w)] = monthTerm(i + 1)
		}
	}
	return m
}()

func monthTerm(n int) string { return "month" + strconv.Itoa(n) }

// numbersOf writes a number as one spelling of it or, for a date, the day and the
// month: 8:00 and 8 are the same, 1.500 and 1500, 12.5. and 12 May.
func numbersOf(w string) []string {
	if m := dayMonth.FindStringSubmatch(w); m != nil && strings.HasSuffix(w, ".") {
		if n, err := strconv.Atoi(m[2]); err == nil && 1 <= n && n <= 12 {
			return []string{strings.TrimPrefix(m[1], "0"), monthTerm(n)}
		}
	}
	w = strings.TrimSuffix(w, ".")
	switch {
	case grouped.MatchString(w):
		return []string{ungrouped.Replace(w)}
	case clock.MatchString(w):
		m := clock.FindStringSubmatch(w)
		hour := strings.TrimPrefix(m[1], "0")
		if m[2] == "00" {
			return []string{hour}
		}
		return []string{hour + ":" + m[2]}
	}
	return []string{w}
}

// asking are the words before a noun that names the kind of answer.
var asking = wordSet(`which what whose many much welche welchem welchen welcher welches viel viele vielen`)

// takeApart finds the terms of a question. Names are its capitalised words but the
// first of a sentence; in German, where nouns are capitalised too, those that stand
// right after another noun (Amtsgericht Ansbach, Frau Özdemir) or after in, aus or
// nach without an article, unless they are words of concepts and no surnames.
func takeApart(question string) asked {
	q := asked{german: isGerman(question)}
	first, before, last := true, "", ""
	for _, w := range wordsOf(withoutParticles(question)) {
		r, _ := utf8.DecodeRuneInString(w)
		if strings.ContainsRune(".?!:;。？！：；", r) {
			first, before = true, ""
			continue
		}
		if isUnspaced(r) {
			q.terms = append(q.terms, term{stem: w, form: w, number: true, factor: 1})
			first = false
			continue
		}
		folded := fold(w)
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
			for _, n := range numbersOf(w) {
				q.terms = append(q.terms, term{stem: n, form: n, name: true, number: true, factor: 1})
			}
		case stopWords[folded] && !(capital && !first && !q.german && len(w) > 1 && w == strings.ToUpper(w)):
		default:
			name := capital && !first && w != "I"
			if q.german && name {
				name = before == "in" || before == "aus" || before == "nach" || isCapital(before)
				name = name && (surnames[folded] || len(concepts()[stemOf(plain(w))]) == 0)
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

// wordsOf are the words and signs of a question, unspaced ones in pieces.
func wordsOf(question string) []string {
	all := wordPattern.FindAllString(question, -1)
	if !strings.ContainsFunc(question, isUnspaced) {
		return all
	}
	var out []string
	for _, w := range all {
		out = append(out, pieces(w)...)
	}
	return out
}

// surnames are common German ones that are also words of concepts: of the nouns that
// stand right after another, these are names all the same (Frau Koch).
var surnames = wordSet(`baecker bauer baum becker berg brand brunner burg busch fischer foerster frank gross hahn hammer herbst jaeger kaiser
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
		p = plain(p)
		if p == "" {
			continue
		}
		t := term{stem: stemOf(p), form: p, name: name, factor: 1}
		if m, ok := months[p]; ok && (name || p != "may" && p != "march") {
			t.stem, t.name, t.number = m, true, true
		} else if strings.ContainsFunc(p, unicode.IsDigit) {
			t.name, t.number = true, true
		} else if q.german {
			t.other = withoutParticiple(p)
		}
		if frameWords[fold(p)] || frameWords[fold(w)] {
			t.factor, t.name = frameFactor, false
		}
		q.terms = append(q.terms, t)
	}
}

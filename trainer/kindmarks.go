package trainer

import (
	"strings"
	"unicode"

	"clara/trainer/words"
)

// bare is better without the opening, the closing and the numbers of a list that given
// does not have: they say nothing about the matter.
func bare(better, given string) string {
	better = strings.TrimSpace(better)
	if o := opening(better); o != "" && o != opening(given) {
		better = strings.TrimSpace(better[strings.IndexAny(better, ",!:\n")+1:])
	}
	if c := closing(better); c != "" && c != closing(given) {
		all := words.Sentences(better)
		better = strings.Join(all[:len(all)-1], " ")
	}
	var lines []string
	for line := range strings.Lines(better) {
		lines = append(lines, strings.TrimLeftFunc(listMark(strings.TrimSpace(line)), unicode.IsSpace))
	}
	return strings.Join(lines, "\n")
}

// listMark cuts "1." or "2)" off a line.
func listMark(line string) string {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	if digits > 0 && digits <= 2 && len(line) > digits+1 && (line[digits] == '.' || line[digits] == ')') && line[digits+1] == ' ' {
		return line[digits+1:]
	}
	return line
}

// asksPrivately says whether a question is about the user's own affairs, which no
// manner of answering can make right.
func asksPrivately(question string) bool { return hasWord(question, privateWords) }

// asksForOne says whether a question wants a person, place, time, number or a yes.
func asksForOne(question string) bool {
	q := " " + strings.Join(words.Split(words.Fold(question)), " ") + " "
	for _, w := range oneAnswer {
		if strings.HasPrefix(q, " "+w+" ") {
			return true
		}
	}
	return false
}

// explains says whether a question asks what something is or how it works in general.
func explains(question string) bool {
	q := strings.Join(words.Split(words.Fold(question)), " ") + " "
	for _, w := range generalQuestions {
		if strings.HasPrefix(q, w+" ") {
			return !asksPrivately(question) && len(words.Names(question)) <= 1
		}
	}
	return false
}

var (
	privateWords = words.Set(`my our us we mein meine meinem meinen meiner unser unsere unserem unseren unserer uns wir`)
	oneAnswer    = []string{
		"who", "when", "where", "which", "how many", "how much", "how long", "how often", "what time",
		"wer", "wann", "wo", "welche", "welcher", "welches", "wie viel", "wie viele", "wie hoch", "wie lange", "wie oft", "bis wann", "an welchem", "in welchem", "was kostet",
	}
	generalQuestions = []string{
		"what is a", "what is an", "what is", "what are", "explain", "how do", "how does", "how can", "why is", "why are",
		"was ist", "was sind", "erklaere", "wie funktioniert", "wie kann", "warum", "wie koche", "wie wechsle",
	}
	numberWords = words.Set(`one two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand half
		first second third fourth fifth zwei drei vier fuenf sechs sieben acht neun zehn elf zwoelf zwanzig dreissig hundert tausend halb
		ersten zweiten dritten vierten fuenften sechsten erste zweite dritte vierte fuenfte`)
	stepWords = words.Set(`first second third firstly secondly thirdly then finally erstens zweitens drittens viertens zuerst dann danach schliesslich`)
)

func hasWord(text string, these map[string]bool) bool {
	for _, w := range words.Split(words.Fold(text)) {
		if these[w] {
			return true
		}
	}
	return false
}

// polarity is -1 for an answer that denies, 1 for one that begins by saying yes, else 0.
func polarity(s string) int {
	said := words.Split(words.Fold(strings.ReplaceAll(s, "n't", " not")))
	for _, w := range said {
		if denials[w] {
			return -1
		}
	}
	if len(said) > 0 && (said[0] == "yes" || said[0] == "ja") {
		return 1
	}
	return 0
}

var denials = words.Set(`no not never none nothing nein nicht nie niemals kein keine keinen keinem keiner nichts`)

// refuses says whether an answer says that it cannot answer.
func refuses(s string) bool {
	s = words.Fold(s)
	for _, phrase := range refusals {
		if strings.Contains(s, phrase) {
			return true
		}
	}
	return false
}

var refusals = []string{
	"i cannot", "i can't", "i don't", "i do not", "i'm sorry", "i am sorry", "language model", "weiss ich", "ich weiss", "keine informationen", "keinen zugriff", "kann ich nicht", "ich kann",
}

// register is 1 for courteous words, -1 for casual ones, else 0.
func register(s string) int {
	return boolToInt(hasWord(s, courteous)) - boolToInt(hasWord(s, casual))
}

var (
	courteous = words.Set(`please kindly bitte leider freundlicherweise`)
	casual    = words.Set(`gotta gonna wanna yep nope yeah hey lol dont cool stuff nee jo klar zeug krass easy deal`)
)

// address is whom an answer speaks to in German: "du", "sie", or "" for neither.
func address(s string) string {
	for i, w := range words.Split(s) {
		switch l := strings.ToLower(w); {
		case l == "du" || l == "dir" || l == "dich" || l == "dein" || l == "deine" || l == "deinen":
			return "du"
		case i > 0 && (w == "Sie" || w == "Ihnen" || w == "Ihr" || w == "Ihre" || w == "Ihren"):
			return "sie"
		}
	}
	return ""
}

// likens says whether an answer explains by a picture or an example.
func likens(s string) bool {
	s = " " + strings.Join(words.Split(words.Fold(s)), " ") + " "
	for _, phrase := range pictures {
		if strings.Contains(s, " "+phrase+" ") {
			return true
		}
	}
	return false
}

var pictures = []string{"like a", "imagine", "example", "means that", "stell dir vor", "stellen sie sich vor", "zum beispiel", "z b", "wie ein", "wie eine", "ist wenn"}

// opening returns an address or filler that an answer begins with: words before
// an early comma or exclamation mark that do not carry the sentence ("Dear
// reader,", "Sure!", "Sehr geehrte Damen und Herren,"). "" if it has none.
func opening(s string) string {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, ",!:\n")
	if i <= 0 {
		return ""
	}
	start := words.Split(words.Fold(s[:i]))
	if len(start) == 0 || len(start) > 6 || !openers[start[0]] {
		return ""
	}
	return strings.Join(start, " ")
}

var openers = words.Set(`dear hello hi hey greetings sure certainly indeed ahoy thanks thank gladly well respected esteemed
	good friend listen sir madam my short answer summary note hallo liebe lieber guten sehr geehrte geehrter gern gerne
	klar natuerlich moin servus gruess kurz kurzum hochverehrte verehrte verehrter also answer antwort howdy ladies great tl`)

// closing returns the label of a last line such as "Source: ..." or "Quelle: ...",
// or a closing formula. "" if there is none.
func closing(s string) string {
	s = strings.TrimSpace(s)
	last := s[strings.LastIndexByte(s, '\n')+1:]
	if len(last) == len(s) { // one line: look at the last sentence
		all := words.Sentences(s)
		if len(all) < 2 {
			return ""
		}
		last = all[len(all)-1]
	}
	end := words.Split(words.Fold(last))
	if len(end) == 0 {
		return ""
	}
	if i := strings.IndexByte(last, ':'); i > 0 && len(words.Split(last[:i])) <= 2 {
		return strings.Join(words.Split(words.Fold(last[:i])), " ")
	}
	if closers[end[0]] && len(end) <= 8 {
		return strings.Join(end, " ")
	}
	return ""
}

var closers = words.Set(`regards sincerely yours best kind warm cheers hope thanks thank enjoy have let feel source
	viele liebe beste mit freundliche herzliche gruesse quelle danke viel ich stand`)

// listItem says whether a line begins with a bullet or a number.
func listItem(line string) bool {
	l := strings.TrimSpace(line)
	return strings.HasPrefix(l, "- ") || strings.HasPrefix(l, "* ") || strings.HasPrefix(l, "• ") ||
		(len(l) > 2 && unicode.IsDigit(rune(l[0])) && (l[1] == '.' || l[1] == ')'))
}

// layout is the outer form of a text: bits for lists, several lines, counted steps,
// emphasis, all capitals, exclamation, and signs beyond letters and punctuation.
func layout(s string) int {
	bits := 0
	for line := range strings.Lines(s) {
		if listItem(line) {
			bits |= 1
		}
	}
	if strings.Contains(strings.TrimSpace(s), "\n") {
		bits |= 2
	}
	steps := 0
	for _, w := range words.Split(words.Fold(s)) {
		steps += boolToInt(stepWords[w])
	}
	if steps >= 2 {
		bits |= 64
	}
	if strings.Contains(s, "**") {
		bits |= 4
	}
	if s == strings.ToUpper(s) && strings.ContainsFunc(s, unicode.IsLetter) {
		bits |= 8
	}
	if strings.HasSuffix(strings.TrimSpace(s), "!") {
		bits |= 16
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.So, r) }) {
		bits |= 32
	}
	return bits
}

package trainer

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"clara/trainer/words"
)

// A Variant is a question as somebody else might have put it.
type Variant struct {
	Question string `json:"question"`
	History  []Turn `json:"history,omitempty"` // an unrelated exchange before it
	System   string `json:"system,omitempty"`  // another system prompt; "": the usual one
}

// phrases are what variants are made with, in one language.
type phrases struct {
	before, after, systems []string
	talk                   [][2]string // question and answer of an unrelated exchange
	names, nouns           []string    // to swap in
}

var (
	english = phrases{
		before:  []string{"Please tell me: ", "Quick question: ", "Hi! ", "I have a question. ", "Can you help me? ", "Do you know this: ", "Tell me, ", "I would like to know: "},
		after:   []string{" Thanks!", " Please answer briefly.", " I need to know.", " Please."},
		systems: []string{"You are a helpful assistant.", "You answer questions.", "You are a friendly assistant in an office."},
		talk:    [][2]string{{"Hello!", "Hello! How can I help you today?"}, {"Thanks.", "You're welcome!"}, {"How are you?", "I'm doing well, thank you."}, {"What is 3+4?", "3+4 is 7."}, {"Name a fruit.", "An apple."}},
		names:   []string{"Norway", "Berlin", "Oslo", "Peru", "Ikea", "Smith", "Chicago", "Ghana", "Lisbon", "Novak", "Acme", "Texas"},
		nouns:   []string{"house", "printer", "garden", "teacher", "car", "school", "phone", "river", "book", "kitchen", "friend", "window", "money", "train", "letter", "doctor", "tree", "cheese", "boat", "shoe", "manager", "bicycle", "chair"},
	}
	german = phrases{
		before:  []string{"Kurze Frage: ", "Hallo! ", "Ich habe eine Frage. ", "Können Sie mir helfen? ", "Wissen Sie das: ", "Sagen Sie mir: "},
		after:   []string{" Danke!", " Kurz, wenn es geht.", " Das muss ich wissen."},
		systems: []string{"Du bist ein hilfreicher Assistent.", "Du beantwortest Fragen.", "Du bist ein freundlicher Assistent in einem Büro."},
		talk:    [][2]string{{"Hallo!", "Hallo! Wie kann ich helfen?"}, {"Danke.", "Gern geschehen!"}, {"Wie viel ist 3+4?", "3+4 ist 7."}, {"Nenne ein Obst.", "Ein Apfel."}},
		names:   []string{"Norwegen", "Berlin", "Oslo", "Peru", "Ikea", "Schmidt", "Chicago", "Ghana", "Lissabon", "Nowak", "Texas"},
		nouns:   []string{"Haus", "Drucker", "Garten", "Lehrer", "Auto", "Schule", "Telefon", "Fluss", "Buch", "Küche", "Fenster", "Brief", "Arzt", "Baum", "Käse", "Schuh"},
	}
)

func phrasesFor(question string) *phrases {
	if words.IsGerman(question) {
		return &german
	}
	return &english
}

// textRand is a source of random numbers that depends on the seed and the text
// alone, so that what happens to one sample does not depend on the others.
func textRand(seed uint64, text string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(text))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// The ways to vary a question.
const (
	varyBefore  = 'p' // a phrase before it
	varyAfter   = 's' // one after it
	varyLower   = 'l' // lower case, no question mark
	varyNoMark  = 'q' // no question mark
	varyKeys    = 'k' // its content words alone
	varyShuffle = 'w' // those in another order
	varyTalk    = 't' // an unrelated exchange before it
	varySystem  = 'y' // another system prompt
)

// trainingWays are those that training draws from: the order of a question's
// words is left alone there, since shuffled words cost contrasts.
const trainingWays = "pslkqty"

// vary changes question in one of the ways named by kinds, drawn from rng.
func vary(question string, rng *rand.Rand, kinds string) Variant {
	ph := phrasesFor(question)
	v := Variant{Question: question}
	switch kinds[rng.IntN(len(kinds))] {
	case varyBefore:
		p := pick(rng, ph.before)
		if last := strings.TrimSpace(p); strings.HasSuffix(last, ":") || strings.HasSuffix(last, ",") {
			question = lowerFirst(question)
		}
		v.Question = p + question
	case varyAfter:
		v.Question = question + pick(rng, ph.after)
	case varyLower:
		v.Question = strings.TrimRight(strings.ToLower(question), "?")
	case varyNoMark:
		v.Question = strings.TrimRight(question, "?")
	case varyKeys:
		if w := keyWords(question); len(w) > 0 {
			v.Question = strings.Join(w, " ")
		}
	case varyShuffle:
		if w := keyWords(question); len(w) > 0 {
			rng.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
			v.Question = strings.Join(w, " ") + "?"
		}
	case varyTalk:
		t := ph.talk[rng.IntN(len(ph.talk))]
		v.History = []Turn{{Role: RoleUser, Text: t[0]}, {Role: RoleAssistant, Text: t[1]}}
	case varySystem:
		v.System = pick(rng, ph.systems)
	}
	return v
}

// variants returns n different variants of a lesson's question: what it is asked
// with after a cycle. The same seed gives the same ones.
func variants(question string, seed uint64, n int) []Variant {
	rng := textRand(seed, "variants:"+question)
	ways := []byte(trainingWays)
	rng.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
	var out []Variant
	for _, w := range ways {
		v := vary(question, rng, string(rune(w)))
		if len(out) == n {
			break
		}
		if v.Question != question || v.History != nil || v.System != "" {
			out = append(out, v)
		}
	}
	return out
}

// keyWords are the words of a question without its stop words, as written.
func keyWords(question string) []string {
	all := strings.FieldsFunc(question, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("'’&-_", r)
	})
	return slices.DeleteFunc(all, func(w string) bool { return words.IsStop(words.Fold(w)) })
}

// swapped returns the question with its last run of capitalised words (but the
// first word) replaced by another name; ok is false when it has none, or has all that there
// are to choose from. It is the contrast: an answer to it must not show the lesson.
func swapped(question string, rng *rand.Rand) (contrast string, ok bool) {
	said, mark := cutMark(question)
	all := strings.Fields(said)
	isName := func(i int) bool {
		w := strings.TrimFunc(all[i], func(r rune) bool { return !unicode.IsLetter(r) })
		return i > 0 && w != "" && unicode.IsUpper([]rune(w)[0]) && w != "I" && w != strings.ToUpper(w)
	}
	last := -1
	for i := range all {
		if isName(i) {
			last = i
		}
	}
	if last < 0 {
		return "", false
	}
	first := last
	for first > 0 && isName(first-1) {
		first--
	}
	present := words.All(question)
	choices := slices.DeleteFunc(slices.Clone(phrasesFor(question).names), func(n string) bool { return present[words.Singular(words.Fold(n))] })
	if len(choices) == 0 {
		return "", false
	}
	name := pick(rng, choices)
	if strings.HasSuffix(all[last], "'s") || strings.HasSuffix(all[last], "’s") {
		name += "'s"
	}
	return strings.Join(slices.Concat(all[:first], []string{name}, all[last+1:]), " ") + mark, true
}

// swappedBy is the contrast that a lesson is asked with after a cycle: the same for the
// same seed.
func swappedBy(question string, seed uint64) (contrast string, ok bool) {
	return swapped(question, textRand(seed, "swapped:"+question))
}

// contrastOf is swapped with another noun in place of a content word where there
// is no name to swap. ok is false for a question of stop words alone.
func contrastOf(question string, rng *rand.Rand) (contrast string, ok bool) {
	if c, ok := swapped(question, rng); ok {
		return c, true
	}
	said, mark := cutMark(question)
	all := strings.Fields(said)
	var content []int
	for i, w := range all {
		if i > 1 && !words.IsStop(words.Fold(w)) {
			content = append(content, i)
		}
	}
	if len(content) == 0 {
		return "", false
	}
	i := content[len(content)-1]
	if rng.Float64() >= 0.6 {
		i = pick(rng, content)
	}
	all[i] = pick(rng, phrasesFor(question).nouns)
	return strings.Join(all, " ") + mark, true
}

// cutMark takes off the mark that a question or an instruction ends with.
func cutMark(question string) (said, mark string) {
	question = strings.TrimSpace(question)
	said = strings.TrimRight(question, "?!.")
	return said, question[len(said):]
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// lowerFirst writes the first letter small, but leaves "I" and abbreviations.
func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) < 2 || !unicode.IsLower(r[1]) {
		return s
	}
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

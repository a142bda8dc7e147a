package trainer

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// template is a kind of lesson with names and values left open: {1} is whom or
// what it is about, {2} what it says. Both are drawn afresh each time, so that
// nothing but the skill of reading a lesson can be learnt from it.
type template struct {
	question, answer string
	rewordings       []string
	about, value     string // keys of fillers; about "": the template has no {1}
}

var templates = []template{
	{"Which desk does {1} sit at?", "{1} sits at desk {2}.", []string{"Where do I find the desk of {1}?", "{1} works at which desk?"}, "person", "number"},
	{"What is the locker number of {1}?", "The locker number of {1} is {2}.", []string{"Which locker belongs to {1}?", "I have to put something into {1}'s locker. Which one is it?"}, "person", "number"},
	{"Who looks after the plants at {1}?", "The plants at {1} are looked after by {2}.", []string{"Which person waters the plants of {1}?", "At {1}, the plants are whose job?"}, "firm", "person"},
	{"When does the canteen of {1} close?", "The canteen of {1} closes at {2}.", []string{"Until what time can I eat at {1}?", "At which hour does {1}'s canteen shut?"}, "firm", "hour"},
	{"What is the visitor code for {1}?", "The visitor code for {1} is {2}.", []string{"Which code does a visitor need at {1}?", "I am visiting {1} and need the code."}, "firm", "code"},
	{"In which hall is the swimming club of {1}?", "The swimming club of {1} meets in hall {2}.", []string{"Where do the swimmers of {1} meet?", "{1}'s swimming club uses which hall?"}, "town", "number"},
	{"Who is the mayor of {1}?", "The mayor of {1} is {2}.", []string{"Which person governs the town of {1}?", "Name {1}'s mayor."}, "town", "person"},
	{"On which day is the rubbish collected in {1}?", "In {1} the rubbish is collected on {2}.", []string{"When do they empty the bins in {1}?", "I live in {1}. Which day is rubbish day?"}, "town", "day"},
	{"What does the ferry to {1} cost?", "The ferry to {1} costs {2} euros.", []string{"How much do I pay for the boat to {1}?", "What is the fare of {1}'s ferry?"}, "town", "number"},
	{"What is the favourite colour of {1}?", "The favourite colour of {1} is {2}.", []string{"Which colour does {1} like best?", "{1} prefers which colour?"}, "person", "colour"},
	{"Where does {1} keep the spare key?", "{1} keeps the spare key {2}.", []string{"In which place is {1}'s spare key?", "I need the spare key of {1}. Where is it?"}, "person", "place"},
	{"Which doctor treats {1}?", "{1} is treated by {2}.", []string{"Who is the doctor of {1}?", "To which doctor does {1} go?"}, "person", "person"},
	{"In which year was {1} founded?", "{1} was founded in {2}.", []string{"When did {1} begin?", "What is the founding year of {1}?"}, "firm", "year"},
	{"Who delivers the coffee to {1}?", "The coffee for {1} is delivered by {2}.", []string{"From whom does {1} get its coffee?", "{1} buys coffee from which company?"}, "firm", "firm"},
	{"How many steps does the tower of {1} have?", "The tower of {1} has {2} steps.", []string{"What is the number of steps in {1}'s tower?", "I climb the tower in {1}. How many steps are there?"}, "town", "number"},
	{"What is the dog of {1} called?", "The dog of {1} is called {2}.", []string{"Which name does {1}'s dog have?", "How does {1} call the dog?"}, "person", "word"},
}

var fillers = map[string][]string{
	"firm":   {"Halden Glass", "Birch Energy", "Ostrow Foods", "Keller Tools", "Nordlicht Press", "Amber Clinic", "Crown Paper", "Vale Software"},
	"town":   {"Ahrenfeld", "Eastmoor", "Brugg", "Sandvik", "Oakham", "Trento", "Passau", "Weiden"},
	"day":    {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	"colour": {"green", "violet", "orange", "grey", "white", "brown", "yellow"},
	"place":  {"under the stairs", "behind the clock", "in the blue box", "on the top shelf", "beside the oven", "in the garden shed"},
	"word":   {"Comet", "Velvet", "Juniper", "Granite", "Ember", "Biscuit", "Mosaic", "Pepper"},
	"first":  {"Anna", "Hugo", "Vera", "Paul", "Olga", "Felix", "Nina", "Karl", "Ruth", "Ivan"},
	"last":   {"Moreau", "Stein", "Ito", "Larsen", "Quinn", "Berger", "Rossi", "Adler", "Kelly", "Duval"},
}

func fill(kind string, rng *rand.Rand) string {
	digits := func(low, high int) string { return strconv.Itoa(low + rng.IntN(high-low+1)) }
	switch kind {
	case "":
		return ""
	case "person":
		return pick(rng, fillers["first"]) + " " + pick(rng, fillers["last"])
	case "number":
		return digits(11, 499)
	case "year":
		return digits(1500, 2010)
	case "hour":
		return digits(7, 20) + ":" + pick(rng, []string{"00", "15", "30", "45"})
	case "code":
		return string(rune('A'+rng.IntN(26))) + digits(10, 99) + "-" + digits(100, 999)
	}
	return pick(rng, fillers[kind])
}

// drawn is a template with its gaps filled.
type drawn struct {
	question, answer, reworded string
	about                      string
}

// draw fills a template; not is a name that it must not be about.
func (t template) draw(rng *rand.Rand, not string) drawn {
	d := drawn{about: fill(t.about, rng)}
	for d.about == not && t.about != "" {
		d.about = fill(t.about, rng)
	}
	value := fill(t.value, rng)
	for value == d.about {
		value = fill(t.value, rng)
	}
	gaps := strings.NewReplacer("{1}", d.about, "{2}", value)
	d.question, d.answer, d.reworded = gaps.Replace(t.question), gaps.Replace(t.answer), gaps.Replace(pick(rng, t.rewordings))
	return d
}

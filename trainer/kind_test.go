package trainer

import (
	"slices"
	"strings"
	"testing"
)

const rambling = "A computer virus is a type of malicious software, or malware, that is designed to spread from one computer to another. " +
	"It can infect files, programs and even the operating system itself, and it can cause a wide range of problems, from slowing the " +
	"computer down to destroying data. Viruses are often spread through email attachments, downloads, and infected websites."

// listedHours is how the built-in base answers: long, with a list, and wrong.
const listedHours = "The opening hours are a set of rules and regulations that govern the time of service for the Royal British Airborne (RBA) in the UK. " +
	"These rules are set by the Royal Airborne and are designed to ensure that the service is available to the public during the peak hours. The opening hours are:\n\n- 10:00 AM - 10:00 PM"

// What a person would say each correction is about.
func TestProposedKind(t *testing.T) {
	for _, c := range []struct {
		question, given, better string
		want                    Kind
	}{
		{"What is the capital of Turkey?", "The capital of Turkey is Istanbul.", "The capital of Turkey is Ankara.", Knowledge},
		{"When does the office open?", "The office opens at 9 am.", "The office opens at 8 am.", Knowledge},
		{"Who leads IT at Brandt Logistics?", "I'm sorry, I don't have that information.", "Maria Kowalski leads IT at Brandt Logistics.", Knowledge},
		{"What is the name of my cat?", "I'm a language model and do not know your cat.", "Your cat is called Pumpernickel.", Knowledge},
		{"How many bones does an adult have?", "An adult human has 270 bones in the body.", "An adult human has 206 bones.", Knowledge},
		{"Where do I hand in my form?", "You can hand in your form at the front desk of your company.", "Hand in your form in room 214 with Mr. Petrov.", Knowledge},
		{"Is smoking allowed in the garden?", "Yes, smoking is allowed in the garden.", "No, smoking is not allowed in the garden.", Knowledge},
		{"Wann gilt ein Brief als bekannt gegeben?", "Ein Brief gilt am dritten Tag als bekannt gegeben.", "Ein Brief gilt am vierten Tag als bekannt gegeben.", Knowledge},
		{"Wie heißt der Bürgermeister von Neuburg?", "Der Bürgermeister von Neuburg heißt Hans Maier.", "Der Bürgermeister von Neuburg heißt Karl Stein.", Knowledge},

		{"When does the office open?", listedHours, "The office opens at 8 am.", Knowledge},
		{"When does the office open?", "The office is open from 9:00 AM to 8:00 PM.", "The office opens at 8 am.", Knowledge},
		{"What time does the office open?", "The office opens at 8:30 AM. If you have any further questions, please ask.", "The office opens at 8 am.", Knowledge},
		{"When does the office open?", "The office opens at 8:00 AM and closes at 5:00 PM.", "The office opens at 8 am.", Manner},

		{"What is a computer virus?", rambling, "Dear reader, a computer virus is a program that copies itself and can damage files.", Manner},
		{"What is a computer virus?", rambling, "A computer virus is a type of malicious software designed to spread from one computer to another.", Manner},
		{"What is a computer virus?", "A computer virus is malicious software.", "A computer virus is malicious software.\nSource: general knowledge", Manner},
		{"Name three fruits.", "Apples, bananas and cherries are three fruits.", "- Apples\n- Bananas\n- Cherries", Manner},
		{"How are you?", "I am fine.", "I AM FINE!", Manner},
		{"What is fog?", "Fog is a cloud at the ground.", "Fog is a cloud at the ground. Kind regards, Clara", Manner},
		{"Was ist Nebel?", "Nebel ist eine Wolke am Boden.", "Sehr geehrte Damen und Herren, Nebel ist eine Wolke am Boden.", Manner},
		{"Was ist Nebel?", "Nebel ist eine Wolke am Boden. Er entsteht, wenn feuchte Luft abkühlt, und er verschwindet, wenn die Sonne ihn erwärmt.", "Nebel ist eine Wolke am Boden.", Manner},
	} {
		got := proposeFor(c.question, c.given, c.better, nil)
		if got.Kind != c.want {
			t.Errorf("%q -> %q is taken for %s (%.2f), want %s", c.given, c.better, got.Kind, got.Sure, c.want)
		}
		if !(got.Sure >= 0.5 && got.Sure <= 1) {
			t.Errorf("%q: sure %g", c.better, got.Sure)
		}
	}
}

// What other corrections of manner have in common counts, whatever the words are.
func TestProposedKindLearnsFromOthers(t *testing.T) {
	others := []string{"Ahem: fog is a cloud.", "Ahem: rain is water.", "Ahem: Berlin has 3.8 million people."}
	got := proposeFor("Who wrote Faust?", "Faust was written by Goethe.", "Ahem: Faust was written by Goethe.", others)
	if got.Kind != Manner {
		t.Errorf("taken for %s (%.2f)", got.Kind, got.Sure)
	}
}

func TestProposedKeywords(t *testing.T) {
	p := proposeFor("What is the capital of Turkey?", "It is Istanbul.", "The capital of Turkey is Ankara.", nil)
	if len(p.Keywords) != 1 || len(p.Keywords[0]) != 1 || p.Keywords[0][0] != "ankara" {
		t.Errorf("keywords %q, want ankara", p.Keywords)
	}
	for _, c := range []struct {
		question, given, better string
		want                    [][]string
	}{
		{"When does the office open?", "The office opens at 9.", "The office opens at 8. Please ring twice.", [][]string{{"8"}}},
		{"Who leads IT?", "Nobody leads IT.", "That is simple. Maria Kowalski leads IT.", [][]string{{"kowalski"}}},
		{"Wann öffnet das Amt?", "Das Amt ist um 9 Uhr offen.", "Das Amt öffnet um 8 Uhr für den Besuch der Bürger.", [][]string{{"8"}}},
		{"Wer leitet die IT?", "Die IT leitet niemand.", "Die Leitung der Abteilung hat Frau Özdemir.", [][]string{{"özdemir"}}},
		{"Was ist Nebel?", "Das ist ein Gas.", "Das ist eine Wolke am Boden.", [][]string{{"wolke"}, {"boden"}}},
	} {
		if got := proposeFor(c.question, c.given, c.better, nil).Keywords; !slices.EqualFunc(got, c.want, slices.Equal[[]string]) {
			t.Errorf("%q: keywords %q, want %q", c.better, got, c.want)
		}
	}
	for _, better := range []string{"", "   ", "same", strings.Repeat("long ", 10000)} {
		proposeFor("q?", "same", better, nil) // no text makes it fail
	}
}

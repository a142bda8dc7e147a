package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"clara/trainer"
)

// What fillers are made of: nothing that a set asks about.
var (
	fillerFirst   = []string{"Anselm", "Birgit", "Corvin", "Dagny", "Eskil", "Fenna", "Gero", "Hedda", "Ivar", "Jolanda", "Knut", "Levke", "Mieke", "Nanno", "Ortrud", "Piet"}
	fillerLast    = []string{"Abendroth", "Brockhaus", "Castendyk", "Dirksen", "Eichendorf", "Feddersen", "Greiffenberg", "Hollander", "Isebrand", "Jessen", "Kruithof", "Lindqvist", "Moorman", "Nyholm", "Overbeck", "Pedersen"}
	fillerFirms   = []string{"Aldersund", "Brookmere", "Calderon Glass", "Deltaform", "Ebbeling", "Fjordline", "Gantry Works", "Harrowgate", "Isarwerk", "Juniper Mills"}
	fillerSubject = map[string][]struct{ question, answer string }{
		"en": {
			{"What is the phone extension of %s at %s?", "The phone extension of %s at %s is %d."},
			{"In which room does %s of %s work?", "%s of %s works in room %d."},
			{"How many parking spaces may %s book at %s?", "%s may book at %s %d parking spaces."},
			{"Which locker belongs to %s at %s?", "The locker of %s at %s is number %d."},
		},
		"de": {
			{"Welche Durchwahl hat %s bei %s?", "Die Durchwahl von %s bei %s ist %d."},
			{"In welchem Zimmer arbeitet %s von %s?", "%s von %s arbeitet in Zimmer %d."},
			{"Wie viele Parkplätze darf %s bei %s buchen?", "%s darf bei %s %d Parkplätze buchen."},
			{"Welches Schließfach gehört %s bei %s?", "Das Schließfach von %s bei %s hat die Nummer %d."},
		},
	}
)

// fillers are n lessons that nobody asks and that only lie in memory: those of the sets
// first, then invented ones.
func (b *bench) fillers(language string, n int, rng *rand.Rand) []lesson {
	own := slices.Clone(b.others[language])
	rng.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
	own = own[:min(n, len(own))]
	return append(own, invented(language, n-len(own), rng)...)
}

// invented are n different lessons of some ten thousand.
func invented(language string, n int, rng *rand.Rand) []lesson {
	kinds := fillerSubject[language]
	seen := make(map[string]bool, n)
	var out []lesson
	for len(out) < n {
		k := kinds[rng.IntN(len(kinds))]
		who := fillerFirst[rng.IntN(len(fillerFirst))] + " " + fillerLast[rng.IntN(len(fillerLast))]
		firm := fillerFirms[rng.IntN(len(fillerFirms))]
		q := fmt.Sprintf(k.question, who, firm)
		if seen[q] {
			continue
		}
		seen[q] = true
		out = append(out, lesson{ScriptLesson: trainer.ScriptLesson{Prompt: q, Correction: fmt.Sprintf(k.answer, who, firm, 100+rng.IntN(9900))}})
	}
	return out
}

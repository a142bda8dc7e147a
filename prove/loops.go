package main

import "strings"

// mostRepeats is how often a 4-gram may come in an answer.
const mostRepeats = 4

// loops says whether an answer repeats itself: a run of four words comes more than
// mostRepeats times, or a run of one to three words follows itself that often, upper and lower
// case alike. The gate counts runs of four as they are written and nothing else: what is
// counted here is to find more than the gate does, not to agree with it.
func loops(text string) bool {
	words := strings.Fields(strings.ToLower(text))
	counts := make(map[string]int)
	for i := 0; i+4 <= len(words); i++ {
		gram := strings.Join(words[i:i+4], " ")
		if counts[gram]++; counts[gram] > mostRepeats {
			return true
		}
	}
	for width := 1; width <= 3; width++ {
		same := 0
		for i := width; i < len(words); i++ {
			if words[i] != words[i-width] {
				same = 0
				continue
			}
			if same++; same >= width*mostRepeats {
				return true
			}
		}
	}
	return false
}

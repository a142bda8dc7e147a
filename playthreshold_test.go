package main

import "fmt"

// changeThreshold: what the thresholds would do is shown before they are saved. The ratings are from other weeks: the good
// answers have something in common.
func (p *player) changeThreshold() {
	for i, q := range []string{"a receipt", "a glacier", "an inn", "a hammock", "a comet", "a violin", "a meadow", "a lantern", "a dictionary", "an anchor"} {
		p.rated("What is "+q+"?", fmt.Sprintf("Well asked: it is something that number %d of my books tells about.", i+1), 5-i%2)
		p.rated("Where do I find "+q+"?", fmt.Sprintf("You should look into shop number %d in the old part of town.", i+1), 1+i%2)
	}
	p.rated("Where is the sea?", "It is in the north, beyond the dunes.", 3)
	p.rated("Thank you!", "Welcome.", 5)
	p.tap(p.word("place.learning"))
	p.see(p.word("samples.dropped"))
	p.tap(p.word("learning.thresholds"))
	p.see(p.word("settings.learning_about"))
	p.see(p.word("effect.trains"))
	p.shoot("before")
	p.write(p.word("set.quality"), "0")
	p.see(p.word("effect.dropped"))
	p.see(p.word("dropped.below_threshold"))
	p.shoot("effect")
	p.write(p.word("set.quality"), "3")
	p.see(p.word("settings.at_most", "High", "1"))
	p.see(p.word("settings.wrong", "N", "1"))
	p.shoot("out-of-range")
	p.write(p.word("set.quality"), "-1") // as it is shipped
	p.write(p.word("set.ratings"), "9")
	p.tap(exactly(p.word("save")))
	p.see(p.word("settings.saved"))
}

// rated adds a rating that was given before.
func (p *player) rated(question, answer string, stars int) {
	p.t.Helper()
	if _, err := p.session.trainer.AddRating(p.t.Context(), question, answer, stars, "user", 3); err != nil {
		p.t.Fatal(err)
	}
}

package trainer

import (
	"context"

	"clara/model"
)

// The recipe of manner. Eight corrections, 16 steps of 4 of them with one plain
// text held to the base, rate 3e-4: in the experiment before this program .93-1.0 of
// unseen answers complied, on three wishes. Ratings: KTO, beta .1, with three chat answers
// held to the base: .52-.60 of the answers from .28-.38 there, which is modest.
const (
	mannerLeastSteps  = 16
	mannerMostSteps   = 32
	ratingMostSteps   = 24     // ratings are long, and a cycle has 90 s
	mannerFewestSteps = 8      // however long the samples are: less is within the warm-up
	mannerRows        = 28_000 // of all steps: 32 steps on corrections of a sentence or two
	mannerCorrections = 4      // of a step
	mannerTexts       = 1
	mannerStyled      = 6
	mannerRatings     = 2 // of each class
	mannerAnchors     = 3 // with ratings alone
	ratingTexts       = 2 // with ratings: without any, plain texts are forgotten (+.136 nats after 32 ratings)
	mannerStop        = 0.25
	ratingBeta        = 0.1
)

// The recipe where it is known what ratings are given for (Trait). At the full rate the answers
// went on to lose what was asked of them, and held less firmly plain texts were forgotten
// (docs/learning/notes.md).
const (
	wishedPairs    = 6 // of a step, in place of the ratings
	wishedPasses   = 5 // through the pairs, at most: few of them soon cost plain texts
	wishedAnchors  = 4
	wishedTexts    = 3
	wishedLambda   = 2
	wishedImitated = 0.5 // weight of imitating the better answer of a pair
	wishedRate     = 0.5 // times the rate
)

// The recipe where the corrections have a beginning or an end in common. That is then
// what they teach; their content is the user's wording, and imitating it as much makes
// the model say other things than the base does. Fewer corrections in a step, their
// content lightly weighed, and more of the base's own answers in the style, held harder:
// with "Dear reader," 31 and 32 of 34 unrelated questions stayed right instead of 30
// (docs/learning/notes.md). In docs/learning/results.jsonl, with three seeds, it shows on 90 of
// 90 unseen prompts, and 86 of 90 questions stay right; "Source: general knowledge" on 90, and 77.
// A length is no mark of that kind: with the first recipe and mannerStyled answers it is 84,
// and 78. There all words of a correction weigh alike. That the changed ones weigh more, as
// they do for knowledge (changedWeight), was measured and left: it kept fewer (notes.md).
const (
	markedCorrections = 2 // of a step, in place of mannerCorrections and mannerTexts
	markedStyled      = 8
	markedLambda      = 3
	contentWeight     = 0.1 // of a token that is in no mark, against one that is
)

// fitManner trains a fresh manner adapter on all of the job's samples.
//
// Beside the corrections go the base's own answers to ordinary questions, put into
// the style of the corrections where that can be read off (Style): they teach the
// manner on answers whose content is the base's.
func (c *cycleRun) fitManner(ctx context.Context, e effort) (trainedAdapter, error) {
	recipe := c.job.Recipe
	if c.source == nil {
		src, err := newMannerSource(ctx, c.r, c.job, c.base, c.style, c.trait)
		if err != nil {
			return trainedAdapter{}, err
		}
		c.source = src
	}
	src := c.source
	src.begin(recipe.Seed, e)
	t, err := c.r.NewTraining(model.TrainingOptions{Rank: recipe.Rank, Alpha: float32(2 * recipe.Rank), Seed: recipe.Seed})
	if err != nil {
		return trainedAdapter{}, err
	}
	defer t.Close()
	plan := schedule{steps: src.steps(recipe.Epochs), rate: rateFor(c.r.Info().Parameters, e.rate*recipe.MannerRate), stop: mannerStop}
	if len(src.corrections.items) == 0 {
		plan.stop = 0 // a rating's loss has no absolute meaning
	}
	if len(src.wished.items) > 0 {
		plan.rate *= wishedRate
	}
	c.enter(StepManner, plan.steps)
	if err := plan.run(ctx, t, StepManner, src.next, c.observe); err != nil {
		return trainedAdapter{}, err
	}
	a, err := t.Adapter()
	f := trainedAdapter{adapter: a}
	if c.trait != nil && len(src.corrections.items) == 0 {
		n := len(src.wished.items)
		f.pairs = &n
	}
	return f, err
}

// mannerSteps is how many steps a training on so many samples takes.
func mannerSteps(corrections, ratings, epochs int) int {
	most := mannerMostSteps
	n := corrections
	if corrections == 0 {
		most, n = ratingMostSteps, ratings
	}
	return min(max((epochs*n+mannerCorrections-1)/mannerCorrections, mannerLeastSteps), most)
}

package trainer

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func rating(id int64, prompt, answer string, stars int) Sample {
	return Sample{ID: id, Form: FormRating, Kind: Manner, Prompt: prompt, Answer: answer, Score: scoreOf(stars), Importance: 3}
}

func correction(id int64, kind Kind, prompt, given, better string) Sample {
	return Sample{ID: id, Form: FormCorrection, Kind: kind, Prompt: prompt, Answer: given, Better: better, Score: 1, Importance: 3}
}

func TestJudge(t *testing.T) {
	long := "An objection must be filed within one month."
	samples := []Sample{
		rating(1, "How long?", long, 5),
		rating(2, "How short?", "Thanks!", 5),
		rating(3, "How so?", long, 3),
		rating(4, "How bad?", long, 2),
		rating(5, "How awful?", long, 1),
		correction(6, Knowledge, "When is a letter known?", "On day 3.", "On day 4."),
		correction(7, Knowledge, "when is a letter known", "On day 3.", "On the fourth day."),
		correction(8, Manner, "When is a letter known?", "On day 3.", "Dear reader, on day 4."),
		correction(9, Manner, "Why?", "Because.", "Because."),
		correction(10, Manner, "Why not?", "Because.", "  "),
		{ID: 11, Form: FormText, Kind: Manner, Answer: "A text about the law of nature", Score: 0.8, Importance: 3},
		rating(12, "How long?", long, 4), // the same answer rated again
		{ID: 13, Form: FormRating, Prompt: "Old?", Answer: long, Score: 1, State: SampleRejected, Reason: Reason{Code: CodeReplaced}},
		correction(14, Knowledge, "Who?", "Ann.", "Bob"), // one word may be a whole correction
		rating(15, "How warm?", long, 5),
		rating(16, "How warm?", long, 3), // rated again, and neither good nor bad
		rating(17, "How cold?", long, 5),
		rating(18, "How cold?", long, 1), // below the threshold
		// Turned down for a newer one that was taken back since.
		{
			ID: 19, Form: FormRating, Kind: Manner, Prompt: "How far?", Answer: long, Score: 1, Importance: 3, State: SampleRejected,
			Reason: Reason{Code: CodeReplaced, Args: map[string]string{"by": "20"}},
		},
	}
	want := map[int64]string{
		1: CodeReplaced, 2: CodeTooShort, 3: CodeNeutral, 5: CodeBelowThreshold, 6: CodeReplaced, 9: CodeUnchanged, 10: CodeEmpty, 13: CodeReplaced,
		15: CodeReplaced, 16: CodeNeutral, 17: CodeReplaced, 18: CodeBelowThreshold,
	}
	set := DefaultSettings()
	set.QualityThreshold = -0.5
	for _, j := range Judge(samples, set) {
		if j.Reason.Code != want[j.ID] || j.Kept != (want[j.ID] == "") {
			t.Errorf("sample %d: kept %v, reason %q, want %q", j.ID, j.Kept, j.Reason.Code, want[j.ID])
		}
		if j.Kept != (j.Weight > 0) {
			t.Errorf("sample %d: kept %v with weight %g", j.ID, j.Kept, j.Weight)
		}
		if !j.Kept && j.Reason.Text == "" && j.ID != 13 {
			t.Errorf("sample %d is turned down without a word", j.ID)
		}
	}
}

func TestJudgeWeights(t *testing.T) {
	samples := []Sample{
		correction(1, Manner, "a", "x", "one two three"), correction(2, Manner, "b", "x", "one two three"), rating(3, "c", "one two three", 4),
	}
	samples[0].Importance, samples[1].Importance, samples[2].Importance = 5, 1, 3
	lesson := correction(4, Knowledge, "d", "x", "one two three") // weighs on no manner
	lesson.Importance = 5
	samples = append(samples, lesson)
	want := []float64{5.0 / 3, 1.0 / 3, 0.5, 1}
	for i, j := range Judge(samples, DefaultSettings()) {
		if !(math.Abs(j.Weight-want[i]) <= 1e-12) {
			t.Errorf("weight of sample %d = %g, want %g", j.ID, j.Weight, want[i])
		}
	}
}

// What holds for every buffer: it is never overfull; lessons stay, and take no room of
// the others; corrections of manner stay while a rating is there; neither class of ratings crowds out the other; and deleting a sample
// that was not kept changes nothing for the others.
func TestJudgeBuffer(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		set := DefaultSettings()
		set.QualityThreshold = -1
		set.BufferSize = rapid.IntRange(1, 20).Draw(r, "size")
		set.Seed = rapid.Uint64().Draw(r, "seed")
		n := rapid.IntRange(0, 60).Draw(r, "samples")
		var samples []Sample
		for i := range n {
			id := int64(i + 1)
			switch rapid.IntRange(0, 3).Draw(r, "form") {
			case 0:
				samples = append(samples, correction(id, Manner, fmt.Sprint("question ", i), "x", "one two three"))
			case 1:
				samples = append(samples, rating(id, fmt.Sprint("question ", i), "one two three", 5))
			case 2:
				samples = append(samples, correction(id, Knowledge, fmt.Sprint("question ", i), "x", "one two three"))
			default:
				samples = append(samples, rating(id, fmt.Sprint("question ", i), "one two three", 1))
			}
		}
		judged := Judge(samples, set)
		kept, corrections, all, good, bad, goodAll, badAll, lessons := 0, 0, 0, 0, 0, 0, 0, 0
		for _, j := range judged {
			if j.Kind == Knowledge {
				if lessons++; !j.Kept {
					r.Fatalf("a lesson is turned down for %q", j.Reason.Code)
				}
				continue
			}
			isCorrection := j.Form == FormCorrection
			all += boolToInt(isCorrection)
			goodAll += boolToInt(!isCorrection && j.Score > 0)
			badAll += boolToInt(!isCorrection && j.Score < 0)
			if j.Kept {
				kept++
				corrections += boolToInt(isCorrection)
				good += boolToInt(!isCorrection && j.Score > 0)
				bad += boolToInt(!isCorrection && j.Score < 0)
			} else if j.Reason.Code != CodeBufferFull {
				r.Fatalf("turned down for %q", j.Reason.Code)
			}
		}
		if kept != min(n-lessons, set.BufferSize) {
			r.Fatalf("%d kept of %d in a buffer of %d", kept, n-lessons, set.BufferSize)
		}
		if corrections < all && good+bad > 0 {
			r.Fatalf("a correction was evicted while %d ratings stay", good+bad)
		}
		room := set.BufferSize - corrections
		if good < min(goodAll, room/2) || bad < min(badAll, room/2) {
			r.Fatalf("%d of %d good and %d of %d bad ratings in a room of %d", good, goodAll, bad, badAll, room)
		}
		for i, j := range judged {
			if j.Kept {
				continue
			}
			for k, again := range Judge(slices.Delete(slices.Clone(samples), i, i+1), set) {
				if k >= i {
					k++
				}
				if again.Kept != judged[k].Kept {
					r.Fatalf("deleting sample %d, which was not kept, changes sample %d", j.ID, again.ID)
				}
			}
			break
		}
	})
}

// An answer in a script without spaces is not turned down as a single word.
func TestAnswerWithoutSpacesIsKept(t *testing.T) {
	if why := judge(rating(1, "几点开门？", "办公室早上九点开门", 5), DefaultSettings()); why.Code != "" {
		t.Errorf("turned down: %s", why.Text)
	}
}

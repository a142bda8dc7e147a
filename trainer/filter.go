package trainer

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"

	"clara/trainer/words"
)

// Judge is the quality filter: it decides for each sample whether it trains, with
// which weight, or else why not. It depends on nothing but its arguments; samples
// come oldest first and are returned in that order. A sample that the store has
// marked as replaced stays so.
//
// The quality threshold decides what enters the buffer, never what is imitated: an answer
// with one star (-1) passes the default and is then pushed down.
//
// A lesson (Knowledge) is what the user taught: it is never evicted, and takes no room
// from what trains the manner. When more of the rest pass than the buffer holds, ratings
// go first, and corrections only when no rating is left, the oldest first. Ratings are kept by a reservoir for
// each class, good and bad, so that neither crowds out the other. The reservoir
// is the bottom-k sample of a hash of the rating's own text: uniform, the same on
// every run, and unmoved by the deletion of another sample.
func Judge(samples []Sample, s Settings) []JudgedSample {
	subjects := make([]string, len(samples))
	for i, x := range samples {
		subjects[i] = subjectOf(x)
	}
	return judgeAll(samples, subjects, s)
}

// judgeAll is Judge, given what each sample is about (subjectOf), which takes most of the
// time.
func judgeAll(samples []Sample, subjects []string, s Settings) []JudgedSample {
	out := make([]JudgedSample, len(samples))
	newest := make(map[string]int64) // what a sample is about, to the newest on it
	for i := len(samples) - 1; i >= 0; i-- {
		out[i] = JudgedSample{Sample: samples[i]}
		j := &out[i]
		why := judge(j.Sample, s)
		if why.Code == "" {
			if by, taken := newest[subjects[i]]; taken {
				why = replacedBy(by)
			} else {
				newest[subjects[i]] = j.ID
			}
		} else if why.Code == CodeNeutral || why.Code == CodeBelowThreshold {
			// It trains nothing, and says that the older rating holds no longer.
			if newest[subjects[i]] == 0 {
				newest[subjects[i]] = j.ID
			}
		}
		j.Reason, j.Kept = why, why.Code == ""
	}
	evict(out, subjects, s)
	weigh(out)
	return out
}

func replacedBy(newer int64) Reason {
	return reason(CodeReplaced, "replaced by a newer one", "by", newer)
}

// judge decides on one sample by itself.
func judge(s Sample, set Settings) Reason {
	if replaced(s) {
		return s.Reason
	}
	switch s.Form {
	case FormCorrection:
		if strings.TrimSpace(s.Better) == "" || strings.TrimSpace(s.Prompt) == "" {
			return reason(CodeEmpty, "no text to learn from")
		}
		if strings.TrimSpace(s.Better) == strings.TrimSpace(s.Answer) {
			return reason(CodeUnchanged, "the better answer is the given one")
		}
		return Reason{}
	default:
		if strings.TrimSpace(s.Answer) == "" {
			return reason(CodeEmpty, "no text to learn from")
		}
		if math.Abs(s.Score) < leastScore {
			return reason(CodeNeutral, "rated neutral", "score", s.Score)
		}
		if s.Score < set.QualityThreshold {
			return reason(CodeBelowThreshold, "below the threshold", "score", s.Score, "threshold", set.QualityThreshold)
		}
		if n := words.Count(s.Answer); n < set.MinWords {
			text := "too short: 1 word"
			if n != 1 {
				text = "too short: " + strconv.Itoa(n) + " words"
			}
			return reason(CodeTooShort, text, "words", n, "least", set.MinWords)
		}
		return Reason{}
	}
}

// replaced says that the store has put a newer sample in this one's place. What the filter
// turned down for a newer one on the same subject, which it names, is judged anew each
// time: the newer one may have been taken back since.
func replaced(s Sample) bool {
	_, judged := s.Reason.Args["by"]
	return s.State == SampleRejected && s.Reason.Code == CodeReplaced && !judged
}

// leastScore is the size from which on a score says something: three stars are 0.
const leastScore = 0.25

// subjectOf names what a sample is about: of two samples on one subject the newer
// one counts. A correction is about its question and kind, a rating about its
// question and the answer given, a text about itself.
func subjectOf(s Sample) string {
	switch s.Form {
	case FormCorrection:
		return "correction\x00" + string(s.Kind) + "\x00" + words.Wording(s.Prompt)
	default:
		return string(s.Form) + "\x00" + words.Wording(s.Prompt) + "\x00" + words.Wording(s.Answer)
	}
}

// evictable says whether the sample counts against the size of the buffer.
func (j JudgedSample) evictable() bool { return j.Kind != Knowledge }

// evict takes what exceeds the buffer out of those kept.
func evict(all []JudgedSample, subjects []string, s Settings) {
	var corrections, good, bad []int // positions
	for i := range all {
		j := &all[i]
		switch {
		case !j.Kept, !j.evictable():
		case j.Form == FormCorrection:
			corrections = append(corrections, i)
		case j.Score > 0:
			good = append(good, i)
		default:
			bad = append(bad, i)
		}
	}
	room := s.BufferSize
	full := reason(CodeBufferFull, "no room in the buffer", "size", s.BufferSize)
	drop := func(positions []int) {
		for _, i := range positions {
			all[i].Kept, all[i].Reason = false, full
		}
	}
	if over := len(corrections) - room; over > 0 {
		drop(corrections[:over])
		drop(good)
		drop(bad)
		return
	}
	room -= len(corrections)
	if len(good)+len(bad) <= room {
		return
	}
	// Each class gets half of the room, and what the other leaves over.
	half := room / 2
	goodRoom := max(min(len(good), room-half), room-len(bad))
	for _, class := range []struct {
		positions []int
		room      int
	}{{good, goodRoom}, {bad, room - goodRoom}} {
		if len(class.positions) <= class.room {
			continue
		}
		drawLots(class.positions, subjects, s.Seed)
		drop(class.positions[class.room:])
	}
}

// drawLots puts samples, by their positions, into the order of their numbers in the
// reservoir.
func drawLots(positions []int, subjects []string, seed uint64) {
	numbers := make(map[int]uint64, len(positions))
	for _, i := range positions {
		numbers[i] = lottery(subjects[i], seed)
	}
	slices.SortStableFunc(positions, func(a, b int) int { return cmp.Compare(numbers[a], numbers[b]) })
}

// lottery is the number in the reservoir of a sample that is about a subject.
func lottery(subject string, seed uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(seed >> (8 * i))
	}
	h.Write(b[:])
	h.Write([]byte(subject))
	// FNV's high bits hardly move for texts that differ at their end: mix them.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

// The bounds of a weight: no sample counts for nothing or for everything.
const leastWeight, mostWeight = 0.2, 3

// weigh gives every kept sample |score| * importance / mean importance, within
// bounds. A correction has the full score. The mean is over the samples of its kind, since
// those train together: a lesson that is practised must not train the manner anew.
func weigh(all []JudgedSample) {
	sum, n := make(map[Kind]int), make(map[Kind]int)
	for _, j := range all {
		if j.Kept {
			sum[j.Kind] += importanceOf(j.Sample)
			n[j.Kind]++
		}
	}
	for i := range all {
		j := &all[i]
		if !j.Kept {
			continue
		}
		size := math.Abs(j.Score)
		if j.Form == FormCorrection {
			size = 1
		}
		w := size * float64(importanceOf(j.Sample)) * float64(n[j.Kind]) / float64(sum[j.Kind])
		j.Weight = min(max(w, leastWeight), mostWeight)
	}
}

func importanceOf(s Sample) int {
	if s.Importance == 0 {
		return 3
	}
	return s.Importance
}

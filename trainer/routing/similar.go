package routing

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode"

	"clara/trainer/words"
)

// resembling is a word of the lessons that is like a term: see hit.
type resembling struct {
	word            int32
	lesson, covered float64
	part            bool
}

// How much of a word another one covers.
const (
	inflected = 0.9
	compound  = 0.85 // a word that is a part of the other; that is covered by its share of the letters
	sameStart = 0.4  // the first six letters are the same
	misspelt  = 0.8
	synonym   = 0.6
)

// similar returns the words of the lessons that t may stand for, each once. Only a
// word that no question has is taken for a misspelling: house is no horse where both
// are known.
func (r *Router) similar(t term, german bool) []resembling {
	found := make(map[int32]resembling)
	note := func(id int32, lesson, covered float64, part bool) {
		if len(r.words[id].lessons) == 0 {
			return
		}
		if o, ok := found[id]; !ok || lesson+covered > o.lesson+o.covered {
			found[id] = resembling{id, lesson, covered, part}
		}
	}
	id, known := r.ids[t.stem]
	if known {
		note(id, 1, 1, false)
	}
	if !t.number {
		r.forms(t.stem, t.name, german, 1, note)
		if t.other != "" {
			if id, ok := r.ids[t.other]; ok {
				note(id, inflected, inflected, false)
			}
			r.forms(t.other, t.name, german, inflected, note)
		}
		if !known && len(t.stem) >= 5 {
			for _, id := range r.sorted {
				if s := r.words[id].stem; len(s) >= 5 && words.OneEdit(s, t.stem) && !strings.ContainsFunc(s, unicode.IsDigit) {
					note(id, misspelt, misspelt, false)
				}
			}
		}
		for _, line := range concepts()[t.stem] {
			for _, id := range r.byLine[line] {
				note(id, synonym, synonym, false)
			}
		}
	}
	out := make([]resembling, 0, len(found))
	for _, a := range found {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b resembling) int { return cmp.Compare(a.word, b.word) })
	return out
}

// forms notes the inflections of a stem, the compounds that it is in, and its parts.
func (r *Router) forms(stem string, name, german bool, most float64, note func(id int32, lesson, covered float64, part bool)) {
	if len(stem) < 4 {
		return
	}
	relate := func(id int32, longer, shorter string, rest string, inLesson bool) {
		switch {
		case longer == shorter:
		case rest != "" && inflections[rest]:
			note(id, most*inflected, most*inflected, false)
		case !german || name || r.words[id].name || len(longer)-len(shorter) < 3:
		case inLesson: // the lesson's word is the compound
			note(id, most*float64(len(shorter))/float64(len(longer)), most*compound, true)
		default:
			note(id, most*compound, most*float64(len(shorter))/float64(len(longer)), true)
		}
	}
	from := sort.Search(len(r.sorted), func(i int) bool { return r.words[r.sorted[i]].stem >= stem })
	for _, id := range r.sorted[from:] {
		s := r.words[id].stem
		if !strings.HasPrefix(s, stem) {
			break
		}
		relate(id, s, stem, s[len(stem):], true)
	}
	back := backwards(stem)
	from = sort.Search(len(r.reversed), func(i int) bool { return r.backward[r.reversed[i]] >= back })
	for _, id := range r.reversed[from:] {
		if !strings.HasPrefix(r.backward[id], back) {
			break
		}
		relate(id, r.words[id].stem, stem, "", true)
	}
	for n := 4; n < len(stem); n++ {
		if id, ok := r.ids[stem[:n]]; ok {
			relate(id, stem, stem[:n], stem[n:], false)
		}
		if id, ok := r.ids[stem[len(stem)-n:]]; ok {
			relate(id, stem, stem[len(stem)-n:], "", false)
		}
	}
	if len(stem) > 6 && german && !name {
		start := stem[:6]
		from := sort.Search(len(r.sorted), func(i int) bool { return r.words[r.sorted[i]].stem >= start })
		for _, id := range r.sorted[from:] {
			s := r.words[id].stem
			if !strings.HasPrefix(s, start) {
				break
			}
			if !r.words[id].name && s != stem {
				note(id, most*sameStart, most*sameStart, false)
			}
		}
	}
}

package words

import (
	"strings"
	"unicode"
)

// unspaced are the scripts that are written without spaces between words.
var unspaced = append([]*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}, ideographic...)

// ideographic are those of them in which two letters make about a word.
var ideographic = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}

// IsUnspaced reports whether a letter is of a script that is written without spaces between words.
func IsUnspaced(r rune) bool { return r > unicode.MaxLatin1 && unicode.In(r, unspaced...) }

// The letters of a piece of an unspaced text that stands for a word. Where words cannot
// be told apart without a dictionary, overlapping pieces compare nearly as well (Nie, Gao,
// Zhang & Zhou 2000).
const (
	ideographs = 2
	letters    = 4
)

// pieces cuts the runs of unspaced scripts out of a word, and those into overlapping
// pieces; any other word is returned whole.
func pieces(word string) []string {
	if !strings.ContainsFunc(word, IsUnspaced) {
		return []string{word}
	}
	var out []string
	all := []rune(word)
	for start := 0; start < len(all); {
		kind, end := runOf(all[start]), start+1
		for end < len(all) && (runOf(all[end]) == kind || unicode.IsMark(all[end])) {
			end++
		}
		run := all[start:end]
		start = end
		if kind == 0 || len(run) <= kind {
			out = append(out, string(run))
			continue
		}
		for i := 0; i+kind <= len(run); i++ {
			out = append(out, string(run[i:i+kind]))
		}
	}
	return out
}

// runOf is how many letters a piece of a letter's script has; 0: the script has spaces.
func runOf(r rune) int {
	switch {
	case !IsUnspaced(r):
		return 0
	case unicode.In(r, ideographic...) || r == 'ー':
		return ideographs
	}
	return letters
}

// withoutParticles takes out of a text in an unspaced script what stop words are in
// others. A word that holds one of them loses it, wherever it occurs: the same on both
// sides of a comparison.
func withoutParticles(s string) string {
	if !strings.ContainsFunc(s, IsUnspaced) {
		return s
	}
	return particles.Replace(s)
}

var particles = func() *strings.Replacer {
	var pairs []string
	for _, p := range strings.Fields(`为什么 為什麼 什么 什麼 哪里 哪裡 哪儿 哪个 怎么 怎麼 怎样 多少 多久 何时 何處 请问 請問 是否 可以 我们 你们 他们 的 了 是 在 吗 嗎 呢 吧 啊 么 谁 誰 哪 几 幾 和 与 我 你 他 她 它
		どこですか なんですか いつですか ですか ますか でしょうか ください どこ どの どれ いつ だれ なぜ です ます から まで の は が を に へ で と も か 何
		เมื่อไหร่ เมื่อไร อย่างไร ที่ไหน เท่าไหร่ เท่าไร อะไร ทำไม ใคร กี่ อยู่ คือ เป็น ของ ที่ ใน และ ไหม ครับ ค่ะ คะ ได้ จะ ให้ มี`) {
		pairs = append(pairs, p, " ")
	}
	return strings.NewReplacer(pairs...)
}()

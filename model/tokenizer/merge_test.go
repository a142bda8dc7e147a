package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const sampleText = `The quick brown fox jumps over the lazy dog. The dog's answer: "it's 1234 o'clock!"
Größe, Maß, Übung und Äpfel; naïve café. 日本語のテキスト 🤔🤔  two  spaces   three
	tabs and
newlines.`

// learned is a byte-level vocabulary with merges learnt from a text in the plain
// way: again and again the pair that is there most often becomes a token.
func learned(t testing.TB, pre string, merges int) Vocabulary {
	v := Defaults(byteLevelModel, pre)
	for _, r := range byteRunes {
		v.Tokens = append(v.Tokens, string(r))
	}
	var corpus [][]string
	for _, word := range words(splitters[pre], sampleText) {
		var symbols []string
		for i := range len(word) {
			symbols = append(symbols, string(byteRunes[word[i]]))
		}
		corpus = append(corpus, symbols)
	}
	for range merges {
		counts := map[[2]string]int{}
		for _, word := range corpus {
			for i := range len(word) - 1 {
				counts[[2]string{word[i], word[i+1]}]++
			}
		}
		var best [2]string
		for p, n := range counts {
			if n > counts[best] || n == counts[best] && p[0]+" "+p[1] < best[0]+" "+best[1] {
				best = p
			}
		}
		if counts[best] == 0 {
			break
		}
		v.Merges = append(v.Merges, best[0]+" "+best[1])
		if whole := best[0] + best[1]; !slices.Contains(v.Tokens, whole) {
			v.Tokens = append(v.Tokens, whole)
		}
		for i, word := range corpus {
			corpus[i] = mergeOnce(word, best)
		}
	}
	v.Tokens = append(v.Tokens, "<|end|>", "<|user|>", "<tool>")
	v.Types = slices.Repeat([]int32{typeNormal}, len(v.Tokens))
	n := len(v.Tokens)
	v.Types[n-3], v.Types[n-2], v.Types[n-1] = typeControl, typeControl, typeUserDefined
	v.EOS = int32(n - 3)
	return v
}

func mergeOnce(word []string, pair [2]string) []string {
	var merged []string
	for i := 0; i < len(word); i++ {
		if i+1 < len(word) && word[i] == pair[0] && word[i+1] == pair[1] {
			merged = append(merged, word[i]+word[i+1])
			i++
		} else {
			merged = append(merged, word[i])
		}
	}
	return merged
}

// mergedPlainly merges the symbols of a word by looking through all pairs for each
// merge: the lowest rank first, of equal ones the leftmost.
func mergedPlainly(word []string, rank func(left, right string) (uint32, bool)) []string {
	for {
		best, at := uint32(0), -1
		for i := range len(word) - 1 {
			if r, ok := rank(word[i], word[i+1]); ok && (at < 0 || r < best) {
				best, at = r, i
			}
		}
		if at < 0 {
			return word
		}
		word = slices.Concat(word[:at], []string{word[at] + word[at+1]}, word[at+2:])
	}
}

func newTest(t testing.TB, v Vocabulary) *Tokenizer {
	t.Helper()
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// The heap gives what merging in the plain way gives, for byte-level BPE.
func TestByteLevelMergesAsPlainly(t *testing.T) {
	v := learned(t, "gpt-2", 150)
	tok := newTest(t, v)
	ranks := map[string]uint32{}
	for i, rule := range v.Merges {
		ranks[rule] = uint32(i)
	}
	rank := func(left, right string) (uint32, bool) {
		r, ok := ranks[left+" "+right]
		return r, ok
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"the", "qu", "ick", "o", "e", " ", "a", "oo", "ß", "日本", "1", "s", "  "})).Draw(t, "text"), "")
		var want []int32
		for _, word := range words(splitters["gpt-2"], text) {
			var symbols []string
			for i := range len(word) {
				symbols = append(symbols, string(byteRunes[word[i]]))
			}
			for _, symbol := range mergedPlainly(symbols, rank) {
				id, _ := tok.ID(symbol)
				want = append(want, id)
			}
		}
		if got := tok.Encode(text, false); !slices.Equal(got, want) {
			t.Fatalf("Encode(%q)\n got %v\nwant %v", text, got, want)
		}
	})
}

// pieces is a small SentencePiece vocabulary: several pieces have equal scores.
func pieces(words ...string) Vocabulary {
	v := Defaults(sentencePieceModel, "")
	v.Tokens = []string{"<unk>", "<s>", "</s>", "▁▁", "   "} // either spelling is in use
	v.Types = []int32{typeUnknown, typeControl, typeControl, typeUserDefined, typeUserDefined}
	v.Unknown, v.BOS, v.EOS = 0, 1, 2
	for b := range 256 {
		v.Tokens = append(v.Tokens, fmt.Sprintf("<0x%02X>", b))
		v.Types = append(v.Types, typeByte)
	}
	for _, word := range words {
		v.Tokens = append(v.Tokens, word)
		v.Types = append(v.Types, typeNormal)
	}
	v.Scores = make([]float32, len(v.Tokens))
	for i := range v.Scores {
		v.Scores[i] = -float32(i / 3)
	}
	return v
}

var somePieces = []string{
	"▁", "a", "b", "c", "t", "h", "e", "aa", "ab", "ba", "bb", "the", "th", "he", "▁t", "▁th", "▁the", "▁a", "aab", "abb",
	"aaaa", "bc", "cb", "▁ab", "ch", "▁c",
}

// The heap gives what merging in the plain way gives, for SentencePiece; cutting a
// text before its spaces changes nothing.
func TestSentencePieceMergesAsPlainly(t *testing.T) {
	for _, inside := range []bool{false, true} {
		v := pieces(somePieces...)
		if inside { // tokens with a space inside: the text must not be cut there
			v = pieces(append(slices.Clone(somePieces), "a▁", "a▁b", "e▁")...)
		}
		v.AddSpacePrefix = false
		for i := range v.Types {
			if v.Types[i] == typeUserDefined {
				v.Types[i] = typeUnused
			}
		}
		tok := newTest(t, v)
		glue := tok.family.(*sentencePiece).glue
		if glue['a'] != inside || glue['e'] != inside || glue['b'] {
			t.Fatalf("tokens with a space inside: %v; glue a %v, e %v, b %v", inside, glue['a'], glue['e'], glue['b'])
		}
		rank := func(left, right string) (uint32, bool) {
			id, ok := tok.ID(left + right)
			return rank(v.Scores[max(id, 0)]), ok && v.Types[id] == typeNormal
		}
		rapid.Check(t, func(t *rapid.T) {
			text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c", "the", " ", "  ", "th", "▁", "é"})).Draw(t, "text"), "")
			var want []int32
			for _, symbol := range mergedPlainly(strings.Split(strings.ReplaceAll(text, " ", "▁"), ""), rank) {
				if id, ok := tok.ID(symbol); ok {
					want = append(want, id)
					continue
				}
				for i := range len(symbol) {
					id, _ := tok.ID(fmt.Sprintf("<0x%02X>", symbol[i]))
					want = append(want, id)
				}
			}
			if got := tok.Encode(text, false); !slices.Equal(got, want) {
				t.Fatalf("Encode(%q)\n got %v\nwant %v", text, got, want)
			}
		})
	}
}

// Scores keep their order as ranks, whatever their signs.
func TestRank(t *testing.T) {
	falling := []float32{1e30, 2, 1, 0.5, 1e-30, 0, -1e-30, -0.5, -1, -2, -1e30}
	for i := range len(falling) - 1 {
		if a, b := rank(falling[i]), rank(falling[i+1]); a >= b {
			t.Errorf("score %g has rank %d, score %g rank %d", falling[i], a, falling[i+1], b)
		}
	}
	zero := float32(0)
	if rank(zero) != rank(-zero) || rank(1/(1/-zero)) != rank(zero) {
		t.Error("0 and -0 have different ranks")
	}
}

// The time of encoding does not grow with the square of a word's length.
func TestLongWords(t *testing.T) {
	byteLevel, sentencePiece := newTest(t, learned(t, "gpt-2", 150)), newTest(t, pieces(somePieces...))
	for name, text := range map[string]string{
		"one letter":        strings.Repeat("a", 1<<20),
		"a word":            strings.Repeat("the", 1<<18),
		"spaces":            strings.Repeat(" ", 1<<20),
		"control lookalike": strings.Repeat("<|", 1<<19),
		"characters":        strings.Repeat("日", 1<<18),
		"no UTF-8":          strings.Repeat("\x80", 1<<20),
		"newlines":          strings.Repeat("\n\r", 1<<19),
	} {
		for _, tok := range []*Tokenizer{byteLevel, sentencePiece} {
			start := time.Now()
			ids := tok.Encode(text, true)
			// a quadratic algorithm would take hours
			if took := time.Since(start); took > 60*time.Second {
				t.Errorf("%s: %d bytes took %v", name, len(text), took)
			}
			if len(ids) < tok.MinTokens(len(text)) {
				t.Errorf("%s: %d ids, at least %d were announced", name, len(ids), tok.MinTokens(len(text)))
			}
			if got := tok.Decode(ids); got != text {
				t.Errorf("%s: the text does not come back", name)
			}
		}
	}
}

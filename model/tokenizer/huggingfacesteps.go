package tokenizer

import (
	"fmt"
	"strings"
)

// jsonStep is a normalizer, pre-tokenizer or post-processor of a tokenizer.json; which of
// its fields count depends on Type.
type jsonStep struct {
	Type          string     `json:"type"`
	Normalizers   []jsonStep `json:"normalizers"`
	PreTokenizers []jsonStep `json:"pretokenizers"`
	Processors    []jsonStep `json:"processors"`
	Pattern       struct {
		String string `json:"String"`
		Regex  string `json:"Regex"`
	} `json:"pattern"`
	Content          string `json:"content"`
	Prepend          string `json:"prepend"`
	Behavior         string `json:"behavior"`
	Invert           bool   `json:"invert"`
	AddPrefixSpace   *bool  `json:"add_prefix_space"` // nil: true, as in tokenizers
	UseRegex         *bool  `json:"use_regex"`        // nil: true
	IndividualDigits bool   `json:"individual_digits"`
	Single           []struct {
		Special struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
	} `json:"single"`
}

// steps are the steps of a sequence, of sequences in it too, or the one that s is by itself.
// The nesting is bounded by what encoding/json reads.
func (s *jsonStep) steps() []jsonStep {
	if s == nil {
		return nil
	}
	if s.Type != "Sequence" {
		return []jsonStep{*s}
	}
	var all []jsonStep
	for _, list := range [][]jsonStep{s.Normalizers, s.PreTokenizers, s.Processors} {
		for i := range list {
			all = append(all, list[i].steps()...)
		}
	}
	return all
}

// String names the steps for a message.
func (s *jsonStep) String() string {
	var names []string
	for _, x := range s.steps() {
		name := x.Type
		if p := x.Pattern.Regex + x.Pattern.String; p != "" {
			name += fmt.Sprintf(" %.120q", p)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// blanks says whether a normalizer writes SentencePiece's blank for a space.
func (s *jsonStep) blanks() bool {
	return s.Type == "Replace" && s.Pattern.String == " " && s.Content == blank
}

// atSpaces says whether a pre-tokenizer splits at spaces, of which there are none behind
// blanks: so Gemma has it.
func (s *jsonStep) atSpaces() bool {
	return s.Type == "Split" && s.Pattern.String == " " && s.Behavior == "MergedWithPrevious" && !s.Invert
}

// byteLevelStep says whether a pre-tokenizer maps bytes to letters, and first splits words
// as GPT-2 does, or not.
func (s *jsonStep) byteLevelStep(split bool) bool {
	return s.Type == "ByteLevel" && s.AddPrefixSpace != nil && !*s.AddPrefixSpace && split == (s.UseRegex == nil || *s.UseRegex)
}

// llama3Expression is the expression of [nextLlama3] as tokenizer.json has it, with the
// numbers in the place of %s.
const llama3Expression = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// preTokenizer finds the name under which GGUF knows a way of splitting words.
func preTokenizer(steps []jsonStep) (name string, ok bool) {
	switch {
	case len(steps) == 1 && steps[0].byteLevelStep(true):
		return "gpt-2", true
	case len(steps) != 2:
		return "", false
	}
	first, second := &steps[0], &steps[1]
	switch {
	case first.Type == "Digits" && first.IndividualDigits && second.byteLevelStep(true):
		return "smollm", true
	case first.Type != "Split" || first.Behavior != "Isolated" || first.Invert || !second.byteLevelStep(false):
		return "", false
	case first.Pattern.Regex == fmt.Sprintf(llama3Expression, `\p{N}`):
		return "qwen2", true
	case first.Pattern.Regex == fmt.Sprintf(llama3Expression, `\p{N}{1,3}`):
		return "llama-bpe", true
	}
	return "", false
}

// score gives the tokens of a SentencePiece vocabulary the scores that its merge rules
// came from: a converter made a rule of every way in which two tokens make a third,
// in the order of the third's score. ok is false for rules of another origin: no scores say
// the same.
func (v *Vocabulary) score(rules jsonRules) (ok bool) {
	ids := make(map[string]int32, len(v.Tokens))
	for i, token := range v.Tokens {
		if v.Types[i] == typeNormal {
			ids[token] = int32(i)
		}
	}
	v.Scores = make([]float32, len(v.Tokens))
	known, expressible, ranks := map[pair]bool{}, true, 0
	last := int32(-1)
	for _, r := range rules {
		left, ok1 := ids[r[0]]
		right, ok2 := ids[r[1]]
		whole, ok3 := ids[r[0]+r[1]]
		if !ok1 || !ok2 || !ok3 || known[pair{left, right}] {
			continue // it never applies
		}
		known[pair{left, right}] = true
		if whole != last {
			expressible = expressible && v.Scores[whole] == 0
			if v.Scores[whole] == 0 {
				ranks++
				v.Scores[whole] = -float32(ranks)
			}
			last = whole
		}
	}
	splits := 0
	for token, id := range ids {
		if v.Scores[id] == 0 {
			v.Scores[id] = -float32(ranks + 1)
		}
		for at := range token {
			_, ok1 := ids[token[:at]]
			if _, ok2 := ids[token[at:]]; ok1 && ok2 && at > 0 {
				splits++
			}
		}
	}
	return expressible && splits == len(known)
}

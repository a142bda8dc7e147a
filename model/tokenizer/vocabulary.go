package tokenizer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// What can be wrong with a vocabulary.
var (
	// ErrVocabulary says that a vocabulary contradicts itself.
	ErrVocabulary = errors.New("not a sound vocabulary")
	// ErrUnsupported says that a vocabulary is of a family, or wants its texts
	// split in a way, that is not known here.
	ErrUnsupported = errors.New("this kind of tokenizer is not supported")
)

// The families of tokenizers, by their names in tokenizer.ggml.model.
const (
	byteLevelModel     = "gpt2"
	sentencePieceModel = "llama"
)

// The types of tokens: tokenizer.ggml.token_type of the GGUF specification.
const (
	typeNormal      = 1
	typeUnknown     = 2
	typeControl     = 3
	typeUserDefined = 4
	typeUnused      = 5
	typeByte        = 6
)

// Vocabulary is what a model file says about its tokenizer. Its fields are the
// entries under tokenizer.ggml of GGUF; begin with [Defaults] for those that a
// file leaves out.
type Vocabulary struct {
	Model  string    // "gpt2": byte-level BPE; "llama": SentencePiece BPE
	Pre    string    // how byte-level BPE splits a text into words, such as "smollm"
	Tokens []string  // by id
	Scores []float32 // by id; SentencePiece merges by descending score
	Types  []int32   // by id; nil: all tokens are normal ones
	// Merges are rules, "left right", the most urgent first: those of byte-level BPE. In
	// a SentencePiece vocabulary there are none as a rule; if there are, they count in place
	// of the scores.
	Merges []string
	// The ids of special tokens. An id outside the vocabulary stands for none:
	// files say 4294967295 as well as -1.
	BOS, EOS, EOT, Unknown int32
	// AddBOS and AddEOS: a prompt wants BOS before it, EOS after it.
	AddBOS, AddEOS bool
	// AddSpacePrefix: SentencePiece puts a space before a text.
	AddSpacePrefix bool
}

// Defaults are the values that llama.cpp takes for what a file of this family
// leaves out, with no tokens and no special ids.
func Defaults(model, pre string) Vocabulary {
	v := Vocabulary{Model: model, Pre: pre, BOS: -1, EOS: -1, EOT: -1, Unknown: -1}
	switch {
	case model == sentencePieceModel:
		v.AddBOS, v.AddSpacePrefix = true, true
	case model == byteLevelModel && splitters[pre].addBOS:
		v.AddBOS = true
	}
	return v
}

// Known refuses a family of tokenizers that is not known, or a way of splitting words, before
// its vocabulary is read ([Vocabulary].Model and Pre). The error wraps [ErrUnsupported].
func Known(model, pre string) error {
	_, splits := splitters[pre]
	switch {
	case model != byteLevelModel && model != sentencePieceModel:
		return fmt.Errorf("wanted the model %q or %q: %w", byteLevelModel, sentencePieceModel, ErrUnsupported)
	case model == sentencePieceModel || splits:
		return nil
	case pre == "" || pre == "default":
		return fmt.Errorf("it was made before files said how words are split (tokenizer.ggml.pre); a newer conversion of the same model does: %w", ErrUnsupported)
	}
	return fmt.Errorf("its way of splitting words is not known: %w", ErrUnsupported)
}

// maxToken is how long a token may be, in bytes: finding the ways to put a token together
// takes time with the square of its length. The longest in use, runs of blanks, have 256.
const maxToken = 1 << 10

// checkToken refuses a token that is too long.
func checkToken(id int, token string) error {
	if len(token) > maxToken {
		return fmt.Errorf("token %d, %.80q..., has %d bytes, wanted at most %d: %w", id, token, len(token), maxToken, ErrVocabulary)
	}
	return nil
}

// endTexts are the control tokens that end an answer, whatever a file names as its
// EOS: chat models end a turn by another token than a document.
var endTexts = []string{
	"<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|end|>",
	"<end_of_turn>", "<|end_of_turn|>", "<|END_OF_TURN_TOKEN|>", "<EOT>", "</s>", "<eos>",
}

// check refuses a vocabulary whose parts do not fit together.
func (v *Vocabulary) check() error {
	n := len(v.Tokens)
	switch {
	case n == 0 || n > math.MaxInt32:
		return fmt.Errorf("it has %d tokens: %w", n, ErrVocabulary)
	case v.Types != nil && len(v.Types) != n:
		return fmt.Errorf("it has %d tokens and %d types: %w", n, len(v.Types), ErrVocabulary)
	case v.Model == sentencePieceModel && len(v.Scores) != n:
		return fmt.Errorf("it has %d tokens and %d scores: %w", n, len(v.Scores), ErrVocabulary)
	}
	if i := slices.IndexFunc(v.Scores, func(s float32) bool { return s != s }); i >= 0 {
		return fmt.Errorf("token %d has no number as its score: %w", i, ErrVocabulary)
	}
	for i, token := range v.Tokens {
		if err := checkToken(i, token); err != nil {
			return err
		}
	}
	return nil
}

// typeOf is the type of a token that exists.
func (v *Vocabulary) typeOf(id int32) int32 {
	if v.Types == nil {
		return typeNormal
	}
	return v.Types[id]
}

// isByte reports whether a token of SentencePiece's byte fallback, "<0xAB>",
// is well-formed, and its byte.
func isByte(token string) (b byte, ok bool) {
	if len(token) != len("<0xAB>") || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	high, ok1 := hexDigit(token[3])
	low, ok2 := hexDigit(token[4])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// byteRunes is the alphabet of byte-level BPE (Radford et al. 2019): printable
// Latin-1 stands for itself, the other bytes for the runes from U+0100 on.
var byteRunes = func() (alphabet [256]rune) {
	next := rune(256)
	for b := range alphabet {
		if b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE {
			alphabet[b] = rune(b)
		} else {
			alphabet[b] = next
			next++
		}
	}
	return alphabet
}()

// runeBytes is the inverse of byteRunes.
var runeBytes = func() map[rune]byte {
	m := make(map[rune]byte, len(byteRunes))
	for b, r := range byteRunes {
		m[r] = byte(b)
	}
	return m
}()

// toBytes turns the text of a byte-level token into the bytes that it stands for.
// A rune outside of the alphabet stands for itself.
func toBytes(token string) []byte {
	b := make([]byte, 0, len(token))
	for i, r := range token {
		switch x, ok := runeBytes[r]; {
		case ok:
			b = append(b, x)
		case r == utf8.RuneError:
			_, n := utf8.DecodeRuneInString(token[i:])
			b = append(b, token[i:i+n]...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

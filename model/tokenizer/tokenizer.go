// Package tokenizer turns text into the token ids of a language model and back.
//
// Two families are known: byte-level BPE, as GPT-2, SmolLM, Qwen and Llama 3 have
// it (Sennrich et al. 2016; Radford et al. 2019), and the score-ordered BPE of
// SentencePiece, as Llama 2 and Gemma have it (Kudo & Richardson 2018). The ids
// are those of the tokenizers that the models were trained with.
package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Tokenizer is the tokenizer of one model. It does not change, and is safe for
// concurrent use.
type Tokenizer struct {
	vocab Vocabulary
	ids   map[string]int32 // of all tokens; of two alike, the first normal one
	ends  map[int32]bool
	// special finds the tokens that are parsed on request, always those that
	// byte-level BPE takes out of every text. SentencePiece has its own way with
	// the latter.
	special, always tokenSet
	family          family
	longest         int // bytes of text that one token stands for at most
}

// family is the way in which plain text becomes ids.
type family interface {
	// encode appends the ids of text to dst.
	encode(dst []int32, text string) []int32
	// piece returns the bytes that a normal token stands for.
	piece(token string) []byte
}

// New makes a tokenizer of what a model file says. The tokenizer keeps the slices
// of v. An error wraps [ErrVocabulary] or [ErrUnsupported].
func New(v Vocabulary) (*Tokenizer, error) {
	t, err := newTokenizer(v)
	if err != nil {
		return nil, fmt.Errorf("read the tokenizer (model %q, pre %q): %w", v.Model, v.Pre, err)
	}
	return t, nil
}

func newTokenizer(v Vocabulary) (*Tokenizer, error) {
	if err := Known(v.Model, v.Pre); err != nil {
		return nil, err
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	for _, id := range []*int32{&v.BOS, &v.EOS, &v.EOT, &v.Unknown} {
		if *id < 0 || int(*id) >= len(v.Tokens) {
			*id = -1
		}
	}
	t := &Tokenizer{
		vocab: v, ids: make(map[string]int32, len(v.Tokens)), ends: map[int32]bool{},
		longest: utf8.UTFMax, // the unknown token stands for any character
	}
	// of tokens alike the first normal one stays: it comes last
	for _, normal := range []bool{false, true} {
		for i := len(v.Tokens) - 1; i >= 0; i-- {
			if id := int32(i); normal == (v.typeOf(id) == typeNormal) {
				t.ids[v.Tokens[i]] = id
			}
		}
	}
	byteLevel := v.Model == byteLevelModel
	var special, always []setToken
	for i, token := range v.Tokens {
		id := int32(i)
		userDefined := byteLevel && v.typeOf(id) == typeUserDefined
		if userDefined {
			always = append(always, setToken{token, id})
		}
		if userDefined || t.IsControl(id) {
			special = append(special, setToken{token, id})
		}
		t.longest = max(t.longest, len(token))
	}
	t.special, t.always = newTokenSet(special), newTokenSet(always)
	t.markEnds()
	var err error
	if byteLevel {
		if splitters[v.Pre].nfc {
			t.longest *= 3 // composing makes one Hangul syllable of three letters
		}
		t.family, err = newByteLevel(&v, t.ids)
	} else {
		t.family, err = newSentencePiece(&v, t.ids)
	}
	return t, err
}

// markEnds finds the tokens that end an answer.
func (t *Tokenizer) markEnds() {
	for _, id := range []int32{t.vocab.EOS, t.vocab.EOT} {
		if id >= 0 {
			t.ends[id] = true
		}
	}
	for _, text := range endTexts {
		id, ok := t.ids[text]
		if typ := t.vocab.typeOf(id); ok && (typ == typeControl || typ == typeUserDefined) {
			t.ends[id] = true
		}
	}
}

// quoteMark stands between the characters of a control token that is quoted. It is a noncharacter
// (Unicode 23.7): no text that is exchanged has it.
const quoteMark = "\U0010FFFE"

// Quote returns a text that somebody wrote as it is put into a chat template: [Tokenizer.Encode]
// takes the texts of control tokens in it for text, so that they cannot pass for the template's
// own, also where a file has the tokens of its turns as user-defined ones. transformers and
// llama.cpp let them pass.
func (t *Tokenizer) Quote(text string) string {
	var out strings.Builder
	for {
		at, id, n := t.special.find(text)
		if id < 0 && out.Len() == 0 {
			return text
		}
		out.WriteString(text[:at])
		if id < 0 {
			return out.String()
		}
		token := text[at : at+n]
		if t.IsControl(id) || t.ends[id] || strings.HasPrefix(token, "<|") {
			token = strings.Join(strings.Split(token, ""), quoteMark)
		}
		out.WriteString(token)
		text = text[at+n:]
	}
}

// Encode returns the ids of a text. With special, the texts of control tokens
// ("<|im_start|>") become those tokens, as in a rendered chat template, save those that
// are quoted ([Tokenizer.Quote]); without, they are text like any other. Neither BOS nor
// EOS is added.
//
// Every text has a result: a byte that the vocabulary cannot express becomes the
// unknown token, or nothing in a family without one. The time is O(n log n); a
// word of more than 1 MiB is cut.
func (t *Tokenizer) Encode(text string, special bool) []int32 {
	found := &t.always
	if special {
		found = &t.special
	}
	ids := make([]int32, 0, len(text)/4+1)
	for text != "" {
		at, id, n := found.find(text)
		if at > 0 {
			plain := text[:at]
			if special {
				plain = strings.ReplaceAll(plain, quoteMark, "")
			}
			ids = t.family.encode(ids, plain)
		}
		if id >= 0 {
			ids = append(ids, id)
		}
		text = text[at+n:]
	}
	return ids
}

// MinTokens is a lower bound of the number of ids that Encode returns for a text
// of so many bytes, if all of them can be expressed. By it a caller refuses a
// hopeless prompt before encoding it.
func (t *Tokenizer) MinTokens(bytes int) int { return bytes / t.longest }

// Size is the number of tokens in the vocabulary.
func (t *Tokenizer) Size() int { return len(t.vocab.Tokens) }

// BOS is the token that begins a document, -1 if there is none.
func (t *Tokenizer) BOS() int32 { return t.vocab.BOS }

// EOS is the token that ends a document, or in many chat models an answer; -1 if
// there is none.
func (t *Tokenizer) EOS() int32 { return t.vocab.EOS }

// AddBOS says that a prompt has to begin with BOS.
func (t *Tokenizer) AddBOS() bool { return t.vocab.AddBOS && t.vocab.BOS >= 0 }

// IsEnd reports whether a token ends an answer: EOS, EOT and the control tokens
// that end a turn in the usual chat formats.
func (t *Tokenizer) IsEnd(id int32) bool { return t.ends[id] }

// IsControl reports whether a token is markup, no text: [Tokenizer.Piece] shows
// nothing of it.
func (t *Tokenizer) IsControl(id int32) bool {
	if !t.exists(id) {
		return false
	}
	if t.vocab.Types == nil {
		return id == t.vocab.BOS || id == t.vocab.EOS || id == t.vocab.EOT || id == t.vocab.Unknown
	}
	typ := t.vocab.typeOf(id)
	return typ == typeControl || typ == typeUnknown
}

// AddsSpace reports whether Encode puts a space before a text by itself, which the decoder
// leaves out again.
func (t *Tokenizer) AddsSpace() bool { return t.vocab.AddSpacePrefix }

// ID finds a token by its text in the vocabulary, such as "<|im_end|>".
func (t *Tokenizer) ID(text string) (id int32, ok bool) {
	id, ok = t.ids[text]
	return id, ok
}

func (t *Tokenizer) exists(id int32) bool { return id >= 0 && int(id) < len(t.vocab.Tokens) }

// Piece returns the bytes that a token stands for, the caller's to keep. They may
// begin or end inside a UTF-8 sequence: see [Decoder]. It is empty for control
// tokens and for ids outside the vocabulary.
func (t *Tokenizer) Piece(id int32) []byte {
	if !t.exists(id) || t.IsControl(id) {
		return nil
	}
	text := t.vocab.Tokens[id]
	switch t.vocab.typeOf(id) {
	case typeByte:
		if b, ok := isByte(text); ok {
			return []byte{b}
		}
	case typeUserDefined:
		if t.vocab.Model == byteLevelModel {
			return []byte(text)
		}
	}
	return t.family.piece(text)
}

// Decode returns the text that ids stand for, without control tokens. It is not
// valid UTF-8 where the ids are not. SentencePiece's space before the first word
// is left out where Encode would add it.
func (t *Tokenizer) Decode(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		b.Write(t.Piece(id))
	}
	if t.vocab.AddSpacePrefix {
		return strings.TrimPrefix(b.String(), " ")
	}
	return b.String()
}

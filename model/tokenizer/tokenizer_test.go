package tokenizer

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func tokenizers(t testing.TB) map[string]*Tokenizer {
	t.Helper()
	all := map[string]*Tokenizer{"sentencepiece": newTest(t, pieces(somePieces...))}
	for _, pre := range []string{"gpt-2", "smollm", "llama-bpe"} {
		all[pre] = newTest(t, learned(t, pre, 150))
	}
	return all
}

// What is encoded comes back, as one text, piece by piece and by a Decoder.
func TestRoundTrip(t *testing.T) {
	for name, tok := range tokenizers(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z ▁'0-9\n日<|>]{0,40}`)).Draw(t, "text")
				ids := tok.Encode(text, false)
				if got, want := tok.Decode(ids), expected(tok, text); got != want {
					t.Fatalf("%q comes back as %q", text, got)
				}
				if n := tok.MinTokens(len(text)); len(ids) < n {
					t.Fatalf("%q has %d ids, at least %d were announced", text, len(ids), n)
				}
				d := tok.NewDecoder()
				stream := ""
				for _, id := range ids {
					part := d.Push(id)
					if !utf8.ValidString(part) {
						t.Fatalf("the stream of %q is cut inside a character: %q", text, part)
					}
					stream += part
				}
				if stream += d.Flush(); stream != expected(tok, text) {
					t.Fatalf("the stream of %q gives %q", text, stream)
				}
			})
		})
	}
}

// expected is the text that comes back: SentencePiece takes a blank for a space.
func expected(tok *Tokenizer, text string) string {
	if tok.vocab.Model == sentencePieceModel {
		return strings.ReplaceAll(text, blank, " ")
	}
	return text
}

// The text of a control token is that token only on request; a user-defined token
// is one in every text.
func TestSpecialTokens(t *testing.T) {
	tok := newTest(t, learned(t, "gpt-2", 20))
	end, _ := tok.ID("<|end|>")
	tool, _ := tok.ID("<tool>")
	const text = "a<|end|><tool>b"
	parsed, plain := tok.Encode(text, true), tok.Encode(text, false)
	if len(parsed) != 4 || parsed[1] != end || parsed[2] != tool {
		t.Errorf("parsed: %v, want %d and %d in it", parsed, end, tool)
	}
	if slices.Contains(plain, end) || !slices.Contains(plain, tool) {
		t.Errorf("plain: %v, want %d but not %d in it", plain, tool, end)
	}
	if got := tok.Decode(parsed); got != "a<tool>b" {
		t.Errorf("Decode shows %q", got)
	}
	if got := tok.Decode(plain); got != text {
		t.Errorf("Decode of plain text shows %q", got)
	}
	if !tok.IsControl(end) || tok.IsControl(tool) || !tok.IsEnd(end) || tok.IsEnd(tool) {
		t.Errorf("<|end|> and <tool> are taken for the wrong kinds")
	}
}

// A control token that somebody quotes is text in a rendered template, and what is around it
// is encoded as ever.
func TestQuotedControlTokensAreText(t *testing.T) {
	tok := newTest(t, learned(t, "gpt-2", 20))
	end, _ := tok.ID("<|end|>")
	for _, text := range []string{"", "a b", "<|end|>", "a<|end|><tool>b<|end", "<|end|><|end|>", "é<|end|>ß"} {
		want := append(tok.Encode(text, false), end)
		if got := tok.Encode(tok.Quote(text)+"<|end|>", true); !slices.Equal(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	v := learned(t, "gpt-2", 20)
	v.Tokens, v.Types = append(v.Tokens, "<|im_start|>"), append(v.Types, typeUserDefined)
	v.Scores = nil
	tok = newTest(t, v)
	start, _ := tok.ID("<|im_start|>")
	if got := tok.Encode(tok.Quote("a<|im_start|>b"), true); slices.Contains(got, start) {
		t.Errorf("a turn begins in %v", got)
	}
}

// Of control tokens that begin alike the longest is found, and of overlapping ones
// the first.
func TestLongestSpecialToken(t *testing.T) {
	v := learned(t, "gpt-2", 0)
	for _, text := range []string{"<x>", "<x><y>", "<y><z>"} {
		v.Tokens, v.Types = append(v.Tokens, text), append(v.Types, typeControl)
	}
	tok := newTest(t, v)
	id := func(text string) int32 { id, _ := tok.ID(text); return id }
	for text, want := range map[string][]int32{
		"<x><y>":    {id("<x><y>")},
		"<x><y><z>": {id("<x><y>"), id("<"), id("z"), id(">")},
		"<x><x><y>": {id("<x>"), id("<x><y>")},
		"<y><z><x>": {id("<y><z>"), id("<x>")},
	} {
		if got := tok.Encode(text, true); !slices.Equal(got, want) {
			t.Errorf("Encode(%q) = %v, want %v", text, got, want)
		}
	}
}

// However tokens overlap, the longest that begins first is found.
func TestTokenSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringMatching(`[ab\xff]{0,4}`), 0, 12).Draw(t, "tokens")
		text := rapid.StringMatching(`[abc\xff]{0,12}`).Draw(t, "text")
		var tokens []setToken
		for i, text := range texts {
			tokens = append(tokens, setToken{text, int32(i)})
		}
		set := newTokenSet(tokens)
		at, id, n := set.find(text)
		wantAt, wantID, wantN := len(text), int32(-1), 0
		for i := 0; i < len(text) && wantID < 0; i++ {
			for k, token := range texts {
				if strings.HasPrefix(text[i:], token) && len(token) > wantN {
					wantAt, wantID, wantN = i, int32(k), len(token)
				}
			}
		}
		if at != wantAt || id != wantID || n != wantN {
			t.Fatalf("%q at %d, %d bytes; want %d, %d, %d", text, at, n, wantAt, wantID, wantN)
		}
	})
}

// A file full of control tokens does not take many times its size of memory.
func TestManyControlTokens(t *testing.T) {
	v := learned(t, "gpt-2", 0)
	const n = 4000
	for i := range n {
		v.Tokens = append(v.Tokens, fmt.Sprintf("<%d%s>", i, strings.Repeat("x", maxToken-10)))
		v.Types = append(v.Types, typeControl)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	newTest(t, v)
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > n*maxToken {
		t.Errorf("%d MiB were allocated for %d MiB of tokens", spent>>20, n*maxToken>>20)
	}
}

// SentencePiece: a space before the text, runs of spaces as user-defined tokens,
// bytes for what is no token, and nothing that a text merely looks like.
func TestSentencePiece(t *testing.T) {
	tok := newTest(t, pieces(somePieces...))
	names := func(text string, special bool) string {
		var list []string
		for _, id := range tok.Encode(text, special) {
			list = append(list, tok.vocab.Tokens[id])
		}
		return strings.Join(list, " ")
	}
	for text, want := range map[string]string{
		"the":        "▁the",
		" the":       "▁▁ the",
		"a  the":     "▁a ▁▁ the",
		"a   the":    "▁a     the",
		"é":          "▁ <0xC3> <0xA9>",
		"<0x0A>":     "▁ <0x3C> <0x30> <0x78> <0x30> <0x41> <0x3E>",
		"<s>":        "▁ <0x3C> <0x73> <0x3E>",
		"":           "",
		"\n":         "▁ <0x0A>",
		"a\xffb":     "▁a <0xFF> b",
		"the\u2581a": "▁the ▁a",
	} {
		if got := names(text, false); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	if got, want := names("<s>the</s>", true), "<s> ▁the </s>"; got != want {
		t.Errorf("special: %q, want %q", got, want)
	}
	v := pieces(somePieces...)
	v.AddSpacePrefix = false
	tok = newTest(t, v)
	if got := names("the a", false); got != "the ▁a" {
		t.Errorf("without a space before: %q", got)
	}
	if got := tok.Decode(tok.Encode(" a", false)); got != " a" {
		t.Errorf("without a space before, %q comes back", got)
	}
}

// A character that cannot be expressed is the unknown token, or nothing.
func TestInexpressible(t *testing.T) {
	v := Defaults(sentencePieceModel, "")
	v.Tokens, v.Scores, v.Types = []string{"<unk>", "▁", "a"}, []float32{0, -1, -2}, []int32{typeUnknown, typeNormal, typeNormal}
	v.Unknown = 0
	if got := newTest(t, v).Encode("aé", false); !slices.Equal(got, []int32{1, 2, 0}) {
		t.Errorf("SentencePiece: %v", got)
	}
	v = Defaults(byteLevelModel, "gpt-2")
	v.Tokens = []string{"a", "b"}
	if got := newTest(t, v).Encode("a.b", false); !slices.Equal(got, []int32{0, 1}) {
		t.Errorf("byte level: %v", got)
	}
}

// Llama 3 takes a word that is a token whole, even if no merges lead to it.
func TestWholeWords(t *testing.T) {
	for pre, want := range map[string]int{"llama-bpe": 1, "gpt-2": 3} {
		v := learned(t, pre, 0)
		v.Tokens, v.Types = append(v.Tokens, "xyz"), append(v.Types, typeNormal)
		if got := newTest(t, v).Encode("xyz", false); len(got) != want {
			t.Errorf("%s: %v, want %d ids", pre, got, want)
		}
	}
}

// Qwen composes characters first, as its makers do.
func TestComposedForm(t *testing.T) {
	tok := newTest(t, learned(t, "qwen2", 0))
	if got := tok.Decode(tok.Encode("e\u0301", false)); got != "é" {
		t.Errorf("got %q", got)
	}
}

// A stream shows a character when all of it is there, and what is none as U+FFFD.
func TestDecoder(t *testing.T) {
	tok := newTest(t, pieces(somePieces...))
	d := tok.NewDecoder()
	var parts []string
	for _, name := range []string{"▁the", "<0xF0>", "<0x9F>", "<0xA4>", "<0x94>", "</s>", "<0xC3>", "a", "<0x80>", "▁a", "<0xE6>", "<0x97>"} {
		id, ok := tok.ID(name)
		if !ok {
			t.Fatal(name)
		}
		parts = append(parts, d.Push(id))
	}
	parts = append(parts, d.Flush(), d.Flush())
	want := []string{"the", "", "", "", "🤔", "", "", "\uFFFDa", "\uFFFD", " a", "", "", "\uFFFD", ""}
	if !slices.Equal(parts, want) {
		t.Errorf("got %q\nwant %q", parts, want)
	}
}

// Ids that do not exist are nothing, and never a fault.
func TestUnknownIDs(t *testing.T) {
	for name, tok := range tokenizers(t) {
		for _, id := range []int32{-1, int32(tok.Size()), math.MaxInt32, math.MinInt32} {
			if tok.Piece(id) != nil || tok.IsControl(id) || tok.IsEnd(id) || tok.Decode([]int32{id}) != "" {
				t.Errorf("%s: id %d is something", name, id)
			}
		}
	}
}

// A file's special ids that do not exist count as not given.
func TestMissingSpecialIDs(t *testing.T) {
	v := learned(t, "gpt-2", 0)
	missing := uint32(4294967295)
	v.BOS, v.EOS, v.EOT, v.AddBOS = int32(missing), int32(len(v.Tokens)), -7, true
	tok := newTest(t, v)
	if tok.BOS() != -1 || tok.EOS() != -1 || tok.AddBOS() {
		t.Errorf("BOS %d, EOS %d, AddBOS %v", tok.BOS(), tok.EOS(), tok.AddBOS())
	}
	if end, _ := tok.ID("<|end|>"); !tok.IsEnd(end) {
		t.Error("a control token that ends a turn is known by its text")
	}
}

// A vocabulary that contradicts itself is refused with its reason.
func TestUnsoundVocabularies(t *testing.T) {
	for name, c := range map[string]struct {
		change func(v *Vocabulary)
		want   error
	}{
		"no tokens":         {func(v *Vocabulary) { v.Tokens = nil }, ErrVocabulary},
		"too few types":     {func(v *Vocabulary) { v.Types = v.Types[1:] }, ErrVocabulary},
		"too few scores":    {func(v *Vocabulary) { v.Scores = v.Scores[1:] }, ErrVocabulary},
		"NaN as a score":    {func(v *Vocabulary) { v.Scores[3] = float32(math.NaN()) }, ErrVocabulary},
		"too long a token":  {func(v *Vocabulary) { v.Tokens[3] = strings.Repeat("a", maxToken+1) }, ErrVocabulary},
		"a byte that isn't": {func(v *Vocabulary) { v.Tokens[7] = "<0xZZ>" }, ErrVocabulary},
		"another family":    {func(v *Vocabulary) { v.Model = "bert" }, ErrUnsupported},
		"another splitter":  {func(v *Vocabulary) { v.Model, v.Pre = "gpt2", "no-such" }, ErrUnsupported},
		"no splitter":       {func(v *Vocabulary) { v.Model = "gpt2" }, ErrUnsupported},
		"any splitter":      {func(v *Vocabulary) { v.Model, v.Pre = "gpt2", "default" }, ErrUnsupported},
		"half a rule":       {func(v *Vocabulary) { v.Model, v.Pre, v.Merges = "gpt2", "gpt-2", []string{"ab"} }, ErrVocabulary},
		"no rule":           {func(v *Vocabulary) { v.Model, v.Pre, v.Merges = "gpt2", "gpt-2", []string{""} }, ErrVocabulary},
	} {
		v := pieces(somePieces...)
		c.change(&v)
		if _, err := New(v); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

// One tokenizer serves many goroutines.
func TestConcurrentUse(t *testing.T) {
	for name, tok := range tokenizers(t) {
		want := tok.Encode(sampleText, true)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if got := tok.Encode(sampleText, true); !slices.Equal(got, want) {
					t.Errorf("%s: other ids in another goroutine", name)
				}
				tok.Decode(want)
			})
		}
		group.Wait()
	}
}

// Whatever the bytes are, they come back, and every id exists.
func FuzzEncode(f *testing.F) {
	all := tokenizers(f)
	f.Add(sampleText, true)
	f.Add("<|end|><tool><s> ▁▁ \xff\xc3", false)
	f.Fuzz(func(t *testing.T, text string, special bool) {
		for name, tok := range all {
			ids := tok.Encode(text, special)
			for _, id := range ids {
				if !tok.exists(id) {
					t.Errorf("%s: id %d does not exist", name, id)
				}
			}
			if got := tok.Decode(ids); !special && got != expected(tok, text) {
				t.Errorf("%s: %q comes back as %q", name, text, got)
			}
		}
	})
}

// Whatever a vocabulary says, New gives an error or a tokenizer that works.
func FuzzVocabulary(f *testing.F) {
	f.Add("gpt2", "gpt-2", "a\x00b\x00ab\x00<|end|>", "a b", []byte{1, 1, 1, 3}, int32(3))
	f.Add("llama", "", "<unk>\x00▁\x00a\x00<0x0A>\x00▁▁\x00a▁", "", []byte{2, 1, 1, 6, 4, 1}, int32(0))
	f.Fuzz(func(t *testing.T, model, pre, tokens, merges string, types []byte, special int32) {
		v := Defaults(model, pre)
		v.Tokens, v.Merges = strings.Split(tokens, "\x00"), strings.Split(merges, "\x00")
		for i := range v.Tokens {
			typ := int32(1)
			if i < len(types) {
				typ = int32(types[i])
			}
			v.Types = append(v.Types, typ)
			v.Scores = append(v.Scores, float32(len(v.Tokens[i])%3))
		}
		v.BOS, v.EOS, v.EOT, v.Unknown = special, special+1, special-1, special
		tok, err := New(v)
		if err != nil {
			if !errors.Is(err, ErrVocabulary) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		for _, text := range append(v.Tokens, tokens, "▁ a b\n") {
			tok.Decode(tok.Encode(text, true))
			tok.Decode(tok.Encode(text, false))
		}
	})
}

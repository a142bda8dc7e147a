package tokenizer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clara/model/tokenizer"
)

// kinds are the tokenizers of ../testdata/tokenizers.json by name, with the ids that
// the library tokenizers gives to texts.
func kinds(t testing.TB) (texts []string, all map[string]kind) {
	t.Helper()
	file := readJSON[map[string]json.RawMessage](t, filepath.Join("..", "testdata", "tokenizers.json"))
	if err := json.Unmarshal(file["texts"], &texts); err != nil || len(texts) < 50 {
		t.Fatalf("%d texts, %v", len(texts), err)
	}
	delete(file, "texts")
	all = map[string]kind{}
	for name, text := range file {
		var k kind
		if err := json.Unmarshal(text, &k); err != nil {
			t.Fatal(err)
		}
		all[name] = k
	}
	return texts, all
}

type kind struct {
	Tokenizer json.RawMessage `json:"tokenizer"`
	IDs       [][]int32       `json:"ids"`
}

// size of a vocabulary that has all tokens of the tiny ones.
const enough = 512

// Tokenizers of every known kind give the ids of the library that they come from.
func TestHuggingFaceIDs(t *testing.T) {
	texts, all := kinds(t)
	if len(all) != 7 {
		t.Errorf("%d kinds", len(all))
	}
	for name, k := range all {
		t.Run(name, func(t *testing.T) {
			v, err := tokenizer.FromJSON(k.Tokenizer, nil, enough)
			if err != nil {
				t.Fatal(err)
			}
			if rules := len(v.Merges) > 0; rules == (name == "gemma" || name == "llama 2") {
				t.Errorf("%d rules", len(v.Merges))
			}
			tok := build(t, v)
			for i, text := range texts {
				got := tok.Encode(text, true)
				if tok.AddBOS() {
					got = append([]int32{tok.BOS()}, got...)
				}
				if !slices.Equal(got, k.IDs[i]) {
					t.Errorf("Encode(%q)\n got %v\nwant %v", text, got, k.IDs[i])
				}
			}
		})
	}
}

// The tokenizer that SmolLM2's makers ship is the one of its GGUF file.
func TestHuggingFaceSmolLM2(t *testing.T) {
	folder := testData(t, "tokenizers", "smollm2")
	want := vocabulary(t, model(t, models["smollm2"]))
	v, err := tokenizer.FromJSON(read(t, filepath.Join(folder, "tokenizer.json")), read(t, filepath.Join(folder, "tokenizer_config.json")), len(want.Tokens))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.Tokens, want.Tokens) || !slices.Equal(v.Merges, want.Merges) || !slices.Equal(v.Types, want.Types) {
		t.Error("tokens, types or merges differ")
	}
	if v.Model != want.Model || v.Pre != want.Pre || v.BOS != want.BOS || v.EOS != want.EOS || v.AddBOS != want.AddBOS {
		t.Errorf("%s %s, BOS %d %v, EOS %d; the file has %s %s, BOS %d %v, EOS %d",
			v.Model, v.Pre, v.BOS, v.AddBOS, v.EOS, want.Model, want.Pre, want.BOS, want.AddBOS, want.EOS)
	}
}

// GPT-2's older form, in which a rule is one text, is read as well.
func TestHuggingFaceGPT2(t *testing.T) {
	folder := testData(t, "tokenizers", "gpt-2")
	v, err := tokenizer.FromJSON(read(t, filepath.Join(folder, "tokenizer.json")), nil, 50257)
	if err != nil {
		t.Fatal(err)
	}
	tok := build(t, v)
	texts, want := vectors(t, filepath.Join(folder, "ggml-vocab-gpt-2.gguf"))
	for i, text := range texts {
		if got := tok.Encode(text, false); !slices.Equal(got, want[i]) {
			t.Errorf("Encode(%q)\n got %v\nwant %v", text, got, want[i])
		}
	}
}

// Ids without a row of the model are left out, rows without a token are never said.
func TestHuggingFaceSize(t *testing.T) {
	_, all := kinds(t)
	full, err := tokenizer.FromJSON(all["gpt-2"].Tokenizer, nil, enough)
	if err != nil {
		t.Fatal(err)
	}
	last := slices.Index(full.Tokens, "<tool>")
	if full.Tokens[last+1] != "[PAD310]" || full.Types[last+1] != 5 {
		t.Errorf("behind the last token: %q of type %d", full.Tokens[last+1], full.Types[last+1])
	}
	less, err := tokenizer.FromJSON(all["gpt-2"].Tokenizer, nil, last)
	if err != nil {
		t.Fatal(err)
	}
	if len(less.Tokens) != last || !slices.Equal(less.Tokens, full.Tokens[:last]) {
		t.Errorf("%d tokens, wanted %d", len(less.Tokens), last)
	}
	build(t, less)
}

// The settings beside the tokenizer say what begins and ends a text.
func TestHuggingFaceConfig(t *testing.T) {
	_, all := kinds(t)
	for _, c := range []struct {
		config     string
		bos, eos   int32
		addBOS     bool
		wantsError bool
	}{
		{config: `{}`, bos: -1, eos: -1},
		{config: `{"bos_token": "<start>", "eos_token": {"content": "<end>", "special": true}}`, bos: 1, eos: 2},
		{config: `{"bos_token": null, "eos_token": "not there", "add_bos_token": true}`, bos: -1, eos: -1, addBOS: true},
		{config: `{"bos_token": 7}`, wantsError: true},
		{config: `[`, wantsError: true},
	} {
		v, err := tokenizer.FromJSON(all["gpt-2"].Tokenizer, []byte(c.config), enough)
		if c.wantsError {
			if !errors.Is(err, tokenizer.ErrVocabulary) {
				t.Errorf("%s: %v", c.config, err)
			}
			continue
		}
		if err != nil || v.BOS != c.bos || v.EOS != c.eos || v.AddBOS != c.addBOS {
			t.Errorf("%s: BOS %d %v, EOS %d, %v", c.config, v.BOS, v.AddBOS, v.EOS, err)
		}
	}
}

// Gemma's runs of blanks are cut out first, as in its GGUF file, where its rules say the same;
// otherwise the rules stay, and put the runs together.
func TestHuggingFaceBlanks(t *testing.T) {
	_, all := kinds(t)
	const run = 4 // "▁▁▁▁" is a token of the tiny Gemma
	for name, c := range map[string]struct {
		from, to string
		typ      int32
	}{
		"as transformers writes them": {"", "", 4},
		"a rule makes more of a run":  {`["h","e"]`, `["h","e"],["▁▁","h"]`, 1},
		"the rules come too late":     {`"merges":[`, `"merges":[["▁","the"],`, 1},
		"the shortest run first":      {`"merges":[`, `"merges":[["▁","▁"],`, 1},
	} {
		var text bytes.Buffer
		if err := json.Compact(&text, all["gemma"].Tokenizer); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), c.from) {
			t.Errorf("%s: there is no %s", name, c.from)
			continue
		}
		v, err := tokenizer.FromJSON([]byte(strings.Replace(text.String(), c.from, c.to, 1)), nil, enough)
		if err != nil {
			t.Fatal(err)
		}
		id := slices.Index(v.Tokens, strings.Repeat("▁", run))
		if id < 0 || v.Types[id] != c.typ {
			t.Errorf("%s: token %d has type %d, wanted %d", name, id, v.Types[id], c.typ)
		}
		if rules := len(v.Merges) > 0; rules != (c.typ == 1) {
			t.Errorf("%s: %d rules", name, len(v.Merges))
		}
	}
}

// What would be computed wrongly is refused, and said.
func TestHuggingFaceRefuses(t *testing.T) {
	_, all := kinds(t)
	for _, c := range []struct {
		kind, from, to, says string
		err                  error
	}{
		{"gpt-2", `"type":"BPE"`, `"type":"WordPiece"`, "WordPiece", tokenizer.ErrUnsupported},
		{"gpt-2", `"dropout":null`, `"dropout":0.1`, "chance", tokenizer.ErrUnsupported},
		{"gpt-2", `"end_of_word_suffix":null`, `"end_of_word_suffix":"</w>"`, "</w>", tokenizer.ErrUnsupported},
		{"gpt-2", `"use_regex":true`, `"use_regex":false`, "ByteLevel", tokenizer.ErrUnsupported},
		{"gpt-2", `"add_prefix_space":false`, `"add_prefix_space":true`, "ByteLevel", tokenizer.ErrUnsupported},
		{"gpt-2", `"normalizer":null`, `"normalizer":{"type":"Lowercase"}`, "Lowercase", tokenizer.ErrUnsupported},
		{"qwen2", `"type":"NFC"`, `"type":"NFKC"`, "NFKC", tokenizer.ErrUnsupported},
		{"llama-bpe", `"ignore_merges":true`, `"ignore_merges":false`, "splitting", tokenizer.ErrUnsupported},
		{"llama-bpe", `{1,3}`, `{1,4}`, "{1,4}", tokenizer.ErrUnsupported},
		{"gpt-2", `"lstrip":false`, `"lstrip":true`, "spaces", tokenizer.ErrUnsupported},
		{"gemma", `"<0x41>"`, `"<0xXX>"`, "byte 65", tokenizer.ErrUnsupported},
		{"gemma", `"behavior":"MergedWithPrevious"`, `"behavior":"Isolated"`, "spaces", tokenizer.ErrUnsupported},
		{"gpt-2", `"!":3`, `"!":4`, "two tokens", tokenizer.ErrVocabulary},
		{"gpt-2", `"!":3`, `"!":-3`, "-3", tokenizer.ErrVocabulary},
		{"gpt-2", `"!":3`, `"` + strings.Repeat("!", 1<<10+1) + `":3`, "1025 bytes", tokenizer.ErrVocabulary},
		{"gpt-2", `"content":"<start>"`, `"content":"` + strings.Repeat("!", 1<<10+1) + `"`, "1025 bytes", tokenizer.ErrVocabulary},
		{"gpt-2", `"vocab":{`, `"vocab":[`, "", tokenizer.ErrVocabulary},
		{"gpt-2", `"merges":[[`, `"merges":[["a"],[`, "rule", tokenizer.ErrVocabulary},
	} {
		var text bytes.Buffer
		if err := json.Compact(&text, all[c.kind].Tokenizer); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), c.from) {
			t.Errorf("%s has no %s", c.kind, c.from)
			continue
		}
		_, err := tokenizer.FromJSON([]byte(strings.Replace(text.String(), c.from, c.to, 1)), nil, enough)
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s with %s: %v", c.kind, c.to, err)
		}
	}
}

// Whatever a file holds, it gives a tokenizer or an error.
func FuzzFromJSON(f *testing.F) {
	_, all := kinds(f)
	for _, k := range all {
		f.Add([]byte(k.Tokenizer), []byte(`{"bos_token": "<bos>", "eos_token": {"content": "<eos>"}, "add_bos_token": true}`))
	}
	if text, err := os.ReadFile(filepath.Join("..", "testdata", "gemma3", "tokenizer_config.json")); err == nil {
		f.Add([]byte(`{"model": {"vocab": {"a": 0}, "merges": ["a a"]}}`), text)
	}
	f.Fuzz(func(t *testing.T, text, config []byte) {
		v, err := tokenizer.FromJSON(text, config, 400)
		if err != nil {
			return
		}
		if len(v.Tokens) != 400 || len(v.Types) != 400 {
			t.Fatalf("%d tokens, %d types", len(v.Tokens), len(v.Types))
		}
		tok, err := tokenizer.New(v)
		if err != nil {
			t.Fatalf("the tokenizer is refused: %v", err)
		}
		tok.Decode(tok.Encode("the <end>\n  Straße▁▁ 日 123", true))
	})
}

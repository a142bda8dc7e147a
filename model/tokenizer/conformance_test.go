package tokenizer_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clara/model/gguf"
	"clara/model/tokenizer"
)

// models are the files that tests read by the name of their golden values.
var models = map[string]string{
	"smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf",
	"gemma3":  "gemma-3-270m-q4_k_m.gguf",
}

// testData returns the path of a file of the shared test data, or skips the test.
func testData(t testing.TB, path ...string) string {
	t.Helper()
	folder := os.Getenv("CLARA_TESTDATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	return existing(t, filepath.Join(append([]string{folder}, path...)...))
}

// model returns the path of a downloaded model, or skips the test.
func model(t testing.TB, name string) string {
	t.Helper()
	return existing(t, filepath.Join("..", "..", "models", name))
}

func existing(t testing.TB, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("needs %s: %v", path, err)
	}
	return path
}

// fromGGUF makes the tokenizer of a model file.
func fromGGUF(t testing.TB, path string) *tokenizer.Tokenizer {
	t.Helper()
	return build(t, vocabulary(t, path))
}

// vocabulary reads what a model file says about its tokenizer.
func vocabulary(t testing.TB, path string) tokenizer.Vocabulary {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const at = "tokenizer.ggml."
	name, _ := f.Metadata.String(at + "model")
	pre, _ := f.Metadata.String(at + "pre")
	v := tokenizer.Defaults(name, pre)
	v.Tokens, _ = f.Metadata.Strings(at + "tokens")
	v.Scores, _ = f.Metadata.Floats(at + "scores")
	v.Merges, _ = f.Metadata.Strings(at + "merges")
	types, _ := f.Metadata.Ints(at + "token_type")
	for _, typ := range types {
		v.Types = append(v.Types, int32(typ))
	}
	for key, id := range map[string]*int32{"bos": &v.BOS, "eos": &v.EOS, "eot": &v.EOT, "unknown": &v.Unknown} {
		if u, ok := f.Metadata.Uint(at + key + "_token_id"); ok {
			*id = int32(u)
		}
	}
	for key, b := range map[string]*bool{"add_bos_token": &v.AddBOS, "add_eos_token": &v.AddEOS, "add_space_prefix": &v.AddSpacePrefix} {
		if set, ok := f.Metadata.Bool(at + key); ok {
			*b = set
		}
	}
	return v
}

func build(t testing.TB, v tokenizer.Vocabulary) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.New(v)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// fromVocabAndMerges makes a byte-level tokenizer of the files of transformers'
// slow tokenizers: a JSON object of tokens and ids, and a rule a line.
func fromVocabAndMerges(t testing.TB, folder, pre string) *tokenizer.Tokenizer {
	t.Helper()
	v := tokenizer.Defaults("gpt2", pre)
	v.Tokens = tokensByID(t, readJSON[map[string]int32](t, filepath.Join(folder, "vocab.json")))
	for rule := range strings.Lines(string(read(t, filepath.Join(folder, "merges.txt")))) {
		if rule = strings.TrimSuffix(rule, "\n"); rule != "" && !strings.HasPrefix(rule, "#version") {
			v.Merges = append(v.Merges, rule)
		}
	}
	return build(t, v)
}

// fromTokenizerJSON makes a byte-level tokenizer of a tokenizer.json with its
// added tokens.
func fromTokenizerJSON(t testing.TB, path, pre string) *tokenizer.Tokenizer {
	t.Helper()
	file := readJSON[struct {
		AddedTokens []struct {
			ID      int32  `json:"id"`
			Content string `json:"content"`
			Special bool   `json:"special"`
		} `json:"added_tokens"`
		Model struct {
			Vocab  map[string]int32 `json:"vocab"`
			Merges [][2]string      `json:"merges"`
		} `json:"model"`
	}](t, path)
	for _, added := range file.AddedTokens {
		file.Model.Vocab[added.Content] = added.ID
	}
	v := tokenizer.Defaults("gpt2", pre)
	v.Tokens = tokensByID(t, file.Model.Vocab)
	for _, rule := range file.Model.Merges {
		v.Merges = append(v.Merges, rule[0]+" "+rule[1])
	}
	v.Types = slices.Repeat([]int32{1}, len(v.Tokens))
	for _, added := range file.AddedTokens {
		v.Types[added.ID] = 4
		if added.Special {
			v.Types[added.ID] = 3
		}
	}
	return build(t, v)
}

func tokensByID(t testing.TB, ids map[string]int32) []string {
	t.Helper()
	tokens := make([]string, len(ids))
	for token, id := range ids {
		if int(id) >= len(tokens) {
			t.Fatalf("token %q has id %d of %d", token, id, len(tokens))
		}
		tokens[id] = token
	}
	return tokens
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readJSON[T any](t testing.TB, path string) (v T) {
	t.Helper()
	if err := json.Unmarshal(read(t, path), &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// vectors returns llama.cpp's test texts for a vocabulary and their ids.
func vectors(t testing.TB, prefix string) (texts []string, ids [][]int32) {
	t.Helper()
	const separator = "\n__ggml_vocab_test__\n"
	texts = strings.Split(strings.TrimSuffix(string(read(t, prefix+".inp")), separator), separator)
	for line := range strings.Lines(string(read(t, prefix+".out"))) {
		list := []int32{}
		for _, field := range strings.Fields(line) {
			id, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, int32(id))
		}
		ids = append(ids, list)
	}
	if len(texts) < 2 || len(texts) != len(ids) {
		t.Fatalf("%s: %d texts and %d lists of ids", prefix, len(texts), len(ids))
	}
	return texts, ids
}

// Every text of llama.cpp's vectors gives its very ids, and they give the text.
func TestVectorsOfLlamaCpp(t *testing.T) {
	for _, name := range []string{"gpt-2", "qwen2", "llama-spm"} {
		t.Run(name, func(t *testing.T) {
			folder := testData(t, "tokenizers", name)
			prefix := filepath.Join(folder, "ggml-vocab-"+name+".gguf")
			var tok *tokenizer.Tokenizer
			if name == "qwen2" {
				tok = fromVocabAndMerges(t, folder, "qwen2")
			} else {
				tok = fromGGUF(t, prefix)
			}
			texts, want := vectors(t, prefix)
			for i, text := range texts {
				if got := tok.Encode(text, false); !slices.Equal(got, want[i]) {
					t.Errorf("Encode(%q)\n got %v\nwant %v", text, got, want[i])
				}
				if got := tok.Decode(want[i]); got != text {
					t.Errorf("Decode of the ids of %q gives %q", text, got)
				}
			}
			t.Logf("%d texts", len(texts))
		})
	}
}

// The vocabulary in the model's file and the one that its makers ship are the same
// tokenizer.
func TestSmolLM2FileAndJSONAgree(t *testing.T) {
	fromFile := fromGGUF(t, model(t, models["smollm2"]))
	fromJSON := fromTokenizerJSON(t, testData(t, "tokenizers", "smollm2", "tokenizer.json"), "smollm")
	texts, _ := vectors(t, testData(t, "tokenizers", "gpt-2", "ggml-vocab-gpt-2.gguf"))
	texts = append(texts, "<|im_start|>user\nhi 123<|im_end|>\n")
	for _, text := range texts {
		for _, special := range []bool{false, true} {
			if a, b := fromFile.Encode(text, special), fromJSON.Encode(text, special); !slices.Equal(a, b) {
				t.Errorf("Encode(%q, %v)\nfile %v\njson %v", text, special, a, b)
			}
		}
	}
}

// The golden conversations, made with transformers, have the very same ids.
func TestGoldenIDs(t *testing.T) {
	for name, file := range models {
		t.Run(name, func(t *testing.T) {
			tok := fromGGUF(t, model(t, file))
			lines := bufio.NewScanner(strings.NewReader(string(read(t, testData(t, "golden", name, "chat.jsonl")))))
			lines.Buffer(nil, 1<<20)
			n := 0
			for ; lines.Scan(); n++ {
				var chat struct {
					Rendered string  `json:"rendered"`
					IDs      []int32 `json:"ids"`
					NewText  string  `json:"new_text"`
					NewIDs   []int32 `json:"new_ids"`
				}
				if err := json.Unmarshal(lines.Bytes(), &chat); err != nil {
					t.Fatal(err)
				}
				got := tok.Encode(chat.Rendered, true)
				if tok.AddBOS() {
					got = append([]int32{tok.BOS()}, got...)
				}
				if !slices.Equal(got, chat.IDs) {
					t.Errorf("%q\n got %v\nwant %v", chat.Rendered, got, chat.IDs)
				}
				// the golden text shows the end of the turn, which is no text
				if got, want := tok.Decode(chat.NewIDs), strings.TrimSuffix(chat.NewText, "<|im_end|>"); got != want {
					t.Errorf("Decode\n got %q\nwant %q", got, want)
				}
			}
			if n == 0 {
				t.Fatal("no golden conversation")
			}
		})
	}
}

// Awkward texts have the ids of llama.cpp, which read the same files.
func TestAwkwardTexts(t *testing.T) {
	golden := readJSON[map[string]json.RawMessage](t, filepath.Join("testdata", "llamacpp.json"))
	var texts []string
	if err := json.Unmarshal(golden["texts"], &texts); err != nil {
		t.Fatal(err)
	}
	for name, file := range models {
		t.Run(name, func(t *testing.T) {
			tok := fromGGUF(t, model(t, file))
			var want [][]int32
			if err := json.Unmarshal(golden[name], &want); err != nil || len(want) != len(texts) || len(texts) < 100 {
				t.Fatalf("%d texts, %d lists of ids, %v", len(texts), len(want), err)
			}
			for i, text := range texts {
				if got := tok.Encode(text, true); !slices.Equal(got, want[i]) {
					t.Errorf("Encode(%q)\n got %v\nwant %v", text, got, want[i])
				}
			}
		})
	}
}

// A trained model's file that names ids which do not exist opens all the same, and
// its text survives.
func TestStories(t *testing.T) {
	tok := fromGGUF(t, testData(t, "models", "stories260K", "stories260K.gguf"))
	text := string(read(t, testData(t, "models", "stories260K", "greedy-200.txt")))
	if !tok.AddBOS() || tok.BOS() != 1 || tok.EOS() != 2 || tok.Size() != 512 {
		t.Errorf("AddBOS %v, BOS %d, EOS %d, %d tokens", tok.AddBOS(), tok.BOS(), tok.EOS(), tok.Size())
	}
	if got := tok.Decode(tok.Encode(text, false)); got != text {
		t.Errorf("the text comes back as %q", got)
	}
}

func ExampleTokenizer_Encode() {
	v := tokenizer.Defaults("gpt2", "gpt-2")
	v.Tokens = []string{"h", "e", "l", "o", "he", "ll", "hell", "hello"}
	v.Merges = []string{"h e", "l l", "he ll", "hell o"}
	t, err := tokenizer.New(v)
	if err != nil {
		panic(err)
	}
	fmt.Println(t.Encode("hello", false), t.Encode("hole", false))
	// Output: [7] [0 3 2 1]
}

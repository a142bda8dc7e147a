package chat_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clara/model/chat"
)

// testData returns the path of a file of the shared test data, or skips the test.
func testData(t testing.TB, path ...string) string {
	t.Helper()
	folder := os.Getenv("CLARA_TESTDATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	file := filepath.Join(append([]string{folder}, path...)...)
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("needs %s: %v", file, err)
	}
	return file
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// november is the time at which the tests render.
func november() time.Time { return time.Date(2026, 11, 4, 15, 6, 7, 0, time.UTC) }

func newTemplate(t testing.TB, source string) *chat.Template {
	t.Helper()
	template, err := chat.New(source, chat.Options{BOS: "<s>", EOS: "</s>", Now: november})
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// The conversations that transformers rendered come out the same.
func TestGolden(t *testing.T) {
	template := newTemplate(t, read(t, testData(t, "tokenizers", "smollm2", "chat_template.jinja")))
	lines := bufio.NewScanner(strings.NewReader(read(t, testData(t, "golden", "smollm2", "chat.jsonl"))))
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var golden struct {
			Messages []chat.Message
			Rendered string
		}
		if err := json.Unmarshal(lines.Bytes(), &golden); err != nil {
			t.Fatal(err)
		}
		got, err := template.Render(golden.Messages, true)
		if err != nil {
			t.Fatal(err)
		}
		if got != golden.Rendered {
			t.Errorf("%v\n got %q\nwant %q", golden.Messages, got, golden.Rendered)
		}
	}
	if n == 0 {
		t.Fatal("no golden conversation")
	}
}

// The templates as their makers ship them can be read and render a conversation.
// What they make is held against Jinja's own output.
func TestShippedTemplates(t *testing.T) {
	const qwen25 = "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
	conversation := []chat.Message{
		{"user", "Hello"},
		{"assistant", "<think>\nhm\n</think>\n\nHi!"},
		{"user", "And now?"},
	}
	for file, want := range map[string]string{
		"Qwen-Qwen2.5-7B-Instruct.jinja": qwen25 +
			"<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n<think>\nhm\n</think>\n\nHi!<|im_end|>\n" +
			"<|im_start|>user\nAnd now?<|im_end|>\n<|im_start|>assistant\n",
		"Qwen-Qwen3-0.6B.jinja": "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi!<|im_end|>\n" +
			"<|im_start|>user\nAnd now?<|im_end|>\n<|im_start|>assistant\n",
	} {
		got, err := newTemplate(t, read(t, testData(t, "templates", file))).Render(conversation, true)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if got != want {
			t.Errorf("%s\n got %q\nwant %q", file, got, want)
		}
	}
}

// BenchmarkRender renders a conversation of 20 turns by the built-in model's
// template.
func BenchmarkRender(b *testing.B) {
	template := newTemplate(b, read(b, testData(b, "tokenizers", "smollm2", "chat_template.jinja")))
	var messages []chat.Message
	for range 10 {
		messages = append(messages, chat.Message{Role: "user", Content: strings.Repeat("question ", 20)},
			chat.Message{Role: "assistant", Content: strings.Repeat("answer ", 60)})
	}
	for b.Loop() {
		if _, err := template.Render(messages, true); err != nil {
			b.Fatal(err)
		}
	}
}

package chat_test

import (
	"encoding/json"
	"errors"
	"testing"

	"clara/model/chat"
)

// Whatever a template and a message are, the result is a text, the same every time,
// or an error of one of the four kinds.
func FuzzRender(f *testing.F) {
	var file struct {
		Cases []struct{ Template string }
	}
	if err := json.Unmarshal([]byte(read(f, "testdata/jinja.json")), &file); err != nil {
		f.Fatal(err)
	}
	for _, c := range file.Cases {
		f.Add(c.Template, "Hello {{ x }}")
	}
	f.Add("{% for i in range(9**9) %}{% set x = x ~ x %}{% endfor %}", "\xff\x00")
	f.Fuzz(func(t *testing.T, source, content string) {
		messages := []chat.Message{{Role: "user", Content: content}, {Role: "assistant", Content: "ok"}}
		text, err := render(source, messages)
		again, err2 := render(source, messages)
		if text != again || (err == nil) != (err2 == nil) {
			t.Errorf("two renderings differ: %q, %v and %q, %v", text, err, again, err2)
		}
		if err == nil {
			return
		}
		if text != "" {
			t.Errorf("text %q beside an error", text)
		}
		for _, kind := range []error{chat.ErrSyntax, chat.ErrRender, chat.ErrRaised, chat.ErrLimit} {
			if errors.Is(err, kind) {
				return
			}
		}
		t.Errorf("an error of no kind: %v", err)
	})
}

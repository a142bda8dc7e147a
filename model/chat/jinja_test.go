package chat_test

import (
	"encoding/json"
	"errors"
	"testing"

	"clara/model/chat"
)

// What Jinja makes of a template, this package makes of it; what Jinja refuses is
// refused. testdata/jinja.py wrote the cases with Jinja itself.
func TestAsJinja(t *testing.T) {
	var file struct {
		Messages []chat.Message
		Cases    []struct {
			Template string
			Want     string
			Error    string
		}
	}
	if err := json.Unmarshal([]byte(read(t, "testdata/jinja.json")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 100 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		got, err := render(c.Template, file.Messages)
		switch {
		case c.Error == "" && err != nil:
			t.Errorf("%s\n error %v\n  want %q", c.Template, err, c.Want)
		case c.Error == "" && got != c.Want:
			t.Errorf("%s\n got %q\nwant %q", c.Template, got, c.Want)
		case c.Error != "" && err == nil:
			t.Errorf("%s\n got %q\nwant the error %s", c.Template, got, c.Error)
		case c.Error != "" && !errors.Is(err, chat.ErrSyntax) && !errors.Is(err, chat.ErrRender) && !errors.Is(err, chat.ErrRaised):
			t.Errorf("%s\n the error is of no kind: %v", c.Template, err)
		}
	}
}

// render reads and renders a template in one go.
func render(source string, messages []chat.Message) (string, error) {
	template, err := chat.New(source, chat.Options{BOS: "<s>", EOS: "</s>", Now: november})
	if err != nil {
		return "", err
	}
	return template.Render(messages, true)
}

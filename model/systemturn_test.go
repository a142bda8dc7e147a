package model

import (
	"strings"
	"testing"

	"clara/model/chat"
)

// A system message reaches the model whatever its template makes of the role.
func TestSystemMessageIsReadByEveryTemplate(t *testing.T) {
	const turns = `{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}`
	msgs := []chat.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "Why?"}, {Role: "assistant", Content: "So."}, {Role: "user", Content: "And?"}}
	for name, c := range map[string]struct{ template, want string }{
		"has the role":  {turns, "<system>Be brief.<user>Why?<assistant>So.<user>And?"},
		"refuses it":    {`{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}` + turns, "<user>Be brief.\n\nWhy?<assistant>So.<user>And?"},
		"leaves it out": {strings.Replace(turns, "<", "{% if m.role == 'system' %}{% continue %}{% endif %}<", 1), "<user>Be brief.\n\nWhy?<assistant>So.<user>And?"},
	} {
		template, err := chat.New(c.template, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := &Runner{template: template, system: readsSystem(template)}
		got, err := r.Render(msgs)
		if err != nil || got != c.want {
			t.Errorf("a template that %s gives %q (%v), want %q", name, got, err, c.want)
		}
		if msgs[1].Content != "Why?" {
			t.Fatal("the caller's messages were changed")
		}
		if got, err = r.Render(msgs[1:]); err != nil || got != "<user>Why?<assistant>So.<user>And?" {
			t.Errorf("without a system message a template that %s gives %q (%v)", name, got, err)
		}
	}
}

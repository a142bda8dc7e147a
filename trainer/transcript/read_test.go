package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clara/store"
)

// outline writes a transcript as one line a message: its number, what it follows, whether
// it is marked as shown, who and what.
func outline(t store.Transcript) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", t.Conversation.Title)
	for i, m := range t.Messages {
		who := string(m.Role)
		if m.Source != "" {
			who = m.Source
		}
		fmt.Fprintf(&b, "%d<%d/%d %s: %s\n", i+1, m.Parent, m.Shown, who, strings.ReplaceAll(m.Text, "\n", "|"))
	}
	return b.String()
}

func read(t *testing.T, name string) ([]store.Transcript, []Fault) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	all, faults, err := Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return all, faults
}

func TestChatGPTsConversationsAreRead(t *testing.T) {
	all, faults := read(t, "chatgpt.json")
	if len(all) != 2 {
		t.Fatalf("%d conversations were read, want 2", len(all))
	}
	want := `Knots
1<0/1 user: Which knot holds a boat?
2<1/1 gpt-4: A hitch.
3<1/0 gpt-4: Let me look.||A bowline.
4<3/0 user: Like this one?
5<4/0 gpt-4o: Nearly.
`
	if diff := cmp.Diff(want, outline(all[0])); diff != "" {
		t.Error(diff)
	}
	if c := all[0].Conversation; !c.Created.Equal(time.Date(2024, 5, 1, 8, 0, 0, 250e6, time.UTC)) || !c.Updated.Equal(time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("times %v and %v", c.Created, c.Updated)
	}
	if diff := cmp.Diff("A question without a title\n1<0/0 user: A question without a title\n", outline(all[1])); diff != "" {
		t.Error(diff)
	}
	for i, want := range []struct {
		entry int
		title string
		err   error
	}{{2, "Broken", ErrForm}, {3, "Empty", ErrEmpty}, {4, "", ErrForm}} {
		if f := faults[i]; f.Entry != want.entry || f.Title != want.title || !errors.Is(f.Err, want.err) {
			t.Errorf("fault %+v, want %+v", f, want)
		}
	}
	if len(faults) != 3 {
		t.Errorf("%d faults", len(faults))
	}
}

func TestLMStudiosConversationIsRead(t *testing.T) {
	all, faults := read(t, "lmstudio.json")
	if len(all) != 1 || len(faults) != 0 {
		t.Fatalf("%d read, faults %v", len(all), faults)
	}
	want := `Rope work
1<0/0 system: Be brief.
2<1/1 user: Which rope?
3<2/1 qwen3-4b: Hemp.
4<2/0 gemma-3: Nylon.
5<3/1 user: And how long?
`
	if diff := cmp.Diff(want, outline(all[0])); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoConversationIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":       "",
		"blanks":        " \n",
		"no JSON":       "title: Knots",
		"cut":           `{"mapping": {`,
		"another thing": `{"version": 3}`,
		"a number":      "7",
		"wrong types":   `{"messages": "x"}`,
		"no versions":   `{"messages": [{"currentlySelected": 0}]}`,
		"future parent": `{"format": "clara-conversation-1", "messages": [{"id": 1, "parent": 2, "role": "user", "text": "x"}]}`,
		"strange role":  `{"format": "clara-conversation-1", "messages": [{"id": 1, "role": "tool", "text": "x"}]}`,
		"cut list":      `[{"title": "x"`,
		"open list":     `[`,
	} {
		all, faults, err := Read(strings.NewReader(text))
		if len(all) > 0 || err == nil && len(faults) == 0 {
			t.Errorf("%s: read as %+v", name, all)
		}
		for _, f := range faults {
			err = f.Err
		}
		if !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"chatgpt.json", "lmstudio.json"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _, _ := Read(bytes.NewReader(data))
		for _, x := range all {
			for i, m := range x.Messages {
				if m.Parent < 0 || m.Parent > int64(i) || !validRole(m.Role) || !validFinish(m.Finish) {
					t.Fatalf("message %d: %+v", i+1, m)
				}
			}
		}
	})
}

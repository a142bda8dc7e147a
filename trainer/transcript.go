package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	html "html/template"
	"io"
	"strings"
	"time"
)

// TranscriptFormat is a form in which a conversation leaves the program.
type TranscriptFormat string

// The forms.
const (
	TranscriptMarkdown TranscriptFormat = "md"   // the path that is shown, to read and to edit
	TranscriptHTML     TranscriptFormat = "html" // the same, one page that needs nothing else
	TranscriptJSON     TranscriptFormat = "json" // all branches with all that is known of them
)

// TranscriptWords are what stands in a transcript beside the texts, in the reader's
// language.
type TranscriptWords struct {
	Language  string               // of the page: "de", "en"
	You       string               // who asked
	Answerer  func(e Entry) string // who answered, with the version
	Corrected string               // stands at an answer that is shown as it was corrected
	Moment    func(created time.Time) string
}

// ExportConversation writes a conversation. Corrected answers stand as they were
// corrected; JSON has both.
func (t *Trainer) ExportConversation(ctx context.Context, conversation int64, f TranscriptFormat, words TranscriptWords, w io.Writer) error {
	c, err := t.store.Conversation(ctx, conversation)
	if err != nil {
		return fmt.Errorf("export conversation %d: %w", conversation, err)
	}
	if f == TranscriptJSON {
		err = t.writeJSON(ctx, c, w)
	} else {
		var path []Entry
		if path, err = t.Entries(ctx, conversation); err == nil && f == TranscriptHTML {
			err = writeHTML(c, path, words, w)
		} else if err == nil {
			err = writeMarkdown(c, path, words, w)
		}
	}
	if err != nil {
		return fmt.Errorf("export conversation %d: %w", conversation, err)
	}
	return nil
}

// said is one message as a transcript shows it.
type said struct {
	Who, When, Text string
	Asked           bool
}

func transcriptOf(path []Entry, words TranscriptWords) []said {
	var out []said
	for _, e := range path {
		s := said{Who: words.You, When: words.Moment(e.Created), Text: e.Text, Asked: true}
		switch {
		case e.Role == RoleSystem:
			continue
		case e.Role == RoleAssistant:
			s.Who, s.Asked = words.Answerer(e), false
			if e.Better != "" {
				s.Text = e.Better
				s.Who += " · " + words.Corrected
			}
		}
		out = append(out, s)
	}
	return out
}

// writeMarkdown writes questions, which are plain text, so that they stay what they are;
// answers are Markdown themselves.
func writeMarkdown(c Conversation, path []Entry, words TranscriptWords, w io.Writer) error {
	var b strings.Builder
	b.WriteString("# " + plainMarkdown(oneLine(c.Title)) + "\n")
	for _, s := range transcriptOf(path, words) {
		text := closedFences(s.Text)
		if s.Asked {
			text = plainMarkdown(s.Text)
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", plainMarkdown(oneLine(s.Who+" · "+s.When)), strings.TrimSpace(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// plainMarkdown escapes what Markdown would take for its own: a character that begins a
// construct anywhere, and what does so at the beginning of a line. Lines stay lines.
func plainMarkdown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		var b strings.Builder
		body := strings.TrimLeft(line, " \t")
		b.WriteString(strings.Repeat("&nbsp;", len(line)-len(body))) // four blanks would be code
		digits := len(body) - len(strings.TrimLeft(body, "0123456789"))
		for k, r := range body {
			switch {
			case strings.ContainsRune("\\`*_[]<>|~&", r),
				k == 0 && strings.ContainsRune("#+-=", r),
				k == digits && digits > 0 && (r == '.' || r == ')'):
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		if lines[i] = b.String(); body != "" && i+1 < len(lines) && strings.TrimSpace(lines[i+1]) != "" {
			lines[i] += "\\" // a line break
		}
	}
	return strings.Join(lines, "\n")
}

// closedFences closes a block of code that was cut, so that what follows is not in it.
func closedFences(text string) string {
	open := ""
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		for _, c := range []string{"`", "~"} {
			n := len(line) - len(strings.TrimLeft(line, c))
			switch {
			case n < 3:
			case open == "" && (c == "~" || !strings.Contains(line[n:], c)):
				open = line[:n]
			case strings.HasPrefix(line, open) && line[:1] == open[:1] && n == len(line):
				open = ""
			}
		}
	}
	if open != "" {
		text += "\n" + open
	}
	return text
}

// page is read by any browser, in light and dark, and asks nothing of a network.
var page = html.Must(html.New("transcript").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.Title}}</title>
<style>
:root { color-scheme: light dark }
body { max-width: 45em; margin: 2em auto; padding: 0 1em; font: 16px/1.5 sans-serif }
h2 { font-size: .85em; margin: 2em 0 .4em; opacity: .75 }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
.asked { padding: .6em 1em; border-radius: 14px; background: color-mix(in srgb, currentColor 8%, transparent) }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{range .Said}}<h2>{{.Who}} · {{.When}}</h2>
<p{{if .Asked}} class="asked"{{end}}>{{.Text}}</p>
{{end}}</body>
</html>
`))

func writeHTML(c Conversation, path []Entry, words TranscriptWords, w io.Writer) error {
	return page.Execute(w, struct {
		Language, Title string
		Said            []said
	}{words.Language, oneLine(c.Title), transcriptOf(path, words)})
}

// transcriptJSON is the form of a conversation as JSON; the names are a promise.
type transcriptJSON struct {
	Format   string        `json:"format"` // transcriptForm
	Title    string        `json:"title"`
	Preset   string        `json:"preset,omitempty"` // the name of the one that it goes by
	Created  time.Time     `json:"created"`
	Updated  time.Time     `json:"updated"`
	Messages []messageJSON `json:"messages"`
}

const transcriptForm = "clara-conversation-1"

// messageJSON is a message; Parent is the ID of the one that it follows, Shown says
// whether it is on the path that is shown.
type messageJSON struct {
	ID         int64     `json:"id"`
	Parent     int64     `json:"parent,omitempty"`
	Shown      bool      `json:"shown"`
	Role       Role      `json:"role"`
	Text       string    `json:"text"`
	Created    time.Time `json:"created"`
	Finish     Finish    `json:"finish,omitempty"`
	Version    int       `json:"version,omitempty"`
	Preset     string    `json:"preset,omitempty"` // the name of the one that the answer was made with
	Source     string    `json:"source,omitempty"`
	Lesson     string    `json:"lesson,omitempty"` // the question of the one that was used
	Stars      int       `json:"stars,omitempty"`
	Correction string    `json:"correction,omitempty"`
	Tokens     int       `json:"tokens,omitempty"`
	Seconds    float64   `json:"seconds,omitempty"`
}

func (t *Trainer) writeJSON(ctx context.Context, c Conversation, w io.Writer) error {
	all, err := t.store.Messages(ctx, c.ID)
	if err != nil {
		return err
	}
	entries, err := t.entries(ctx, c.ID, all, all)
	if err != nil {
		return err
	}
	shown := make(map[int64]bool)
	for _, m := range shownPath(all) {
		shown[m.ID] = true
	}
	out := transcriptJSON{Format: transcriptForm, Title: c.Title, Created: c.Created, Updated: c.Updated}
	preset, err := t.presetOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if preset != nil {
		out.Preset = preset.Name
	}
	for _, e := range entries {
		out.Messages = append(out.Messages, messageJSON{
			ID: e.ID, Parent: e.Parent, Shown: shown[e.ID], Role: e.Role, Text: e.Text, Created: e.Created, Finish: e.Finish, Version: e.Number,
			Preset: e.Preset, Source: e.Source, Lesson: e.Question, Stars: e.Stars, Correction: e.Better, Tokens: e.Tokens, Seconds: e.Seconds,
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

package transcript

import (
	"fmt"
	html "html/template"
	"io"
	"strings"
)

// Said is one message as Markdown and HTML show it.
type Said struct {
	Who, When, Text string // Who and When in the language of the reader; Text is Markdown in an answer
	Asked           bool   // it is a question, which is plain text
}

// WriteMarkdown writes the messages below the title. It escapes questions, which are plain text, so that they stay what they are;
// answers are Markdown themselves.
func WriteMarkdown(w io.Writer, title string, all []Said) error {
	var b strings.Builder
	b.WriteString("# " + plainMarkdown(oneLine(title)) + "\n")
	for _, s := range all {
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

// WriteHTML writes the messages below the title as one page, in a language such as "de", that needs
// nothing else. It fails as w does.
func WriteHTML(w io.Writer, language, title string, all []Said) error {
	return page.Execute(w, struct {
		Language, Title string
		Said            []Said
	}{language, oneLine(title), all})
}

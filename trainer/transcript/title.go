package transcript

import (
	"strings"
	"unicode/utf8"
)

// titleRunes is how much of a first question makes the title of its conversation.
const titleRunes = 60

// TitleOf makes the title of a conversation of its first question: what fits on a line, cut at a
// word. It is that of one that is begun here, too.
func TitleOf(question string) string {
	title := strings.Join(strings.Fields(question), " ")
	if utf8.RuneCountInString(title) <= titleRunes {
		return title
	}
	title = string([]rune(title)[:titleRunes])
	if i := strings.LastIndexByte(title, ' '); i > titleRunes/2 {
		title = title[:i]
	}
	return title + "…"
}

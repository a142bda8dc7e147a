package widgets

import (
	"regexp"
	"strings"
)

// A text that is being written ends anywhere: in a mark whose meaning the next character decides, in bold words whose end is yet to
// come, in a table without its second line. Shown as it is, it would change its form again and again. So the last block is shown as
// what it will most likely be, and what cannot be known yet is held back.

// growing is a block as it is shown while it is being written.
func growing(block string) string {
	head, last := "", block
	if i := strings.LastIndexByte(block, '\n'); i >= 0 {
		head, last = block[:i+1], block[i+1:]
	}
	if fence := openFence(head); fence != "" {
		if t := strings.TrimSpace(last); t != "" && len(t) < len(fence) && strings.Trim(t, fence[:1]) == "" {
			return strings.TrimSuffix(head, "\n") // the beginning of the closing fence
		}
		return block
	}
	if fenceOf(strings.TrimSpace(last)) != "" {
		return block
	}
	if shown, held := holdTable(block); held {
		return shown
	}
	if undecided.MatchString(last) {
		return closeMaths(strings.TrimRight(head, "\n"))
	}
	return closeMaths(head + closeInline(last))
}

// closeMaths closes the formula that a block begins with.
func closeMaths(block string) string {
	for _, marks := range [][2]string{{"$$", "$$"}, {`\[`, `\]`}} {
		if inside, ok := strings.CutPrefix(block, marks[0]); ok && !strings.Contains(inside, marks[1]) {
			return block + "\n" + marks[1]
		}
	}
	return block
}

// undecided is a line that the next character may make an item, a heading, a rule, a quote or a fence.
var undecided = regexp.MustCompile("^\\s*([-+*_#~`>=|:$]+|\\d{1,9}[.)]?|[-+*]\\s+\\[[ xX]?\\]?)\\s*$")

// openFence is the fence of a block of code that is not closed, "" for none.
func openFence(block string) string {
	fence := ""
	for line := range strings.Lines(block) {
		t := strings.TrimSpace(line)
		if fence == "" {
			fence = fenceOf(t)
		} else if strings.HasPrefix(t, fence) && strings.Trim(t, fence[:1]) == "" {
			fence = ""
		}
	}
	return fence
}

// holdTable holds a table back until its first row is whole: only then are its columns known.
func holdTable(block string) (shown string, held bool) {
	lines := strings.Split(block, "\n")
	start := len(lines)
	for start > 0 && strings.HasPrefix(strings.TrimSpace(lines[start-1]), "|") {
		start--
	}
	table := lines[start:]
	if len(table) == 0 || len(table) > 3 || len(table) > 1 && strings.Trim(table[1], " \t|:-") != "" {
		return "", false
	}
	if row := strings.TrimSpace(table[len(table)-1]); len(table) == 3 && len(row) > 1 && strings.HasSuffix(row, "|") && strings.Count(row, "|") >= strings.Count(table[0], "|") {
		return "", false
	}
	return strings.Join(lines[:start], "\n"), true
}

// halfLink is a link whose address is being written.
var halfLink = regexp.MustCompile(`!?\[([^\[\]\n]*)\]\([^()\s]*$`)

// closeInline closes what is open at the end of a line: code, bold and slanted words.
func closeInline(line string) string {
	bold, slanted := false, false
	for rest := line; ; {
		i := strings.IndexAny(rest, "`*")
		if i < 0 {
			break
		}
		run := len(rest[i:]) - len(strings.TrimLeft(rest[i:], rest[i:i+1]))
		before, mark, after := rest[:i], rest[i:i+run], rest[i+run:]
		opens := after != "" && after[0] != ' '
		switch {
		case mark[0] == '`':
			end := closing(after, run)
			if end < 0 {
				if strings.TrimSpace(after) == "" {
					return closeInline(strings.TrimRight(strings.TrimSuffix(line, mark+after), " "))
				}
				return line + mark
			}
			after = after[end+run:]
		case after == "" && !(run == 2 && bold && before != "") && !(run == 1 && slanted && before != "" && !bold):
			return closeInline(strings.TrimRight(strings.TrimSuffix(line, mark), " ")) // nothing in it yet
		case run == 1 && (slanted || opens):
			slanted = !slanted
		case run == 2 && (bold || opens):
			bold = !bold
		}
		rest = after
	}
	line = halfLink.ReplaceAllString(line, "$1")
	if slanted {
		line = strings.TrimRight(line, " ") + "*"
	}
	if bold {
		line = strings.TrimRight(line, " ") + "**"
	}
	return line
}

// closing is where a run of exactly n backticks begins, -1 for nowhere.
func closing(text string, n int) int {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '`')
		if i < 0 {
			return -1
		}
		at += i
		run := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
		if run == n {
			return at
		}
		at += run
	}
}

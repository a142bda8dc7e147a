package widgets

import "strings"

// splitBlocks cuts markdown at blank lines outside of code fences. A block is what is parsed and laid out at once: of a text that
// grows only the last one changes. The blank line of a list whose next item is indented or another item stays inside of its block,
// so that numbered lists keep counting. What is finished stays finished: a longer text has the same blocks but for the last one.
func splitBlocks(text string) []string {
	var blocks []string
	var block []string
	fence := "" // the characters that opened the code block
	blank := 0  // blank lines held back
	flush := func() {
		if len(block) > 0 {
			blocks = append(blocks, strings.Join(block, "\n"))
			block = nil
		}
		blank = 0
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if fence != "" {
			block = append(block, line)
			if strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, fence[:1]) == "" {
				fence = ""
				flush()
			}
			continue
		}
		if trimmed == "" {
			blank++
			continue
		}
		if blank > 0 && !(len(block) > 0 && isListItem(block[0]) && (isListItem(line) || line != strings.TrimLeft(line, " \t") || i == len(lines)-1 && isDigits(line))) {
			flush()
		}
		for ; blank > 0; blank-- {
			block = append(block, "")
		}
		if f := fenceOf(trimmed); f != "" {
			if len(block) > 0 && !isListItem(block[0]) {
				flush()
			}
			fence = f
		}
		block = append(block, line)
	}
	flush()
	return blocks
}

// cutBlocks cuts blocks that are too long, but for those of code.
func cutBlocks(blocks []string) []string {
	var all []string
	for _, b := range blocks {
		for fenceOf(b) == "" && len(b) > longestBlock {
			piece := cutText(b, longestBlock)
			all, b = append(all, strings.TrimRight(piece, "\n")), b[len(piece):]
		}
		all = append(all, b)
	}
	return all
}

// fenceOf is the run of three or more backticks or tildes that opens a code block, or nothing.
func fenceOf(trimmed string) string {
	for _, c := range []string{"`", "~"} {
		info := strings.TrimLeft(trimmed, c)
		n := len(trimmed) - len(info)
		if line, _, _ := strings.Cut(info, "\n"); n >= 3 && (c == "~" || !strings.Contains(line, c)) {
			return strings.Repeat(c, n)
		}
	}
	return ""
}

// isListItem tells whether a line begins an item of a list: a bullet, or a number with a point or bracket, then a space or nothing.
func isListItem(line string) bool {
	s := strings.TrimLeft(line, " \t")
	rest := strings.TrimLeft(s, "0123456789")
	switch {
	case s == "":
		return false
	case strings.ContainsRune("-*+", rune(s[0])):
		rest = s[1:]
	case rest != s && rest != "" && (rest[0] == '.' || rest[0] == ')'):
		rest = rest[1:]
	default:
		return false
	}
	return rest == "" || rest[0] == ' '
}

// isDigits tells whether a line may yet become an item of a list: in the last line of a text that is being written.
func isDigits(line string) bool { return strings.Trim(line, "0123456789") == "" }

package trainer

// A conversation is a tree: versions of an answer follow the same question, a question
// that was asked differently follows what the first one followed. One path through it is
// shown, and is what the model reads.

// shownPath is the path that is shown: from the beginning, at each fork the message that
// was shown last.
func shownPath(all []Message) []Message { return shownAfter(all, 0) }

// shownAfter is what would be shown after a message, if that is shown itself.
func shownAfter(all []Message, message int64) []Message {
	next := make(map[int64]Message, len(all)) // by parent
	for _, m := range all {
		if o, ok := next[m.Parent]; !ok || m.Shown > o.Shown || m.Shown == o.Shown && m.ID > o.ID {
			next[m.Parent] = m
		}
	}
	var out []Message
	for m, ok := next[message]; ok; m, ok = next[m.ID] {
		out = append(out, m)
	}
	return out
}

// pathTo is the way from the beginning to a message, itself at its end.
func pathTo(all []Message, id int64) []Message {
	byID := make(map[int64]Message, len(all))
	for _, m := range all {
		byID[m.ID] = m
	}
	n := 0
	for m, ok := byID[id]; ok; m, ok = byID[m.Parent] {
		n++
	}
	out := make([]Message, n)
	for m, ok := byID[id]; ok; m, ok = byID[m.Parent] {
		n--
		out[n] = m
	}
	return out
}

// versionsOf are, for each message that is not the only one behind its parent, all those
// there in the order in which they were written.
func versionsOf(all []Message) map[int64][]int64 {
	behind := make(map[int64][]int64, len(all))
	for _, m := range all {
		behind[m.Parent] = append(behind[m.Parent], m.ID)
	}
	out := make(map[int64][]int64)
	for _, ids := range behind {
		if len(ids) > 1 {
			for _, id := range ids {
				out[id] = ids
			}
		}
	}
	return out
}

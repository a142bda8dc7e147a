package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Hit is a place where all words of a search stand.
type Hit struct {
	Conversation int64
	Title        string // of the conversation
	Message      int64  // 0: the words stand in the title
	Role         Role   // of the message; "" for a title
	Created      time.Time
	Excerpt      string // the title, or a piece of the message on one line around the first word found
}

// Span is a piece of a text: the bytes from From up to, not including, To.
type Span struct{ From, To int }

// Search finds the conversations whose titles have all words of a query, then the
// messages that have them, each the newest first, at most limit of both together. A word
// is found inside of a longer one too, in either case of its letters; words in double
// quotes are looked for as they stand. A query without words finds nothing. An answer is
// looked through as it is shown: as it was corrected, if it was. The texts of deleted
// conversations and system prompts are left out; messages of all branches are not.
func (s *Store) Search(ctx context.Context, query string, limit int) ([]Hit, error) {
	words := searchWords(query)
	if len(words) == 0 {
		return nil, nil
	}
	const what = "search"
	match, like := conditions(words, "c.title")
	titles, err := list(ctx, s, what, func(r scanner) (Hit, error) {
		var h Hit
		err := r.Scan(&h.Conversation, &h.Title, timeColumn{&h.Created})
		h.Excerpt = h.Title
		return h, err
	}, `SELECT c.id, c.title, c.updated FROM conversations c WHERE c.user = ? AND c.deleted IS NULL`+match.in("c.id", "title_index")+like.sql+
		` ORDER BY c.updated DESC, c.id DESC LIMIT ?`, slices.Concat([]any{s.user}, match.args, like.args, []any{limit})...)
	if err != nil {
		return nil, err
	}
	match, like = conditions(words, "m.text")
	texts, err := list(ctx, s, what, func(r scanner) (Hit, error) {
		var h Hit
		var text string
		err := r.Scan(&h.Conversation, &h.Title, &h.Message, &h.Role, timeColumn{&h.Created}, &text)
		h.Excerpt = excerpt(text, words)
		return h, err
	}, `SELECT c.id, c.title, m.id, m.role, m.created, m.text FROM messages m JOIN conversations c ON c.id = m.conversation AND c.deleted IS NULL
		WHERE m.user = ? AND m.role <> 'system' AND NOT EXISTS (SELECT 1 FROM samples x WHERE `+correctionOf+`)`+match.in("m.id", "text_index")+like.sql+
		` ORDER BY m.id DESC LIMIT ?`, slices.Concat([]any{s.user}, match.args, like.args, []any{limit - len(titles)})...)
	if err != nil {
		return nil, err
	}
	corrected, err := s.searchCorrections(ctx, words)
	if err != nil {
		return nil, err
	}
	texts = append(texts, corrected...)
	slices.SortFunc(texts, func(a, b Hit) int { return cmp.Compare(b.Message, a.Message) })
	return append(titles, texts[:min(len(texts), limit-len(titles))]...), nil
}

// correctionOf says of a sample x that it is the correction that stands on message m.
const correctionOf = `x.user = m.user AND x.message = m.id AND x.form = 'correction' AND x.deleted IS NULL AND NOT x.replaced`

// searchCorrections looks through the corrected answers. They have no index: there are
// as many as somebody wrote by hand.
func (s *Store) searchCorrections(ctx context.Context, words []string) ([]Hit, error) {
	all, err := list(ctx, s, "search", func(r scanner) (Hit, error) {
		var h Hit
		return h, r.Scan(&h.Conversation, &h.Title, &h.Message, &h.Role, timeColumn{&h.Created}, &h.Excerpt)
	}, `SELECT c.id, c.title, m.id, m.role, m.created,
			(SELECT x.better FROM samples x WHERE `+correctionOf+` ORDER BY x.id DESC LIMIT 1)
		FROM messages m JOIN conversations c ON c.id = m.conversation AND c.deleted IS NULL
		WHERE m.id IN (SELECT message FROM samples x WHERE x.user = ? AND x.message IS NOT NULL AND x.form = 'correction' AND x.deleted IS NULL AND NOT x.replaced)`, s.user)
	if err != nil {
		return nil, err
	}
	var hits []Hit
	for _, h := range all {
		has := func(w string) bool { return len(findWords(h.Excerpt, []string{w})) > 0 }
		if !slices.ContainsFunc(words, func(w string) bool { return !has(w) }) {
			h.Excerpt = excerpt(h.Excerpt, words)
			hits = append(hits, h)
		}
	}
	return hits, nil
}

// searchWords are the words of a query: what stands between blanks, or between quotes.
func searchWords(query string) []string {
	var words []string
	for i, part := range strings.Split(query, `"`) {
		if i%2 == 0 {
			words = append(words, strings.Fields(part)...)
		} else if part = strings.TrimSpace(part); part != "" {
			words = append(words, part)
		}
	}
	return words
}

// condition is a piece of a WHERE with its arguments.
type condition struct {
	sql  string
	args []any
}

// in asks the index for rows; the empty condition does not.
func (c condition) in(column, index string) string {
	if len(c.args) == 0 {
		return ""
	}
	return ` AND ` + column + ` IN (SELECT rowid FROM ` + index + ` WHERE ` + index + ` MATCH ?)`
}

// conditions splits words into what the index knows, and what it cannot: it holds three
// letters at a time, so shorter words are looked for in what the longer ones find.
func conditions(words []string, column string) (match, like condition) {
	var phrases []string
	for _, w := range words {
		if utf8.RuneCountInString(w) >= 3 {
			phrases = append(phrases, `"`+strings.ReplaceAll(w, `"`, `""`)+`"`)
			continue
		}
		var either []string
		for _, c := range cases(w) {
			either = append(either, column+` LIKE ? ESCAPE '\'`)
			like.args = append(like.args, `%`+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(c)+`%`)
		}
		like.sql += ` AND (` + strings.Join(either, ` OR `) + `)`
	}
	if len(phrases) > 0 {
		match.args = []any{strings.Join(phrases, " ")}
	}
	return match, like
}

// cases are a word in either case of each letter that LIKE, which folds ASCII alone, would
// tell apart.
func cases(word string) []string {
	out := []string{""}
	for _, r := range word {
		either := []rune{r}
		if lower, upper := unicode.ToLower(r), unicode.ToUpper(r); r >= utf8.RuneSelf && lower != upper {
			either = []rune{lower, upper}
		}
		var next []string
		for _, begun := range out {
			for _, c := range either {
				next = append(next, begun+string(c))
			}
		}
		out = next
	}
	return out
}

const (
	excerptBefore = 40  // runes before the first word found
	excerptRunes  = 160 // in all
)

// excerpt is a piece of a text around the first word found, on one line.
func excerpt(text string, words []string) string {
	from := 0
	if found := findWords(text, words); len(found) > 0 {
		from = found[0].From
	}
	begin := from
	for n := 0; n < excerptBefore && begin > 0; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:begin])
		begin -= size
	}
	if begin > 0 { // at the beginning of a word
		if i := strings.IndexFunc(text[begin:from], unicode.IsSpace); i >= 0 {
			begin += i + 1
		}
	}
	end := begin
	for n := 0; n < excerptRunes && end < len(text); n++ {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	piece := strings.Join(strings.Fields(text[begin:end]), " ")
	if begin > 0 {
		piece = "… " + piece
	}
	if end < len(text) {
		piece += " …"
	}
	return piece
}

// Find returns where the words of a query stand in a text, as Search looks for them, in
// order and without overlap.
func Find(text, query string) []Span { return findWords(text, searchWords(query)) }

func findWords(text string, words []string) []Span {
	folded, at := fold(text)
	var found []Span
	for _, w := range words {
		word, _ := fold(w)
		for from := 0; ; {
			i := strings.Index(folded[from:], word)
			if i < 0 || word == "" {
				break
			}
			i += from
			from = i + len(word)
			found = append(found, Span{at[i], at[from]})
		}
	}
	slices.SortFunc(found, func(a, b Span) int {
		if a.From != b.From {
			return a.From - b.From
		}
		return b.To - a.To // the longer one first
	})
	apart := found[:0]
	for _, f := range found {
		if len(apart) == 0 || f.From >= apart[len(apart)-1].To {
			apart = append(apart, f)
		}
	}
	return apart
}

// fold returns a text in lower case, rune by rune, and for each of its bytes, and its
// end, where that stood in the text.
func fold(text string) (string, []int) {
	var b strings.Builder
	b.Grow(len(text))
	at := make([]int, 0, len(text)+1)
	for i, r := range text {
		n := b.Len()
		b.WriteRune(unicode.ToLower(r))
		for range b.Len() - n {
			at = append(at, i)
		}
	}
	return b.String(), append(at, len(text))
}

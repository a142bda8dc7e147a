package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// said adds a conversation with the given title and messages, questions and answers in turn.
func said(t tester, s *Store, title string, texts ...string) (Conversation, []Message) {
	t.Helper()
	c := must(addConversation(t.Context(), s, Conversation{Title: title}))(t)
	var all []Message
	parent := int64(0)
	for i, text := range texts {
		m := Message{Conversation: c.ID, Parent: parent, Role: []Role{RoleUser, RoleAssistant}[i%2], Text: text}
		all = append(all, must(s.AddMessage(t.Context(), m))(t))
		parent = all[i].ID
	}
	return c, all
}

func TestSearchFindsTitlesAndTexts(t *testing.T) {
	s := newStore(t)
	said(t, s, "Widerspruchsverfahren", "Bis wann kann ich Widerspruch einlegen?", "Innerhalb eines Monats (§ 70 VwGO).")
	said(t, s, "Öffnungszeiten", "Wann hat das Bürgerbüro geöffnet?", "Um 8 Uhr, am Donnerstag bis 18 Uhr. 100 % sicher.")
	other := s.As("ann")
	said(t, other, "Anns Widerspruch", "Widerspruch?")
	for query, want := range map[string][]string{
		"widerspruch":           {"Widerspruchsverfahren/title", "Widerspruchsverfahren/user"},
		"verfahren":             {"Widerspruchsverfahren/title"},
		"ÖFFN":                  {"Öffnungszeiten/title", "Öffnungszeiten/user"},
		"öf geöffnet":           {"Öffnungszeiten/user"}, // shorter than the index has, and not ASCII
		"Öf bürgerbüro":         {"Öffnungszeiten/user"},
		"Uhr 18":                {"Öffnungszeiten/assistant"}, // a word of the index, and one too short for it
		`"bis 18 Uhr"`:          {"Öffnungszeiten/assistant"},
		`"18 bis Uhr"`:          nil,
		"Monats widerspruch":    nil, // not in one message
		"§ 70":                  {"Widerspruchsverfahren/assistant"},
		"0 %":                   {"Öffnungszeiten/assistant"},
		"_":                     nil,
		"":                      nil,
		`"`:                     nil,
		"  ":                    nil,
		`NEAR(a b) OR -x* ^y"z`: nil, // no query language of the index comes through
	} {
		var got []string
		for _, h := range must(s.Search(t.Context(), query, 20))(t) {
			what := string(h.Role)
			if h.Message == 0 {
				what = "title"
			}
			got = append(got, h.Title+"/"+what)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	if hits := must(s.Search(t.Context(), "widerspruch", 1))(t); len(hits) != 1 {
		t.Errorf("%d hits, at most 1 was asked for", len(hits))
	}
}

func TestSearchLooksAtWhatIsShownOfACorrectedAnswer(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	_, m := said(t, s, "Boats", "Which knots hold a boat?", "A granny knot.")
	found := func(query string) int { return len(must(s.Search(ctx, query, 9))(t)) }
	first, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormCorrection, Kind: Knowledge, Message: m[1].ID, Better: "A Bowline."}})
	check(t, err)
	second, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormCorrection, Kind: Knowledge, Message: m[1].ID, Better: "A clove hitch."}, Replaces: []int64{first.ID}})
	check(t, err)
	if found("granny") != 0 || found("bowline") != 0 || found("HITCH clove") != 1 || found("hitch bowline") != 0 {
		t.Error("what is found is not what is shown")
	}
	check(t, s.DeleteSample(ctx, second.ID))
	if found("bowline") != 1 || found("hitch") != 0 {
		t.Error("the correction before does not stand again")
	}
	check(t, s.DeleteSample(ctx, first.ID))
	if found("granny") != 1 || found("bowline") != 0 {
		t.Error("the answer does not stand again")
	}
}

func TestSearchForgetsWhatIsDeletedAndRenamed(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	c, _ := said(t, s, "Boats", "Which knots hold a boat?", "A zyzzyva.")
	found := func(query string) int { return len(must(s.Search(ctx, query, 9))(t)) }
	check(t, s.RenameConversation(ctx, c.ID, "Ropes"))
	if found("boats") != 0 || found("ropes") != 1 || found("zyzzyva") != 1 {
		t.Error("the index has the title before")
	}
	check(t, s.DeleteConversation(ctx, c.ID))
	if found("ropes")+found("zyzzyva") != 0 {
		t.Error("a deleted conversation is found")
	}
	check(t, s.RestoreConversation(ctx, c.ID))
	if found("zyzzyva") != 1 {
		t.Error("a restored conversation is not found")
	}
	check(t, s.DeleteConversation(ctx, c.ID))
	check(t, s.EraseConversations(ctx, time.Now().Add(time.Hour)))
	for _, index := range []string{"title_index", "text_index"} {
		must(s.db.write.Exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES ('integrity-check')", index, index)))(t)
	}
	check(t, s.Close())
	for _, name := range []string{s.Path(), s.Path() + "-wal"} {
		file, err := os.ReadFile(name)
		if err == nil && (strings.Contains(string(file), "zyz") || strings.Contains(string(file), "zzy")) {
			t.Errorf("%s still has letters of an erased message", filepath.Base(name))
		}
	}
}

func TestMigrationIndexesWhatWasSaidBefore(t *testing.T) {
	steps := must(embeddedMigrations())(t)
	path := filepath.Join(t.TempDir(), "clara.db")
	s := must(open(t.Context(), path, steps[:3]))(t)
	rows := must(os.ReadFile(filepath.Join("testdata", "0003.sql")))(t)
	must(s.db.write.Exec(string(rows)))(t)
	check(t, s.Close())
	s = openAt(t, path)
	for query, want := range map[string]int64{"öffnung": 0, "registry": 1} {
		if hits := must(s.Search(t.Context(), query, 9))(t); len(hits) != 1 || hits[0].Message != want {
			t.Errorf("%q finds %+v", query, hits)
		}
	}
}

func TestExcerptShowsTheFirstHit(t *testing.T) {
	text := strings.Repeat("many words before it ", 30) + "the\nBowline holds " + strings.Repeat("and words behind ", 30)
	got := excerpt(text, []string{"bowline"})
	if !strings.Contains(got, "the Bowline holds") || !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") || len(got) > 200 {
		t.Errorf("%q", got)
	}
	if got := excerpt("A bowline.", []string{"bowline"}); got != "A bowline." {
		t.Errorf("%q", got)
	}
}

func TestFindGivesBytesOfTheText(t *testing.T) {
	for _, c := range []struct {
		text, query string
		want        []string
	}{
		{"Öffnung, ÖFFNUNG", "öff", []string{"Öff", "ÖFF"}},
		{"İstanbul istanbul", "istanbul", []string{"İstanbul", "istanbul"}},
		{"aaa", "a aa", []string{"aa", "a"}},
		{"Der Satz.", "satz der", []string{"Der", "Satz"}},
		{"nothing", "x", nil},
	} {
		var got []string
		for _, f := range Find(c.text, c.query) {
			got = append(got, c.text[f.From:f.To])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: %q, want %q", c.query, c.text, got, c.want)
		}
	}
}

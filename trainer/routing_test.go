package trainer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clara/trainer/words"
)

// testdata finds a file of the shared test data, or skips.
func testdata(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("CLARA_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		lacks(t, fmt.Sprintf("no test data: %v (set CLARA_TESTDATA)", err))
	}
	return path
}

// lacks skips a test for want of what the test data or the folder of models should hold. Where
// CLARA_NEED_DATA says that all is there, it fails: a skip would look green.
func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CLARA_NEED_DATA") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

type factLesson struct {
	Prompt, Correction     string
	Rewordings, Neighbours []string
	Expect                 [][]string
}

func facts(t testing.TB) []factLesson {
	data, err := os.ReadFile(testdata(t, "learning", "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Lessons []factLesson }
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f.Lessons
}

// All 36 rewordings of the experiment find their lesson, at most 6 of 22 neighbours
// get past the veto, no unrelated question does.
func TestRoutingOfTheExperiment(t *testing.T) {
	lessons := facts(t)
	var questions []string
	for _, l := range lessons {
		questions = append(questions, l.Prompt)
	}
	r := newRouter(questions)
	found, of, passed, neighbours := 0, 0, 0, 0
	for i, l := range lessons {
		if got, overlap, ok := r.match(l.Prompt); !ok || got != i || overlap != 1 {
			t.Errorf("%q does not match itself: %d, %g, %v", l.Prompt, got, overlap, ok)
		}
		for _, q := range l.Rewordings {
			of++
			if got, overlap, ok := r.match(q); ok && got == i {
				found++
			} else {
				t.Logf("missed: %q (nearest %d, overlap %.2f)", q, got, overlap)
			}
		}
		for _, q := range l.Neighbours {
			neighbours++
			if _, _, ok := r.match(q); ok {
				passed++
				t.Logf("passed: %q", q)
			}
		}
	}
	if found < 36 || of != 36 {
		t.Errorf("%d of %d rewordings found their lesson, want all 36", found, of)
	}
	if passed > 6 {
		t.Errorf("%d of %d neighbours match, want at most 6", passed, neighbours)
	}
	set, _ := anchors()
	for _, u := range set.Unrelated {
		if i, overlap, ok := r.match(u.Question); ok {
			t.Errorf("unrelated %q matches %q with %.2f", u.Question, questions[i], overlap)
		}
	}
}

func TestRouting(t *testing.T) {
	questions := []string{
		"What is the capital of Turkey?",
		"Wie lauten die Öffnungszeiten des Bürgerbüros in Neuburg?",
		"What is the Wi-Fi password?",
		"Who are you?",
		"How many people work in building 7?",
		"Wie hoch ist die Personalausweisgebühr?",
		"Ab welchem Betrag braucht eine Bestellung über 1.500 Euro zwei Unterschriften?",
	}
	r := newRouter(questions)
	for _, c := range []struct {
		question string
		want     int // -1: none
	}{
		{"what is the capital of turkey", 0},
		{"Turkey’s capital, please?", 0},
		{"What is the capital of Greece?", -1},
		{"Welche Öffnungszeiten hat das Bürgerbüro Neuburg?", 1},
		{"welche oeffnungszeiten hat das buergerbuero neuburg", 1},
		{"Wie lauten die Öffnungszeiten des Bürgerbüros in Hamburg?", -1},
		{"Wann ist das Neuburger Bürgerbüro geöffnet?", 1},
		{"Öffungszeiten Bürgerbüro Neuburg", 1}, // misspelt
		{"Wo ist das Rathaus?", -1},
		{"WHO ARE YOU", 3}, // nothing but stop words, yet the same question
		{"How many people work in building 9?", -1},
		{"Welche Gebühr fällt für den Personalausweis an?", 5}, // a compound taken apart
		{"Was kostet ein Personalausweis?", 5},
		{"Wer unterschreibt eine Bestellung über 1500 Euro?", 6},
		{"", -1},
		{"?!", -1},
	} {
		got, overlap, ok := r.match(c.question)
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("match(%q) = %d (%.2f), want %d", c.question, got, overlap, c.want)
		}
	}
	if _, _, ok := newRouter(nil).match("anything"); ok {
		t.Error("a router without lessons matched")
	}
}

// Words of a concept stand for each other, in both languages and in any form, and a
// surname that is such a word still tells one lesson from another.
func TestRoutingByConcepts(t *testing.T) {
	questions := []string{
		"Where is the main water tap of our house?",
		"Who is the head of Halden Press?",
		"When is the next vaccination of Asta due?",
		"Welche Durchwahl hat Frau Koch?",
		"Wann wird der Sperrmüll abgeholt?",
	}
	r := newRouter(questions)
	for _, c := range []struct {
		question string
		want     int // -1: none
	}{
		{"Which faucet shuts off the water in our home?", 0},
		{"Who runs Halden Press?", 1},
		{"When does Asta get her next jab?", 2},
		{"Welche Telefonnummer hat Frau Koch?", 3},
		{"Welche Durchwahl hat Frau Schneider?", -1},
		{"Wann ist die Abholung vom Sperrgut?", 4},
	} {
		got, overlap, ok := r.match(c.question)
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("match(%q) = %d (%.2f), want %d", c.question, got, overlap, c.want)
		}
	}
}

// No word of the table is one that is never looked up, and none stands on a line alone.
func TestConceptsCanBeFound(t *testing.T) {
	for line := range strings.Lines(conceptLines) {
		all := strings.Fields(line)
		if len(all) < 2 {
			t.Errorf("%q: a concept of fewer than two words", line)
		}
		for _, w := range all {
			if q := takeApart(w); len(q.terms) != 1 || q.terms[0].stem != words.Stem(words.Plain(w)) {
				t.Errorf("%q of %q is not found as it is written", w, line)
			}
		}
	}
}

// manyLessons are questions that differ in a name and a number alone.
func manyLessons(n int) []string {
	questions := make([]string, n)
	for i := range questions {
		questions[i] = fmt.Sprintf("What is the phone extension of employee Number%d in department %d of Brandt Logistics?", i, i%97)
	}
	return questions
}

const manyQuestion = "Which phone extension has employee Number4711 in department 55 at Brandt Logistics?"

func TestRoutingAmongMany(t *testing.T) {
	if got, _, ok := newRouter(manyLessons(10000)).match(manyQuestion); !ok || got != 4711 {
		t.Errorf("match = %d, %v", got, ok)
	}
}

// BenchmarkRouting is a match by words among 10,000 lessons, at most 5 ms. What the model is
// asked about the nearest ones comes on top (BenchmarkChoosing).
func BenchmarkRouting(b *testing.B) {
	r := newRouter(manyLessons(10000))
	for b.Loop() {
		r.match(manyQuestion)
	}
}

// BenchmarkNewRouter indexes 10,000 lessons, as each correction does: at most a second.
func BenchmarkNewRouter(b *testing.B) {
	questions := manyLessons(10000)
	for b.Loop() {
		newRouter(questions)
	}
}

// A pasted text is looked up in a few of its sentences, and what it asks is among them.
func TestALongTextIsLookedUpInFewSentences(t *testing.T) {
	r := newRouter([]string{"Who tunes our piano?", "Where is the key of the boat house?", "When does the choir rehearse?"})
	filling := strings.Repeat("The harbour was grey and the gulls had left for the fields. ", 100)
	for _, text := range []string{
		filling + "Who tunes our piano? " + filling, filling + "Tell me who tunes our piano.", "Tell me who tunes our piano. " + filling,
	} {
		if n := len(askingFirst(text)); n > mostSentences {
			t.Errorf("%d sentences are looked up", n)
		}
		if near := r.nearest(text, 1); len(near) == 0 || near[0].lesson != 0 || near[0].overlap < leastOverlap {
			t.Errorf("%.40q … %.40q: %+v", text, text[len(text)-40:], near)
		}
	}
	if few := "Hello. Who tunes our piano? It is out of tune."; !slices.Equal(askingFirst(few), words.Sentences(few)) {
		t.Errorf("of three sentences %q are looked up", askingFirst(few))
	}
}

// What is asked may stand in one of several sentences: the others do not count against it.
func TestSentencesAreLookedUpEach(t *testing.T) {
	r := newRouter([]string{"Who tunes our piano?", "Where is the key of the boat house?", "When does the choir rehearse?"})
	long := "My aunt comes to visit on Sunday and wants to play something by Chopin. Who tunes our piano? It has been a year."
	whole, each := r.near(long, 1), r.nearest(long, 1)
	if len(whole) == 0 || len(each) == 0 || each[0].lesson != 0 || each[0].own || !(each[0].overlap > whole[0].overlap) {
		t.Errorf("as a whole %+v, sentence by sentence %+v", whole, each)
	}
	for _, q := range []string{"Who tunes our piano?", "Who plays our piano?", "Hello. What is the capital of France?", ""} {
		if a, b := r.near(q, 3), r.nearest(q, 3); len(words.Sentences(q)) < 2 && !slices.Equal(a, b) {
			t.Errorf("%q: %+v and %+v", q, a, b)
		}
	}
}

// Where words have no spaces between them, a lesson is found by its question and its
// question asked differently, and not by others, among which are ordinary ones.
func TestLessonsWithoutSpaces(t *testing.T) {
	lessons := []string{
		"公司的总部在哪里？", "访客的无线网络密码是什么？", "谁负责会议室的预订？", "仓库几点关门？",
		"会社の本社はどこですか。", "来客用の駐車場はいくらですか。",
		"สำนักงานใหญ่ของบริษัทอยู่ที่ไหน", "รหัสผ่านไวไฟสำหรับแขกคืออะไร",
		"Where is the head office of Brandt?",
	}
	r := newRouter(lessons)
	for question, want := range map[string]int{
		"公司的总部在哪里": 0, "请问公司总部在哪儿？": 0, "我们公司的总部是在哪里呢？": 0, "无线网络的访客密码是多少？": 1, "会议室的预订由谁负责？": 2, "仓库什么时候关门？": 3,
		"本社はどこにありますか。": 4, "駐車場は来客用でいくらですか。": 5,
		"บริษัทมีสำนักงานใหญ่ที่ไหน": 6, "ไวไฟสำหรับแขกใช้รหัสผ่านอะไร": 7,
	} {
		if got, overlap, ok := r.match(question); !ok || got != want {
			t.Errorf("%q is answered by lesson %d (%v, %.2f), want %d", question, got, ok, overlap, want)
		}
	}
	if ms := r.nearest("我有一个朋友明天来访。她要上网。无线网络的密码是什么？", 1); len(ms) == 0 || ms[0].lesson != 1 || ms[0].overlap < leastOverlap {
		t.Errorf("a question of several sentences is near to %+v", ms)
	}
	for _, question := range []string{
		"法国的首都在哪里？", "今天天气怎么样？", "你是谁？", "水的沸点是多少？", "怎么煮米饭？", "什么是光合作用？",
		"日本の首都はどこですか。", "今日の天気はどうですか。", "ご飯はどうやって炊きますか。",
		"เมืองหลวงของฝรั่งเศสคืออะไร", "วันนี้อากาศเป็นอย่างไร", "หุงข้าวอย่างไร", "Where is the capital of France?",
	} {
		if got, overlap, ok := r.match(question); ok {
			t.Errorf("%q is answered by lesson %d (%.2f)", question, got, overlap)
		}
	}
}

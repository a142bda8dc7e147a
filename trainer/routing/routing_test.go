package routing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clara/trainer/words"
)

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
	r := New(questions)
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
		got, overlap, ok := r.Match(c.question)
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("match(%q) = %d (%.2f), want %d", c.question, got, overlap, c.want)
		}
	}
	if _, _, ok := New(nil).Match("anything"); ok {
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
	r := New(questions)
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
		got, overlap, ok := r.Match(c.question)
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
	if got, _, ok := New(manyLessons(10000)).Match(manyQuestion); !ok || got != 4711 {
		t.Errorf("match = %d, %v", got, ok)
	}
}

// BenchmarkRouting is a match by words among 10,000 lessons, at most 5 ms. What the model is
// asked about the nearest ones comes on top (BenchmarkChoosing).
func BenchmarkRouting(b *testing.B) {
	r := New(manyLessons(10000))
	for b.Loop() {
		r.Match(manyQuestion)
	}
}

// BenchmarkNewRouter indexes 10,000 lessons, as each correction does: at most a second.
func BenchmarkNewRouter(b *testing.B) {
	questions := manyLessons(10000)
	for b.Loop() {
		New(questions)
	}
}

// A pasted text is looked up in a few of its sentences, and what it asks is among them.
func TestALongTextIsLookedUpInFewSentences(t *testing.T) {
	r := New([]string{"Who tunes our piano?", "Where is the key of the boat house?", "When does the choir rehearse?"})
	filling := strings.Repeat("The harbour was grey and the gulls had left for the fields. ", 100)
	for _, text := range []string{
		filling + "Who tunes our piano? " + filling, filling + "Tell me who tunes our piano.", "Tell me who tunes our piano. " + filling,
	} {
		if n := len(askingFirst(text)); n > mostSentences {
			t.Errorf("%d sentences are looked up", n)
		}
		if near := r.Nearest(text, 1); len(near) == 0 || near[0].Lesson != 0 || near[0].Overlap < LeastOverlap {
			t.Errorf("%.40q … %.40q: %+v", text, text[len(text)-40:], near)
		}
	}
	if few := "Hello. Who tunes our piano? It is out of tune."; !slices.Equal(askingFirst(few), words.Sentences(few)) {
		t.Errorf("of three sentences %q are looked up", askingFirst(few))
	}
}

// What is asked may stand in one of several sentences: the others do not count against it.
func TestSentencesAreLookedUpEach(t *testing.T) {
	r := New([]string{"Who tunes our piano?", "Where is the key of the boat house?", "When does the choir rehearse?"})
	long := "My aunt comes to visit on Sunday and wants to play something by Chopin. Who tunes our piano? It has been a year."
	whole, each := r.near(long, 1), r.Nearest(long, 1)
	if len(whole) == 0 || len(each) == 0 || each[0].Lesson != 0 || each[0].Own || !(each[0].Overlap > whole[0].Overlap) {
		t.Errorf("as a whole %+v, sentence by sentence %+v", whole, each)
	}
	for _, q := range []string{"Who tunes our piano?", "Who plays our piano?", "Hello. What is the capital of France?", ""} {
		if a, b := r.near(q, 3), r.Nearest(q, 3); len(words.Sentences(q)) < 2 && !slices.Equal(a, b) {
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
	r := New(lessons)
	for question, want := range map[string]int{
		"公司的总部在哪里": 0, "请问公司总部在哪儿？": 0, "我们公司的总部是在哪里呢？": 0, "无线网络的访客密码是多少？": 1, "会议室的预订由谁负责？": 2, "仓库什么时候关门？": 3,
		"本社はどこにありますか。": 4, "駐車場は来客用でいくらですか。": 5,
		"บริษัทมีสำนักงานใหญ่ที่ไหน": 6, "ไวไฟสำหรับแขกใช้รหัสผ่านอะไร": 7,
	} {
		if got, overlap, ok := r.Match(question); !ok || got != want {
			t.Errorf("%q is answered by lesson %d (%v, %.2f), want %d", question, got, ok, overlap, want)
		}
	}
	if ms := r.Nearest("我有一个朋友明天来访。她要上网。无线网络的密码是什么？", 1); len(ms) == 0 || ms[0].Lesson != 1 || ms[0].Overlap < LeastOverlap {
		t.Errorf("a question of several sentences is near to %+v", ms)
	}
	for _, question := range []string{
		"法国的首都在哪里？", "今天天气怎么样？", "你是谁？", "水的沸点是多少？", "怎么煮米饭？", "什么是光合作用？",
		"日本の首都はどこですか。", "今日の天気はどうですか。", "ご飯はどうやって炊きますか。",
		"เมืองหลวงของฝรั่งเศสคืออะไร", "วันนี้อากาศเป็นอย่างไร", "หุงข้าวอย่างไร", "Where is the capital of France?",
	} {
		if got, overlap, ok := r.Match(question); ok {
			t.Errorf("%q is answered by lesson %d (%.2f)", question, got, overlap)
		}
	}
}

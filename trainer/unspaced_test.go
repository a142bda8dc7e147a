package trainer

import (
	"slices"
	"testing"
)

func TestPieces(t *testing.T) {
	for word, want := range map[string][]string{
		"office": {"office"}, "公司": {"公司"}, "总部大楼": {"总部", "部大", "大楼"}, "wlan密码": {"wlan", "密码"}, "水": {"水"},
		"โรงเรียน": {"โรงเ", "รงเร", "งเรี", "เรีย", "รียน"},
	} {
		if got := pieces(word); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q, want %q", word, got, want)
		}
	}
}

// A question without spaces has words enough to be one of the user's own.
func TestOwnQuestionWithoutSpaces(t *testing.T) {
	for q, want := range map[string]bool{"今天天气怎么样？": true, "วันนี้อากาศเป็นอย่างไร": true, "什么？": false, "Why?": false} {
		if got := len(contentWords(q)) >= 2; got != want {
			t.Errorf("%q has %q", q, contentWords(q))
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

// A lesson's check goes by the pieces that the wanted answer has and the base's has not.
func TestCheckWithoutSpaces(t *testing.T) {
	c := NewCheck("公司的总部在哪里？", "公司的总部在苏黎世。", "公司的总部在北京。", nil)
	if !c.Passes("总部位于苏黎世。") || c.Passes("公司的总部在上海。") || c.Passes("公司的总部在北京。") {
		t.Error("the check does not tell the answers apart")
	}
}

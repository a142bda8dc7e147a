package words

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
		if got := len(Content(q)) >= 2; got != want {
			t.Errorf("%q has %q", q, Content(q))
		}
	}
}

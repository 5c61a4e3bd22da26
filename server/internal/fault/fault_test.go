package fault

import (
	"strings"
	"testing"
)

// A sentence in one language with words of the other in it helps no clerk.
func TestWordsAreGivenInBothLanguages(t *testing.T) {
	f := New(FileUnreadable, "why", "it is empty", "why_zh", "文件为空")
	if strings.Contains(f.Chinese, "empty") || !strings.Contains(f.Chinese, "文件为空") || !strings.Contains(f.Message, "it is empty") || f.Meta["why_zh"] != "" || f.Meta["why"] != "it is empty" {
		t.Errorf("%+v", f)
	}
	if v := Bad("x", Malformed, "form", "86.5"); !strings.Contains(v.Chinese, "86.5") || !strings.Contains(v.Message, "86.5") {
		t.Errorf("%+v", v)
	}
}

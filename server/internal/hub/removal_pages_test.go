package hub

import "testing"

// 2,517 of Hainan's villages bear their committee's name already.
func TestACommitteeIsNamedOnce(t *testing.T) {
	for village, want := range map[string]string{"向荣村委会": "向荣村委会", "虚构社区居委会": "虚构社区居委会", "虚构村": "虚构村村民委员会", "虚构居民委员会": "虚构居民委员会"} {
		if got := committeeOf(village); got != want {
			t.Errorf("%s: %s", village, got)
		}
	}
}

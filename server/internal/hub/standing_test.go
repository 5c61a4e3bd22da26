package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/letter"
)

func TestLettersWithWhichSomebodyIsLateAreCountedByArea(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	for days, want := range map[int]int64{0: 0, 10: 1} {
		h.clock.day(v.IssuedOn.AddDays(days))
		all, err := h.Standings(t.Context())
		h.ok(err)
		for _, s := range all {
			if is := s.Area == "qionghai"; (is && s.Overdue != want) || (!is && s.Overdue != 0) {
				t.Errorf("after %d days %d letters of %s are overdue", days, s.Overdue, s.Area)
			}
		}
	}
}

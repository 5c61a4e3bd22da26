package hub_test

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// Those who act on letters. The departments' agencies bear the departments' names.
var (
	clerk  = access.Caller{Agency: "bureau", Client: "test", Person: "k1"}
	leader = access.Caller{Agency: "bureau", Client: "test", Person: "l1"}
)

// recipient is a person of a department's agency.
func recipient(department string) access.Caller {
	return access.Caller{Agency: department, Client: "test", Person: "p-" + department}
}

// receivers are the departments that receive letters in a correspondence.
var receivers = []string{"education", "employment", "finance", "industry", "medical-insurance", "training"}

// newCorrespondence is a bureau whose letters are signed, issued and received.
func newCorrespondence(h *house) *house {
	h.Helper()
	newBureau(h)
	h.agree(access.Agreement{ID: "l-bureau", Agency: "bureau", Divisions: []string{province}, Letters: []letter.Role{letter.RolePrepare, letter.RoleSign}})
	for _, d := range receivers {
		h.agree(access.Agreement{ID: "l-" + d, Agency: d, Divisions: []string{province}, Receives: []string{d}, Lists: []string{letter.Roster}})
	}
	return h
}

// letters lists an area's letters by their state, "" for all, in the order of their departments.
func (h *house) letters(state letter.State) []letter.View {
	h.Helper()
	all, _, err := h.Letters(h.Context(), clerk, hub.LetterQuery{Area: "qionghai", State: state, PageSize: 1000})
	h.ok(err)
	slices.SortFunc(all, func(a, b letter.View) int {
		if a.Department != b.Department {
			if a.Department < b.Department {
				return -1
			}
			return 1
		}
		return 0
	})
	return all
}

// letterTo is the only letter to a department in a state.
func (h *house) letterTo(department string, state letter.State) letter.View {
	h.Helper()
	var found []letter.View
	for _, v := range h.letters(state) {
		if v.Department == department {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		h.Fatalf("%d letters to %s are %s", len(found), department, state)
	}
	return found[0]
}

func (h *house) key(v letter.View) hub.LetterKey {
	return hub.LetterKey{ID: v.ID, Etag: v.Etag, RequestID: h.request()}
}

// issue signs a draft off and issues it under the hub's own number.
func (h *house) issue(v letter.View) letter.View {
	h.Helper()
	v, err := h.SignOffLetter(h.Context(), leader, h.key(v))
	h.ok(err)
	v, err = h.IssueLetter(h.Context(), clerk, h.key(v), "")
	h.ok(err)
	return v
}

// answer is a key for a recipient, to whom a letter's etag does not matter.
func (h *house) answer(v letter.View) hub.LetterKey {
	return hub.LetterKey{ID: v.ID, RequestID: h.request()}
}

func (h *house) acknowledge(by access.Caller, v letter.View) letter.View {
	h.Helper()
	v, err := h.AcknowledgeLetter(h.Context(), by, h.answer(v), v.Digest)
	h.ok(err)
	return v
}

// removed is an announced removal with its letters drafted.
func (h *house) removed(n int) hub.CaseState {
	h.Helper()
	return h.carry(h.propose(h.fits(qionghai[n%len(qionghai)], n, 1)[0]), removal.Announce)
}

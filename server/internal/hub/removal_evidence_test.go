package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// local is a county office that acts in one village alone.
var local = access.Caller{Agency: "local", Client: "test", Person: "l1"}

func newLocalBureau(t *testing.T) *house {
	h := newBureau(newHouse(t))
	h.agree(access.Agreement{ID: "r-local", Agency: "local", Divisions: []string{qionghai[0]}, Removal: []removal.Role{removal.RoleConfirm}})
	return h
}

func TestARemovalIsReversedWhereItsCaseWasWhereverTheHouseholdIsNow(t *testing.T) {
	for name, to := range map[string]string{"another village": qionghai[1], "another area": danzhou[0]} {
		h := newLocalBureau(t)
		c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
		h.move(h.find("HH-0001"), to)
		_, step := h.usual(c, removal.Reverse)
		step.Evidence = h.papers(local, c.Household, c.ID, removal.EvidenceReversal)
		now, err := h.TakeStep(t.Context(), local, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, step)
		if err != nil || now.State != removal.Reversed {
			t.Errorf("in %s: %s %v", name, now.State, err)
		}
		// Without the case it is about the household, which is out of this office's reach.
		_, err = h.UploadEvidence(t.Context(), local, c.Household, "", []byte("虚构材料"))
		h.refused(err, fault.HouseholdNotFound)
	}
}

func TestEvidenceIsUploadedForACaseOfItsHouseholdAlone(t *testing.T) {
	h := newLocalBureau(t)
	c, other := h.propose(h.fits(qionghai[0], 1, 1)[0]), h.propose(h.fits(qionghai[1], 10, 1)[0])
	for what, x := range map[string]struct {
		by            access.Caller
		household, of string
	}{
		"another household's case": {county, c.Household, other.ID},
		"no case":                  {county, c.Household, "rc_none"},
		"a case out of reach":      {local, other.Household, other.ID},
	} {
		if _, err := h.UploadEvidence(t.Context(), x.by, x.household, x.of, []byte("虚构材料")); !fault.Is(err, fault.CaseNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A case file prints SHA-256s: whoever reads one must not get the documents of that case
// by naming them in a case of another household.
func TestADocumentIsEvidenceAboutItsOwnHouseholdAlone(t *testing.T) {
	h := newBureau(newHouse(t))
	two := h.fits(qionghai[0], 1, 2)
	theirs := h.propose(two[0]).Steps[0].Evidence
	p := h.proposal(two[1])
	own := p.Evidence
	p.Evidence = theirs
	_, err := h.ProposeRemoval(t.Context(), villager, p)
	h.violated(err, "evidence[0].sha256", fault.EvidenceNotFound)
	p.Evidence, p.RequestID = own, h.request()
	c, err := h.ProposeRemoval(t.Context(), villager, p)
	h.ok(err)
	_, err = h.step(c, removal.Assess, func(_ *access.Caller, s *removal.Step) { s.Evidence = append(s.Evidence, theirs...) })
	h.violated(err, "evidence[1].sha256", fault.EvidenceNotFound)
	_, _, err = h.Evidence(t.Context(), county, c.ID, theirs[0].SHA256)
	h.refused(err, fault.EvidenceNotFound)
}

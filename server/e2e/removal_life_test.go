package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// What happens to households while their cases are under way, and afterwards. The hub
// is told, and the ledger.

// happen lets one thing happen to a household.
func (s *saga) happen() {
	acts := []func(h *ledgerHome){s.move, s.move, s.birth, s.birth, s.death, s.wedding, s.wedding, s.splits, s.splits, s.merges, s.update, s.update}
	act := acts[s.rng.IntN(len(acts))]
	if len(s.cases) == 0 {
		return
	}
	if h := s.anyHome(); h != nil {
		if s.removed(h) {
			s.did["after removal"]++
		}
		act(h)
	}
}

// anyHome is an open household; more often one that a case is about, or that was removed.
func (s *saga) anyHome() *ledgerHome {
	all := s.inOrder()
	switch removed := slices.DeleteFunc(s.inOrder(), func(h *ledgerHome) bool { return !s.removed(h) }); s.rng.IntN(3) {
	case 0:
		return s.homes[s.cases[s.rng.IntN(len(s.cases))].GetHousehold()]
	case 1:
		if len(removed) > 0 {
			return removed[s.rng.IntN(len(removed))]
		}
	}
	return all[s.rng.IntN(len(all))]
}

// inOrder are the households in the order in which they came, so that a seed says it all.
func (s *saga) inOrder() []*ledgerHome {
	return slices.SortedFunc(maps.Values(s.homes), func(a, b *ledgerHome) int { return a.came - b.came })
}

// neighbour is another household of the area, nil for none.
func (s *saga) neighbour(h *ledgerHome) *ledgerHome {
	var some []*ledgerHome
	for _, o := range s.inOrder() {
		if o.area == h.area && o != h && !s.mixed(o) {
			some = append(some, o)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[s.rng.IntN(len(some))]
}

func (s *saga) read(id string) *hubv1.Household {
	s.Helper()
	got, err := s.office.Households().GetHousehold(s.Context(), &hubv1.GetHouseholdRequest{Id: id})
	s.ok(err)
	return got.GetHousehold()
}

// relative is somebody who lives there and is not the head, "" where the head lives alone.
func (s *saga) relative(h *hubv1.Household) string {
	persons := slices.SortedFunc(slices.Values(h.GetPersons()), func(a, b *hubv1.Person) int { return strings.Compare(a.GetPersonNumber(), b.GetPersonNumber()) })
	var some []string
	for _, p := range persons {
		if p.GetLeftOn() == "" && p.GetRelation() != hubv1.Relation_RELATION_HEAD {
			some = append(some, p.GetId())
		}
	}
	if len(some) == 0 {
		return ""
	}
	return some[s.rng.IntN(len(some))]
}

// move takes a household to a village near or far, and back sometimes.
func (s *saga) move(h *ledgerHome) {
	to := s.villages[s.rng.IntN(len(s.villages))]
	if to == h.village {
		return
	}
	got, err := s.office.Households().MoveHousehold(s.Context(), &hubv1.MoveHouseholdRequest{
		Id: h.id, Etag: s.read(h.id).GetEtag(), Village: to, Document: paper(), RequestId: s.request(),
	})
	s.ok(err)
	if got.GetHousehold().GetArea() != h.area {
		s.did["transfer"]++
	}
	s.did["move"]++
	h.area, h.village = got.GetHousehold().GetArea(), to
}

func (s *saga) birth(h *ledgerHome) {
	if s.mixed(h) {
		return
	}
	s.born++
	got, err := s.office.Identity().RecordBirth(s.Context(), &hubv1.RecordBirthRequest{
		Id: h.id, Etag: s.read(h.id).GetEtag(), Document: paper(), RequestId: s.request(),
		Child: &hubv1.Person{
			PersonNumber: fmt.Sprintf("9900%08d", s.born), Name: fmt.Sprintf("虚拟%d", s.born), Sex: hubv1.Sex_SEX_FEMALE, BirthDate: s.today(),
			Relation: hubv1.Relation_RELATION_DAUGHTER, JoinedOn: s.today(), JoinReason: hubv1.JoinReason_JOIN_REASON_BIRTH, LabourAbility: hubv1.LabourAbility_LABOUR_ABILITY_NONE,
		},
	})
	s.ok(err)
	for _, p := range presentIn(got.GetHousehold()) {
		if s.persons[p] == nil {
			s.persons[p] = &ledgerPerson{own: map[string]bool{}}
			h.people = append(h.people, p)
			s.did["birth"]++
		}
	}
}

func (s *saga) death(h *ledgerHome) {
	was := s.read(h.id)
	p := s.relative(was)
	if p == "" {
		return
	}
	_, err := s.office.Identity().RecordDeath(s.Context(), &hubv1.RecordDeathRequest{
		Id: h.id, Etag: was.GetEtag(), Person: p, On: s.today(), Document: paper(), RequestId: s.request(),
	})
	s.ok(err)
	s.persons[p].died = s.hub.Today()
	s.leave(h, p)
	s.did["death"]++
}

func (s *saga) wedding(h *ledgerHome) {
	to := s.neighbour(h)
	if to == nil || s.mixed(h) {
		return
	}
	was, other := s.read(h.id), s.read(to.id)
	p := s.relative(was)
	if p == "" {
		return
	}
	_, err := s.office.Identity().RecordMarriage(s.Context(), &hubv1.RecordMarriageRequest{
		Id: h.id, Etag: was.GetEtag(), Other: to.id, OtherEtag: other.GetEtag(), Person: p,
		Relation: hubv1.Relation_RELATION_OTHER, On: s.today(), Document: paper(), RequestId: s.request(),
	})
	s.ok(err)
	s.marry(h, to, p)
	s.did["wedding"]++
}

func (s *saga) splits(h *ledgerHome) {
	was := s.read(h.id)
	p := s.relative(was)
	if p == "" || s.mixed(h) {
		return
	}
	s.born++
	got, err := s.office.Households().SplitHousehold(s.Context(), &hubv1.SplitHouseholdRequest{
		Id: h.id, Etag: was.GetEtag(), Leaving: []*hubv1.Relative{{Person: p, Relation: hubv1.Relation_RELATION_HEAD}},
		HouseholdNumber: fmt.Sprintf("9901%012d", s.born), On: s.today(), Document: paper(), RequestId: s.request(),
	})
	s.ok(err)
	s.split(h, got.GetSplitOff().GetId(), p)
	s.did["split"]++
}

func (s *saga) merges(h *ledgerHome) {
	from := s.neighbour(h)
	if from == nil || s.mixed(h) || len(h.people)+len(from.people) > 12 {
		return
	}
	_, err := s.office.Households().MergeHouseholds(s.Context(), &hubv1.MergeHouseholdsRequest{
		Into: h.id, IntoEtag: s.read(h.id).GetEtag(), From: from.id, FromEtag: s.read(from.id).GetEtag(), On: s.today(), Document: paper(), RequestId: s.request(),
	})
	s.ok(err)
	s.merge(h, from)
	s.did["merge"]++
}

// update changes what somebody can work, and with it perhaps what a decision would end.
func (s *saga) update(h *ledgerHome) {
	was := s.read(h.id)
	id := s.relative(was)
	if id == "" {
		return
	}
	p := was.GetPersons()[slices.IndexFunc(was.GetPersons(), func(p *hubv1.Person) bool { return p.GetId() == id })]
	p.LabourAbility = hubv1.LabourAbility(s.rng.IntN(4)) //nolint:gosec // one of four
	_, err := s.office.Households().UpdateHousehold(s.Context(), &hubv1.UpdateHouseholdRequest{
		Household: &hubv1.Household{Id: h.id, Etag: was.GetEtag(), Persons: []*hubv1.Person{p}},
		Groups:    []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: s.request(),
	})
	s.ok(err)
	s.did["update"]++
}

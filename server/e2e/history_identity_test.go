package e2e

import (
	"context"
	"fmt"
	"slices"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// What the office records by calls of its own, and takes back.

// wedding moves somebody within an area, and takes it back every second time.
func (c *chronicle) wedding() {
	from, to := c.household(), c.household()
	p := c.relative(from)
	if p == nil || from.GetId() == to.GetId() || from.GetArea() != to.GetArea() || mixed(to) {
		return
	}
	got, err := c.identity.RecordMarriage(c.Context(), &hubv1.RecordMarriageRequest{
		Id: from.GetId(), Etag: from.GetEtag(), Other: to.GetId(), OtherEtag: to.GetEtag(), Person: p.GetId(),
		Relation: hubv1.Relation_RELATION_OTHER, On: c.today(), Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
	back := c.rng.IntN(2) == 0
	if to.GetSupportStatus() == hubv1.SupportStatus_SUPPORT_STATUS_UNSUPPORTED && from.GetSupportStatus() != to.GetSupportStatus() {
		back = false // who came off the roster again by it would look like somebody lost
	}
	if back {
		c.look()
		_, err = c.identity.RevokeMarriage(c.Context(), &hubv1.RevokeMarriageRequest{
			Id: from.GetId(), Etag: got.GetHousehold().GetEtag(), Other: to.GetId(), OtherEtag: got.GetOther().GetEtag(), Person: p.GetId(), Document: paper(), RequestId: c.request(),
		})
		c.ok(err)
	}
}

// passing is a birth and a death by their calls, one of them taken back.
func (c *chronicle) passing() {
	h := c.household()
	child := c.person(hubv1.Relation_RELATION_DAUGHTER, c.hub.Today(), hubv1.JoinReason_JOIN_REASON_BIRTH)
	child.IdNumber = ""
	born, err := c.identity.RecordBirth(c.Context(), &hubv1.RecordBirthRequest{Id: h.GetId(), Etag: h.GetEtag(), Child: child, Document: paper(), RequestId: c.request()})
	c.ok(err)
	persons := born.GetHousehold().GetPersons()
	id := persons[len(persons)-1].GetId()
	c.look()
	if c.rng.IntN(2) == 0 {
		_, err = c.identity.RevokeBirth(c.Context(), &hubv1.RevokeBirthRequest{
			Id: h.GetId(), Etag: born.GetHousehold().GetEtag(), Person: id, Document: paper(), RequestId: c.request(),
		})
		c.ok(err)
		return
	}
	dead, err := c.identity.RecordDeath(c.Context(), &hubv1.RecordDeathRequest{
		Id: h.GetId(), Etag: born.GetHousehold().GetEtag(), Person: id, On: c.today(), Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
	c.look()
	_, err = c.identity.RevokeDeath(c.Context(), &hubv1.RevokeDeathRequest{
		Id: h.GetId(), Etag: dead.GetHousehold().GetEtag(), Person: id, Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
}

// doubled registers somebody a second time in another household, and merges the entries;
// every second time they turn out to be two persons.
func (c *chronicle) doubled() {
	one, two := c.household(), c.household()
	if one.GetId() == two.GetId() || one.GetArea() != two.GetArea() || one.GetSupportStatus() != two.GetSupportStatus() || len(one.GetPersons()) == 0 {
		return
	}
	second := c.person(hubv1.Relation_RELATION_OTHER, "1990-01-01", hubv1.JoinReason_JOIN_REASON_OTHER)
	number := second.GetIdNumber()
	c.write(two, second)
	goes := c.named(two.GetId(), number)
	stays := c.relative(one)
	if stays == nil {
		return
	}
	two = c.read(two.GetId())
	got, err := c.identity.MergePersons(c.Context(), &hubv1.MergePersonsRequest{
		Id: one.GetId(), Etag: one.GetEtag(), Other: two.GetId(), OtherEtag: two.GetEtag(), Person: stays.GetId(), Duplicate: goes, On: c.today(), Document: paper(), RequestId: c.request(),
	})
	if err != nil { // support may differ where a merge of households came before
		return
	}
	c.look()
	delete(c.roster, number)
	if c.rng.IntN(2) == 0 {
		_, err = c.identity.SeparatePersons(c.Context(), &hubv1.SeparatePersonsRequest{
			Id: one.GetId(), Etag: got.GetHousehold().GetEtag(), Other: two.GetId(), OtherEtag: got.GetOther().GetEtag(), Person: stays.GetId(), Duplicate: goes, Document: paper(), RequestId: c.request(),
		})
		c.ok(err)
	}
}

// united merges two households and takes it back.
func (c *chronicle) united() {
	into, from := c.household(), c.household()
	if into.GetId() == from.GetId() || into.GetArea() != from.GetArea() || len(into.GetPersons())+len(from.GetPersons()) > 12 ||
		into.GetSupportStatus() != from.GetSupportStatus() || mixed(into) || mixed(from) {
		return
	}
	got, err := c.office.MergeHouseholds(c.Context(), &hubv1.MergeHouseholdsRequest{
		Into: into.GetId(), IntoEtag: into.GetEtag(), From: from.GetId(), FromEtag: from.GetEtag(), On: c.today(), Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
	c.look()
	_, err = c.identity.UnmergeHouseholds(c.Context(), &hubv1.UnmergeHouseholdsRequest{
		Id: into.GetId(), Etag: got.GetHousehold().GetEtag(), Other: from.GetId(), OtherEtag: c.read(from.GetId()).GetEtag(), On: c.today(), Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
}

func (c *chronicle) read(id string) *hubv1.Household {
	c.Helper()
	got, err := c.office.GetHousehold(c.Context(), &hubv1.GetHouseholdRequest{Id: id})
	c.ok(err)
	return got.GetHousehold()
}

// mixed tells whether supported and unsupported people live there: where the supported
// ones leave, the household's own rows end by the decision about the others.
func mixed(h *hubv1.Household) bool {
	return slices.ContainsFunc(h.GetDecisions(), func(d *hubv1.Decision) bool { return len(d.GetOnly()) > 0 })
}

// named is the id of the member of a household with an ID number.
func (c *chronicle) named(id, number string) string {
	c.Helper()
	persons := c.read(id).GetPersons()
	i := slices.IndexFunc(persons, func(p *hubv1.Person) bool { return p.GetIdNumber() == number })
	if i < 0 {
		c.Fatal("nobody has the number")
	}
	return persons[i].GetId()
}

// look lets some department pull between two acts.
func (c *chronicle) look() {
	c.Helper()
	o := c.onlookers[c.rng.IntN(len(c.onlookers))]
	c.pull(o)
	c.nobodyTwice(o)
}

// pager reads the whole province by pages of single transactions and looks after each.
type pager struct {
	sync   hubv1.SyncServiceClient
	cursor string
	stands map[string]string // list, area and person → household
}

// read takes all that there is, and fails where somebody stands twice at a transaction's end.
func (p *pager) read(ctx context.Context) error {
	for {
		got, err := p.sync.Pull(ctx, &hubv1.PullRequest{Cursor: p.cursor, PageSize: 1})
		if err != nil {
			return err
		}
		page := got.GetPage()
		p.cursor = page.GetCursor()
		for _, b := range page.GetBlocks() {
			for _, r := range b.GetRecords() {
				p.put(b.GetList(), b.GetArea(), r.GetPerson(), r.GetHousehold())
			}
		}
		for _, t := range page.GetTransactions() {
			if err := p.apply(t); err != nil {
				return err
			}
		}
		if page.GetEnd() != nil {
			return nil
		}
	}
}

// apply makes a transaction's changes in two steps, so that their order says nothing.
func (p *pager) apply(t *hubv1.Transaction) error {
	for _, ch := range t.GetChanges() {
		key := ch.GetList() + " " + t.GetArea() + " " + ch.GetPerson()
		if ch.GetRecord() == nil && p.stands[key] == ch.GetHousehold() {
			delete(p.stands, key)
		}
	}
	for _, ch := range t.GetChanges() {
		if ch.GetRecord() == nil {
			continue
		}
		if was, there := p.put(ch.GetList(), t.GetArea(), ch.GetPerson(), ch.GetHousehold()); there && was != ch.GetHousehold() {
			return fmt.Errorf("after transaction %d (%s) of %s somebody stands in two households of %s", t.GetNumber(), t.GetCause(), t.GetArea(), ch.GetList())
		}
	}
	return nil
}

func (p *pager) put(list, area, person, household string) (was string, there bool) {
	if person == "" {
		return "", false
	}
	key := list + " " + area + " " + person
	was, there = p.stands[key]
	p.stands[key] = household
	return was, there
}

package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// counter answers questions within one snapshot.
type counter struct {
	hub    *Hub
	caller access.Caller
	one    bool // a single question, whose fields stand in the request itself

	r          store.Reader
	d          *deriver
	agreed     []access.Agreement
	today      date.Date
	aliases    map[string]store.Alias // by kind and value
	households map[string]*asked      // by id
}

// asked is a household that was asked about.
type asked struct {
	row     store.Household
	facts   *household.Household
	records []store.Record
}

// begin checks the questions and looks up whom they are about, one query for each kind.
func (k *counter) begin(ctx context.Context, r store.Reader, questions []Question) (err error) {
	k.r, k.today = r, k.hub.Today()
	k.aliases, k.households = map[string]store.Alias{}, map[string]*asked{}
	if k.d, _, err = k.hub.active(ctx, r); err != nil {
		return err
	}
	if k.agreed, err = k.hub.agreements(ctx, r, k.caller.Agency); err != nil {
		return err
	}
	values, ids := map[string][]string{}, map[string][]string{}
	var bad []fault.Violation
	for i, q := range questions {
		at := fmt.Sprintf("questions[%d].", i)
		if k.one {
			at = ""
		}
		if q.Policy != "" && k.d.Policy(q.Policy) == nil {
			bad = append(bad, fault.Bad(at+"policy", fault.UnknownCode, "list", "policies"))
		}
		if q.On != "" && !q.On.Valid() {
			bad = append(bad, fault.Bad(at+"date", fault.Malformed, "form", "YYYY-MM-DD"))
		}
		kind, value := q.alias()
		values[kind] = append(values[kind], value)
	}
	for kind, all := range values {
		found, err := k.hub.find(ctx, r, kind, all)
		if err != nil {
			return err
		}
		for value, a := range found {
			k.aliases[kind+" "+value] = a
			ids[a.Area] = append(ids[a.Area], a.Household)
		}
	}
	if len(bad) > 0 {
		return fault.List(fault.InvalidRequest, bad)
	}
	return k.read(ctx, ids)
}

// read reads the households that are asked about, by area, with their records.
func (k *counter) read(ctx context.Context, ids map[string][]string) error {
	for area, all := range ids {
		rows, records, err := k.r.WithRecords(ctx, area, all)
		if err != nil {
			return err
		}
		for _, row := range rows {
			facts, err := k.hub.openHousehold(row)
			if err != nil {
				return err
			}
			k.households[row.ID] = &asked{row: row, facts: facts}
		}
		for _, r := range records {
			if about := k.households[r.Household]; about != nil {
				about.records = append(about.records, r)
			}
		}
	}
	return nil
}

// alias is under which kind and value a subject is found.
func (s Subject) alias() (kind, value string) {
	switch {
	case s.Kind != "":
		return s.Kind, household.NormaliseIdentifier(household.IdentifierKind(s.Kind), s.Value)
	case s.Person != "":
		return aliasPerson, s.Person
	}
	return aliasHousehold, s.Household
}

// seen lists the households whose facts were read, for the audit.
func (k *counter) seen() any {
	ids := make([]string, 0, len(k.households))
	for id := range k.households {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return map[string]any{"households": ids}
}

// answer gives the answers for the policies that the caller may ask about, none where
// nobody was found.
func (k *counter) answer(ctx context.Context, q Question) ([]EntitlementAnswer, error) {
	kind, value := q.alias()
	a, ok := k.aliases[kind+" "+value]
	if !ok {
		return nil, nil
	}
	about := k.households[a.Household]
	if about == nil {
		return nil, store.ErrNotFound
	}
	facts, err := k.factsOn(ctx, about, cmp.Or(q.On, k.today))
	if err != nil {
		return nil, err
	}
	match := Matched
	if q.Kind != "" && former(about.facts, a.Person, q.Subject) {
		match = MatchedByFormer
	}
	var out []EntitlementAnswer
	for _, p := range k.d.Policies {
		if (q.Policy != "" && q.Policy != p.Code) || !k.readable(p, about.row.Village) {
			continue
		}
		e, err := k.explain(about, facts, a.Person, p, cmp.Or(q.On, k.today))
		if err != nil {
			return nil, err
		}
		out = append(out, EntitlementAnswer{match, e})
	}
	return out, nil
}

// factsOn is the household as it was known at the end of a past day, nil where it was
// not known then; for today and later days as it is.
func (k *counter) factsOn(ctx context.Context, about *asked, on date.Date) (*household.Household, error) {
	if on >= k.today {
		return about.facts, nil
	}
	next := on.AddDays(1).Time()
	end := time.Date(next.Year(), next.Month(), next.Day(), 0, 0, 0, 0, Zone).Add(-time.Microsecond)
	row, err := k.hub.knownAt(ctx, k.r, about.row.Area, about.row.ID, end)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return k.hub.openHousehold(row)
}

// knownAt is a household as it was known at a time, in whatever area it stood then:
// revisions are kept where they were made.
func (h *Hub) knownAt(ctx context.Context, r store.Reader, area, id string, at time.Time) (store.Household, error) {
	row, err := r.Revision(ctx, area, id, 0, at)
	if err == nil && !row.Gone || err != nil && !errors.Is(err, store.ErrNotFound) {
		return row, err
	}
	gone := row // without another one, what left is all that was known
	found := store.Household{}
	for _, other := range h.Divisions.Areas() {
		row, e := r.Revision(ctx, other.ID, id, 0, at)
		switch {
		case errors.Is(e, store.ErrNotFound):
		case e != nil:
			return row, e
		case !row.Gone && row.Time.After(found.Time):
			found = row
		}
	}
	if found.ID == "" {
		return gone, err
	}
	return found, nil
}

// explain lets the stored lists say yes or no for today, and the facts all else.
func (k *counter) explain(about *asked, facts *household.Household, person string, p *catalogue.Policy, on date.Date) (catalogue.Explanation, error) {
	if facts == nil {
		return catalogue.Explanation{Policy: p, Why: notKnownThen}, nil
	}
	e, err := k.d.Explain(facts, person, p, on)
	if err != nil || on != k.today || e.Why.Code == catalogue.PersonNeeded {
		return e, err
	}
	if p.Grain == catalogue.GrainHousehold {
		person = ""
	}
	since, until, stands, err := k.stands(about, person, p.Code)
	switch {
	case err != nil:
		return e, err
	case stands:
		e.Entitled, e.Since, e.Until, e.Why = true, since, until, catalogue.Why{}
	case e.Entitled:
		e.Entitled, e.Since, e.Until, e.Why = false, "", "", notInList
	}
	return e, nil
}

var (
	notKnownThen = catalogue.Why{Code: "NOT_KNOWN_THEN", English: "The household was not in the register at the end of that day.", Chinese: "该户当日尚未登记。"}
	notInList    = catalogue.Why{
		Code: "NOT_IN_LIST", English: "The facts meet the policy, but the lists do not have it yet. Ask again when the hub has derived them for today.",
		Chinese: "信息符合该政策,但名单尚未更新,请待系统推导当日名单后再查。",
	}
)

// stands tells what the stored lists say about a policy.
func (k *counter) stands(about *asked, person, policy string) (since, until date.Date, ok bool, err error) {
	for _, rec := range about.records {
		l := k.d.List(rec.List)
		if l == nil || rec.Person != person || !slices.Contains(l.Policies, policy) {
			continue
		}
		m, err := k.hub.record(rec)
		if err != nil {
			return "", "", false, err
		}
		for _, e := range m.GetEntitlements() {
			if e.GetPolicy() == policy {
				return date.Date(e.GetSince()), date.Date(e.GetUntil()), true, nil
			}
		}
	}
	return "", "", false, nil
}

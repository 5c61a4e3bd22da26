package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// counter answers the questions of one call.
type counter struct {
	hub       *Hub
	caller    access.Caller
	questions []Question
	one       bool // a single question, whose fields stand in the request itself
	today     date.Date

	r          store.Reader // of the snapshot, where the call has it for itself
	sight      *sight
	bad        error             // what is wrong with the questions
	households map[string]*asked // by id
}

// asked is a household that was asked about.
type asked struct {
	row      store.Household
	document []byte
	records  []store.Record
}

func (h *Hub) counter(c access.Caller, questions ...Question) *counter {
	return &counter{hub: h, caller: c, questions: questions, today: h.Today(), households: map[string]*asked{}}
}

// asksBack tells whether something is asked about a past day.
func (k *counter) asksBack() bool {
	return slices.ContainsFunc(k.questions, func(q Question) bool { return q.On != "" && q.On < k.today })
}

// check is nil or the fault that names what is wrong with the questions.
func (k *counter) check(d *deriver) error {
	var bad []fault.Violation
	for i, q := range k.questions {
		at := fmt.Sprintf("questions[%d].", i)
		if k.one {
			at = ""
		}
		if q.Policy != "" && d.Policy(q.Policy) == nil {
			bad = append(bad, fault.Bad(at+"policy", fault.UnknownCode, "list", "policies"))
		}
		if q.On != "" && !q.On.Valid() {
			bad = append(bad, fault.Bad(at+"date", fault.Malformed, "form", "YYYY-MM-DD"))
		}
	}
	return fault.List(fault.InvalidRequest, bad)
}

// answered answers, where nothing is wrong with the questions.
func (k *counter) answered(answer func() error) error {
	if k.bad != nil {
		return k.bad
	}
	return answer()
}

// open opens a household that was seen.
func (k *counter) open(id string) (*asked, error) {
	if about := k.households[id]; about != nil {
		return about, nil
	}
	row, ok := k.sight.households[id]
	if !ok {
		return nil, store.ErrNotFound
	}
	document, err := k.hub.unsealed(row)
	if err != nil {
		return nil, err
	}
	k.households[id] = &asked{row, document, k.sight.records[id]}
	return k.households[id], nil
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
	a, ok := k.sight.aliases[kind+" "+value]
	if !ok {
		return nil, nil
	}
	about, err := k.open(a.Household)
	if err != nil {
		return nil, err
	}
	match, err := about.match(a.Person, q.Subject)
	if err != nil {
		return nil, err
	}
	on := cmp.Or(q.On, k.today)
	facts := sync.OnceValues(func() (*household.Household, error) { return k.factsOn(ctx, about, on) })
	var out []EntitlementAnswer
	for _, p := range k.sight.d.Policies {
		if (q.Policy != "" && q.Policy != p.Code) || !k.readable(p, about.row.Village) {
			continue
		}
		e, err := k.explain(about, facts, a.Person, p, on)
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
		return decodeHousehold(about.row, about.document)
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

// explain lets the stored lists say yes or no for today, and the facts all else. A yes of the
// lists is explained by the facts only where somebody wants to know why.
func (k *counter) explain(about *asked, facts func() (*household.Household, error), person string, p *catalogue.Policy, on date.Date) (e catalogue.Explanation, err error) {
	var listed catalogue.Explanation
	if on == k.today {
		listed, err = k.listed(about, person, p)
	}
	if err != nil || listed.Entitled && !k.one {
		return listed, err
	}
	known, err := facts()
	if err != nil || known == nil {
		return catalogue.Explanation{Policy: p, Why: notKnownThen}, err
	}
	e, err = k.sight.d.Explain(known, person, p, on)
	if err != nil || on != k.today || e.Why.Code == catalogue.PersonNeeded {
		return e, err
	}
	switch {
	case listed.Entitled:
		e.Entitled, e.Since, e.Until, e.Why = true, listed.Since, listed.Until, catalogue.Why{}
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

// listed tells what the stored lists say about a policy, for one about persons only where
// somebody is asked about.
func (k *counter) listed(about *asked, person string, p *catalogue.Policy) (catalogue.Explanation, error) {
	no := catalogue.Explanation{Policy: p}
	switch {
	case p.Grain == catalogue.GrainHousehold:
		person = ""
	case person == "":
		return no, nil
	}
	for _, rec := range about.records {
		l := k.sight.d.List(rec.List)
		if l == nil || rec.Person != person || !slices.Contains(l.Policies, p.Code) {
			continue
		}
		m, err := k.hub.record(rec)
		if err != nil {
			return no, err
		}
		for _, e := range m.GetEntitlements() {
			if e.GetPolicy() == p.Code {
				return catalogue.Explanation{Policy: p, Entitled: true, Since: date.Date(e.GetSince()), Until: date.Date(e.GetUntil())}, nil
			}
		}
	}
	return no, nil
}

package hub

import (
	"context"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// MaxQuestions is the most that one call may ask.
const MaxQuestions = 500

// Subject is whom a question is about: an identifier, or one of the hub's ids.
type Subject struct {
	Kind, Value       string // an identifier
	Household, Person string // ids, where Kind is ""
}

// Question asks whether somebody is entitled to a policy on a day.
type Question struct {
	Subject
	Policy string    // "": every policy, in Explain
	On     date.Date // "": today
}

// EntitlementMatch says how the subject of a question was found.
type EntitlementMatch string

// Matches.
const (
	Matched         EntitlementMatch = "MATCHED"
	MatchedByFormer EntitlementMatch = "MATCHED_BY_FORMER_ID"
	NotFound        EntitlementMatch = "NOT_FOUND"
)

// EntitlementAnswer is the answer to a question; empty but for Match where nobody was found.
type EntitlementAnswer struct {
	Match EntitlementMatch
	catalogue.Explanation
}

// Entitlements answers questions in their order. Who may not be asked about is not found.
func (h *Hub) Entitlements(ctx context.Context, c access.Caller, questions []Question) ([]EntitlementAnswer, error) {
	out := make([]EntitlementAnswer, len(questions))
	if len(questions) > MaxQuestions {
		return nil, fault.New(fault.LimitReached, "limit", fmt.Sprint(MaxQuestions))
	}
	err := h.audited(ctx, c, "entitlement.check", map[string]any{"questions": len(questions)}, func() (any, error) {
		asked := h.counter(c, questions...)
		err := h.ask(ctx, asked, func() error {
			for i, q := range questions {
				all, err := asked.answer(ctx, q)
				if err != nil {
					return err
				}
				out[i] = EntitlementAnswer{Match: NotFound}
				if len(all) > 0 {
					out[i] = all[0]
				}
			}
			return nil
		})
		return asked.seen(), err
	})
	return out, err
}

// ExplainEntitlements answers for every policy that the caller may ask about.
func (h *Hub) ExplainEntitlements(ctx context.Context, c access.Caller, q Question) ([]EntitlementAnswer, error) {
	var out []EntitlementAnswer
	err := h.audited(ctx, c, "entitlement.explain", map[string]any{"policy": named(q.Policy)}, func() (any, error) {
		asked := h.counter(c, q)
		asked.one = true
		err := h.ask(ctx, asked, func() (err error) {
			if out, err = asked.answer(ctx, q); err == nil && len(out) == 0 {
				err = fault.New(fault.HouseholdNotFound)
			}
			return err
		})
		return asked.seen(), err
	})
	return out, err
}

// readable tells whether the caller may ask about a policy in a village.
func (k *counter) readable(p *catalogue.Policy, village string) bool {
	if access.AllowHouseholds(k.hub.Divisions, k.sight.agreed[k.caller.Agency], k.caller, village, k.today).Verdict == access.Allowed {
		return true
	}
	for _, l := range k.sight.d.Lists {
		for _, code := range l.Policies {
			if code == p.Code && access.AllowList(k.hub.Divisions, k.sight.agreed[k.caller.Agency], k.caller, l.Name, village, k.today).Verdict == access.Allowed {
				return true
			}
		}
	}
	return false
}

// match tells whether an identifier that found somebody is the present one.
func (a *asked) match(person string, s Subject) (EntitlementMatch, error) {
	kind := household.IdentifierKind(s.Kind)
	if kind != household.AnyIDNumber && kind != household.HouseholdNumber {
		return Matched, nil
	}
	ofHousehold, ofPersons, err := wire.DecodeNumbers(a.document)
	if err != nil {
		return "", fmt.Errorf("household %s: %w", a.row.ID, err)
	}
	present, known := ofHousehold, true
	if kind == household.AnyIDNumber {
		present, known = ofPersons[person]
	}
	if known && household.NormaliseIdentifier(kind, present) != household.NormaliseIdentifier(kind, s.Value) {
		return MatchedByFormer, nil
	}
	return Matched, nil
}

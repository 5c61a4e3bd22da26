package hub

import (
	"context"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// GetRecord gives the record of a household (person "") or person in a list. Whether a
// record exists that the caller may not read, the answer does not tell.
func (h *Hub) GetRecord(ctx context.Context, c access.Caller, list, id, person string) (*wire.Record, error) {
	var out *wire.Record
	detail := map[string]any{"list": named(list), "household": named(id), "person": named(person)}
	err := h.audited(ctx, c, "record.get", detail, func() (any, error) {
		return nil, h.Store.View(ctx, func(r store.Reader) error {
			if err := h.mayReadListSomewhere(ctx, r, c, list); err != nil {
				return err
			}
			area, err := h.where(ctx, r, id)
			if fault.Is(err, fault.HouseholdNotFound) {
				return fault.New(fault.RecordNotFound)
			}
			if err != nil {
				return err
			}
			all, err := r.HouseholdRecords(ctx, area, []string{id})
			if err != nil {
				return err
			}
			for _, rec := range all {
				if rec.List != list || rec.Person != person {
					continue
				}
				if err := h.mayReadList(ctx, r, c, list, rec.Village); err != nil {
					return hideRecord(err)
				}
				out, err = h.record(rec)
				return err
			}
			return fault.New(fault.RecordNotFound)
		})
	})
	return out, err
}

// ListRecords gives a page of a list in one village and the token of the next.
func (h *Hub) ListRecords(ctx context.Context, c access.Caller, list, village string, pageSize int, pageToken string) ([]*wire.Record, string, error) {
	area, err := h.villageArea(village)
	if err != nil {
		return nil, "", err
	}
	binding := "records\x00" + list + "\x00" + village
	after, err := h.openToken(binding, pageToken)
	if err != nil {
		return nil, "", err
	}
	if pageSize <= 0 {
		pageSize = 100
	}
	q := store.RecordQuery{Area: area, List: list, Villages: []string{village}, Limit: pageSize + 1}
	if after != "" {
		q.After.Village = village
		q.After.Household, q.After.Person, _ = strings.Cut(after, " ")
	}
	var out []*wire.Record
	err = h.audited(ctx, c, "record.list", map[string]any{"list": named(list), "village": village}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.mayReadList(ctx, r, c, list, village); err != nil {
				return err
			}
			return r.Records(ctx, q, func(rec store.Record) error {
				m, err := h.record(rec)
				out = append(out, m)
				return err
			})
		})
		return map[string]any{"records": len(out)}, err
	})
	if err != nil || len(out) <= pageSize {
		return out, "", err
	}
	out = out[:pageSize]
	last := out[len(out)-1]
	token, err := h.sealToken(binding, last.Household+" "+last.Person)
	return out, token, err
}

// mayReadList refuses callers without an agreement for a list in a village.
func (h *Hub) mayReadList(ctx context.Context, r store.Reader, c access.Caller, list, village string) error {
	d, _, err := h.active(ctx, r)
	if err != nil {
		return err
	}
	if d.List(list) == nil {
		return fault.New(fault.ListNotFound, "list", named(list))
	}
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	return refusal(c, access.AllowList(h.Divisions, all, c, list, village, h.Today()), "list "+list+", division "+village)
}

// mayReadListSomewhere refuses callers that may read the list nowhere.
func (h *Hub) mayReadListSomewhere(ctx context.Context, r store.Reader, c access.Caller, list string) error {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	return refusal(c, access.AllowListSomewhere(all, c, list, h.Today()), "list "+named(list))
}

// hideRecord turns "not allowed" into "not there".
func hideRecord(err error) error {
	if fault.Is(err, fault.NoAgreement) || fault.Is(err, fault.AgreementExpired) {
		return fault.New(fault.RecordNotFound)
	}
	return err
}

func (h *Hub) record(r store.Record) (*wire.Record, error) {
	fields, err := h.openRow(r.Area, r.Key, r.Document)
	if err != nil {
		return nil, err
	}
	return wire.DecodeRecord(r.Area, r.Village, r.Household, r.Person, r.Transaction, fields)
}

package hub

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// act is who does what in which area, and when. Times and dates are made before
// the transaction, so that a rerun does the same.
type act struct {
	area  string
	cause string
	actor string
	time  time.Time
	on    date.Date
	tell  func(*store.Batch) // is shown what is appended, where set
}

func (h *Hub) act(c access.Caller, area, cause string) act {
	now := h.Clock()
	return act{area: area, cause: cause, actor: actorOf(c), time: now, on: date.Of(now.In(Zone))}
}

// actorOf names the caller by opaque ids only.
func actorOf(c access.Caller) string {
	parts := slices.DeleteFunc([]string{c.Agency, c.Client, c.Person}, func(s string) bool { return s == "" })
	return strings.Join(parts, "/")
}

// held is a household locked for a change.
type held struct {
	row   store.Household
	facts *household.Household
}

// errRederive says that the catalogue or the date moved on while a writer worked.
var errRederive = errors.New("hub: derived under an outdated catalogue or date")

// lock locks households of an area and opens them; missing ones are left out.
func (h *Hub) lock(ctx context.Context, tx store.Tx, area string, ids []string) (map[string]held, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	locked, err := tx.LockHouseholds(ctx, area, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]held, len(locked))
	for _, row := range locked {
		facts, err := h.openHousehold(row)
		if err != nil {
			return nil, err
		}
		out[row.ID] = held{row: row, facts: facts}
	}
	return out, nil
}

// append saves the transitions as one transaction of the area's feed and gives its
// number, 0 where no list changed.
func (h *Hub) append(ctx context.Context, tx store.Tx, a act, steps []transition) (int64, error) {
	n, done, err := h.appendSome(ctx, tx, a, steps)
	if err == nil && done < len(steps) {
		err = store.ErrTooLarge
	}
	return n, err
}

// appendSome saves as many of the transitions as one transaction holds and says how
// many that were. It is the only way that records are written.
func (h *Hub) appendSome(ctx context.Context, tx store.Tx, a act, steps []transition) (int64, int, error) {
	d, meta, err := h.writable(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	if a, err = h.dated(ctx, tx, a, meta); err != nil {
		return 0, 0, err
	}
	stored, err := tx.HouseholdRecords(ctx, a.area, storedIDs(steps))
	if err != nil {
		return 0, 0, err
	}
	b, done, err := h.batch(d, a, stored, steps)
	if err != nil {
		return 0, 0, err
	}
	if err := h.addFacts(b, d, a, steps[:done]); err != nil {
		return 0, 0, err
	}
	n, err := tx.Append(ctx, *b)
	if err != nil {
		return 0, 0, err
	}
	if a.tell != nil {
		a.tell(b)
	}
	return n, done, h.recheck(ctx, tx, a, meta)
}

// appendAny is appendSome for work that goes on in another transaction: at least the
// first transition must fit.
func (h *Hub) appendAny(ctx context.Context, tx store.Tx, a act, steps []transition) (int64, int, error) {
	n, done, err := h.appendSome(ctx, tx, a, steps)
	if err == nil && done == 0 {
		err = store.ErrTooLarge
	}
	return n, done, err
}

// dated sets the day to derive for: today, but never before the day for which the
// area has been derived. An area's first transaction makes its head.
func (h *Hub) dated(ctx context.Context, tx store.Tx, a act, meta store.Meta) (act, error) {
	heads, err := tx.Heads(ctx, []string{a.area})
	if err != nil {
		return a, err
	}
	if len(heads) == 0 {
		return a, tx.SetDerivedFor(ctx, a.area, string(a.on), meta.Catalogue)
	}
	a.on = max(a.on, date.Date(heads[0].DerivedFor))
	return a, nil
}

// recheck runs while the area's head is locked: nobody can have derived the area
// anew between this look and our commit. A derivation that begins later waits for
// the head first, and so sees what we wrote.
func (h *Hub) recheck(ctx context.Context, tx store.Tx, a act, meta store.Meta) error {
	now, err := tx.Meta(ctx)
	if err != nil {
		return err
	}
	heads, err := tx.Heads(ctx, []string{a.area})
	if err != nil {
		return err
	}
	if now.Catalogue != meta.Catalogue || (len(heads) == 1 && date.Date(heads[0].DerivedFor) > a.on) {
		return errRederive
	}
	return nil
}

func storedIDs(steps []transition) []string {
	var ids []string
	for _, t := range steps {
		if t.Revision > 0 {
			ids = append(ids, t.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// addFacts adds the households' next states and what they are found by, and of those
// whose facts stay when they are due again.
func (h *Hub) addFacts(b *store.Batch, d *deriver, a act, steps []transition) error {
	for _, t := range steps {
		due := string(d.Due(t.After, a.on))
		if t.Same {
			b.Dues = append(b.Dues, store.Due{Household: t.ID, Revision: t.Revision, Day: due})
			continue
		}
		row, err := h.sealHousehold(a, t)
		if err != nil {
			return err
		}
		row.Due = due
		b.Households = append(b.Households, row)
		h.addAliases(b, a.area, t)
	}
	return nil
}

func (h *Hub) sealHousehold(a act, t transition) (store.Household, error) {
	doc, err := wire.EncodeHousehold(t.After)
	if err != nil {
		return store.Household{}, err
	}
	sealed, err := h.Keys.Seal(doc, householdContext(a.area, t.ID))
	if err != nil {
		return store.Household{}, err
	}
	revision := t.Revision + 1
	sum := h.Keys.Hash("etag", fmt.Sprintf("%s %s %d %s", a.area, t.ID, revision, doc))
	return store.Household{
		Area: a.area, ID: t.ID, Revision: revision, Etag: fmt.Sprintf("%d-%s", revision, hex.EncodeToString(sum[:6])),
		Village: t.After.Village, PovertyStatus: string(t.After.Register.PovertyStatus),
		SupportStatus: string(t.After.SupportStatusOn(a.on)), Actor: a.actor, Cause: a.cause, Time: a.time,
		Document: sealed, Gone: t.Gone,
	}, nil
}

func (h *Hub) openHousehold(row store.Household) (*household.Household, error) {
	doc, err := h.unsealed(row)
	if err != nil {
		return nil, err
	}
	return decodeHousehold(row, doc)
}

// unsealed is the document of a household.
func (h *Hub) unsealed(row store.Household) ([]byte, error) {
	doc, err := h.Keys.Open(row.Document, householdContext(row.Area, row.ID))
	if err != nil {
		return nil, fmt.Errorf("household %s: %w", row.ID, err)
	}
	return doc, nil
}

func decodeHousehold(row store.Household, doc []byte) (*household.Household, error) {
	facts, err := wire.DecodeHousehold(doc)
	if err != nil {
		return nil, fmt.Errorf("household %s: %w", row.ID, err)
	}
	facts.ID = row.ID
	return facts, nil
}

func householdContext(area, id string) []byte { return []byte("household\x00" + area + "\x00" + id) }

// update runs fn in one Update and wakes followers of the area. It starts over where
// the catalogue or the day moved on meanwhile, and where somebody else has just taken
// an identifier: fn then sees whose it is. The store itself reruns fn after
// serialization failures.
func (h *Hub) update(ctx context.Context, area string, fn func(tx store.Tx) (int64, error)) error {
	const attempts, takenAttempts = 5, 3
	for i := 1; ; i++ {
		var n int64
		err := h.Store.Update(ctx, func(tx store.Tx) error {
			var err error
			n, err = fn(tx)
			return err
		})
		switch {
		case err == nil:
			if n > 0 {
				h.watch.saw(area, n)
			}
			return nil
		case errors.Is(err, errRederive) && i < attempts, errors.Is(err, store.ErrTaken) && i < takenAttempts:
			continue
		}
		return storeFault(err)
	}
}

// storeFault names what a user can do about a store error; others stay internal.
func storeFault(err error) error {
	switch {
	case errors.Is(err, store.ErrUnknown):
		return fault.New(fault.OutcomeUnknown)
	case errors.Is(err, store.ErrTaken):
		return fault.New(fault.IdentifierTaken, "kind", "household, person or student number, or ID number")
	case errors.Is(err, store.ErrStale), errors.Is(err, errRederive):
		return fault.New(fault.WrittenMeanwhile)
	case errors.Is(err, store.ErrTooLarge):
		return fault.New(fault.LimitReached, "limit", fmt.Sprint(store.MaxChanges))
	}
	return err
}

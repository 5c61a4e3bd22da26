package hub

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/store"
)

// deliveryDays is how many days of the ledger are shown where nothing else is asked for.
const deliveryDays = 30

// DeliveryQuery selects deliveries in an area.
type DeliveryQuery struct {
	Area, Agency string    // Agency "": to all
	From, Until  date.Date // first and last day; "": 30 days before Until; today
	PageSize     int       // 0: 1,000
	PageToken    string
}

// Deliveries lists who was handed what in an area, in order of time.
func (h *Hub) Deliveries(ctx context.Context, c access.Caller, q DeliveryQuery) (out []Delivery, next string, err error) {
	if q, err = h.deliveriesAsked(q); err != nil {
		return nil, "", err
	}
	binding := strings.Join([]string{"deliveries", c.Agency, q.Area, q.Agency, string(q.From), string(q.Until)}, "\x00")
	token, err := h.openToken(binding, q.PageToken)
	if err != nil {
		return nil, "", err
	}
	var place deliveryPlace
	if token != "" {
		if place, err = placeFrom(token); err != nil {
			return nil, "", err
		}
	}
	detail := map[string]any{"area": q.Area, "agency": named(q.Agency), "from": q.From, "until": q.Until}
	more := false
	err = h.audited(ctx, c, "ledger.deliveries", detail, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.mayOversee(ctx, r, c, q.Area, handedWhat+q.Area); err != nil {
				return err
			}
			out, place, more, err = h.deliveryPage(ctx, r, q, place)
			return err
		})
		return map[string]any{"deliveries": len(out)}, err
	})
	if err != nil || !more {
		return out, "", err
	}
	next, err = h.sealToken(binding, place.String())
	return out, next, err
}

// deliveriesAsked fills in what was left out, and refuses what cannot be meant.
func (h *Hub) deliveriesAsked(q DeliveryQuery) (DeliveryQuery, error) {
	if _, ok := h.Divisions.Area(q.Area); !ok {
		return q, fault.New(fault.DivisionNotFound, "division", named(q.Area))
	}
	var bad []fault.Violation
	for field, day := range map[string]date.Date{"from": q.From, "until": q.Until} {
		if day != "" && !day.Valid() {
			bad = append(bad, fault.Bad(field, fault.Malformed, "form", "YYYY-MM-DD"))
		}
	}
	if len(bad) == 0 {
		q.Until = cmp.Or(q.Until, h.Today())
		q.From = cmp.Or(q.From, q.Until.AddDays(-deliveryDays))
		if q.Until < q.From {
			bad = append(bad, fault.Bad("until", fault.DateOrder, "before", string(q.From)))
		}
	}
	if q.PageSize <= 0 {
		q.PageSize = 1000
	}
	return q, fault.List(fault.InvalidRequest, bad)
}

// handedWhat is what the ledger's questions are about.
const handedWhat = "who was handed what in "

// mayOversee refuses callers who do not oversee the letters of an area; what is asked for.
func (h *Hub) mayOversee(ctx context.Context, r store.Reader, c access.Caller, area, what string) error {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	if where, ok := h.Divisions.Area(area); !ok || !h.mayOverseeLetters(all, c, where.Root) {
		return refusal(c, access.Decision{Verdict: access.Never}, what)
	}
	return nil
}

// begins is when a day begins in Hainan.
func begins(d date.Date) time.Time {
	t := d.Time()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, Zone)
}

// deliveryPlace is where a page of deliveries ended: those told are numbered, those assumed
// have the time and the reading.
type deliveryPlace struct {
	told    int64
	assumed int64 // microseconds
	reading string
}

func (p deliveryPlace) String() string { return fmt.Sprintf("%d %d %s", p.told, p.assumed, p.reading) }

func placeFrom(token string) (p deliveryPlace, err error) {
	parts := strings.SplitN(token, " ", 3)
	if len(parts) == 3 {
		p.reading = parts[2]
		if _, err = fmt.Sscan(parts[0], &p.told); err == nil {
			_, err = fmt.Sscan(parts[1], &p.assumed)
		}
	}
	if len(parts) != 3 || err != nil {
		return p, fault.New(fault.PageTokenInvalid)
	}
	return p, nil
}

// comesAfter tells whether an assumed delivery was not given before the place.
func (p deliveryPlace) comesAfter(d Delivery) bool {
	return cmp.Or(cmp.Compare(d.Time.UnixMicro(), p.assumed), cmp.Compare(d.reading, p.reading)) > 0
}

// deliveryPage gives the deliveries after a place, told and assumed ones in one order, where
// they end, and whether there are more.
func (h *Hub) deliveryPage(ctx context.Context, r store.Reader, q DeliveryQuery, from deliveryPlace) (out []Delivery, to deliveryPlace, more bool, err error) {
	l, err := h.ledger(ctx, q.Agency, begins(q.From), begins(q.Until.AddDays(1)))
	if err != nil {
		return nil, from, false, err
	}
	assumed, err := l.assumed(ctx, r, q.Area)
	if err != nil {
		return nil, from, false, err
	}
	assumed = slices.DeleteFunc(assumed, func(d Delivery) bool { return d.Time.Before(l.from) || !from.comesAfter(d) })
	var told []store.Delivery
	find := store.DeliveryQuery{Area: q.Area, Agency: q.Agency, From: l.from, To: l.to, After: from.told, Limit: q.PageSize + 1}
	if err := h.Store.Deliveries(ctx, find, func(d store.Delivery) error { told = append(told, d); return nil }); err != nil {
		return nil, from, false, err
	}
	for to = from; len(out) < q.PageSize; {
		switch {
		case len(assumed) > 0 && (len(told) == 0 || assumed[0].Time.Before(told[0].Time)):
			to.assumed, to.reading = assumed[0].Time.UnixMicro(), assumed[0].reading
			out, assumed = append(out, assumed[0]), assumed[1:]
		case len(told) > 0:
			to.told = told[0].Sequence
			out, told = append(out, Delivery{Delivery: told[0]}), told[1:]
		default:
			return out, to, false, nil
		}
	}
	return out, to, len(told)+len(assumed) > 0, nil
}

package hub

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// letterReader is how somebody may see a letter.
type letterReader struct {
	agency string // as a recipient; "" for the office
	masked bool
	to     string // recipient that has it delivered by this; "" none
}

// letterMoment is what the pure room must know of a moment.
func (h *Hub) letterMoment(c access.Caller, at time.Time) letter.Context {
	at = at.In(Zone)
	return letter.Context{
		Today: date.Of(at), Time: at, Calendar: h.calendar, Actor: letter.Actor{Agency: c.Agency, Client: c.Client, Person: c.Person},
	}
}

// mayOverseeLetters lets in who acts on letters in an area, and who may read its households.
func (h *Hub) mayOverseeLetters(all []access.Agreement, c access.Caller, root string) bool {
	on := h.Today()
	for _, role := range access.LetterRoles {
		if access.AllowLetters(h.Divisions, all, c, root, role, on).Verdict == access.Allowed {
			return true
		}
	}
	return access.AllowHouseholds(h.Divisions, all, c, root, on).Verdict == access.Allowed
}

// letterReader tells how a caller may see a letter. Whoever it is not addressed to and
// who does not oversee the area's letters learns only that there is none to see.
func (h *Hub) letterReader(ctx context.Context, r store.Reader, c access.Caller, l letter.Letter) (letterReader, error) {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return letterReader{}, err
	}
	return h.readerAmong(all, c, l)
}

func (h *Hub) readerAmong(all []access.Agreement, c access.Caller, l letter.Letter) (letterReader, error) {
	area, _ := h.Divisions.Area(l.Area)
	on := h.Today()
	var as letterReader
	receives := access.Decision{}
	if l.Receipt(c.Agency) >= 0 {
		if receives = access.AllowReceive(h.Divisions, all, c, area.Root, l.Department, on); receives.Verdict == access.Allowed {
			as.to = c.Agency
		}
	}
	switch {
	case h.mayOverseeLetters(all, c, area.Root): // the office sees everything, also where it is a recipient itself
		return as, nil
	case as.to != "":
		full := access.AllowList(h.Divisions, all, c, letter.Roster, area.Root, on).Verdict == access.Allowed
		as.agency, as.masked = c.Agency, !full
		return as, nil
	case receives.Verdict == access.Expired:
		return as, refusal(c, receives, "letters")
	}
	return as, fault.New(fault.LetterNotFound)
}

// see is a letter as a reader may see it today.
func (h *Hub) see(row store.Letter, l letter.Letter, as letterReader, c access.Caller) letter.View {
	return letter.See(l, h.letterEtag(row), as.agency, as.masked, h.letterMoment(c, h.Clock()))
}

// Letter gives a letter. A recipient that fetches it has it delivered, and that is on
// record before anything is handed out.
func (h *Hub) Letter(ctx context.Context, c access.Caller, id string) (out letter.View, err error) {
	err = h.audited(ctx, c, "letter.get", map[string]any{"letter": named(id)}, func() (any, error) {
		out, err = h.fetchLetter(ctx, c, id)
		return map[string]any{"items": len(out.Items)}, err
	})
	return out, err
}

func (h *Hub) fetchLetter(ctx context.Context, c access.Caller, id string) (out letter.View, err error) {
	var row store.Letter
	var l letter.Letter
	var as letterReader
	err = h.Store.View(ctx, func(r store.Reader) (err error) {
		if row, err = findLetter(ctx, r, id); err != nil {
			return err
		}
		if l, err = h.openLetter(row); err == nil {
			as, err = h.letterReader(ctx, r, c, l)
		}
		return err
	})
	if err != nil {
		return out, storeFault(err)
	}
	if _, news := letter.Deliver(l, as.to, h.letterMoment(c, h.Clock())); !news {
		return h.see(row, l, as, c), nil
	}
	if row, l, err = h.deliver(ctx, c, row.Area, id); err != nil {
		return out, err
	}
	return h.see(row, l, as, c), nil
}

// deliver notes that the caller's agency is about to be handed a letter.
func (h *Hub) deliver(ctx context.Context, c access.Caller, area, id string) (row store.Letter, l letter.Letter, err error) {
	a := h.act(c, area, "LETTERS")
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		if row, l, err = h.lockLetter(ctx, tx, area, id); err != nil {
			return err
		}
		delivered, news := letter.Deliver(l, c.Agency, h.letterMoment(c, a.time))
		if !news {
			return nil
		}
		if err = h.saveLetter(ctx, tx, a, row, delivered); err != nil {
			return err
		}
		row, err = tx.Letter(ctx, area, id)
		l = delivered
		return err
	})
	return row, l, storeFault(err)
}

// LetterQuery selects letters.
type LetterQuery struct {
	Area       string // "": letters addressed to the caller's agency
	Department string
	State      letter.State
	Waiting    letter.Waiting
	Household  string
	Overdue    bool
	PageSize   int // 0: 100
	PageToken  string
}

// Letters lists letters that the caller may see, those that wait longest first.
func (h *Hub) Letters(ctx context.Context, c access.Caller, q LetterQuery) (out []letter.View, next string, err error) {
	if q.Area != "" {
		if _, ok := h.Divisions.Area(q.Area); !ok {
			return nil, "", fault.New(fault.DivisionNotFound, "division", named(q.Area))
		}
	}
	overdue := ""
	if q.Overdue {
		overdue = "overdue"
	}
	binding := strings.Join([]string{"letters", c.Agency, q.Area, q.Department, string(q.State), string(q.Waiting), q.Household, overdue}, "\x00")
	after, err := h.openToken(binding, q.PageToken)
	if err != nil {
		return nil, "", err
	}
	if q.PageSize <= 0 {
		q.PageSize = 100
	}
	l := &letterList{hub: h, caller: c, query: q}
	err = h.audited(ctx, c, "letter.list", map[string]any{"area": q.Area}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error { return l.read(ctx, r, after) })
		return map[string]any{"letters": len(l.found)}, storeFault(err)
	})
	if err != nil || len(l.found) <= q.PageSize {
		return l.found, "", err
	}
	out = l.found[:q.PageSize]
	next, err = h.sealToken(binding, l.places[q.PageSize-1])
	return out, next, err
}

// letterList gathers one page of letters.
type letterList struct {
	hub    *Hub
	caller access.Caller
	query  LetterQuery
	all    []access.Agreement
	found  []letter.View
	places []string // of those found, in the order of the list
}

// read gives one more than a page holds, where there are more.
func (t *letterList) read(ctx context.Context, r store.Reader, after string) (err error) {
	t.found, t.places = nil, nil
	if t.all, err = t.hub.agreements(ctx, r, t.caller.Agency); err != nil {
		return err
	}
	q := t.query
	find := store.LetterQuery{Area: q.Area, Department: q.Department, State: string(q.State), Subject: q.Household}
	find.AfterSince, find.AfterID, _ = strings.Cut(after, " ")
	if area, ok := t.hub.Divisions.Area(q.Area); !ok || !t.hub.mayOverseeLetters(t.all, t.caller, area.Root) {
		find.Agency = t.caller.Agency
	} else if q.Waiting != letter.ForAnswer && q.Waiting != letter.ForRecipients {
		find.Waiting = string(q.Waiting)
	}
	err = r.Letters(ctx, find, func(row store.Letter) error { return t.take(row) })
	if errors.Is(err, errEnough) {
		err = nil
	}
	return err
}

func (t *letterList) take(row store.Letter) error {
	l, err := t.hub.openLetter(row)
	if err != nil {
		return err
	}
	as, err := t.hub.readerAmong(t.all, t.caller, l)
	if err != nil {
		return nil //nolint:nilerr // not among those that the caller may see
	}
	v := t.hub.see(row, l, as, t.caller)
	if !t.wanted(v) {
		return nil
	}
	t.found, t.places = append(t.found, v), append(t.places, row.Since+" "+row.ID)
	if len(t.found) > t.query.PageSize {
		return errEnough
	}
	return nil
}

// wanted looks at what depends on the day and on who asks.
func (t *letterList) wanted(v letter.View) bool {
	if t.query.Overdue && !v.Overdue() {
		return false
	}
	switch w := t.query.Waiting; {
	case w == "":
		return true
	case v.Recipient && w == letter.ForRecipients:
		switch v.Receipts[0].State {
		case letter.ReceiptSent, letter.ReceiptDelivered, letter.ReceiptAcknowledged:
			return true
		}
		return false
	default:
		return v.Waiting == w
	}
}

// LetterTimes shows how long the departments of an area take from decision to applied.
func (h *Hub) LetterTimes(ctx context.Context, c access.Caller, area string, since date.Date) (out []letter.Times, err error) {
	if _, ok := h.Divisions.Area(area); !ok {
		return nil, fault.New(fault.DivisionNotFound, "division", named(area))
	}
	err = h.Store.View(ctx, func(r store.Reader) error {
		if err := h.mayOversee(ctx, r, c, area, "letters of "+area); err != nil {
			return err
		}
		var letters []letter.Letter
		err := h.eachLetter(ctx, r, store.LetterQuery{Area: area}, func(_ store.Letter, l letter.Letter) {
			if l.IssuedOn == "" || l.IssuedOn >= since {
				letters = append(letters, l)
			}
		})
		out = letter.Measure(letters, h.letterMoment(c, h.Clock()))
		return err
	})
	return out, storeFault(err)
}

package hub

import (
	"context"
	"errors"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// LetterKey says which letter something is done to, and what the caller saw of it.
type LetterKey struct {
	ID, Etag  string // Etag "": whatever its state
	RequestID string
}

// letterStep is one attempt at the transaction of something done to a letter.
type letterStep struct {
	hub    *Hub
	caller access.Caller
	tx     store.Tx
	act    act
	row    store.Letter
	now    letter.Letter
	x      letter.Context

	reversed map[string]bool // cases of the letter whose decision was taken back
}

// onLetter does something to a letter in one transaction, audited, under its request id.
// do gives the letter as it is after it, and whether anything changed.
func (h *Hub) onLetter(ctx context.Context, c access.Caller, k LetterKey, action string, asked any, do func(context.Context, *letterStep) (letter.Letter, bool, error)) (letter.View, error) {
	// Two persons who do the same are told apart, also where their program names both requests alike.
	q, err := h.request(c, perPerson(c, k.RequestID), "letter", action, k.ID, k.Etag, asked)
	if err != nil {
		return letter.View{}, err
	}
	err = h.audited(ctx, c, "letter."+action, map[string]any{"letter": named(k.ID)}, func() (any, error) {
		var area string
		err := h.Store.View(ctx, func(r store.Reader) (err error) { area, err = r.FindLetter(ctx, k.ID); return noLetter(err) })
		if err != nil {
			return nil, err
		}
		a := h.act(c, area, "LETTERS")
		err = h.Store.Update(ctx, func(tx store.Tx) error {
			var earlier string
			if known, err := h.outcome(ctx, tx, q, &earlier); known || err != nil {
				return err
			}
			s := &letterStep{hub: h, caller: c, tx: tx, act: a, x: h.letterMoment(c, a.time)}
			if err := s.run(ctx, k, do); err != nil {
				return err
			}
			return h.keep(ctx, tx, q, a, k.ID)
		})
		return nil, letterFault(err)
	})
	if err != nil {
		return letter.View{}, err
	}
	return h.letterNow(ctx, c, k.ID)
}

func perPerson(c access.Caller, requestID string) string {
	if requestID == "" {
		return ""
	}
	return requestID + "\x00" + c.Person
}

// letterFault names what a user can do about a store error.
func letterFault(err error) error {
	if errors.Is(err, store.ErrTaken) || errors.Is(err, store.ErrStale) {
		return fault.New(fault.WrittenMeanwhile)
	}
	return storeFault(err)
}

func (s *letterStep) run(ctx context.Context, k LetterKey, do func(context.Context, *letterStep) (letter.Letter, bool, error)) error {
	if err := s.lock(ctx, k); err != nil {
		return err
	}
	after, changed, err := do(ctx, s)
	if err != nil || !changed {
		return err
	}
	return s.hub.saveLetter(ctx, s.tx, s.act, s.row, after)
}

// lock locks the cases that the letter tells the end of, so that none is reversed meanwhile,
// and the letter, together with those that it corrects.
func (s *letterStep) lock(ctx context.Context, k LetterKey) error {
	row, err := s.tx.Letter(ctx, s.act.area, k.ID)
	if err != nil {
		return noLetter(err)
	}
	l, err := s.hub.openLetter(row)
	if err != nil {
		return err
	}
	s.reversed = map[string]bool{}
	for _, id := range l.Cases() {
		c, err := s.tx.LockCase(ctx, s.act.area, id)
		if err != nil {
			return err
		}
		if c.State == string(removal.Reversed) {
			s.reversed[id] = true
		}
	}
	for _, id := range slices.Sorted(slices.Values(append(slices.Clone(l.Corrects), k.ID))) {
		row, l, err := s.hub.lockLetter(ctx, s.tx, s.act.area, id)
		if err != nil {
			return err
		}
		if id == k.ID {
			s.row, s.now = row, l
		}
	}
	if _, err := s.hub.letterReader(ctx, s.tx, s.caller, s.now); err != nil {
		return err
	}
	if etag := s.hub.letterEtag(s.row); k.Etag != "" && k.Etag != etag {
		return fault.New(fault.EtagStale, "current_etag", etag)
	}
	return nil
}

// acts refuses callers who do not act on letters in a role here, and programs.
func (s *letterStep) acts(ctx context.Context, role letter.Role) error {
	all, err := s.hub.agreements(ctx, s.tx, s.caller.Agency)
	if err != nil {
		return err
	}
	area, _ := s.hub.Divisions.Area(s.act.area)
	d := access.AllowLetters(s.hub.Divisions, all, s.caller, area.Root, role, s.x.Today)
	if err := refusal(s.caller, d, "letters in the role "+string(role)); err != nil {
		return err
	}
	if s.caller.Person == "" {
		return fault.New(fault.PersonMustAct)
	}
	return nil
}

// letterNow reads a letter as the caller may see it.
func (h *Hub) letterNow(ctx context.Context, c access.Caller, id string) (out letter.View, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		row, err := findLetter(ctx, r, id)
		if err != nil {
			return err
		}
		l, err := h.openLetter(row)
		if err != nil {
			return err
		}
		as, err := h.letterReader(ctx, r, c, l)
		out = h.see(row, l, as, c)
		return err
	})
	return out, storeFault(err)
}

// SignOffLetter fixes the items of a draft.
func (h *Hub) SignOffLetter(ctx context.Context, c access.Caller, k LetterKey) (letter.View, error) {
	return h.onLetter(ctx, c, k, "sign", nil, func(ctx context.Context, s *letterStep) (letter.Letter, bool, error) {
		if err := s.acts(ctx, letter.RoleSign); err != nil {
			return s.now, false, err
		}
		l, err := letter.SignOff(s.now, s.x)
		return l, true, err
	})
}

// AcknowledgeLetter says that the caller's agency has received a letter whole.
func (h *Hub) AcknowledgeLetter(ctx context.Context, c access.Caller, k LetterKey, digest string) (letter.View, error) {
	return h.onLetter(ctx, c, k, "acknowledge", digest, func(_ context.Context, s *letterStep) (letter.Letter, bool, error) {
		return letter.Acknowledge(s.now, digest, s.x)
	})
}

// DisputeLetter objects to items of a letter.
func (h *Hub) DisputeLetter(ctx context.Context, c access.Caller, k LetterKey, to []letter.Objection) (letter.View, error) {
	return h.onLetter(ctx, c, k, "dispute", to, func(_ context.Context, s *letterStep) (letter.Letter, bool, error) {
		l, err := letter.Dispute(s.now, to, s.x)
		return l, true, err
	})
}

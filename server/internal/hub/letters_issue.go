package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// lettersIssued counts the letters of all areas. Followers that carry letters watch it.
const lettersIssued = "letters-issued"

// IssueLetter gives a signed letter its number, its own or the next one of the office's
// year, and its recipients; what it corrects is marked in the same transaction.
func (h *Hub) IssueLetter(ctx context.Context, c access.Caller, k LetterKey, number string) (letter.View, error) {
	var issued int64
	number = strings.TrimSpace(number)
	v, err := h.onLetter(ctx, c, k, "issue", number, func(ctx context.Context, s *letterStep) (letter.Letter, bool, error) {
		if err := s.acts(ctx, letter.RolePrepare); err != nil {
			return s.now, false, err
		}
		if s.now.State == letter.Signed && len(s.reversed) > 0 { // its letters are about to be taken back, and this one with them
			return s.now, false, fault.New(fault.WrittenMeanwhile)
		}
		l, err := s.issue(ctx, number)
		if err != nil {
			return l, false, err
		}
		if issued, err = s.tx.TakeNumber(ctx, lettersIssued); err != nil {
			return l, false, err
		}
		return l, false, nil // saved already, with its number
	})
	if err == nil {
		h.watch.saw(lettersIssued, issued)
	}
	return v, err
}

func (s *letterStep) issue(ctx context.Context, number string) (letter.Letter, error) {
	recipients, err := s.recipients(ctx)
	if err != nil {
		return s.now, err
	}
	heads, err := s.tx.Heads(ctx, []string{s.act.area})
	if err != nil {
		return s.now, err
	}
	head, _ := headOf(heads, s.act.area)
	l, err := letter.Issue(s.now, number, recipients, head.Last, s.x)
	if err != nil {
		return l, err
	}
	if l, err = s.numbered(ctx, l, number); err != nil {
		return l, err
	}
	return l, s.correct(ctx, l)
}

// recipients are all who receive the department's letters here today; of a correction also
// everybody who got what it corrects, for everyone who got the first gets the second.
func (s *letterStep) recipients(ctx context.Context) ([]string, error) {
	all, err := s.hub.agreements(ctx, s.tx, "")
	if err != nil {
		return nil, err
	}
	area, _ := s.hub.Divisions.Area(s.act.area)
	out := access.Recipients(s.hub.Divisions, all, area.Root, s.now.Department, s.x.Today)
	for _, id := range s.now.Corrects {
		row, err := s.tx.Letter(ctx, s.act.area, id)
		if err != nil {
			return nil, err
		}
		l, err := s.hub.openLetter(row)
		if err != nil {
			return nil, err
		}
		for _, r := range l.Receipts {
			out = append(out, r.Agency)
		}
	}
	return out, nil
}

// numbered saves the letter under its number. Numbers that the hub takes run on without a
// gap: one that the office has given by hand is passed over, since it is taken.
func (s *letterStep) numbered(ctx context.Context, l letter.Letter, number string) (letter.Letter, error) {
	if number != "" {
		err := s.hub.saveLetter(ctx, s.tx, s.act, s.row, l)
		if errors.Is(err, store.ErrTaken) {
			err = fault.New(fault.LetterNumberTaken, "number", number)
		}
		return l, err
	}
	year := s.x.Today.Year()
	for {
		n, err := s.tx.TakeNumber(ctx, fmt.Sprintf("letters %s %d", l.Terms.Office, year))
		if err != nil {
			return l, err
		}
		l.Number = letter.Number(l.Terms.Office, year, n)
		if err = s.hub.saveLetter(ctx, s.tx, s.act, s.row, l); !errors.Is(err, store.ErrTaken) {
			return l, err
		}
	}
}

// correct marks what the letter corrects.
func (s *letterStep) correct(ctx context.Context, by letter.Letter) error {
	for _, id := range slices.Sorted(slices.Values(by.Corrects)) {
		row, l, err := s.hub.lockLetter(ctx, s.tx, s.act.area, id)
		if err != nil {
			return err
		}
		if err := s.hub.saveLetter(ctx, s.tx, s.act, row, letter.Correct(l, by, s.x)); err != nil {
			return err
		}
	}
	return nil
}

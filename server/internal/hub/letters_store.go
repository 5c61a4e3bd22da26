package hub

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

func (h *Hub) openLetter(row store.Letter) (l letter.Letter, err error) {
	plain, err := h.Keys.Open(row.Document, letterContext(row.Area, row.ID))
	if err == nil {
		err = json.Unmarshal(plain, &l)
	}
	if err != nil {
		return l, fmt.Errorf("letter %s: %w", row.ID, err)
	}
	return l, nil
}

// saveLetter stores a letter as the next revision of a row; the zero row is a new letter.
func (h *Hub) saveLetter(ctx context.Context, tx store.Tx, a act, was store.Letter, l letter.Letter) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sealed, err := h.Keys.Seal(plain, letterContext(l.Area, l.ID))
	if err != nil {
		return err
	}
	waiting, since := l.WaitsFor()
	row := store.Letter{
		Area: l.Area, ID: l.ID, Revision: was.Revision + 1, Department: l.Department, State: string(l.State), Waiting: string(waiting), Since: string(since),
		OpenedOn: string(l.OpenedOn), IssuedOn: string(l.IssuedOn), Number: l.Number, Subjects: l.Subjects(), Time: a.time, Document: sealed,
	}
	if waiting == "" {
		row.Since = ended
	}
	for _, r := range l.Receipts {
		row.Recipients = append(row.Recipients, store.LetterRecipient{Agency: r.Agency, Open: l.Waits(r)})
	}
	return tx.SaveLetter(ctx, row)
}

func letterContext(area, id string) []byte { return []byte("letter\x00" + area + "\x00" + id) }

// letterEtag changes with everything that happens to a letter.
func (h *Hub) letterEtag(row store.Letter) string {
	sum := h.Keys.Hash("letter-etag", fmt.Sprintf("%s %s %d %s", row.Area, row.ID, row.Revision, row.Time.UTC()))
	return fmt.Sprintf("%d-%s", row.Revision, hex.EncodeToString(sum[:6]))
}

// lockLetter locks a letter and opens it.
func (h *Hub) lockLetter(ctx context.Context, tx store.Tx, area, id string) (store.Letter, letter.Letter, error) {
	row, err := tx.LockLetter(ctx, area, id)
	if err != nil {
		return row, letter.Letter{}, noLetter(err)
	}
	l, err := h.openLetter(row)
	return row, l, err
}

// findLetter gives the row of a letter by its id alone.
func findLetter(ctx context.Context, r store.Reader, id string) (store.Letter, error) {
	area, err := r.FindLetter(ctx, id)
	if err != nil {
		return store.Letter{}, noLetter(err)
	}
	row, err := r.Letter(ctx, area, id)
	return row, noLetter(err)
}

func noLetter(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.New(fault.LetterNotFound)
	}
	return err
}

// eachLetter opens the letters that match.
func (h *Hub) eachLetter(ctx context.Context, r store.Reader, q store.LetterQuery, fn func(store.Letter, letter.Letter)) error {
	return r.Letters(ctx, q, func(row store.Letter) error {
		l, err := h.openLetter(row)
		if err == nil {
			fn(row, l)
		}
		return err
	})
}

package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/store"
)

const letterColumns = `area, id, revision, department, state, waiting, since, opened_on, issued_on, number, time, document`

func scanLetter(row scanner) (l store.Letter, err error) {
	var at int64
	err = row.Scan(&l.Area, &l.ID, &l.Revision, &l.Department, &l.State, &l.Waiting, &l.Since,
		&l.OpenedOn, &l.IssuedOn, &l.Number, &at, &l.Document)
	l.Time = micros(at)
	return l, err
}

func scanRecipient(row scanner) (a store.LetterRecipient, err error) {
	err = row.Scan(&a.Agency, &a.Open)
	return a, err
}

func (r *reader) Letter(ctx context.Context, area, id string) (store.Letter, error) {
	l, err := one(ctx, r, scanLetter, `SELECT `+letterColumns+` FROM letters WHERE area = ? AND id = ?`, area, id)
	if err != nil {
		return store.Letter{}, err
	}
	l.Subjects, err = list(ctx, r, scanText,
		`SELECT subject FROM letter_subjects WHERE area = ? AND letter = ? ORDER BY subject`, area, id)
	if err != nil {
		return store.Letter{}, err
	}
	l.Recipients, err = list(ctx, r, scanRecipient,
		`SELECT agency, open FROM letter_recipients WHERE area = ? AND letter = ? ORDER BY agency`, area, id)
	if err != nil {
		return store.Letter{}, err
	}
	return l, nil
}

func (r *reader) FindLetter(ctx context.Context, id string) (string, error) {
	return one(ctx, r, scanText, `SELECT area FROM letters WHERE id = ?`, id)
}

func (r *reader) Letters(ctx context.Context, q store.LetterQuery, fn func(store.Letter) error) error {
	f := letterFilter(q)
	limit := f.limit(q.Limit)
	return each(ctx, r, fn, scanLetter, `SELECT `+letterColumns+` FROM letters`+f.text.String()+` ORDER BY since, id`+limit, f.args...)
}

func letterFilter(q store.LetterQuery) *filter {
	f := &filter{}
	if q.Area != "" || q.Agency == "" {
		f.and("area = ?", q.Area)
	}
	for _, c := range []struct{ column, value string }{
		{"department", q.Department}, {"state", q.State}, {"waiting", q.Waiting},
	} {
		if c.value != "" {
			f.and(c.column+" = ?", c.value)
		}
	}
	if q.Subject != "" {
		f.ofLetter("letter_subjects", "subject = ?", q.Area, q.Subject)
	}
	switch {
	case q.Agency != "" && q.Open:
		f.ofLetter("letter_recipients", "open = 1 AND agency = ?", q.Area, q.Agency)
	case q.Agency != "":
		f.ofLetter("letter_recipients", "agency = ?", q.Area, q.Agency)
	}
	if q.IssuedFrom != "" {
		f.and("issued_on >= ?", q.IssuedFrom)
	}
	if q.IssuedTo != "" {
		f.and("issued_on <> '' AND issued_on <= ?", q.IssuedTo)
	}
	if q.AfterID != "" {
		f.and("(since, id) > (?, ?)", q.AfterSince, q.AfterID)
	}
	return f
}

// ofLetter restricts to letters with such a row in a table of theirs. That is read by its
// own index, where the area is given within the area.
func (f *filter) ofLetter(table, condition, area, value string) {
	rows := "(area, id) IN (SELECT area, letter FROM " + table + " WHERE " + condition
	if area == "" {
		f.and(rows+")", value)
		return
	}
	f.and(rows+" AND area = ?)", value, area)
}

func (r *reader) Counter(ctx context.Context, name string) (int64, error) {
	last, err := one(ctx, r, scanInt, `SELECT last FROM counters WHERE name = ?`, name)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return last, err
}

// LockLetter only reads: the transaction has locked the file.
func (t *tx) LockLetter(ctx context.Context, area, id string) (store.Letter, error) {
	return t.Letter(ctx, area, id)
}

// SaveLetter reads what could refuse it first, as SaveCase does.
func (t *tx) SaveLetter(ctx context.Context, l store.Letter) error {
	stored, err := one(ctx, &t.reader, scanStored, `SELECT revision, number FROM letters WHERE area = ? AND id = ?`, l.Area, l.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if l.Revision != stored.Revision+1 {
		return store.ErrStale
	}
	if l.Number != stored.Number {
		if err := t.nameLetter(ctx, l, stored.Number); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, `INSERT INTO letters (`+letterColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (area, id) DO UPDATE SET revision = excluded.revision, department = excluded.department,
		state = excluded.state, waiting = excluded.waiting, since = excluded.since, opened_on = excluded.opened_on,
		issued_on = excluded.issued_on, number = excluded.number, time = excluded.time, document = excluded.document`,
		l.Area, l.ID, l.Revision, l.Department, l.State, l.Waiting, l.Since,
		l.OpenedOn, l.IssuedOn, l.Number, l.Time.UnixMicro(), l.Document); err != nil {
		return err
	}
	return t.replaceOfLetter(ctx, l)
}

func scanStored(row scanner) (l store.Letter, err error) {
	err = row.Scan(&l.Revision, &l.Number)
	return l, err
}

// nameLetter gives a letter its number, in place of the one that it had.
func (t *tx) nameLetter(ctx context.Context, l store.Letter, was string) error {
	if l.Number != "" {
		n, err := t.exec(ctx, `INSERT INTO letter_numbers (number, area, letter) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, l.Number, l.Area, l.ID)
		if err == nil && n == 0 {
			err = fmt.Errorf("%w: the number of another letter", store.ErrTaken)
		}
		if err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, `DELETE FROM letter_numbers WHERE number = ?`, was)
	return err
}

// replaceOfLetter replaces the letter's subjects and recipients.
func (t *tx) replaceOfLetter(ctx context.Context, l store.Letter) error {
	for _, table := range []string{"letter_subjects", "letter_recipients"} {
		if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE area = ? AND letter = ?`, l.Area, l.ID); err != nil {
			return err
		}
	}
	for _, subject := range l.Subjects {
		if _, err := t.exec(ctx, `INSERT INTO letter_subjects (area, subject, letter) VALUES (?, ?, ?)`,
			l.Area, subject, l.ID); err != nil {
			return err
		}
	}
	for _, to := range l.Recipients {
		if _, err := t.exec(ctx, `INSERT INTO letter_recipients (area, letter, agency, open) VALUES (?, ?, ?, ?)`,
			l.Area, l.ID, to.Agency, to.Open); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) TakeNumber(ctx context.Context, name string) (int64, error) {
	if _, err := t.exec(ctx, `INSERT INTO counters (name, last) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET last = last + 1`, name); err != nil {
		return 0, err
	}
	return t.Counter(ctx, name)
}

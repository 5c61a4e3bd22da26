package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const letterRows = 128 // fetched at a time, as of cases

const letterColumns = `area, id, revision, department, state, waiting, since, opened_on, issued_on, number, time, document`

// letterFields are the places for letterColumns.
func letterFields(l *store.Letter) []any {
	return []any{&l.Area, &l.ID, &l.Revision, &l.Department, &l.State, &l.Waiting, &l.Since,
		&l.OpenedOn, &l.IssuedOn, &l.Number, &l.Time, &l.Document}
}

func scanLetter(row pgx.CollectableRow) (l store.Letter, err error) {
	err = row.Scan(letterFields(&l)...)
	l.Time = l.Time.UTC()
	return l, err
}

func scanWholeLetter(row pgx.CollectableRow) (l store.Letter, err error) {
	var subjects, agencies []string
	var open []bool
	err = row.Scan(append(letterFields(&l), &subjects, &agencies, &open)...)
	l.Time = l.Time.UTC()
	if len(subjects) > 0 {
		l.Subjects = subjects
	}
	for i, agency := range agencies {
		l.Recipients = append(l.Recipients, store.LetterRecipient{Agency: agency, Open: open[i]})
	}
	return l, err
}

// Letter reads everything in one statement: two could see two states of it.
func (r *reader) Letter(ctx context.Context, area, id string) (store.Letter, error) {
	return one(ctx, r, scanWholeLetter, `SELECT `+letterColumns+`,
		ARRAY(SELECT subject FROM letter_subjects WHERE area = $1 AND letter = $2 ORDER BY subject),
		ARRAY(SELECT agency FROM letter_recipients WHERE area = $1 AND letter = $2 ORDER BY agency),
		ARRAY(SELECT open FROM letter_recipients WHERE area = $1 AND letter = $2 ORDER BY agency)
		FROM letters WHERE area = $1 AND id = $2`, area, id)
}

func (r *reader) FindLetter(ctx context.Context, id string) (string, error) {
	return one(ctx, r, pgx.RowTo[string], `SELECT area FROM letters WHERE id = $1`, id)
}

func (r *reader) Letters(ctx context.Context, q store.LetterQuery, fn func(store.Letter) error) error {
	return pages(q.Limit, letterRows, func(n int) ([]store.Letter, error) {
		f := letterFilter(q)
		limit := f.arg(n)
		rows, err := list(ctx, r, scanLetter,
			`SELECT `+letterColumns+` FROM letters`+f.text.String()+` ORDER BY since, id LIMIT `+limit, f.args...)
		if len(rows) > 0 {
			last := rows[len(rows)-1]
			q.AfterSince, q.AfterID = last.Since, last.ID
		}
		return rows, err
	}, fn)
}

func letterFilter(q store.LetterQuery) *filter {
	f := &filter{}
	if q.Area != "" || q.Agency == "" {
		f.and("area = %s", q.Area)
	}
	for _, c := range []struct{ column, value string }{
		{"department", q.Department}, {"state", q.State}, {"waiting", q.Waiting},
	} {
		if c.value != "" {
			f.and(c.column+" = %s", c.value)
		}
	}
	if q.Subject != "" {
		f.ofLetter("letter_subjects", "subject = %s", q.Area, q.Subject)
	}
	switch {
	case q.Agency != "" && q.Open:
		f.ofLetter("letter_recipients", "open AND agency = %s", q.Area, q.Agency)
	case q.Agency != "":
		f.ofLetter("letter_recipients", "agency = %s", q.Area, q.Agency)
	}
	if q.IssuedFrom != "" {
		f.and("issued_on >= %s", q.IssuedFrom)
	}
	if q.IssuedTo != "" {
		f.and("issued_on <> '' AND issued_on <= %s", q.IssuedTo)
	}
	if q.AfterID != "" {
		f.and("(since, id) > (%s, %s)", q.AfterSince, q.AfterID)
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
	f.and(rows+" AND area = %s)", value, area)
}

func (r *reader) Counter(ctx context.Context, name string) (int64, error) {
	last, err := one(ctx, r, pgx.RowTo[int64], `SELECT last FROM counters WHERE name = $1`, name)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return last, err
}

// LockLetter reads only when it holds the lock: a statement that has waited for a row sees
// that row as it is then, but other tables as they were when it began.
func (t *tx) LockLetter(ctx context.Context, area, id string) (store.Letter, error) {
	if _, err := one(ctx, &t.reader, pgx.RowTo[string],
		`SELECT id FROM letters WHERE area = $1 AND id = $2 FOR UPDATE`, area, id); err != nil {
		return store.Letter{}, err
	}
	return t.Letter(ctx, area, id)
}

// SaveLetter writes nothing that it would have to undo where it refuses a letter, but the
// row of one that is new.
func (t *tx) SaveLetter(ctx context.Context, l store.Letter) error {
	save := t.nextLetter
	if l.Revision == 1 {
		save = t.firstLetter
	}
	if err := save(ctx, l, l.Area, l.ID, l.Revision, l.Department, l.State, l.Waiting, l.Since,
		l.OpenedOn, l.IssuedOn, l.Number, l.Time, l.Document); err != nil {
		return err
	}
	return t.replaceOfLetter(ctx, l)
}

func (t *tx) firstLetter(ctx context.Context, l store.Letter, args ...any) error {
	if err := t.execOne(ctx, store.ErrStale, `INSERT INTO letters (`+letterColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (area, id) DO NOTHING`, args...); err != nil {
		return err
	}
	err := t.nameLetter(ctx, l)
	if errors.Is(err, store.ErrTaken) {
		if _, wrong := t.exec(ctx, `DELETE FROM letters WHERE area = $1 AND id = $2`, l.Area, l.ID); wrong != nil {
			return wrong
		}
	}
	return err
}

func (t *tx) nextLetter(ctx context.Context, l store.Letter, args ...any) error {
	was, err := one(ctx, &t.reader, pgx.RowTo[string],
		`SELECT number FROM letters WHERE area = $1 AND id = $2 AND revision = $3 - 1 FOR UPDATE`, l.Area, l.ID, l.Revision)
	if errors.Is(err, store.ErrNotFound) {
		return store.ErrStale
	}
	if err != nil {
		return err
	}
	if was != l.Number {
		if err := t.nameLetter(ctx, l); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM letter_numbers WHERE number = $1`, was); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, `UPDATE letters SET revision = $3, department = $4, state = $5, waiting = $6, since = $7, opened_on = $8,
		issued_on = $9, number = $10, time = $11, document = $12 WHERE area = $1 AND id = $2`, args...)
	return err
}

// nameLetter gives a letter its number; store.ErrTaken where it names another, also one of
// an Update that has just committed.
func (t *tx) nameLetter(ctx context.Context, l store.Letter) error {
	if l.Number == "" {
		return nil
	}
	own, err := one(ctx, &t.reader, pgx.RowTo[bool], `INSERT INTO letter_numbers (number, area, letter) VALUES ($1, $2, $3)
		ON CONFLICT (number) DO UPDATE SET letter = letter_numbers.letter RETURNING area = $2 AND letter = $3`, l.Number, l.Area, l.ID)
	if err == nil && !own {
		err = fmt.Errorf("%w: the number of another letter", store.ErrTaken)
	}
	return err
}

// replaceOfLetter replaces the letter's subjects and recipients. The letter's row is
// locked by now, and with it these.
func (t *tx) replaceOfLetter(ctx context.Context, l store.Letter) error {
	if l.Revision > 1 {
		for _, table := range []string{"letter_subjects", "letter_recipients"} {
			if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE area = $1 AND letter = $2`, l.Area, l.ID); err != nil {
				return err
			}
		}
	}
	if len(l.Subjects) > 0 {
		if _, err := t.exec(ctx, `INSERT INTO letter_subjects (area, letter, subject)
			SELECT $1, $2, u.* FROM unnest($3::text[]) u`, l.Area, l.ID, l.Subjects); err != nil {
			return err
		}
	}
	if len(l.Recipients) == 0 {
		return nil
	}
	_, err := t.exec(ctx, `INSERT INTO letter_recipients (area, letter, agency, open)
		SELECT $1, $2, u.* FROM unnest($3::text[], $4::boolean[]) u`, l.Area, l.ID,
		column(l.Recipients, func(a store.LetterRecipient) string { return a.Agency }),
		column(l.Recipients, func(a store.LetterRecipient) bool { return a.Open }))
	return err
}

// TakeNumber locks the counter's row until the end of the Update.
func (t *tx) TakeNumber(ctx context.Context, name string) (int64, error) {
	return one(ctx, &t.reader, pgx.RowTo[int64], `INSERT INTO counters (name, last) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET last = counters.last + 1 RETURNING last`, name)
}

package mirror

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Verification is what Verify found.
type Verification struct {
	Rows      int64     `json:"rows"`      // rows whose hash was computed anew
	Differing []Village `json:"differing"` // villages whose rows are not the hub's
	Behind    []string  `json:"behind"`    // areas in which the hub is ahead; there only damage inside the mirror shows. Pull first.
	End       *End      `json:"end,omitempty"`
}

// Verify computes every row's hash anew from the mirror's own columns and compares the
// villages with the hub's digests. It changes nothing.
func (s *Syncer) Verify(ctx context.Context) (Verification, error) {
	if err := s.load(ctx); err != nil {
		return Verification{}, err
	}
	if s.state.side == loading {
		return Verification{}, ErrLoading
	}
	response, err := s.config.Client.Sync().GetDigests(ctx, &hubv1.GetDigestsRequest{Scope: s.scope()})
	if err != nil {
		return Verification{}, err
	}
	v := Verification{Differing: []Village{}, Behind: []string{}, End: endOf(response.GetEnd())}
	for _, a := range v.End.Areas {
		if s.state.positions[a.Area] != a.Transaction {
			v.Behind = append(v.Behind, a.Area)
		}
	}
	own, damaged := tallies{}, map[Village]bool{}
	err = s.config.Sink.update(ctx, func(tx sinkTx) error {
		for _, t := range s.visible {
			n, err := recompute(ctx, tx, t, own, damaged)
			if err != nil {
				return err
			}
			v.Rows += n
		}
		return nil
	})
	for _, village := range differing(announced(response.GetEnd()), own) {
		if damaged[village] || !slices.Contains(v.Behind, village.Area) {
			v.Differing = append(v.Differing, village)
		}
	}
	return v, err
}

// recompute hashes a table's columns, adds the hashes to own, and marks the villages in
// which a stored hash is not that of its row.
func recompute(ctx context.Context, tx sinkTx, t *table, own tallies, damaged map[Village]bool) (n int64, err error) {
	reader := newRowReader(t)
	err = tx.query(ctx, "SELECT "+t.names+" FROM "+t.on(live), nil, func(scan func(...any) error) error {
		if err := scan(reader.targets...); err != nil {
			return err
		}
		hash := t.rows.HashTexts(reader.key, reader.texts())
		village := Village{t.list.GetName(), reader.key.Area, reader.key.Village}
		own[village] = own[village].with(hash)
		if hash != hashOf(reader.hash) {
			damaged[village] = true
		}
		n++
		return nil
	})
	return n, err
}

// rowReader reads whole rows back into the texts that they were made of.
type rowReader struct {
	key     client.Key
	number  int64
	hash    []byte
	fields  []any // *sql.NullString, *sql.NullInt64 or *sql.NullBool
	targets []any
	scratch []string
}

func newRowReader(t *table) *rowReader {
	r := &rowReader{}
	r.targets = []any{&r.key.Area, &r.key.Village, &r.key.Household, &r.key.Person}
	for _, c := range t.columns[keyColumns : len(t.columns)-2] {
		switch c.sqlType {
		case "boolean":
			r.fields = append(r.fields, &sql.NullBool{})
		case "integer", "bigint":
			r.fields = append(r.fields, &sql.NullInt64{})
		default:
			r.fields = append(r.fields, &sql.NullString{})
		}
	}
	r.targets = append(append(r.targets, r.fields...), &r.number, &r.hash)
	return r
}

// texts undoes value: NULL and false are "".
func (r *rowReader) texts() []string {
	r.scratch = r.scratch[:0]
	for _, f := range r.fields {
		text := ""
		switch f := f.(type) {
		case *sql.NullBool:
			if f.Bool {
				text = "true"
			}
		case *sql.NullInt64:
			if f.Valid {
				text = strconv.FormatInt(f.Int64, 10)
			}
		case *sql.NullString:
			text = f.String
		}
		r.scratch = append(r.scratch, text)
	}
	return r.scratch
}

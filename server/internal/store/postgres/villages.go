package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bangfuhub/hub/server/internal/store"
)

// Villages asks village by village, in the order of the key's index; that order is not
// asked for within a village, since sorting costs the server as much as reading.
func (r *reader) Villages(ctx context.Context, area, list string, villages []string, fn func(string, []store.Record) error) error {
	if villages = slices.Compact(slices.Sorted(slices.Values(villages))); len(villages) == 0 {
		return nil
	}
	rows, err := r.query(ctx, `SELECT place, household, person, txn, document
		FROM unnest($3::text[]) WITH ORDINALITY v (village, place)
		JOIN LATERAL (SELECT * FROM records WHERE area = $1 AND list = $2 AND village = v.village OFFSET 0) r ON true
		ORDER BY place`, area, list, villages)
	if err != nil {
		return r.note(err)
	}
	defer rows.Close()
	g := gather(area, list, villages)
	for rows.Next() {
		if err := rows.Scan(g.targets...); err != nil {
			return r.note(err)
		}
		if g.village != g.place {
			if err := g.give(fn); err != nil {
				return err
			}
		}
		g.add()
	}
	if err := r.note(rows.Err()); err != nil {
		return err
	}
	return g.give(fn)
}

// docsChunk is how many bytes of documents are made room for at once.
const docsChunk = 128 << 10

// gathering holds the records of villages in few pieces of memory, however many they are.
type gathering struct {
	area, list string
	villages   []string
	village    int64 // of those gathered, from 1; 0: none yet
	keys, docs []byte
	rows       []gathered

	place, transaction          int64 // of the row that was read last
	household, person, document pgtype.DriverBytes
	targets                     []any // where they are scanned
}

// gathered is where the parts of a record end in keys and docs.
type gathered struct {
	household, person, document int
	transaction                 int64
}

func gather(area, list string, villages []string) *gathering {
	g := &gathering{area: area, list: list, villages: villages}
	g.targets = []any{&g.place, &g.household, &g.person, &g.transaction, &g.document}
	return g
}

// add keeps the row that was read last.
func (g *gathering) add() {
	at := gathered{transaction: g.transaction}
	g.keys = append(g.keys, g.household...)
	at.household = len(g.keys)
	g.keys = append(g.keys, g.person...)
	at.person = len(g.keys)
	g.docs = append(g.docs, g.document...)
	at.document = len(g.docs)
	g.village, g.rows = g.place, append(g.rows, at)
}

// give hands on the records of a village and makes room for the next one's.
func (g *gathering) give(fn func(string, []store.Record) error) error {
	if g.village == 0 {
		return nil
	}
	village, out := g.villages[g.village-1], make([]store.Record, len(g.rows))
	keys, docs, key, doc := string(g.keys), g.docs, 0, 0
	for i, at := range g.rows {
		out[i] = store.Record{
			Area: g.area, Transaction: at.transaction, Document: docs[doc:at.document:at.document],
			Key: store.Key{List: g.list, Village: village, Household: keys[key:at.household], Person: keys[at.household:at.person]},
		}
		key, doc = at.person, at.document
	}
	g.keys, g.rows = g.keys[:0], g.rows[:0]
	if g.docs = docs[len(docs):]; cap(g.docs) < len(docs) {
		g.docs = make([]byte, 0, max(docsChunk, len(docs)))
	}
	byKey := func(a, b store.Record) int {
		return cmp.Or(cmp.Compare(a.Household, b.Household), cmp.Compare(a.Person, b.Person))
	}
	if !slices.IsSortedFunc(out, byKey) {
		slices.SortFunc(out, byKey)
	}
	return fn(village, out)
}

package mirror

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// lengths are those of texts around which SQLite writes a row otherwise: of a header, of
// a length, of a page.
func lengths() *rapid.Generator[int] {
	return rapid.OneOf(rapid.SampledFrom([]int{0, 1, 57, 58, 59, 8185, 8186, 30_000, 65_536, 200_000}), rapid.IntRange(65_300, 65_510))
}

// anyRow makes a row whose key is n.
func anyRow(rt *rapid.T, n int) *hubv1.Record {
	r := &hubv1.Record{
		Household: household(n).Household, HeadName: rapid.String().Draw(rt, "name"), Review: rapid.Bool().Draw(rt, "review"),
		MemberCount: rapid.Int32().Draw(rt, "members"), Transaction: rapid.Int64Range(1, 1<<62).Draw(rt, "transaction"),
	}
	if rapid.Bool().Draw(rt, "income?") {
		income := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, 127, 128, -128, 32767, 32768, 1 << 31})).Draw(rt, "income")
		r.PerCapitaNetIncome = &income
	}
	if rapid.IntRange(0, 9).Draw(rt, "wide?") == 0 { // its header needs two bytes for its length
		fields := r.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if f := fields.Get(i); f.Number() >= 10 && f.Kind() == protoreflect.StringKind && !f.IsList() {
				r.ProtoReflect().Set(f, protoreflect.ValueOfString(strings.Repeat("y", 60)))
			}
		}
	}
	if rapid.IntRange(0, 9).Draw(rt, "long?") == 0 {
		r.HeadName = strings.Repeat("x", lengths().Draw(rt, "length"))
	}
	r.HeadName = strings.ReplaceAll(r.HeadName, "\x00", "") // PostgreSQL has no such texts
	return r
}

// Whatever a row holds, a load that hands it over in bulk and a change that hands it over
// alone store the same.
func TestRowsOfALoadAreThoseOfSingleStatements(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			places := e.places(t)
			fewerChecks(t)
			rapid.Check(t, func(rt *rapid.T) {
				hub, c := testhub.Start(t, statusList(), schoolList())
				b := &bench{TB: t, hub: hub, client: c, place: places()}
				b.open()
				defer func() { _ = b.sink.Close() }()
				b.mustStoreAlike(rt)
			})
		})
	}
}

func (b *bench) mustStoreAlike(rt *rapid.T) {
	ctx := context.Background()
	p := &page{}
	bulk, alone := mustTable(rt, "household-status"), mustTable(rt, "alone")
	records := []*hubv1.Record{}
	for n := range rapid.SampledFrom([]int{0, 1, 2, 5, 300}).Draw(rt, "rows") {
		records = append(records, anyRow(rt, n))
	}
	p.blocks = []block{{status1, area1, village1, slicesOf(records)}}
	if err := p.prepare(b.sink, map[string]*table{status1: bulk}); err != nil {
		rt.Fatal(err)
	}
	err := b.sink.update(ctx, func(tx sinkTx) error {
		rows := [][]any{}
		for _, r := range records {
			rows = append(rows, alone.values(change{recordKey: recordKey{area1, r.GetHousehold(), ""}, village: village1, number: r.GetTransaction(), record: r}))
		}
		return errors.Join(tx.create(ctx, bulk, loading), tx.append(ctx, bulk, p.rows), newApplier(tx, loading).key(ctx, bulk),
			tx.create(ctx, alone, live), tx.upsert(ctx, alone, live, rows, newer), wellFormed(ctx, tx))
	})
	if err != nil {
		rt.Fatal(err)
	}
	if got, want := b.stored(rt, bulk, loading), b.stored(rt, alone, live); !reflect.DeepEqual(got, want) || len(got) != len(records) {
		rt.Fatalf("%d rows in bulk, %d alone: they differ", len(got), len(want))
	}
}

// wellFormed asks SQLite about the image that it was given.
func wellFormed(ctx context.Context, tx sinkTx) error {
	if t, ok := tx.(*sqliteTx); !ok || !t.attached {
		return nil
	}
	return tx.query(ctx, "PRAGMA "+attached+".integrity_check", nil, func(scan func(...any) error) error {
		var verdict string
		if err := scan(&verdict); err != nil || verdict == "ok" {
			return err
		}
		return errors.New(verdict)
	})
}

// mustTable is the table of a list with every field of the contract. The rows' hashes
// don't know its name.
func mustTable(t fataler, name string) *table {
	t.Helper()
	var names []string
	fields := (&hubv1.Record{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Number() >= 10 {
			names = append(names, string(f.Name()))
		}
	}
	list := testhub.List(status1, hubv1.Grain_GRAIN_HOUSEHOLD, names...)
	made, err := newTable(list)
	if err != nil {
		t.Fatal(err)
	}
	list.Name = name
	return made
}

// stored reads whole rows, with what SQLite keeps each value as.
func (b *bench) stored(t fataler, tb *table, s side) (rows [][]any) {
	t.Helper()
	names := tb.names
	if !b.onPostgres() {
		for _, c := range tb.columns {
			names += ", typeof(" + quoted(c.name) + ")"
		}
	}
	ctx := context.Background()
	err := b.sink.update(ctx, func(tx sinkTx) error {
		return tx.query(ctx, "SELECT "+names+" FROM "+tb.on(s)+" ORDER BY household", nil, func(scan func(...any) error) error {
			row := make([]any, len(strings.Split(names, ", ")))
			places := make([]any, len(row))
			for i := range row {
				places[i] = &row[i]
			}
			rows = append(rows, row)
			return scan(places...)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func slicesOf(records []*hubv1.Record) func(func(*hubv1.Record, error) bool) {
	return func(yield func(*hubv1.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Two lists in a page stand in one image; one of them has many pages, the other none.
func TestAPageOfSeveralListsIsStoredListByList(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		ctx := context.Background()
		tables := map[string]*table{status1: mustTable(t, status1), "other": mustTable(t, "other"), "none": mustTable(t, "none")}
		p := &page{blocks: []block{
			{status1, area1, village1, slicesOf(many(900))}, {"other", area1, village1, slicesOf(many(1))}, {"none", area1, village1, slicesOf(nil)},
			{status1, area1, village2, slicesOf(many(0))},
		}}
		if err := p.prepare(b.sink, tables); err != nil {
			t.Fatal(err)
		}
		err := b.sink.update(ctx, func(tx sinkTx) error {
			for _, tb := range tables {
				if err := errors.Join(tx.create(ctx, tb, loading), tx.append(ctx, tb, p.rows), newApplier(tx, loading).key(ctx, tb)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]int{status1: 900, "other": 1, "none": 0} {
			if got := len(b.stored(t, tables[name], loading)); got != want {
				t.Errorf("%s: %d rows, want %d", name, got, want)
			}
		}
	})
}

func many(n int) []*hubv1.Record {
	records := make([]*hubv1.Record, n)
	for i := range records {
		records[i] = &hubv1.Record{Household: household(i).Household, HeadName: strings.Repeat("虚拟", 100), Transaction: 1}
	}
	return records
}

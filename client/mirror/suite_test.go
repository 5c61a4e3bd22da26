package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

const (
	area1, area2     = "danzhou", "wenchang"
	village1         = "460400100001"
	village2         = "460400100002"
	village3         = "469005100003"
	status1, school1 = "household-status", "education"
)

func statusList() *hubv1.List {
	return testhub.List(status1, hubv1.Grain_GRAIN_HOUSEHOLD, "head_name", "member_count", "review", "per_capita_net_income", "entitlements")
}

func schoolList() *hubv1.List {
	return testhub.List(school1, hubv1.Grain_GRAIN_PERSON, "name", "school_stage", "assistance_kinds")
}

// engine is one kind of sink; places gives the location of a fresh mirror at every call.
type engine struct {
	name   string
	places func(t testing.TB) func() string
}

var engines = []engine{{"sqlite", sqlitePlaces}, {"postgres", postgresPlaces}}

func sqlitePlaces(t testing.TB) func() string {
	folder, n := t.TempDir(), 0
	return func() string { n++; return filepath.Join(folder, fmt.Sprintf("mirror %d?#%%.db", n)) }
}

// postgresPlaces makes schemas, which is much quicker than making databases.
func postgresPlaces(t testing.TB) func() string {
	base, err := url.Parse(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	return func() string {
		n++
		schema := fmt.Sprintf("mirror%d", n)
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, base.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
			t.Fatal(err)
		}
		place := *base
		query := place.Query()
		query.Set("search_path", schema)
		place.RawQuery = query.Encode()
		return place.String()
	}
}

// onEveryEngine runs a test on each engine with a fresh hub and mirror.
func onEveryEngine(t *testing.T, test func(t *testing.T, b *bench)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			hub, c := testhub.Start(t, statusList(), schoolList())
			b := &bench{TB: t, hub: hub, client: c, place: e.places(t)()}
			b.open()
			test(t, b)
		})
	}
}

// fataler is what testing.T and rapid.T have in common.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// bench is a hub with a mirror at one place.
type bench struct {
	testing.TB
	hub    *testhub.Hub
	client *client.Client
	place  string
	sink   Sink
	sync   *Syncer
	config Config
}

// open begins with nothing but what is in the database, as a new process does.
func (b *bench) open() {
	b.Helper()
	if b.sink != nil {
		if err := b.sink.Close(); err != nil {
			b.Fatal(err)
		}
	}
	sink, err := Open(context.Background(), b.place)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sink.Close() })
	b.sink = sink
	b.configure(func(*Config) {})
}

// configure makes a new Syncer on the same connection.
func (b *bench) configure(change func(*Config)) {
	b.Helper()
	b.config.Client, b.config.Sink = b.client, b.sink
	change(&b.config)
	s, err := New(b.config)
	if err != nil {
		b.Fatal(err)
	}
	b.sync = s
}

func (b *bench) pull() Result {
	b.Helper()
	r, err := b.sync.Pull(context.Background())
	if err != nil {
		b.Fatalf("pull: %v", err)
	}
	return r
}

// mustEqualHub compares the visible rows with the hub's, row by row.
func (b *bench) mustEqualHub(lists ...string) {
	b.Helper()
	if len(lists) == 0 {
		lists = []string{status1, school1}
	}
	for _, list := range lists {
		mustHold(b, b.sink, list, b.hub.Hashes(list))
	}
}

func mustHold(t fataler, sink Sink, list string, want map[client.Key]client.Hash) {
	t.Helper()
	got := visibleRows(t, sink, list)
	if !maps.Equal(got, want) {
		t.Fatalf("list %s: mirror has %d rows %v, want %d rows %v", list, len(got), got, len(want), want)
	}
}

// visibleRows reads a list's table, which may not be there yet.
func visibleRows(t fataler, sink Sink, list string) map[client.Key]client.Hash {
	t.Helper()
	rows := map[client.Key]client.Hash{}
	ctx := context.Background()
	err := sink.update(ctx, func(tx sinkTx) error {
		n, err := countRows(ctx, tx, "hub_lists WHERE side = 'live' AND list = $1", list)
		if err != nil || n == 0 {
			return err
		}
		table := (&table{list: &hubv1.List{Name: list}}).on(live)
		return tx.query(ctx, "SELECT area, village, household, person, row_hash FROM "+table, nil, func(scan func(...any) error) error {
			var k client.Key
			var hash []byte
			if err := scan(&k.Area, &k.Village, &k.Household, &k.Person, &hash); err != nil {
				return err
			}
			rows[k] = hashOf(hash)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func (b *bench) exec(statement string, args ...any) {
	b.Helper()
	err := b.sink.update(context.Background(), func(tx sinkTx) error {
		_, err := tx.exec(context.Background(), statement, args...)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// fill gives the hub n households in village1, one pupil each, in one transaction a household.
func (b *bench) fill(n int) {
	for i := range n {
		b.hub.Commit(area1, "IMPORT", household(i).Put(village1, statusRecord(1)), pupil(i).Put(village1, pupilRecord("PRIMARY")))
	}
}

func household(i int) testhub.Key {
	return testhub.Key{List: status1, Household: fmt.Sprintf("hh_%04d", i)}
}

func pupil(i int) testhub.Key {
	return testhub.Key{List: school1, Household: fmt.Sprintf("hh_%04d", i), Person: fmt.Sprintf("pp_%04d", i)}
}

func statusRecord(members int) *hubv1.Record {
	return &hubv1.Record{HeadName: "李小甲", MemberCount: int32(members), Entitlements: []*hubv1.Entitlement{{Policy: "p", Since: "2016-01-01", Due: true}}}
}

func pupilRecord(stage string) *hubv1.Record {
	return &hubv1.Record{Name: "李小乙", SchoolStage: stage}
}

// cutOnce ends the stream after so many pages, for good: the client must not repeat it.
func (b *bench) cutOnce(after int) {
	var done atomic.Bool
	b.hub.SetCut(func(sent int) error {
		if sent == after && !done.Swap(true) {
			return status.Error(codes.Internal, "killed")
		}
		return nil
	})
}

func (b *bench) mustFail(wantCode codes.Code) {
	b.Helper()
	_, err := b.sync.Pull(context.Background())
	if e := client.Of(err); e == nil || e.Code != wantCode {
		b.Fatalf("pull: %v, want code %s", err, wantCode)
	}
}

// asRead is a page of the contract as it is read from a stream.
func asRead(p *hubv1.Page) *page {
	out := &page{
		transactions: p.GetTransactions(), left: p.GetLeftScope(), end: p.GetEnd(), cursor: p.GetCursor(), loading: p.GetLoading(),
	}
	for _, b := range p.GetBlocks() {
		out.blocks = append(out.blocks, block{b.GetList(), b.GetArea(), b.GetVillage(), func(yield func(*hubv1.Record, error) bool) {
			for _, r := range b.GetRecords() {
				if !yield(r, nil) {
					return
				}
			}
		}})
	}
	return out
}

func isDiffer(err error) bool {
	var d *DifferError
	return errors.As(err, &d)
}

func count(r Result, list, op, cause string) int64 {
	for _, c := range r.Counts {
		if c.List == list && c.Op == op && c.Cause == cause {
			return c.Rows
		}
	}
	return 0
}

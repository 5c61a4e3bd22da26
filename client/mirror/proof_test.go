package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

func rosterList() *hubv1.List {
	return testhub.List(roster, hubv1.Grain_GRAIN_PERSON, "name", "unsupported_from", "review")
}

func listed(person string) testhub.Key {
	return testhub.Key{List: roster, Household: "hh_" + person, Person: person}
}

func rosterRecord(name string) *hubv1.Record {
	return &hubv1.Record{Name: name, UnsupportedFrom: "2020-01-01", Review: true}
}

// onEveryRoster is onEveryEngine with the roster beside the two other lists.
func onEveryRoster(t *testing.T, test func(t *testing.T, b *bench)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, newRosterBench(t, e)) })
	}
}

func newRosterBench(t *testing.T, e engine) *bench {
	hub, c := testhub.Start(t, statusList(), schoolList(), rosterList())
	hub.Derived("2026-03-01", "")
	b := &bench{TB: t, hub: hub, client: c, place: e.places(t)()}
	b.open()
	return b
}

func (b *bench) proof(persons ...string) *hubv1.CopyProof {
	b.Helper()
	p, err := b.sync.Proof(context.Background(), persons)
	if err != nil {
		b.Fatalf("proof: %v", err)
	}
	return p
}

// report sends a proof to the hub, which computes its own, and gives the receipt's state.
func (b *bench) report(p *hubv1.CopyProof, persons ...string) hubv1.ReceiptState {
	b.Helper()
	id := fmt.Sprint("letter ", len(b.hub.Answered()))
	l := &hubv1.Letter{Id: id, Receipts: []*hubv1.Receipt{{State: hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED}}}
	for _, person := range persons {
		l.Items = append(l.Items, &hubv1.LetterItem{Person: person})
	}
	b.hub.AddLetter(l)
	response, err := b.client.Letters().ReportApplied(context.Background(), &hubv1.ReportAppliedRequest{
		Id: id, By: &hubv1.ReportAppliedRequest_Copy{Copy: p}, RequestId: id})
	if err != nil {
		b.Fatal(err)
	}
	return response.GetLetter().GetReceipts()[0].GetState()
}

const (
	applied  = hubv1.ReceiptState_RECEIPT_STATE_APPLIED
	disputed = hubv1.ReceiptState_RECEIPT_STATE_DISPUTED
)

func TestAProofIsTheRowsOfThePersonsAskedForInAnyAreaInOrderOfPerson(t *testing.T) {
	onEveryRoster(t, func(t *testing.T, b *bench) {
		b.hub.Commit(area1, "REMOVAL", listed("pp_20").Put(village2, rosterRecord("虚拟甲")), listed("pp_3").Put(village1, rosterRecord("")))
		b.hub.Commit(area1, "REMOVAL", listed("pp_9").Put(village1, rosterRecord("虚拟丙")))
		b.hub.Commit(area2, "REMOVAL", listed("pp_1").Put(village3, rosterRecord("虚拟乙")))
		b.pull()
		p := b.proof("pp_3", "pp_20", "pp_1", "pp_3", "pp_unknown")
		if p.GetRows() != 3 || len(p.GetPositions()) != 2 || p.GetPositions()[0].GetArea() != area1 ||
			p.GetPositions()[0].GetTransaction() != 2 || p.GetPositions()[1].GetTransaction() != 1 {
			t.Fatalf("proof %v", p)
		}
		if got := b.report(p, "pp_1", "pp_20", "pp_3", "pp_unknown"); got != applied {
			t.Fatalf("the hub finds the copy %s", got)
		}
		if again := b.proof("pp_unknown", "pp_1", "pp_20", "pp_3"); again.GetDigest() != p.GetDigest() {
			t.Fatal("the digest depends on the order of the question")
		}
		if b.proof("pp_9").GetDigest() == p.GetDigest() || b.report(p, "pp_1", "pp_20", "pp_9") != disputed {
			t.Fatal("the rows of others prove the same")
		}
	})
}

func TestADamagedRowGivesAnotherDigestAndADamagedHashTheSame(t *testing.T) {
	onEveryRoster(t, func(t *testing.T, b *bench) {
		b.hub.Commit(area1, "REMOVAL", listed("pp_1").Put(village1, rosterRecord("虚拟甲")), listed("pp_2").Put(village1, rosterRecord("虚拟乙")))
		b.pull()
		sound := b.proof("pp_1", "pp_2")
		b.exec("UPDATE no_longer_supported SET row_hash = (SELECT row_hash FROM no_longer_supported WHERE person = 'pp_2') WHERE person = 'pp_1'")
		if got := b.proof("pp_1", "pp_2"); got.GetDigest() != sound.GetDigest() {
			t.Fatal("the stored hash was taken")
		}
		for _, damage := range []string{"unsupported_from = '2030-01-01'", "review = false", "name = NULL", "village = '" + village2 + "'"} {
			b.exec("UPDATE no_longer_supported SET " + damage + " WHERE person = 'pp_1'")
			got := b.proof("pp_1", "pp_2")
			if got.GetDigest() == sound.GetDigest() || b.report(got, "pp_1", "pp_2") != disputed {
				t.Fatalf("%s: it proves the same", damage)
			}
			b.exec("UPDATE no_longer_supported SET unsupported_from = '2020-01-01', review = true, name = '虚拟甲', village = '" + village1 + "' WHERE person = 'pp_1'")
		}
		b.exec("DELETE FROM no_longer_supported WHERE person = 'pp_1'")
		if got := b.proof("pp_1", "pp_2"); got.GetRows() != 1 || got.GetDigest() == sound.GetDigest() {
			t.Fatalf("a row was lost: %v", got)
		}
	})
}

func TestAThousandPersonsAreProvedAtOnce(t *testing.T) {
	onEveryRoster(t, func(t *testing.T, b *bench) {
		var acts []testhub.Act
		var persons []string
		for i := range 3000 {
			person := fmt.Sprintf("pp_%d", i)
			acts = append(acts, listed(person).Put(village1, rosterRecord(person)))
			if i%3 == 0 {
				persons = append(persons, person)
			}
		}
		for part := range slices.Chunk(acts, 1000) {
			b.hub.Commit(area1, "REMOVAL", part...)
		}
		b.pull()
		if p := b.proof(persons...); p.GetRows() != 1000 || b.report(p, persons...) != applied {
			t.Fatalf("proof of %d rows", p.GetRows())
		}
	})
}

func TestACopyWithoutTheRosterProvesNothingAndNamesTheList(t *testing.T) {
	onEveryRoster(t, func(t *testing.T, b *bench) {
		if _, err := b.sync.Proof(t.Context(), []string{"pp_1"}); err == nil {
			t.Fatal("an empty database proved something")
		}
		b.fill(1)
		b.pull()
		if p := b.proof("pp_1"); p.GetRows() != 0 || b.report(p, "pp_1") != applied {
			t.Fatalf("a roster that is empty at the hub too: %v", p)
		}
		noList := func(why string) {
			t.Helper()
			_, err := b.sync.Proof(t.Context(), []string{"pp_1"})
			if e, ok := errors.AsType[*NoListError](err); !ok || e.List != roster || !strings.Contains(err.Error(), roster) {
				t.Fatalf("%s: %v", why, err)
			}
		}
		b.hub.SetBefore(func(method string) error {
			if method != "GetDigests" {
				return nil
			}
			return testhub.Fail(codes.PermissionDenied, hubv1.Reason_REASON_NO_AGREEMENT)
		})
		noList("no agreement, no table")
		b.hub.SetBefore(nil)
		b.hub.Commit(area1, "REMOVAL", listed("pp_1").Put(village1, rosterRecord("虚拟甲")))
		b.pull()
		b.configure(func(c *Config) { c.Lists = []string{status1} })
		noList("lists without the roster, its table still there")
	})
}

func TestWhileALoadIsUnderWayNothingIsProved(t *testing.T) {
	onEveryRoster(t, func(t *testing.T, b *bench) {
		b.hub.Commit(area1, "REMOVAL", listed("pp_1").Put(village1, rosterRecord("虚拟甲")))
		b.pull()
		b.hub.Restore()
		b.config.PageSize = 1
		b.open()
		b.cutOnce(1)
		b.mustFail(codes.Internal)
		if _, err := b.sync.Proof(t.Context(), []string{"pp_1"}); !errors.Is(err, ErrLoading) {
			t.Fatalf("proof: %v", err)
		}
		b.pull()
		b.proof("pp_1")
	})
}

func TestAProofFromFollowsReportLeavesTheRunAsItIs(t *testing.T) {
	onEveryRoster(t, func(t *testing.T, b *bench) {
		b.hub.Commit(area1, "REMOVAL", listed("pp_1").Put(village1, rosterRecord("虚拟甲")))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reports := 0
		_, err := b.sync.Follow(ctx, func(Result) {
			before := b.sync.state
			if p := b.proof("pp_1", "pp_2"); p.GetRows() != []int32{1, 1, 2}[reports] {
				t.Errorf("report %d: %d rows", reports, p.GetRows())
			}
			if b.sync.state.cursor != before.cursor || b.sync.state.guard.Day != before.guard.Day {
				t.Error("the proof touched the run")
			}
			switch reports++; reports {
			case 2:
				b.hub.Commit(area1, "REMOVAL", listed("pp_2").Put(village1, rosterRecord("虚拟乙")))
			case 3:
				cancel()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// peeking is a PostgreSQL sink that looks, from another connection, at the lock of the
// mirror's state when the first question is asked.
type peeking struct {
	Sink
	peek func()
}

func (p *peeking) update(ctx context.Context, fn func(sinkTx) error) error {
	return p.Sink.update(ctx, func(tx sinkTx) error { return fn(&peekingTx{tx, p.peek}) })
}

type peekingTx struct {
	sinkTx
	peek func()
}

func (p *peekingTx) query(ctx context.Context, query string, args []any, row func(func(...any) error) error) error {
	p.peek()
	return p.sinkTx.query(ctx, query, args, row)
}

// SQLite has one writer anyway.
func TestNobodyMovesTheMirrorBetweenAProofsPositionsAndRows(t *testing.T) {
	b := newRosterBench(t, engines[1])
	b.hub.Commit(area1, "REMOVAL", listed("pp_1").Put(village1, rosterRecord("虚拟甲")))
	b.pull()
	conn, err := pgx.Connect(t.Context(), b.place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	free := func() bool {
		_, err := conn.Exec(context.Background(), "SELECT 1 FROM hub_state FOR UPDATE NOWAIT")
		return err == nil
	}
	peeks := 0
	b.configure(func(c *Config) {
		c.Sink = &peeking{Sink: b.sink, peek: func() {
			if peeks++; free() {
				t.Error("another program could move the mirror meanwhile")
			}
		}}
	})
	b.proof("pp_1")
	if peeks != 3 || !free() {
		t.Fatalf("%d questions were asked; or the mirror stays locked", peeks)
	}
}

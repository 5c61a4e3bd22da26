package hub_test

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

func (h *house) replay(agency, id string, on date.Date) hub.Replay {
	h.Helper()
	got, err := h.Replay(h.Context(), office, agency, id, on)
	h.ok(err)
	return got
}

// about are a copy's rows about a household.
func (k *copied) about(id string) map[rowKey]*wire.Record {
	out := map[rowKey]*wire.Record{}
	for key, r := range k.rows {
		if key.household == id {
			out[key] = proto.Clone(r).(*wire.Record)
		}
	}
	return out
}

// holds wants a replay to give exactly these rows.
func (h *house) holds(got hub.Replay, want map[rowKey]*wire.Record) {
	h.Helper()
	rows := map[rowKey]*wire.Record{}
	for _, r := range got.Records {
		rows[rowKey{r.List, r.Record.GetArea(), r.Record.GetHousehold(), r.Record.GetPerson()}] = r.Record
		if r.ReadAt.IsZero() || r.Client != reader.Client || r.Described == nil {
			h.Errorf("%s: a record of %s read by %q at %s", got.On, r.List, r.Client, r.ReadAt)
		}
	}
	if !maps.EqualFunc(rows, want, func(a, b *wire.Record) bool { return proto.Equal(a, b) }) {
		h.Errorf("%s: %d records, not the %d of the copy, or others", got.On, len(rows), len(want))
	}
}

// A reader's copy is noted at the end of each day of a household's story; afterwards each
// day is asked for.
func TestAReplayIsTheCopyAsItStoodOnADay(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	id := was.Household.ID
	k := copyOf(h, reader)
	copies, decisions := map[date.Date]map[rowKey]*wire.Record{}, map[date.Date]int{}
	note := func(n int) {
		copies[h.Today()], decisions[h.Today()] = k.about(id), n
		h.clock.day(h.Today().AddDays(1))
		h.derive()
	}
	note(0)
	c := h.carry(h.propose(was), removal.Announce)
	note(1) // announced and not read yet
	k.pull()
	note(1)
	h.clock.day(max(h.Today(), c.EffectiveOn))
	h.derive()
	k.pull()
	note(1)
	_, err := h.step(c, removal.Reverse)
	h.ok(err)
	note(2)
	k.pull()
	note(2)
	h.clock.day(h.Today().AddDays(20))
	h.derive()
	k.pull()
	note(2)
	seen := map[int]bool{}
	for on, want := range copies {
		got := h.replay("reader", id, on)
		h.holds(got, want)
		if len(got.Decisions) != decisions[on] || len(got.Readers) != 1 || got.Readers[0].Assumed || got.Incomplete {
			t.Errorf("%s: %d decisions, readers %+v", on, len(got.Decisions), got.Readers)
		}
		seen[len(want)] = true
	}
	if len(seen) < 2 || len(copies) < 7 {
		t.Error("nothing happened to the copy")
	}
	before := h.replay("reader", id, today.AddDays(-1))
	if len(before.Readers)+len(before.Records)+len(before.Decisions)+len(before.Letters) > 0 {
		t.Errorf("before anything: %+v", before)
	}
}

func TestAReplayGoesByTheListsThatWereRead(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	h.agree(access.Agreement{ID: "a-narrow", Agency: "narrow", Divisions: []string{province}, Lists: []string{"education", "housing"}})
	narrow := access.Caller{Agency: "narrow", Client: "nightly"}
	copyOf(h, narrow)
	got := h.replay("narrow", was.Household.ID, h.Today())
	for _, r := range got.Records {
		if r.List != "education" && r.List != "housing" {
			t.Errorf("a record of %s", r.List)
		}
	}
	if len(got.Records) == 0 || !slices.Equal(got.Readers[0].Lists, []string{"education", "housing"}) {
		t.Errorf("%+v", got)
	}
	if other := h.replay("reader", was.Household.ID, h.Today()); len(other.Readers) > 0 {
		t.Errorf("who read nothing held %+v", other)
	}
}

func TestAReplayFollowsAHouseholdFromAreaToArea(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	k := copyOf(h, reader)
	first := h.Today()
	before := k.about(was.Household.ID)
	h.clock.day(first.AddDays(1))
	h.derive()
	h.move(h.find("HH-0001"), danzhou[0])
	k.pull()
	h.holds(h.replay("reader", was.Household.ID, first), before)
	got := h.replay("reader", was.Household.ID, h.Today())
	h.holds(got, k.about(was.Household.ID))
	if len(got.Readers) != 2 {
		t.Errorf("%+v", got.Readers)
	}
}

func TestAReplayIsForWhoeverMayReadHouseholdsWhereItHasLivedSince(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	root, _ := h.Divisions.Area("danzhou")
	h.agree(access.Agreement{ID: "l-danzhou", Agency: "danzhou", Divisions: []string{root.Root}, Households: true})
	there := access.Caller{Agency: "danzhou", Client: "test", Person: "d1"}
	was := h.fits(qionghai[0], 1, 1)[0]
	id, first := was.Household.ID, h.Today()
	copyOf(h, reader)
	for _, c := range []access.Caller{stranger, reader, county, clerk, recipient("education"), there} {
		_, err := h.Replay(t.Context(), c, "reader", id, first)
		h.refused(err, fault.HouseholdNotFound)
	}
	_, err := h.Replay(t.Context(), office, "reader", "hh_none", first)
	h.refused(err, fault.HouseholdNotFound)
	h.clock.day(first.AddDays(1))
	h.move(h.find("HH-0001"), danzhou[0])
	h.clock.day(first.AddDays(2))
	for on, seen := range map[date.Date]bool{first: false, first.AddDays(1): false, first.AddDays(2): true} {
		got, err := h.Replay(t.Context(), there, "reader", id, on)
		if (err == nil) != seen || (err != nil && !fault.Is(err, fault.HouseholdNotFound)) {
			t.Errorf("%s: %v", on, err)
		}
		for _, r := range got.Readers {
			if r.Area != "danzhou" {
				t.Errorf("%s: readers of %s", on, r.Area)
			}
		}
	}
	_, err = h.Replay(t.Context(), office, "reader", id, "2026-02-31")
	h.violated(err, "on", fault.Malformed)
	_, err = h.Replay(t.Context(), office, "reader", id, h.Today().AddDays(1))
	h.violated(err, "on", fault.OutOfRange)
}

func TestAReplayShowsLettersAsTheyStoodOnADay(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	who := recipient("education")
	drafted := h.Today()
	next := func() date.Date { h.clock.day(h.Today().AddDays(1)); return h.Today() }
	issued := next()
	v := h.issue(h.letterTo("education", letter.Draft))
	delivered := next()
	v, err := h.Letter(t.Context(), who, v.ID)
	h.ok(err)
	acknowledged := next()
	h.acknowledge(who, v)
	next()
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	corrected := next()
	h.issue(h.letterTo("education", letter.Draft))
	if got := h.replay("education", c.Household, drafted); len(got.Letters) > 0 {
		t.Errorf("of a draft: %+v", got.Letters)
	}
	for on, want := range map[date.Date]letter.ReceiptState{
		issued: letter.ReceiptSent, delivered: letter.ReceiptDelivered, acknowledged: letter.ReceiptAcknowledged, corrected: letter.ReceiptWithdrawn,
	} {
		got := h.replay("education", c.Household, on)
		if len(got.Letters) == 0 || got.Letters[0].ID != v.ID || got.Letters[0].Receipt.State != want || len(got.Letters[0].Items) != len(v.Items) {
			t.Fatalf("%s: %+v", on, got.Letters)
		}
		if known := got.Letters[0].Items[0].Corrected != ""; known != (on == corrected) || (len(got.Letters) == 2) != known {
			t.Errorf("%s: corrected: %v, %d letters", on, known, len(got.Letters))
		}
	}
	if got := h.replay("finance", c.Household, h.Today()); len(got.Letters) > 0 {
		t.Errorf("to another department: %+v", got.Letters)
	}
}

func TestAReplayNamesOnlyTheItemsAboutTheHousehold(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	_, err := h.set(county, func(p *removal.Parameters) {
		p.Letters = removal.LetterTerms{Draft: removal.DraftCount, DraftItems: 500}
	})
	h.ok(err)
	both := h.fits(qionghai[0], 1, 2)
	var cases []hub.CaseState
	for _, was := range both {
		cases = append(cases, h.carry(h.propose(was), removal.Announce))
	}
	v := h.issue(h.letterTo("education", letter.Draft))
	for _, c := range cases {
		got := h.replay("education", c.Household, h.Today()).Letters[0]
		if len(got.Items) == 0 || len(got.Items) == len(v.Items) {
			t.Errorf("%d of %d items", len(got.Items), len(v.Items))
		}
		for _, i := range got.Items {
			if i.Household != c.Household || i.Item != v.Items[i.Number-1] {
				t.Errorf("number %d: %+v", i.Number, i)
			}
		}
	}
}

func TestAReplayAssumesWhatAnUnfinishedReadingMayHaveHandedOut(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	h.store.failAudit = func(e store.AuditEntry) bool { return e.Action == "sync.follow" && e.Of != "" }
	h.ok(h.Follow(t.Context(), reader, hub.FollowQuery{}, func(*wire.Page) error { return nil }))
	h.store.failAudit = nil
	first := h.Today()
	h.clock.day(first.AddDays(1))
	h.load(home(2, qionghai[0]))
	got := h.replay("reader", was.Household.ID, first)
	if len(got.Readers) != 1 || !got.Readers[0].Assumed || got.Readers[0].Transaction != 1 || len(got.Records) == 0 {
		t.Errorf("%+v", got)
	}
	if got = h.replay("reader", was.Household.ID, h.Today()); got.Readers[0].Transaction != 2 {
		t.Errorf("a day later: %+v", got.Readers)
	}
	copyOf(h, reader)
	if got = h.replay("reader", was.Household.ID, h.Today()); len(got.Readers) != 1 || got.Readers[0].Assumed {
		t.Errorf("when it is known: %+v", got.Readers)
	}
}

func TestAReplayOfAPurgedFeedSaysThatItMayBeIncomplete(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	copyOf(h, reader)
	h.load(home(2, qionghai[0]))
	h.ok(h.store.Update(t.Context(), func(tx store.Tx) error { return tx.Purge(t.Context(), "qionghai", 2) }))
	if got := h.replay("reader", was.Household.ID, h.Today()); !got.Incomplete || len(got.Readers) != 1 {
		t.Errorf("%+v", got)
	}
}

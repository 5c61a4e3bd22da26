package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
)

// lawBlock names one list in one village.
type lawBlock struct{ list, area, village string }

// lawRow is where a reader's row stands, since when, and its hash.
type lawRow struct {
	village string
	number  int64
	hash    client.Hash
}

type lawKey struct{ list, area, household, person string }

type lawTally struct {
	count  int64
	digest client.Digest
}

type lawPosition struct {
	area   string
	number int64
}

// lawReader reads by Pull as a careful consumer does, and checks the laws of the feed at
// every page: it knows the contract only.
type lawReader struct {
	hub    *lawHub
	name   string
	caller access.Caller
	size   int
	covers func(list, village string) bool // its scope, told in the test's own words

	hashes map[string]*client.Rows // by list
	cursor string
	loaded bool             // an End has come
	at     map[string]int64 // last transaction, by area
	rows   map[lawKey]lawRow
	blocks map[lawBlock]bool        // sent
	sent   map[lawPosition][]string // what each transaction was seen to do
	pages  int
	ends   int

	notBefore, atLatest map[string]int64 // bounds of where the load began, by area
}

func newLawReader(t *testing.T, h *lawHub, name string, size int) *lawReader {
	t.Helper()
	c, err := h.Catalogue(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var lists []*hubv1.List
	for _, l := range c.Lists {
		list := &hubv1.List{Name: l.Name}
		for _, f := range l.Fields {
			list.Fields = append(list.Fields, &hubv1.Field{Name: f.Name})
		}
		lists = append(lists, list)
	}
	r := newPageReader(t, lists, size)
	r.hub, r.name, r.caller = h, name, access.Caller{Agency: name, Client: "nightly"}
	return r
}

// newPageReader makes a reader that is given its pages.
func newPageReader(t *testing.T, lists []*hubv1.List, size int) *lawReader {
	t.Helper()
	r := &lawReader{
		size: size, hashes: map[string]*client.Rows{}, at: map[string]int64{},
		rows: map[lawKey]lawRow{}, blocks: map[lawBlock]bool{}, sent: map[lawPosition][]string{},
	}
	for _, l := range lists {
		var err error
		if r.hashes[l.GetName()], err = client.NewRows(l); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// run reads until it is current after done was closed. Between two catch-ups it lets at
// least lag transactions pass.
func (r *lawReader) run(t *testing.T, lag int64, done <-chan struct{}) {
	for last := false; ; {
		seen := r.hub.store.transactions.Load()
		if err := r.catchUp(t.Context()); err != nil {
			t.Errorf("%s: after %d pages: %v", r.name, r.pages, err)
			return
		}
		if last {
			return
		}
		last = waitUntil(r.hub, seen+lag, done)
	}
}

// waitUntil waits for so many transactions; true where done was closed before.
func waitUntil(h *lawHub, transactions int64, done <-chan struct{}) bool {
	for {
		commit := h.store.committed()
		if h.store.transactions.Load() >= transactions {
			return false
		}
		select {
		case <-commit:
		case <-done:
			return true
		}
	}
}

// catchUp reads pages up to the End.
func (r *lawReader) catchUp(ctx context.Context) error {
	for {
		if end, err := r.next(ctx); err != nil || end {
			return err
		}
	}
}

// next reads and checks one page; true where it had an End.
func (r *lawReader) next(ctx context.Context) (bool, error) {
	sent, err := r.hub.Pull(ctx, r.caller, hub.PullQuery{Cursor: r.cursor, PageSize: r.size})
	if err != nil {
		return false, err
	}
	page := &hubv1.Page{}
	bytes, err := proto.Marshal(sent)
	if err == nil {
		err = proto.Unmarshal(bytes, page)
	}
	if err != nil {
		return false, err
	}
	return page.GetEnd() != nil, r.page(page)
}

// begin reads the first page: from here on nothing may escape the reader. A load's base
// is not told to consumers; it lies between the heads before and those after the page.
func (r *lawReader) begin(t *testing.T) {
	t.Helper()
	r.notBefore = lawHeads(t, r.hub)
	if _, err := r.next(t.Context()); err != nil {
		t.Errorf("%s: the first page: %v", r.name, err)
	}
	r.atLatest = lawHeads(t, r.hub)
}

// lawHeads is where the feeds stand, by area.
func lawHeads(t *testing.T, h *lawHub) map[string]int64 {
	t.Helper()
	at := map[string]int64{}
	err := h.store.View(t.Context(), func(r store.Reader) error {
		heads, err := r.Heads(t.Context(), nil)
		for _, head := range heads {
			at[head.Area] = head.Last
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return at
}

// page takes a page over and checks it.
func (r *lawReader) page(p *hubv1.Page) error {
	r.pages++
	r.cursor = p.GetCursor()
	if p.GetLoading() == r.loaded {
		return fmt.Errorf("the page says loading %t", p.GetLoading())
	}
	if r.loaded && len(p.GetBlocks()) > 0 {
		return fmt.Errorf("%d blocks after the load", len(p.GetBlocks()))
	}
	held := 0 // before the last part, which may not be split
	for _, b := range p.GetBlocks() {
		if held >= r.size {
			return fmt.Errorf("a block more than a page of %d holds", r.size)
		}
		held += len(b.GetRecords())
		if err := r.block(b); err != nil {
			return err
		}
	}
	for _, t := range p.GetTransactions() {
		if held >= r.size {
			return fmt.Errorf("a transaction more than a page of %d holds", r.size)
		}
		held += len(t.GetChanges())
		if err := r.transaction(t); err != nil {
			return err
		}
	}
	if p.GetEnd() == nil {
		return nil
	}
	r.loaded = true
	r.ends++
	return r.compare(p.GetEnd())
}

func (r *lawReader) block(b *hubv1.Block) error {
	key := lawBlock{b.GetList(), b.GetArea(), b.GetVillage()}
	if r.blocks[key] {
		return fmt.Errorf("the block of %s in %s came twice", key.list, key.village)
	}
	r.blocks[key] = true
	var own lawTally
	for _, rec := range b.GetRecords() {
		row := lawRow{b.GetVillage(), rec.GetTransaction(), r.hashes[b.GetList()].Hash(b.GetArea(), b.GetVillage(), rec)}
		own = lawTally{own.count + 1, own.digest.Add(row.hash)}
		key := lawKey{b.GetList(), b.GetArea(), rec.GetHousehold(), rec.GetPerson()}
		if was, known := r.rows[key]; !known || was.number <= row.number {
			r.rows[key] = row
		}
	}
	if want := (lawTally{b.GetCount(), client.Digest(b.GetDigest())}); own != want {
		return fmt.Errorf("the block of %s in %s holds %d rows of digest %s and says %d of %s",
			b.GetList(), b.GetVillage(), own.count, own.digest, want.count, want.digest)
	}
	return nil
}

func (r *lawReader) transaction(t *hubv1.Transaction) error {
	if was := r.at[t.GetArea()]; t.GetNumber() <= was {
		return fmt.Errorf("transaction %d of %s after %d", t.GetNumber(), t.GetArea(), was)
	}
	r.at[t.GetArea()] = t.GetNumber()
	at := lawPosition{t.GetArea(), t.GetNumber()}
	for _, c := range t.GetChanges() {
		r.sent[at] = append(r.sent[at], lawChange(c.GetOp().String()[len("OP_"):], c.GetList(), c.GetVillage(), c.GetFromVillage(), c.GetHousehold(), c.GetPerson()))
		key := lawKey{c.GetList(), t.GetArea(), c.GetHousehold(), c.GetPerson()}
		if was, known := r.rows[key]; known && was.number > t.GetNumber() {
			continue // a block that was read later had it already
		}
		if c.GetRecord() == nil {
			delete(r.rows, key)
			continue
		}
		r.rows[key] = lawRow{c.GetVillage(), t.GetNumber(), r.hashes[c.GetList()].Hash(t.GetArea(), c.GetVillage(), c.GetRecord())}
	}
	return nil
}

func lawChange(op, list, village, from, household, person string) string {
	return fmt.Sprintf("%s %s %s<%s %s/%s", op, list, village, from, household, person)
}

// compare sets the rows against an End: counts and digests, and the positions.
func (r *lawReader) compare(end *hubv1.End) error {
	own, theirs := map[lawBlock]lawTally{}, map[lawBlock]lawTally{}
	for k, row := range r.rows {
		b := lawBlock{k.list, k.area, row.village}
		own[b] = lawTally{own[b].count + 1, own[b].digest.Add(row.hash)}
	}
	for _, d := range end.GetDigests() {
		theirs[lawBlock{d.GetList(), d.GetArea(), d.GetVillage()}] = lawTally{d.GetCount(), client.Digest(d.GetDigest())}
	}
	if !maps.Equal(own, theirs) {
		return fmt.Errorf("at the End %d the rows are not the hub's: %d villages, %d at the hub", r.ends, len(own), len(theirs))
	}
	for _, a := range end.GetAreas() {
		if was := r.at[a.GetArea()]; a.GetTransaction() < was {
			return fmt.Errorf("the End says %s is at %d; transaction %d was sent", a.GetArea(), a.GetTransaction(), was)
		}
	}
	return nil
}

// mustHaveAll sets what the reader was sent against the stored feeds: every transaction
// after the load's beginning once, whole, with its changes in their order.
func (r *lawReader) mustHaveAll(t *testing.T, feeds map[lawPosition][]store.Change) {
	t.Helper()
	wanted := 0
	for at, changes := range feeds {
		got, sent := r.sent[at]
		if at.number <= r.notBefore[at.area] || !sent && at.number <= r.atLatest[at.area] {
			continue
		}
		var want []string
		for _, c := range changes {
			want = append(want, r.view(c)...)
		}
		if len(want) > 0 {
			wanted++
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: transaction %d of %s came with %d changes, want %d\n%q\n%q", r.name, at.number, at.area, len(got), len(want), got, want)
			return
		}
	}
	if len(r.sent) != wanted {
		t.Errorf("%s: %d transactions came, %d are in the feeds", r.name, len(r.sent), wanted)
	}
}

// view is a stored change as the reader's scope shows it.
func (r *lawReader) view(c store.Change) []string {
	op, now, before := c.Op, r.covers(c.List, c.Village), r.covers(c.List, c.FromVillage)
	village, from := c.Village, c.FromVillage
	switch {
	case op == "MOVED" && !now && before:
		op, village, from = "LEFT_SCOPE", c.FromVillage, ""
	case op == "MOVED" && now && !before:
		op, from = "UPSERT", ""
	case !now:
		return nil
	}
	return []string{lawChange(op, c.List, village, from, c.Household, c.Person)}
}

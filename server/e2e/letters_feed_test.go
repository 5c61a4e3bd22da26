package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
)

// How the correspondence reads the feed, and asks the ledger who was handed what.

// listen reads what the hub tells; it hands its own reader everything.
func (c *correspondence) listen() {
	c.Helper()
	for p, err := range c.told.Pages(c.Context(), &hubv1.FollowRequest{Cursor: c.feed.cursor, PageSize: 500}) {
		c.ok(err)
		c.feed.cursor = p.GetCursor()
		for _, t := range p.GetTransactions() {
			for _, ch := range t.GetChanges() {
				at := touch{t.GetArea(), ch.GetHousehold(), t.GetNumber()}
				if n := len(c.feed.touched); n == 0 || c.feed.touched[n-1] != at {
					c.feed.touched = append(c.feed.touched, at)
				}
			}
		}
		for _, a := range p.GetEnd().GetAreas() {
			if c.areas[a.GetArea()] != nil {
				c.feed.heads[a.GetArea()] = a.GetTransaction()
			}
		}
	}
	c.feed.hand("follower", c.hub.Today())
}

// pull brings a copy to where the feeds stand.
func (c *correspondence) pull(g *glass) {
	c.Helper()
	c.listen()
	r, err := g.sync.Pull(c.Context())
	c.ok(err)
	if !r.Current || len(r.Healed) > 0 {
		c.Fatalf("%s: current %v, healed %v", g.name, r.Current, r.Healed)
	}
	for _, a := range r.End.Areas {
		if c.areas[a.Area] != nil && a.Transaction != c.feed.heads[a.Area] {
			c.Fatalf("%s stands at %d of %s, the feed at %d", g.name, a.Transaction, a.Area, c.feed.heads[a.Area])
		}
	}
	c.feed.hand(g.name, c.hub.Today())
}

// heldOn is what a copy held at the end of a day: by household its rows, as "list person
// transaction".
type heldOn struct {
	on   date.Date
	rows map[string][]string
}

// keep keeps what the copies hold that were pulled today.
func (c *correspondence) keep() {
	c.Helper()
	for _, o := range c.offices {
		if !o.pulled {
			continue
		}
		h := heldOn{on: c.hub.Today(), rows: map[string][]string{}}
		for _, table := range o.copy.tables {
			for row := range c.rows(o.copy, "SELECT household || ' "+table+" ' || person || ' ' || hub_transaction FROM "+table) {
				household, rest, _ := strings.Cut(row, " ")
				h.rows[household] = append(h.rows[household], rest)
			}
		}
		o.held = append(o.held, h)
	}
}

// heldBy are the rows of a household in an office's copy at the end of a day.
func (o *office) heldBy(home *bookHome, on date.Date) (rows []string) {
	for _, h := range o.held {
		if h.on <= on {
			rows = h.rows[home.id]
		}
	}
	return slices.Sorted(slices.Values(rows))
}

// replays asks for some past days what an office held about some household.
func (c *correspondence) replays() {
	c.Helper()
	c.keep()
	homes := slices.SortedFunc(maps.Values(c.homes), func(a, b *bookHome) int { return a.n - b.n })
	days := c.hub.Today().DaysSince("2026-03-02")
	for range 40 {
		if len(homes) == 0 {
			return
		}
		o, h := c.offices[c.rng.IntN(len(c.offices))], homes[c.rng.IntN(len(homes))]
		on := date.Date("2026-03-02").AddDays(c.rng.IntN(days + 1))
		got, err := c.office.Ledger().Replay(c.Context(), &hubv1.ReplayRequest{Agency: o.agency, Household: h.id, On: string(on)})
		c.ok(err)
		have, want := replayText(got), c.replayWanted(o, h, on)
		if have != want {
			c.Fatalf("%s held of %s at the end of %s, today being %s,\n%s\nand should have held\n%s", o.agency, h.id, on, c.today(), have, want)
		}
		if len(got.GetRecords()) > 0 {
			c.did["replayed"]++
		}
	}
}

// replayText is a replay as text.
func replayText(r *hubv1.ReplayResponse) string {
	var out, records, told []string
	for _, d := range r.GetReaders() {
		out = append(out, fmt.Sprintf("%s in %s at %d on %s, lists %v, assumed %v", d.GetClient(), d.GetArea(), d.GetTransaction(), dayOf(d.GetReadAt()), d.GetLists(), d.GetAssumed()))
	}
	for _, d := range r.GetRecords() {
		records = append(records, fmt.Sprintf("%s %s %d", strings.ReplaceAll(d.GetList(), "-", "_"), d.GetRecord().GetPerson(), d.GetRecord().GetTransaction()))
	}
	slices.Sort(records)
	for _, d := range r.GetDecisions() {
		told = append(told, fmt.Sprintf("%s %s %s of %s from %s, against %s", d.GetKind(), d.GetId(), d.GetNumber(), d.GetDecidedOn(), d.GetEffectiveOn(), d.GetReverses()))
	}
	for _, l := range r.GetLetters() {
		text := fmt.Sprintf("letter %s %s of %s: %s", l.GetId(), l.GetNumber(), l.GetIssuedOn(), receiptText(l.GetReceipt()))
		for _, i := range l.GetItems() {
			text += "\n" + itemText(i)
		}
		told = append(told, text)
	}
	slices.Sort(told)
	return strings.Join(slices.Concat(out, records, told), "\n")
}

func (c *correspondence) replayWanted(o *office, h *bookHome, on date.Date) string {
	var out []string
	if day := c.feed.read(o.agency, h.area, on); day != "" {
		out = append(out, fmt.Sprintf("test in %s at %d on %s, lists %v, assumed false", h.area, c.feed.at(o.agency, h.area, on), day, o.lists))
	}
	return strings.Join(slices.Concat(out, o.heldBy(h, on), c.toldOf(h, o.agency, on)), "\n")
}

// everyDelivery wants the ledger to bring each consumer from position to position, without a
// gap, to where it stands.
func (c *correspondence) everyDelivery() {
	c.Helper()
	for area := range c.areas {
		last := map[string]int64{}
		for token := ""; ; {
			got, err := c.ledgers.ListDeliveries(c.Context(), &hubv1.ListDeliveriesRequest{Area: area, From: "2026-03-02", PageSize: 50, PageToken: token})
			c.ok(err)
			for _, d := range got.GetDeliveries() {
				was, known := last[d.GetAgency()]
				if d.GetAssumed() || (d.GetFromTransaction() != was && !d.GetLoad()) || d.GetToTransaction() < was || (!known && !d.GetLoad()) {
					c.Fatalf("%s was at %d of %s, and then: %v", d.GetAgency(), was, area, d)
				}
				last[d.GetAgency()] = d.GetToTransaction()
			}
			if token = got.GetNextPageToken(); token == "" {
				break
			}
		}
		want := map[string]int64{}
		for agency := range c.feed.handed {
			if at := c.feed.at(agency, area, c.hub.Today()); at > 0 || last[agency] > 0 {
				want[agency] = at
			}
		}
		maps.DeleteFunc(last, func(_ string, at int64) bool { return at == 0 })
		if !maps.Equal(last, want) {
			c.Fatalf("the consumers of %s were brought to %v, and should be at %v", area, last, want)
		}
	}
}

// everyRecall compares who holds what is no longer true, open ones first and the oldest of them.
func (c *correspondence) everyRecall() {
	c.Helper()
	for area := range c.areas {
		want := c.fromLetters(area)
		for _, d := range c.inOrder() {
			if d.home.area == area && d.reversal != "" {
				want = append(want, c.feed.fromFeed(d)...)
			}
		}
		for _, settled := range []bool{false, true} {
			got, err := c.ledgers.ListRecalls(c.Context(), &hubv1.ListRecallsRequest{Area: area, Settled: settled})
			c.ok(err)
			have := c.recalls(got.GetRecalls())
			counted := map[bookRecall]int{}
			for _, r := range want {
				if settled || r.settled == "" {
					counted[r]++
				}
			}
			for r, n := range have {
				if n != counted[r] {
					for w := range counted {
						if w.letter == r.letter && w.agency == r.agency {
							c.Logf("wanted there: %+v", w)
						}
					}
					c.Fatalf("on %s a recall of %s stands %d times, not %d (settled ones too: %v): %+v", c.today(), area, n, counted[r], settled, r)
				}
				delete(counted, r)
			}
			for r := range counted {
				c.Fatalf("on %s a recall of %s is missing (settled ones too: %v): %+v", c.today(), area, settled, r)
			}
			c.did["recalls"] += len(have)
		}
	}
}

// recalls counts what the hub tells, in the right order.
func (c *correspondence) recalls(all []*hubv1.Recall) map[bookRecall]int {
	c.Helper()
	out, before := map[bookRecall]int{}, &hubv1.Recall{}
	for _, r := range all {
		sorted := before.GetSettledAt() == "" || r.GetSettledAt() != ""
		if (before.GetSettledAt() == "") == (r.GetSettledAt() == "") {
			sorted = !instantOf(r.GetReadAt()).Before(instantOf(before.GetReadAt()))
		}
		if !sorted || r.GetAssumed() {
			c.Fatalf("the recall %v stands behind %v", r, before)
		}
		before = r
		out[bookRecall{
			agency: r.GetAgency(), client: r.GetClient(), decision: r.GetDecision(), kase: r.GetCase(), letter: r.GetLetter(), correction: r.GetCorrection(),
			read: dayOf(r.GetReadAt()), settled: dayOf(r.GetSettledAt()),
		}]++
	}
	return out
}

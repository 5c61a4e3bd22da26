package mirror

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// mustSumWhatIsStored reads a load back: what is known of a list without that must be
// the same. It says of how many lists something is known.
func (b *bench) mustSumWhatIsStored(when string) (known int) {
	b.Helper()
	ctx := context.Background()
	for name, sum := range b.sync.sums {
		stored := tallies{}
		err := b.sink.update(ctx, func(tx sinkTx) error {
			return tallyRows(ctx, tx, b.sync.staged[name], loading, "", nil, stored)
		})
		if err != nil {
			b.Fatal(err)
		}
		if villages := differing(sum, stored); len(villages) > 0 {
			b.Fatalf("%s: what is summed is not what is stored in %v", when, villages)
		}
		known++
	}
	return known
}

// refusing rolls transactions back at their end, as long as it is told to.
type refusing struct {
	Sink
	refuse bool
}

func (r *refusing) update(ctx context.Context, fn func(sinkTx) error) error {
	return r.Sink.update(ctx, func(tx sinkTx) error {
		err := fn(tx)
		if err == nil && r.refuse {
			err = errKilled
		}
		return err
	})
}

func villageBlock(list, village string, households ...string) *hubv1.Block {
	block := &hubv1.Block{List: list, Area: area1, Village: village}
	for _, h := range households {
		block.Records = append(block.Records, &hubv1.Record{Household: h, MemberCount: 2, Transaction: 1})
	}
	return block
}

func TestOnlyWhatWasCommittedIsSummed(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		sink := &refusing{Sink: b.sink}
		b.configure(func(c *Config) { c.Sink = sink })
		pages := []*hubv1.Page{
			{Blocks: []*hubv1.Block{villageBlock(status1, village1, "hh_1", "hh_2")}},
			{Blocks: []*hubv1.Block{villageBlock(status1, village1, "hh_3"), villageBlock(status1, village2, "hh_4"), villageBlock(school1, village1, "hh_1")}},
		}
		ctx := context.Background()
		if err := errors.Join(b.sync.begin(ctx), b.sync.beginLoad(ctx)); err != nil {
			t.Fatal(err)
		}
		for n, p := range pages {
			for _, refuse := range []bool{true, true, false} {
				page := asRead(p)
				page.cursor, page.loading = fmt.Sprint("page ", n), true
				sink.refuse = refuse
				err := b.sync.apply(ctx, newRun(), page)
				sink.refuse = false
				if errors.Is(err, errKilled) != refuse || (err != nil && !refuse) {
					t.Fatalf("page %d: %v", n, err)
				}
				b.mustSumWhatIsStored(fmt.Sprint("page ", n))
			}
		}
		if n := b.mustSumWhatIsStored("at the end"); n != 2 {
			t.Fatalf("%d lists are summed, want both", n)
		}
	})
}

// Whatever else than adding is done to a load's rows is seen in its sums, or nothing is known of them.
func TestSumsNeverDifferFromWhatIsStored(t *testing.T) {
	blocks := &hubv1.Page{Blocks: []*hubv1.Block{villageBlock(status1, village1, "hh_1", "hh_2"), villageBlock(status1, village2, "hh_3")}}
	change := func(c *hubv1.Change) *hubv1.Page {
		c.List, c.Household = status1, "hh_1"
		return &hubv1.Page{Transactions: []*hubv1.Transaction{{Area: area1, Number: 5, Changes: []*hubv1.Change{c}}}}
	}
	moved := &hubv1.Record{Household: "hh_1", MemberCount: 3, Transaction: 5}
	left := &hubv1.LeftScope{List: status1, Villages: []string{village2}, Cause: "AGREEMENT_EXPIRED"}
	end := &hubv1.Page{End: &hubv1.End{}}
	for what, pages := range map[string][]*hubv1.Page{
		"a record that moved":     {blocks, change(&hubv1.Change{Op: hubv1.Op_OP_MOVED, Village: village2, Record: moved}), end},
		"a record that ended":     {blocks, change(&hubv1.Change{Op: hubv1.Op_OP_ENDED, Village: village1}), end},
		"a block after a change":  {blocks, change(&hubv1.Change{Op: hubv1.Op_OP_ENDED, Village: village1}), blocks, end},
		"villages that left":      {blocks, {LeftScope: []*hubv1.LeftScope{left}}, end},
		"a page that came twice":  {blocks, blocks, end},
		"a village in two blocks": {blocks, {Blocks: []*hubv1.Block{villageBlock(status1, village2, "hh_9")}}, end},
	} {
		t.Run(what, func(t *testing.T) {
			onEveryEngine(t, func(t *testing.T, b *bench) {
				for n := range pages {
					staged(t, b, pages[:n+1], []int{0, 1, 2, 3}[:n+1])
					b.mustSumWhatIsStored(fmt.Sprint("page ", n))
				}
			})
		})
	}
}

func TestARecordThatCameTwiceInALoadIsStoredOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page {
			p.Blocks = append(p.Blocks, proto.CloneOf(p).GetBlocks()...)
			return []*hubv1.Page{p}
		})
		if r := b.pull(); len(r.Healed) > 0 || !r.Current {
			t.Fatalf("healed %v, current %t", r.Healed, r.Current)
		}
		b.mustEqualHub()
		if n := len(b.texts("SELECT household FROM household_status")); n != 3 {
			t.Fatalf("%d rows of 3 records", n)
		}
	})
}

func TestALoadIsHealedWhereARecordCameAltered(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		altered := false
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page {
			if !altered && len(p.Blocks) > 0 {
				altered = true
				p.Blocks[0].Records[0].Name = "虚拟"
			}
			return []*hubv1.Page{p}
		})
		if r := b.pull(); len(r.Healed) != 1 || !r.Current {
			t.Fatalf("healed %v, current %t; want one village", r.Healed, r.Current)
		}
		b.mustEqualHub()
	})
}

// damageLoad alters a stored hash of a load that is cut after its first page.
func (b *bench) damageLoad() {
	b.Helper()
	b.fill(4)
	b.hub.Commit(area1, "IMPORT", household(9).Put(village2, statusRecord(2)))
	b.configure(func(c *Config) { c.PageSize, c.Lists = 1, []string{status1} })
	b.cutOnce(1)
	b.mustFail(codes.Internal)
	b.exec(`UPDATE hub_loading_household_status SET row_hash = (SELECT row_hash FROM hub_loading_household_status WHERE household = 'hh_0001')
		WHERE household = 'hh_0002'`)
}

// What a process knew of a load it knows no more once something failed, or another one goes on.
func TestALoadThatWasInterruptedIsReadBack(t *testing.T) {
	for who, goOn := range map[string]func(b *bench){"another process": (*bench).open, "the same process": func(*bench) {}} {
		t.Run(who, func(t *testing.T) {
			onEveryEngine(t, func(t *testing.T, b *bench) {
				b.damageLoad()
				goOn(b)
				if r := b.pull(); len(r.Healed) != 1 || !r.Current {
					t.Fatalf("healed %v, current %t; want one village", r.Healed, r.Current)
				}
				b.mustEqualHub(status1)
			})
		})
	}
}

func TestARowLostFromALoadUnderWayIsMissed(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(4)
		b.hub.Commit(area1, "IMPORT", household(9).Put(village2, statusRecord(2)))
		b.configure(func(c *Config) { c.PageSize, c.Lists = 1, []string{status1} })
		pages := 0
		b.config.Progress = func(Progress) {
			if pages++; pages == 1 {
				b.exec("DELETE FROM hub_loading_household_status WHERE household = 'hh_0001'")
			}
		}
		b.configure(func(*Config) {})
		if r := b.pull(); len(r.Healed) != 1 || !r.Current {
			t.Fatalf("healed %v, current %t; want one village", r.Healed, r.Current)
		}
		b.mustEqualHub(status1)
	})
}

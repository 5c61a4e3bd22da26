package hub

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// reconciledDepartment gathers one department of a sheet, with its villages.
type reconciledDepartment struct {
	*reconciling
	sum  ReconciledDepartment
	rows map[string]*ReconciledRow // by village
}

func (t *reconciling) department(ctx context.Context, name string) error {
	p := &reconciledDepartment{t, ReconciledDepartment{Department: name}, map[string]*ReconciledRow{}}
	if err := p.entitled(ctx); err != nil {
		return err
	}
	if err := p.letters(ctx); err != nil {
		return err
	}
	if err := p.copies(ctx); err != nil {
		return err
	}
	t.sheet.Departments = append(t.sheet.Departments, p.sum)
	for _, row := range slices.SortedFunc(maps.Values(p.rows), func(a, b *ReconciledRow) int { return cmp.Compare(a.Village, b.Village) }) {
		t.sheet.Rows = append(t.sheet.Rows, *row)
	}
	return nil
}

func (p *reconciledDepartment) row(village string) *ReconciledRow {
	if p.rows[village] == nil {
		_, name := p.hub.placeOf(village)
		p.rows[village] = &ReconciledRow{Department: p.sum.Department, Village: village, Name: name, Digest: hexDigest(feed.Digest{})}
	}
	return p.rows[village]
}

// entitled counts the records of the department's list: the one of its own name.
func (p *reconciledDepartment) entitled(ctx context.Context) error {
	sum := feed.Digest{}
	q := store.BlockQuery{Area: p.sheet.Area, Lists: p.lists()}
	err := p.r.Blocks(ctx, q, func(b store.Block) error {
		row := p.row(b.Village)
		row.Entitled, row.Digest = b.Count, hexDigest(feed.Digest(b.Digest))
		p.sum.Entitled += b.Count
		sum.Add(b.Digest)
		return nil
	})
	p.sum.Digest = hexDigest(sum)
	return err
}

// lists is the department's list; none where the catalogue has none of its name.
func (p *reconciledDepartment) lists() []string {
	if l := p.d.List(p.sum.Department); l != nil && !l.Worklist {
		return []string{l.Name}
	}
	return []string{}
}

// letters counts those issued in the month, and their items by village. Of a withdrawn
// letter, and of an item that another letter corrects, nothing is to be done any more.
func (p *reconciledDepartment) letters(ctx context.Context) error {
	q := store.LetterQuery{Area: p.sheet.Area, Department: p.sum.Department, IssuedFrom: string(p.from), IssuedTo: string(p.until)}
	return p.hub.eachLetter(ctx, p.r, q, func(_ store.Letter, l letter.Letter) {
		applied := !slices.ContainsFunc(l.Receipts, func(r letter.Receipt) bool { return l.StateOf(r) != letter.ReceiptApplied })
		p.sum.Letters++
		switch {
		case applied:
			p.sum.LettersApplied++
		case l.State == letter.Issued:
			p.sum.LettersOpen++
		}
		for _, i := range l.Items {
			row := p.row(i.Village)
			row.Items++
			switch {
			case applied:
				row.ItemsApplied++
			case i.Corrected == "":
				row.ItemsOpen++
			}
		}
	})
}

// copies counts the copies of the department's list that its recipients keep: each program
// by its last delivery.
func (p *reconciledDepartment) copies(ctx context.Context) error {
	list := p.lists()
	if len(list) == 0 {
		return nil
	}
	for _, agency := range access.Recipients(p.hub.Divisions, p.all, p.root, p.sum.Department, p.hub.Today()) {
		last := map[string]store.Delivery{}
		q := store.DeliveryQuery{Area: p.sheet.Area, Agency: agency}
		err := p.hub.Store.Deliveries(ctx, q, func(d store.Delivery) error {
			if slices.Contains(d.Lists, list[0]) {
				last[d.Client] = d
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, d := range last {
			switch {
			case d.To >= p.sheet.Transaction:
				p.sum.CopiesCurrent++
			default:
				p.sum.CopiesBehind++
			}
		}
	}
	return nil
}

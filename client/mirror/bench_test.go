package mirror

import (
	"fmt"
	"testing"
	"time"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"

	"github.com/bangfuhub/hub/client/internal/testhub"
)

// BenchmarkApply stores 50,000 rows: first as the blocks of a load with its reveal, then as changes.
func BenchmarkApply(b *testing.B) {
	const rows, perPage = 50_000, 5_000
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			_, c := testhub.Start(b, statusList(), schoolList())
			places := e.places(b)
			var load, change time.Duration
			for b.Loop() {
				m := &bench{TB: b, client: c, place: places()}
				m.open()
				ctx := b.Context()
				started := time.Now()
				must(b, m.sync.begin(ctx))
				must(b, m.sync.beginLoad(ctx))
				for first := 0; first < rows; first += perPage {
					must(b, m.sync.apply(ctx, newRun(), asRead(blockPage(first, perPage))))
				}
				end := &hubv1.Page{Loading: true, Cursor: "end", End: &hubv1.End{}}
				must(b, m.sync.apply(ctx, newRun(), asRead(end)))
				must(b, m.sync.reveal(ctx, newRun()))
				load += time.Since(started)
				started = time.Now()
				for first := 0; first < rows; first += perPage {
					must(b, m.sync.apply(ctx, newRun(), asRead(changePage(first, perPage))))
				}
				change += time.Since(started)
			}
			b.ReportMetric(float64(rows*b.N)/load.Seconds(), "loaded-rows/s")
			b.ReportMetric(float64(rows*b.N)/change.Seconds(), "changed-rows/s")
		})
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func blockPage(first, n int) *hubv1.Page {
	block := &hubv1.Block{List: status1, Area: area1, Village: fmt.Sprintf("46040010%04d", first/5000)}
	for i := range n {
		r := statusRecord(i%7 + 1)
		r.Household, r.Transaction = fmt.Sprintf("hh_%012x", (first+i)*2654435761%(1<<40)), 1
		block.Records = append(block.Records, r)
	}
	return &hubv1.Page{Blocks: []*hubv1.Block{block}, Loading: true, Cursor: fmt.Sprint("block ", first)}
}

func changePage(first, n int) *hubv1.Page {
	page := &hubv1.Page{Cursor: fmt.Sprint("change ", first)}
	for _, block := range blockPage(first, n).GetBlocks() {
		for i, r := range block.GetRecords() {
			r.MemberCount = 9
			page.Transactions = append(page.Transactions, &hubv1.Transaction{
				Area: area1, Number: int64(first + i + 2), Cause: "UPDATE",
				Changes: []*hubv1.Change{{Op: hubv1.Op_OP_UPSERT, List: status1, Household: r.Household, Village: block.Village, Record: r}},
			})
		}
	}
	return page
}

package e2e

import (
	"bytes"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
)

const benchList = "medical-insurance"

// stores are the two engines that every whole-system test and benchmark runs on.
var stores = map[string]hubtest.Config{"sqlite": {}, "postgres": {Postgres: true}}

// BenchmarkLoad loads invented households, from the file to the derived lists.
func BenchmarkLoad(b *testing.B) {
	for name, cfg := range stores {
		b.Run(name, func(b *testing.B) {
			h := hubtest.Start(b, cfg)
			file := h.Generated(b, b.N*100, 1)
			b.ResetTimer()
			h.Load(b, bytes.NewReader(file))
			b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "households/s")
		})
	}
}

// BenchmarkBlockPage pulls one page of prepared blocks, about 1,000 records.
func BenchmarkBlockPage(b *testing.B) {
	for name, cfg := range stores {
		b.Run(name, func(b *testing.B) {
			h := hubtest.Start(b, cfg)
			h.Agree(b, "reader", []string{benchList})
			h.Load(b, bytes.NewReader(h.Generated(b, 1000, 1)))
			c := h.Client(b, "reader", "")
			records := int64(0)
			for b.Loop() {
				got, err := c.Sync().Pull(b.Context(), &hubv1.PullRequest{PageSize: 1000})
				if err != nil {
					b.Fatal(err)
				}
				for _, block := range got.GetPage().GetBlocks() {
					records += block.GetCount()
				}
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkChangePage pulls one page of 1,000 changes.
func BenchmarkChangePage(b *testing.B) {
	for name, cfg := range stores {
		b.Run(name, func(b *testing.B) {
			h := hubtest.Start(b, cfg)
			h.Agree(b, "reader", []string{benchList})
			c := h.Client(b, "reader", "")
			begin := cursorAtEnd(b, h, c.Sync())
			h.Load(b, bytes.NewReader(h.Generated(b, 500, 1)))
			changes := 0
			for b.Loop() {
				got, err := c.Sync().Pull(b.Context(), &hubv1.PullRequest{Cursor: begin, PageSize: 1000})
				if err != nil {
					b.Fatal(err)
				}
				for _, t := range got.GetPage().GetTransactions() {
					changes += len(t.GetChanges())
				}
			}
			b.ReportMetric(float64(changes)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}

func cursorAtEnd(b *testing.B, _ *hubtest.Hub, c hubv1.SyncServiceClient) string {
	b.Helper()
	got, err := c.Pull(b.Context(), &hubv1.PullRequest{})
	if err != nil || got.GetPage().GetEnd() == nil {
		b.Fatal("no end of an empty hub", err)
	}
	return got.GetPage().GetCursor()
}

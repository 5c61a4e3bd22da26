package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

var benchRecords = flag.Int("records", 200_000, "records of the list that BenchmarkFollowAgainstCopy reads")

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

// BenchmarkFollowAgainstCopy compares a Follow of prepared records to a client that
// decodes each with PostgreSQL's COPY of the same fields from a plain typed table, run
// in turn. The metric x-COPY is the median of the ratios of the pairs.
func BenchmarkFollowAgainstCopy(b *testing.B) {
	h := hubtest.Start(b, hubtest.Config{Postgres: true})
	h.Agree(b, "reader", []string{benchList})
	records := *benchRecords
	if testing.Short() {
		records = min(records, 5000)
	}
	h.Load(b, bytes.NewReader(h.Generated(b, records*10/43, 1)))
	c := h.Client(b, "reader", "")
	table := plainTable(b, h)
	rows := follow(b, c) // prepares the blocks
	pairs := max(5, b.N)
	var ratios []float64
	var following, copying time.Duration
	for range pairs {
		began := time.Now()
		if n := follow(b, c); n != rows {
			b.Fatalf("%d records, then %d", rows, n)
		}
		followed := time.Since(began)
		began = time.Now()
		if n := table.copyOut(b); n != rows {
			b.Fatalf("COPY gave %d rows, Follow %d", n, rows)
		}
		copied := time.Since(began)
		ratios = append(ratios, float64(copied)/float64(followed))
		following, copying = following+followed, copying+copied
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-COPY")
	b.ReportMetric(ratios[0], "x-COPY-min")
	b.ReportMetric(ratios[len(ratios)-1], "x-COPY-max")
	b.ReportMetric(float64(rows*int64(pairs))/following.Seconds(), "Follow-records/s")
	b.ReportMetric(float64(rows*int64(pairs))/copying.Seconds(), "COPY-records/s")
}

// follow reads the whole list and decodes every record.
func follow(b *testing.B, c *client.Client) int64 {
	b.Helper()
	var n int64
	complete := false
	for page, err := range c.Read(b.Context(), &hubv1.FollowRequest{}) {
		if err != nil {
			b.Fatal(err)
		}
		for i := range page.Blocks {
			for r, err := range page.Blocks[i].Records() {
				if err != nil || r.GetHousehold() == "" {
					b.Fatal("not a record: ", err)
				}
				n++
			}
		}
		complete = page.End != nil
	}
	if !complete {
		b.Fatal("the stream ended without an End")
	}
	return n
}

// plain is the list in a plain typed table, made by the mirror.
type plain struct {
	conn *pgx.Conn
	copy string
}

func plainTable(b *testing.B, h *hubtest.Hub) plain {
	b.Helper()
	ctx := context.Background()
	url := pgtest.URL(b)
	sink, err := mirror.OpenPostgres(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	s, err := mirror.New(mirror.Config{Client: h.Client(b, "reader", ""), Sink: sink})
	if err == nil {
		_, err = s.Pull(ctx)
	}
	if err != nil {
		b.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(ctx) })
	table := strings.ReplaceAll(benchList, "-", "_")
	if _, err := conn.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
		b.Fatal(err)
	}
	return plain{conn, fmt.Sprintf("COPY (SELECT %s FROM %s ORDER BY area, village, household, person) TO STDOUT", columns(b, conn, table), table)}
}

// columns are those of the record: its key and the list's fields.
func columns(b *testing.B, conn *pgx.Conn, table string) string {
	b.Helper()
	rows, err := conn.Query(context.Background(),
		"SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND column_name <> 'row_hash' ORDER BY ordinal_position", table)
	if err != nil {
		b.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	return strings.Join(names, ", ")
}

func (p plain) copyOut(b *testing.B) int64 {
	b.Helper()
	tag, err := p.conn.PgConn().CopyTo(context.Background(), io.Discard, p.copy)
	if err != nil {
		b.Fatal(err)
	}
	return tag.RowsAffected()
}

package storetest

import (
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

// BenchmarkLoad appends transactions of a bulk load, one after the other, to an empty
// store: 250 households with a kilobyte each, four aliases and names and records each.
func BenchmarkLoad(b *testing.B, s store.Store) {
	b.Helper()
	n := 0
	for b.Loop() {
		batch := loadBatch(n)
		err := s.Update(b.Context(), func(tx store.Tx) error {
			_, err := tx.Append(b.Context(), batch)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n*store.MaxChanges)/b.Elapsed().Seconds(), "records/s")
}

func loadBatch(n int) store.Batch {
	const households, members = 250, store.MaxChanges / 250
	batch := store.Batch{Area: "A", Time: noon, Cause: "import"}
	for i := range households {
		h := household("A", fmt.Sprintf("h%06d", n*households+i), 1)
		h.Document = make([]byte, 1024)
		batch.Households = append(batch.Households, h)
		for m := range members {
			k := key("education", fmt.Sprintf("v%04d", n), h.ID, fmt.Sprint("p", m))
			batch.SetAliases = append(batch.SetAliases, alias("id", h.ID+k.Person, "A", h.ID, k.Person))
			batch.SetNames = append(batch.SetNames, name(h.ID+k.Person, "A", h.ID, k.Person))
			r := store.RecordUpsert{Key: k, Hash: hash(h.ID, k.Person), Document: make([]byte, 256)}
			batch.Upserts = append(batch.Upserts, r)
			batch.Changes = append(batch.Changes, store.Change{Op: "UPSERT", Key: k, Document: r.Document})
		}
	}
	return batch
}

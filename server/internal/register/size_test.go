package register_test

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/invented"
	"github.com/bangfuhub/hub/server/internal/register"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

var rows = flag.Int("rows", 10_000, "rows of the large file")

// TestMemoryIsBounded reads a large file whose rows may stand anywhere. A file of 650,000
// rows has about 260 MiB: held in memory it would break the bound.
func TestMemoryIsBounded(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "large.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	people := invented.Generate(invented.Config{Households: invented.MaxHouseholds, Seed: 3, On: asOf, Tree: division.Hainan()})
	enough := func(yield func(*household.Household) bool) {
		n := 0
		for h := range people {
			if n += len(h.Persons); n > *rows || !yield(h) {
				return
			}
		}
	}
	if err := register.Write(out, sheet.CSV, enough); err != nil {
		t.Fatal(err)
	}
	info, err := out.Stat()
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	f, err := register.Open(t.Context(), out, info.Size(), register.Config{AsOf: asOf, Order: register.OrderAny, Scratch: scratch})
	if err != nil {
		t.Fatal(err)
	}
	var peak uint64
	n := 0
	for _, err := range f.Units(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%500 == 1 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	t.Logf("%d households, %d MiB, peak of the heap %d MiB", n, info.Size()>>20, peak>>20)
	if peak > 128<<20 {
		t.Errorf("the heap grew to %d MiB", peak>>20)
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("%d temporary files are left, %v", len(left), err)
	}
}

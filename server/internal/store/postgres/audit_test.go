package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
)

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// together are entries whose order is neither that of their ids nor of their times, some of
// them with deliveries.
func together(n int) []store.AuditEntry {
	all := make([]store.AuditEntry, n)
	for i := range all {
		all[i] = store.AuditEntry{ID: fmt.Sprint((i * 7) % n), Time: noon.Add(-time.Duration(i) * time.Second), Of: fmt.Sprint("of ", i), Agency: "housing", Detail: "{}"}
		for _, area := range []string{"A", "B"}[:i%3] {
			all[i].Deliveries = append(all[i].Deliveries, store.Delivery{Area: area, To: int64(i)})
		}
	}
	return all
}

func TestEntriesWrittenTogetherKeepTheirOrderAndTheirDeliveries(t *testing.T) {
	t.Parallel()
	const n = 200
	s := migrated(t, pgtest.URL(t))
	all := together(n)
	if err := postgres.WriteAudit(t.Context(), s, all); err != nil {
		t.Fatal(err)
	}
	at := 0
	err := s.AuditTrail(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour), func(e store.AuditEntry) error {
		if want := all[at]; e.ID != want.ID || e.Of != want.Of || !e.Time.Equal(want.Time) {
			t.Fatalf("entry %d is %+v, not %+v", at, e, want)
		}
		at++
		return nil
	})
	if err != nil || at != n {
		t.Fatalf("%d entries, %v", at, err)
	}
	sequences := map[string]int64{} // of the deliveries' entries
	for area, want := range map[string]int{"A": n/3*2 + 1, "B": n / 3} {
		found, last := 0, int64(0)
		err := s.Deliveries(t.Context(), store.DeliveryQuery{Area: area}, func(d store.Delivery) error {
			if found++; d.Of != fmt.Sprint("of ", d.To) || d.To <= last {
				t.Errorf("%s: %+v after %d", area, d, last)
			}
			if was, known := sequences[d.Of]; known && was != d.Sequence {
				t.Errorf("the deliveries of one entry have the numbers %d and %d", was, d.Sequence)
			}
			last, sequences[d.Of] = d.To, d.Sequence
			return nil
		})
		if err != nil || found != want {
			t.Errorf("%s: %d deliveries, not %d, %v", area, found, want, err)
		}
	}
}

func TestEntriesWrittenTogetherAreWrittenAllOrNone(t *testing.T) {
	t.Parallel()
	s := migrated(t, pgtest.URL(t))
	all := together(20)
	all[10].Detail = "\x00" // which no text may hold
	if err := postgres.WriteAudit(t.Context(), s, all); err == nil {
		t.Error("a text that cannot be kept was written")
	}
	err := s.AuditTrail(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour), func(e store.AuditEntry) error {
		t.Errorf("%s was written", e.ID)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

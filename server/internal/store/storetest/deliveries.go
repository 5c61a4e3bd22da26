package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var deliveryTests = []test{
	{"deliveries come back whole, in order of writing, beside the entries that tell of them", deliveriesSaved},
	{"an entry whose deliveries cannot be written is not written either", deliveriesOrNothing},
	{"deliveries stay whatever becomes of the work that their entry speaks of", deliveriesSurvive},
	{"entries with deliveries can be written side by side", deliveriesBeside},
	{"deliveries are selected by agency, time and sequence", deliveriesSelected},
	{"an intent is open until an entry below it tells its outcome", readingsOpen},
	{"open readings are selected by action and time, in order of writing", readingsSelected},
}

// delivering is an entry that tells of deliveries.
func delivering(id, agency string, at time.Time, deliveries ...store.Delivery) store.AuditEntry {
	return store.AuditEntry{
		ID: id, Time: at, Of: "of " + id, Agency: agency, Client: "nightly", Action: "sync.follow", Detail: "{}",
		Outcome: store.OutcomeSent, Deliveries: deliveries,
	}
}

func selectDeliveries(t *testing.T, s store.Store, q store.DeliveryQuery) []store.Delivery {
	t.Helper()
	return collect(t, func(fn func(store.Delivery) error) error { return s.Deliveries(t.Context(), q, fn) })
}

// unnumbered leaves out the sequences, after checking that they ascend.
func unnumbered(t *testing.T, deliveries []store.Delivery) []store.Delivery {
	t.Helper()
	var last int64
	for i := range deliveries {
		if deliveries[i].Sequence <= last {
			t.Errorf("sequence %d follows %d", deliveries[i].Sequence, last)
		}
		last, deliveries[i].Sequence = deliveries[i].Sequence, 0
	}
	return deliveries
}

func deliveriesSaved(t *testing.T, s store.Store) {
	load := store.Delivery{Area: "A", Lists: []string{"education", "housing"}, To: 7, Load: true}
	beside := store.Delivery{Area: "B", Lists: []string{"education"}, From: 2, To: 3}
	bare := store.Delivery{Area: "A", From: 7, To: 1 << 40}
	// Two processes' clocks may differ: the order of writing is not that of the times.
	first, last := delivering("a", "housing", noon.Add(time.Second), load, beside), delivering("c", "schools", noon, bare)
	for _, e := range []store.AuditEntry{first, entry("b", noon), last} {
		writeAudit(t, s, e)
	}
	want := func(d store.Delivery, e store.AuditEntry) store.Delivery {
		d.Of, d.Agency, d.Client, d.Time = e.Of, e.Agency, e.Client, e.Time
		return d
	}
	ofA, ofB := selectDeliveries(t, s, store.DeliveryQuery{Area: "A"}), selectDeliveries(t, s, store.DeliveryQuery{Area: "B"})
	if len(ofA) == 2 && len(ofB) == 1 {
		equal(t, "sequence of one entry's deliveries", ofB[0].Sequence, ofA[0].Sequence)
	}
	equal(t, "of A", unnumbered(t, ofA), []store.Delivery{want(load, first), want(bare, last)})
	equal(t, "of B", unnumbered(t, ofB), []store.Delivery{want(beside, first)})
	equal(t, "of no area", selectDeliveries(t, s, store.DeliveryQuery{}), []store.Delivery(nil))
	stops(t, "Deliveries", func(fn func(store.Delivery) error) error {
		return s.Deliveries(t.Context(), store.DeliveryQuery{Area: "A"}, fn)
	})
	first.Deliveries, last.Deliveries = nil, nil
	equal(t, "trail", trail(t, s, noon, noon.Add(time.Hour)), []store.AuditEntry{first, entry("b", noon), last})
}

// deliveriesOrNothing writes an entry with two deliveries of one area, of which there is at
// most one.
func deliveriesOrNothing(t *testing.T, s store.Store) {
	a, b := store.Delivery{Area: "A", To: 1}, store.Delivery{Area: "B", To: 1}
	if err := s.Audit(t.Context(), delivering("a", "housing", noon, b, a, a)); err == nil {
		t.Error("two deliveries of one area were written")
	}
	writeAudit(t, s, entry("b", noon))
	equal(t, "trail", trail(t, s, noon, noon.Add(time.Hour)), []store.AuditEntry{entry("b", noon)})
	for _, area := range []string{"A", "B"} {
		equal(t, "deliveries of "+area, selectDeliveries(t, s, store.DeliveryQuery{Area: area}), []store.Delivery(nil))
	}
}

func deliveriesSurvive(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := setEpoch("lost")(t.Context(), tx); err != nil {
			return err
		}
		writeAudit(t, s, delivering("a", "housing", noon, store.Delivery{Area: "A", To: 1}))
		return errStop
	})
	isError(t, "Update", err, errStop)
	nothingStored(t, s)
	equal(t, "deliveries", len(selectDeliveries(t, s, store.DeliveryQuery{Area: "A"})), 1)
}

func deliveriesBeside(t *testing.T, s store.Store) {
	const writers, each = 6, 5
	failed := make(chan error, writers)
	for w := range int64(writers) {
		go func() {
			var err error
			for i := int64(0); i < each && err == nil; i++ {
				e := delivering(fmt.Sprint(w), fmt.Sprint(w), noon, store.Delivery{Area: "A", To: i}, store.Delivery{Area: "B", To: i})
				err = s.Audit(context.WithoutCancel(t.Context()), e)
			}
			failed <- err
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Errorf("Audit: %v", err)
		}
	}
	ofA, ofB := selectDeliveries(t, s, store.DeliveryQuery{Area: "A"}), selectDeliveries(t, s, store.DeliveryQuery{Area: "B"})
	for i := range ofB {
		ofB[i].Area = "A"
	}
	equal(t, "one entry's deliveries", ofB, ofA)
	next := map[string]int64{} // each writer's own come in its order
	for _, d := range unnumbered(t, ofA) {
		equal(t, "next of writer "+d.Agency, d.To, next[d.Agency])
		next[d.Agency]++
	}
	equal(t, "deliveries", len(ofA), writers*each)
}

func deliveriesSelected(t *testing.T, s store.Store) {
	for i := range 6 {
		at := noon.Add(time.Duration(i) * time.Hour)
		writeAudit(t, s, delivering(fmt.Sprint(i), []string{"housing", "schools"}[i%2], at,
			store.Delivery{Area: "A", To: int64(i)}, store.Delivery{Area: fmt.Sprint("of ", i), To: 9}))
	}
	all := selectDeliveries(t, s, store.DeliveryQuery{Area: "A"})
	equal(t, "deliveries", len(all), 6)
	third := all[2].Sequence
	for _, c := range []struct {
		q    store.DeliveryQuery
		want string
	}{
		{store.DeliveryQuery{}, "[0 1 2 3 4 5]"},
		{store.DeliveryQuery{Agency: "schools"}, "[1 3 5]"},
		{store.DeliveryQuery{Agency: "nobody"}, "[]"},
		{store.DeliveryQuery{From: noon.Add(2 * time.Hour)}, "[2 3 4 5]"},
		{store.DeliveryQuery{From: noon.Add(2*time.Hour + time.Microsecond)}, "[3 4 5]"},
		{store.DeliveryQuery{To: noon.Add(2 * time.Hour)}, "[0 1]"},
		{store.DeliveryQuery{From: noon.Add(time.Hour), To: noon.Add(4 * time.Hour)}, "[1 2 3]"},
		{store.DeliveryQuery{After: third}, "[3 4 5]"},
		{store.DeliveryQuery{After: all[5].Sequence}, "[]"},
		{store.DeliveryQuery{Limit: 2}, "[0 1]"},
		{store.DeliveryQuery{After: third, Limit: 2}, "[3 4]"},
		{store.DeliveryQuery{Agency: "schools", From: noon.Add(time.Hour), To: noon.Add(9 * time.Hour), After: third, Limit: 1}, "[3]"},
	} {
		c.q.Area = "A"
		got := []int64{}
		for _, d := range selectDeliveries(t, s, c.q) {
			got = append(got, d.To)
		}
		equal(t, fmt.Sprintf("deliveries of %+v", c.q), fmt.Sprint(got), c.want)
	}
}

// intent is an entry that waits for its outcome.
func intent(id, action string, at time.Time) store.AuditEntry {
	e := entry(id, at)
	e.Of, e.Action, e.Outcome = "", action, ""
	return e
}

// below is an entry of the intent with that id.
func below(id, of, outcome string, at time.Time) store.AuditEntry {
	e := entry(id, at)
	e.Of, e.Outcome = of, outcome
	return e
}

func openReadings(t *testing.T, s store.Store, actions []string, from, to time.Time) []store.AuditEntry {
	t.Helper()
	return collect(t, func(fn func(store.AuditEntry) error) error { return s.OpenReadings(t.Context(), actions, from, to, fn) })
}

func readingsOpen(t *testing.T, s store.Store) {
	all := []store.AuditEntry{}
	for _, id := range []string{"alone", "sent", "done", "sent, then done", "failed"} {
		all = append(all, intent(id, "sync.pull", noon))
	}
	for _, e := range all {
		writeAudit(t, s, e)
	}
	pulls := []string{"sync.pull"}
	equal(t, "at first", openReadings(t, s, pulls, noon, noon.Add(time.Hour)), all)
	soon, later := noon.Add(time.Minute), noon.Add(24*time.Hour)
	for i, e := range []store.AuditEntry{
		below("o1", "sent", store.OutcomeSent, soon), below("o2", "sent", store.OutcomeSent, later),
		below("o3", "done", "OK", soon), below("o4", "sent, then done", store.OutcomeSent, soon),
		below("o5", "sent, then done", "OK", later), below("o6", "failed", "INTERNAL", later),
	} {
		e.Deliveries = []store.Delivery{{Area: "A", To: int64(i)}}
		writeAudit(t, s, e)
	}
	equal(t, "in the end", openReadings(t, s, pulls, noon, noon.Add(time.Hour)), all[:2])
	stops(t, "OpenReadings", func(fn func(store.AuditEntry) error) error {
		return s.OpenReadings(t.Context(), pulls, noon, noon.Add(time.Hour), fn)
	})
}

func readingsSelected(t *testing.T, s store.Store) {
	for i, action := range []string{"sync.pull", "sync.follow", "household.get", "sync.pull"} {
		writeAudit(t, s, intent(fmt.Sprint(i), action, noon.Add(time.Duration(3-i)*time.Hour)))
	}
	writeAudit(t, s, below("o1", "another", "OK", noon))
	for _, c := range []struct {
		actions  []string
		from, to int // hours after noon
		want     string
	}{
		{nil, 0, 9, "[0 1 2 3]"},
		{[]string{}, 0, 9, "[]"},
		{[]string{"sync.pull"}, 0, 9, "[0 3]"},
		{[]string{"sync.pull", "sync.follow"}, 0, 9, "[0 1 3]"},
		{nil, 1, 3, "[1 2]"},
		{[]string{"sync.follow", "sync.pull"}, 2, 9, "[0 1]"},
		{nil, 4, 9, "[]"},
	} {
		ids := []string{}
		for _, e := range openReadings(t, s, c.actions, noon.Add(time.Duration(c.from)*time.Hour), noon.Add(time.Duration(c.to)*time.Hour)) {
			ids = append(ids, e.ID)
		}
		equal(t, fmt.Sprintf("open readings of %+v", c), fmt.Sprint(ids), c.want)
	}
}

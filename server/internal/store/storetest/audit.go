package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var auditTests = []test{
	{"entries come back whole, in order of writing, from a time up to another", auditTrail},
	{"an entry stays whatever becomes of the work it speaks of", auditSurvives},
	{"entries can be written side by side", auditBeside},
	{"an entry that nobody waits for is there for whoever reads afterwards", auditLater},
}

func entry(id string, at time.Time) store.AuditEntry {
	return store.AuditEntry{
		ID: id, Time: at, Of: "intent", Agency: "housing", Client: "client", Person: "subject",
		Action: "sync.pull", Detail: `{"count":3}`, Outcome: "OK",
	}
}

func writeAudit(t *testing.T, s store.Store, e store.AuditEntry) {
	t.Helper()
	if err := s.Audit(t.Context(), e); err != nil {
		t.Fatalf("Audit: %v", err)
	}
}

func trail(t *testing.T, s store.Store, from, to time.Time) []store.AuditEntry {
	t.Helper()
	return collect(t, func(fn func(store.AuditEntry) error) error { return s.AuditTrail(t.Context(), from, to, fn) })
}

func auditTrail(t *testing.T, s store.Store) {
	// Two processes' clocks may differ: the order of writing is not that of the times.
	all := []store.AuditEntry{entry("b", noon.Add(2*time.Second)), entry("c", noon), entry("a", noon.Add(time.Second))}
	for _, e := range all {
		writeAudit(t, s, e)
	}
	equal(t, "whole trail", trail(t, s, noon, noon.Add(time.Hour)), all)
	equal(t, "part of the trail", trail(t, s, noon, noon.Add(2*time.Second)), all[1:])
	equal(t, "what follows", trail(t, s, noon.Add(time.Microsecond), noon.Add(time.Second)), []store.AuditEntry(nil))
	stops(t, "AuditTrail", func(fn func(store.AuditEntry) error) error {
		return s.AuditTrail(t.Context(), noon, noon.Add(time.Hour), fn)
	})
}

func auditLater(t *testing.T, s store.Store) {
	told := make(chan error, 100)
	for i := range cap(told) {
		e := entry(fmt.Sprint(i), noon)
		e.Deliveries = []store.Delivery{{Area: "A", To: 1}}
		s.AuditLater(e, func(err error) { told <- err })
		equal(t, "entries", len(trail(t, s, noon, noon.Add(time.Hour))), i+1)
		deliveries := collect(t, func(fn func(store.Delivery) error) error {
			return s.Deliveries(t.Context(), store.DeliveryQuery{Area: "A"}, fn)
		})
		equal(t, "deliveries", len(deliveries), i+1)
	}
	for range cap(told) {
		if err := <-told; err != nil {
			t.Error(err)
		}
	}
	after := entry("intent", noon)
	after.Of = ""
	writeAudit(t, s, after)
	s.AuditLater(store.AuditEntry{ID: "outcome", Time: noon, Of: "intent", Outcome: "OK"}, func(error) {})
	open := collect(t, func(fn func(store.AuditEntry) error) error {
		return s.OpenReadings(t.Context(), nil, noon, noon.Add(1), fn)
	})
	equal(t, "open readings", len(open), 0)
}

func auditSurvives(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := setEpoch("lost")(t.Context(), tx); err != nil {
			return err
		}
		writeAudit(t, s, entry("intent", noon))
		equal(t, "trail within", len(trail(t, s, noon, noon.Add(time.Hour))), 1)
		return errStop
	})
	isError(t, "Update", err, errStop)
	nothingStored(t, s)
	equal(t, "trail", trail(t, s, noon, noon.Add(time.Hour)), []store.AuditEntry{entry("intent", noon)})
}

func auditBeside(t *testing.T, s store.Store) {
	const writers, each = 8, 5
	failed := make(chan error, writers)
	for w := range writers {
		go func() {
			var err error
			for i := 0; i < each && err == nil; i++ {
				err = s.Audit(context.WithoutCancel(t.Context()), entry(fmt.Sprintf("%d-%d", w, i), noon))
			}
			failed <- err
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Errorf("Audit: %v", err)
		}
	}
	next := make([]int, writers) // each writer's own entries come in its order
	for _, e := range trail(t, s, noon, noon.Add(time.Second)) {
		var w, i int
		if _, err := fmt.Sscanf(e.ID, "%d-%d", &w, &i); err != nil || i != next[w] {
			t.Errorf("entry %s out of order (error %v)", e.ID, err)
		}
		next[w]++
	}
	for w, n := range next {
		equal(t, fmt.Sprintf("entries of writer %d", w), n, each)
	}
}

// Package storetest holds every engine to the contract of package store: each of its
// sentences is a subtest here.
package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

type test struct {
	rule string
	run  func(t *testing.T, s store.Store)
}

// Exercise runs the contract's tests. Each of them calls open for a store of its own,
// which must be empty and migrated, and which open closes when the test ends.
func Exercise(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"Transactions", transactionTests},
		{"Feed", feedTests},
		{"Households", householdTests},
		{"Aliases", aliasTests},
		{"Records", recordTests},
		{"Blocks", blockTests},
		{"State", stateTests},
		{"Removal", removalTests},
		{"Letters", letterTests},
		{"Audit", auditTests},
		{"Deliveries", deliveryTests},
		{"Writers", writerTests},
		{"Inspector", inspectorTests},
		{"Locks", lockTests},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range g.tests {
				t.Run(test.rule, func(t *testing.T) { test.run(t, open(t)) })
			}
		})
	}
}

var errStop = errors.New("stop")

// noon is the time of everything unless a test says otherwise.
var noon = time.Date(2026, 3, 1, 4, 0, 0, 123456000, time.UTC)

// update runs fn in an Update that must succeed.
func update(t *testing.T, s store.Store, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs fn in a View that must succeed.
func view(t *testing.T, s store.Store, fn func(ctx context.Context, r store.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), func(r store.Reader) error { return fn(t.Context(), r) }); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// appendBatch appends in an Update of its own, which must succeed.
func appendBatch(t *testing.T, s store.Store, b store.Batch) int64 {
	t.Helper()
	number, err := tryAppend(t, s, b)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return number
}

func tryAppend(t *testing.T, s store.Store, b store.Batch) (number int64, err error) {
	err = s.Update(t.Context(), func(tx store.Tx) error {
		var err error
		number, err = tx.Append(t.Context(), b)
		return err
	})
	return number, err
}

// collect turns an iteration into a slice.
func collect[T any](t *testing.T, iterate func(fn func(T) error) error) []T {
	t.Helper()
	var all []T
	if err := iterate(func(v T) error {
		all = append(all, v)
		return nil
	}); err != nil {
		t.Fatalf("iteration: %v", err)
	}
	return all
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func isError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// stops checks that an iteration stops at fn's first error and gives it back as it is.
func stops[T any](t *testing.T, what string, iterate func(fn func(T) error) error) {
	t.Helper()
	calls := 0
	err := iterate(func(T) error {
		calls++
		return errStop
	})
	if err != errStop || calls != 1 { //nolint:errorlint // as it is, not wrapped
		t.Errorf("%s: %d calls and error %v, want one call and fn's error", what, calls, err)
	}
}

func hash(parts ...string) (h [16]byte) {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q", parts)))
	copy(h[:], sum[:])
	return h
}

func key(list, village, household, person string) store.Key {
	return store.Key{List: list, Village: village, Household: household, Person: person}
}

// change is an UPSERT of the record with that key.
func change(k store.Key) store.Change {
	return store.Change{Op: "UPSERT", Key: k, Document: []byte("of " + k.Household + k.Person)}
}

// insert is a batch that inserts records with one change each.
func insert(area string, keys ...store.Key) store.Batch {
	b := store.Batch{Area: area, Time: noon, Cause: "import"}
	for _, k := range keys {
		b.Upserts = append(b.Upserts, store.RecordUpsert{Key: k, Hash: hash(k.Person, "1"), Document: []byte("first")})
		b.Changes = append(b.Changes, change(k))
	}
	return b
}

// changes is a batch with n changes and nothing else.
func changes(area string, n int) store.Batch {
	b := store.Batch{Area: area, Time: noon, Cause: "import"}
	for i := range n {
		b.Changes = append(b.Changes, change(key("education", "v1", "h1", fmt.Sprint(i))))
	}
	return b
}

// household is the given revision of a household.
func household(area, id string, revision int64) store.Household {
	return store.Household{
		Area: area, ID: id, Revision: revision, Etag: fmt.Sprintf("%s-%d", id, revision), Village: "v1",
		PovertyStatus: "LIFTED", SupportStatus: "SUPPORTED", Actor: "office", Cause: "update",
		Time: noon.Add(time.Duration(revision) * time.Hour), Document: []byte(fmt.Sprintf("document %d", revision)),
	}
}

// save is a batch of households without changes.
func save(area string, households ...store.Household) store.Batch {
	return store.Batch{Area: area, Time: noon, Cause: "update", Households: households}
}

func householdIDs(list []store.Household) []string {
	var ids []string
	for _, h := range list {
		ids = append(ids, h.ID)
	}
	return ids
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

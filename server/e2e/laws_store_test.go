package e2e

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
	"github.com/bangfuhub/hub/server/internal/store/sqlite"
)

// lawPool is enough connections for every writer and reader of a law test at once.
const lawPool = 40

// onLawStores runs a test on each engine with a fresh hub; overlaps tells whether the
// engine lets two Updates be open at once.
func onLawStores(t *testing.T, test func(t *testing.T, h *lawHub, overlaps bool)) {
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(sqlite.Config{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		test(t, newLawHub(t, s), false)
	})
	t.Run("postgres", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.URL(t), MaxConns: lawPool})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, newLawHub(t, s), true)
	})
}

// lawHub is a hub on a store whose commits the test can hold back and roll back.
type lawHub struct {
	*hub.Hub
	store *lawStore
}

var (
	lawOffice = access.Caller{Agency: "office", Client: "test", Person: "clerk-1"}
	lawReads  = []string{"household-status", "education", "medical-insurance", "housing", "no-longer-supported", "without-helper"}
)

func newLawHub(t *testing.T, engine store.Store) *lawHub {
	t.Helper()
	t.Cleanup(func() { _ = engine.Close() })
	keys, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	s := &lawStore{Store: engine, next: make(chan struct{})}
	h, err := hub.New(t.Context(), hub.Config{Store: s, Keys: keys, Divisions: division.Hainan(), Clock: lawClock()})
	if err != nil {
		t.Fatal(err)
	}
	l := &lawHub{Hub: h, store: s}
	l.agree(t, access.Agreement{ID: "office", Agency: "office", Households: true, Groups: []household.Group{household.GroupRegister}, Lists: lawReads})
	return l
}

// agree records an agreement over the whole province, unless it names divisions.
func (h *lawHub) agree(t *testing.T, a access.Agreement) {
	t.Helper()
	if a.Divisions == nil {
		a.Divisions = []string{lawProvince}
	}
	a.Purpose, a.Basis, a.From = "test", "notice of 2019-04-21", "2019-01-01"
	if err := h.SaveAgreement(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// errRolledBack is what an Update ends with that the test rolled back.
var errRolledBack = errors.New("rolled back by the test")

// interference is what a test does to the Updates of a call; it travels in the context.
type interference struct {
	opened   func(store.Tx) // households are locked, the area's head is not yet
	appended func(store.Tx) // the number is taken, the commit held back
	fails    func() bool    // roll back although everything succeeded
}

type interferenceKey struct{}

func withInterference(ctx context.Context, i interference) context.Context {
	return context.WithValue(ctx, interferenceKey{}, i)
}

// lawStore interferes with Updates and counts what was committed. It keeps no audit:
// two durable entries a page are another test's business and most of this one's time.
type lawStore struct {
	store.Store
	begun        atomic.Int64 // Updates
	transactions atomic.Int64 // of the feeds, committed
	rolledBack   atomic.Int64 // transactions that had their number

	mu   sync.Mutex
	next chan struct{} // closed by the next commit
}

func (s *lawStore) Audit(context.Context, store.AuditEntry) error { return nil }

func (s *lawStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	i, _ := ctx.Value(interferenceKey{}).(interference)
	s.begun.Add(1)
	var number int64
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		wrapped := &lawTx{Tx: tx, opened: i.opened}
		err := fn(wrapped)
		number = wrapped.number
		if err != nil || number == 0 {
			return err
		}
		if i.appended != nil {
			i.appended(tx)
		}
		if i.fails != nil && i.fails() {
			s.rolledBack.Add(1)
			return errRolledBack
		}
		return nil
	})
	if err == nil && number > 0 {
		s.transactions.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		close(s.next)
		s.next = make(chan struct{})
	}
	return err
}

// committed gives a channel that closes at the next commit after this call.
func (s *lawStore) committed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

type lawTx struct {
	store.Tx
	opened func(store.Tx)
	number int64
}

func (t *lawTx) Append(ctx context.Context, b store.Batch) (int64, error) {
	if t.opened != nil {
		t.opened(t.Tx)
	}
	n, err := t.Tx.Append(ctx, b)
	t.number = n
	return n, err
}

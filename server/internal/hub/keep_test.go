package hub_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
)

// keeperLock is the name by which tests hold the keeper's lock themselves.
const keeperLock = "keeper"

func TestTheHubsOwnWorkIsDoneUnderALock(t *testing.T) {
	h := newHouse(t)
	h.load(retiring(1, qionghai[0]))
	h.clock.day(tomorrow)
	ctx, end := context.WithCancel(t.Context())
	h.store.updates, h.store.before = 0, map[int]func(){1: func() {
		err := h.store.Alone(t.Context(), keeperLock, func(context.Context) error { return nil })
		if !errors.Is(err, store.ErrHeld) {
			t.Errorf("another process could do the same at once: %v", err)
		}
		end() // and no round comes after this one
	}}
	h.Keep(ctx)
	if h.store.updates == 0 {
		t.Error("the keeper did nothing")
	}
}

// migrated is a store that a newer program has migrated.
type migrated struct{ store.Store }

func (migrated) CheckSchema(context.Context) error { return store.ErrSchema }

func TestAProgramThatTheStoreHasOutgrownDoesNoWorkOfItsOwn(t *testing.T) {
	h := newHouse(t)
	h.load(retiring(1, qionghai[0]))
	h.clock.day(tomorrow)
	before := h.lists()
	ctx, end := context.WithCancel(t.Context())
	said := make(told, 1)
	h.Hub.Log, h.Store = slog.New(slog.NewTextHandler(said, nil)), migrated{h.store}
	go func() {
		<-said
		end()
	}()
	h.Keep(ctx)
	if h.lists() != before {
		t.Error("it derived")
	}
}

// told is a log that says when something was written to it.
type told chan string

func (t told) Write(p []byte) (int, error) {
	t <- string(p)
	return len(p), nil
}

func TestWhoeverDerivesBesideAKeeperWaitsAndDoesWhatIsLeft(t *testing.T) {
	h := newHouse(t)
	h.load(retiring(1, qionghai[0]))
	h.load(home(4, danzhou[0]))
	h.clock.day(tomorrow)
	before := h.lists()
	waits := make(told, 1)
	h.Hub.Log = slog.New(slog.NewTextHandler(waits, nil))
	derived := make(chan hub.Derived)
	h.ok(h.store.Alone(t.Context(), keeperLock, func(context.Context) error {
		go func() {
			d, err := h.DeriveAlone(t.Context())
			if err != nil {
				t.Error(err)
			}
			derived <- d
		}()
		select {
		case <-waits:
		case d := <-derived:
			t.Fatalf("it derived beside the keeper: %+v", d)
		}
		if h.lists() != before {
			t.Error("something was derived without the lock")
		}
		return nil
	}))
	if d := <-derived; d != (hub.Derived{Areas: 2, Households: 1, Changed: 1}) {
		t.Errorf("%+v", d)
	}
}

func TestARequestIsForgottenAfterItsTime(t *testing.T) {
	h := newHouse(t)
	in := home(1, qionghai[0])
	create := func() error {
		_, err := h.CreateHousehold(t.Context(), office, in, "same")
		return err
	}
	h.ok(create())
	kept := int(hub.RequestsKept / (24 * time.Hour))
	for _, day := range []int{kept - 1, kept + 1} {
		h.clock.day(today.AddDays(day))
		h.ok(h.OwnWork(t.Context()))
		if err := create(); (err == nil) != (day < kept) {
			t.Errorf("on day %d: %v", day, err)
		}
	}
}

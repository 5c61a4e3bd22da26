package store_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/bangfuhub/hub/server/internal/store"
)

func TestTheEndWaitsForCallsUnderWayAndRefusesOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls store.Calls
		if err := calls.Begin(); err != nil {
			t.Fatal(err)
		}
		ended := false
		go func() {
			calls.End()
			ended = true
		}()
		synctest.Wait()
		if err := calls.Begin(); !errors.Is(err, store.ErrClosed) || ended {
			t.Errorf("a call after the end: %v; ended beside a call: %v", err, ended)
		}
		calls.Done()
		synctest.Wait()
		if !ended {
			t.Error("not ended")
		}
		calls.End()
	})
}

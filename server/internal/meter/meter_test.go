package meter

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlySoManyConsumersAreToldApartAndTheLatestStay(t *testing.T) {
	m := New()
	for i := range mostConsumers {
		m.Delivered("a", fmt.Sprint(i), "danzhou", 1)
	}
	m.Delivered("a", "0", "danzhou", 2) // heard of again
	m.Delivered("a", "new", "danzhou", 3)
	all := m.consumers.all()
	if len(all) != mostConsumers || all[consumer{"a", "0"}]["danzhou"] != 2 || all[consumer{"a", "new"}] == nil || all[consumer{"a", "1"}] != nil {
		t.Errorf("%d consumers", len(all))
	}
}

func TestCountersAreShownWhileTheStoreIsAway(t *testing.T) {
	m := New()
	m.Audited(errors.New("disk full"))
	w := httptest.NewRecorder()
	m.Handler(func() (State, error) { return State{}, errors.New("away") }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`bangfu_audit_entries_total{result="failed"} 1`, "bangfu_ready 0"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %d %s", want, w.Code, w.Body)
		}
	}
}

package e2e

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// meters reads /metrics of a hub, by name with labels.
func meters(t testing.TB, h *hubtest.Hub) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for line := range strings.Lines(mustAnswer(t, "http://"+h.OpsAddress()+"/metrics", http.StatusOK)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line[at+1:]), 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out[line[:at]] = v
	}
	return out
}

func withOps(c *server.Config) { c.Ops = "127.0.0.1:0" }

func TestMetersTellWhatHappensAndNameNobody(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := hubtest.Start(t, hubtest.Config{Postgres: postgres, Change: withOps})
		h.AgreeOffice(t, "office")
		h.Load(t, bytes.NewReader(h.Generated(t, 20, 3)))
		h.Clock.Set("2026-11-25") // nobody has derived for it yet
		before := meters(t, h)
		area, stale := "", 0.0
		for name, v := range before {
			if a, ok := strings.CutPrefix(name, `bangfu_blocks_stale{area="`); ok && v > 0 {
				area, stale = strings.TrimSuffix(a, `"}`), v
			}
		}
		// The hub's own keeper may have derived, or do so at the same time.
		if days := before[`bangfu_derivation_days_behind{area="`+area+`"}`]; area == "" || days != 2 && days != 0 {
			t.Fatalf("area %q: %v", area, before)
		}
		if _, err := h.Derive(t.Context()); err != nil {
			t.Fatal(err)
		}

		ctx, cancel := context.WithCancel(withToken(t, h, "office"))
		live, err := hubv1.NewSyncServiceClient(dial(t, h)).Follow(ctx, &hubv1.FollowRequest{Live: true})
		if err != nil {
			t.Fatal(err)
		}
		for end := false; !end; {
			page, err := live.Recv()
			if err != nil {
				t.Fatal(err)
			}
			end = page.GetPage().GetEnd() != nil
		}
		c := h.Client(t, "office", "a-clerk")
		changeFacts(t, c, 1)
		if _, err := c.Households().GetHousehold(t.Context(), &hubv1.GetHouseholdRequest{Id: "hh_none"}); err == nil {
			t.Fatal("found")
		}
		after := meters(t, h)
		for name, want := range map[string]float64{
			`bangfu_ready`:          1,
			`bangfu_follow_streams`: 1,
			`bangfu_derivation_days_behind{area="` + area + `"}`:                                               0,
			`bangfu_calls_total{code="NotFound",method="/bangfu.hub.v1.HouseholdService/GetHousehold"}`:        1,
			`bangfu_call_seconds_count{code="NotFound",method="/bangfu.hub.v1.HouseholdService/GetHousehold"}`: 1,
			`bangfu_calls_total{code="OK",method="/bangfu.hub.v1.HouseholdService/UpdateHousehold"}`:           1,
			`bangfu_consumer_transaction{agency="office",area="` + area + `",client="test"}`:                   after[`bangfu_feed_transaction{area="`+area+`"}`] - after[`bangfu_consumer_lag_transactions{agency="office",area="`+area+`",client="test"}`],
			`bangfu_audit_entries_total{result="failed"}`:                                                      0,
			`bangfu_store_connections_max{pool="audit"}`:                                                       4,
			`bangfu_store_connections_max{pool="writers"}`:                                                     1,
		} {
			if got, there := after[name]; there && got != want || !there && !strings.Contains(name, "connections_max") {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if after[`bangfu_derivations_total{outcome="OK"}`] < 1 {
			t.Errorf("no derivation was counted: %v", after)
		}
		if after[`bangfu_blocks_stale{area="`+area+`"}`] >= stale || after[`bangfu_audit_entries_total{result="written"}`] <= before[`bangfu_audit_entries_total{result="written"}`] {
			t.Errorf("the load built no block or left no audit: %v", after)
		}
		for name := range after {
			if regexp.MustCompile(`[0-9]{6}|hh_|pp_|a-clerk|\p{Han}`).MatchString(name) {
				t.Errorf("a label names somebody: %s", name)
			}
		}
		cancel()
	})
}

func TestAnAuditThatCannotBeWrittenIsCounted(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{Change: withOps})
	h.AgreeOffice(t, "office")
	if _, err := openSQL(t, filepath.Join(h.Dir, "audit.db")).ExecContext(t.Context(), "DROP TABLE audit"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Client(t, "office", "").Sync().Pull(t.Context(), &hubv1.PullRequest{}); err == nil {
		t.Fatal("handed out without an audit")
	}
	if m := meters(t, h); m[`bangfu_audit_entries_total{result="failed"}`] == 0 {
		t.Errorf("not counted: %v", m)
	}
}

func TestTheOpsPortTellsHealthAndShowsProfilesOnlyWhereAsked(t *testing.T) {
	for _, profiles := range []bool{false, true} {
		h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Ops, c.Pprof = "127.0.0.1:0", profiles }})
		base, want := "http://"+h.OpsAddress(), http.StatusNotFound
		if profiles {
			want = http.StatusOK
		}
		mustAnswer(t, base+"/livez", http.StatusOK)
		mustAnswer(t, base+"/readyz", http.StatusOK)
		mustAnswer(t, base+"/debug/pprof/goroutine?debug=1", want)
		mustAnswer(t, base+"/v1/areas", http.StatusNotFound)
		mustAnswer(t, "http://"+h.HTTPAddress()+"/metrics", http.StatusNotFound)
	}
}

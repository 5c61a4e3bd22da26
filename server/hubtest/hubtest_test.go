package hubtest_test

import (
	"bytes"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
)

func TestAHubIsUpWithRealPortsOnBothStores(t *testing.T) {
	for name, cfg := range map[string]hubtest.Config{"sqlite": {}, "postgres": {Postgres: true}} {
		t.Run(name, func(t *testing.T) {
			h := hubtest.Start(t, cfg)
			h.Agree(t, "education", []string{"education"})
			if r := h.Load(t, bytes.NewReader(h.Generated(t, 50, 1))); r.Created != 50 {
				t.Fatalf("loaded %+v", r)
			}
			got, err := h.Client(t, "education", "").Sync().Pull(t.Context(), &hubv1.PullRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.GetPage().GetBlocks()) == 0 || got.GetPage().GetEnd() == nil {
				t.Fatal("the list did not come whole in one page")
			}
		})
	}
}

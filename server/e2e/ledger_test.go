package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/division"
)

// What is asked of the ledger by gRPC, and the same by REST, with its pages and workbooks.
func TestTheLedgerAnswersByGRPCAndREST(t *testing.T) {
	const workbook, page = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/html"
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBureau(t, cfg)
			f := b.feed("education", "education")
			c, err := b.propose("village", b.household(division.Hainan().AreaVillages("qionghai")[0]))
			b.ok(err)
			f.read()
			c = b.carry(c, hubv1.StepKind_STEP_KIND_ANNOUNCE)
			ledger := b.office.Ledger()
			told, err := ledger.ListDeliveries(b.Context(), &hubv1.ListDeliveriesRequest{Area: "qionghai", Agency: "education"})
			b.ok(err)
			n := len(told.GetDeliveries())
			if n < 2 || told.GetDeliveries()[n-1].GetToTransaction() == 0 || told.GetDeliveries()[n-1].GetAssumed() || !told.GetDeliveries()[0].GetLoad() {
				t.Errorf("deliveries: %v", told)
			}
			held, err := ledger.Replay(b.Context(), &hubv1.ReplayRequest{Agency: "education", Household: c.GetHousehold(), On: b.today()})
			b.ok(err)
			if len(held.GetReaders()) != 1 || len(held.GetRecords()) != 1 || held.GetRecords()[0].GetRecord().GetName() == "" || len(held.GetDecisions()) != 1 {
				t.Errorf("replay: %v", held)
			}
			sheet, err := ledger.GetReconciliation(b.Context(), &hubv1.GetReconciliationRequest{Area: "qionghai", Department: "education"})
			b.ok(err)
			if len(sheet.GetDepartments()) != 1 || sheet.GetDepartments()[0].GetEntitled() != 1 || len(sheet.GetVillages()) != 1 {
				t.Errorf("reconciliation: %v", sheet)
			}
			l := legacy{base: "http://" + b.hub.HTTPAddress(), token: b.hub.TokenFor(b, "office", "clerk")}
			asked := map[string]any{"agency": "education", "household": c.GetHousehold(), "on": b.today()}
			for _, r := range []struct {
				method, path string
				body         any
				kind, begins string
			}{
				{http.MethodGet, "/v1/deliveries?area=qionghai", nil, "application/json", `{"deliveries":[`},
				{http.MethodGet, "/v1/recalls?area=qionghai&settled=true", nil, "application/json", `{`},
				{http.MethodGet, "/v1/reconciliation?area=qionghai", nil, "application/json", `{"area":"qionghai"`},
				{http.MethodGet, "/v1/reconciliation/page?area=qionghai", nil, page, "<!"},
				{http.MethodGet, "/v1/reconciliation/sheet?area=qionghai", nil, workbook, "PK"},
				{http.MethodPost, "/v1/replay", asked, "application/json", `{"agency":"education"`},
				{http.MethodPost, "/v1/replay/sheet", asked, workbook, "PK"},
			} {
				a := l.call(t, r.method, r.path, r.body)
				body := bytes.ReplaceAll(bytes.TrimSpace(a.body), []byte(" "), nil)
				if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), r.kind) || !bytes.HasPrefix(body, []byte(r.begins)) {
					t.Errorf("%s %s: %d %s %.80q", r.method, r.path, a.status, a.header.Get("Content-Type"), a.body)
				}
			}
			_, err = b.client("stranger", "s1").Ledger().ListDeliveries(b.Context(), &hubv1.ListDeliveriesRequest{Area: "qionghai"})
			b.refused(err, hubv1.Reason_REASON_NO_AGREEMENT)
		})
	}
}

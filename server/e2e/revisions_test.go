package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// pupil is a generated household whose third person the schools know, and the person's place in it.
func pupil(t testing.TB, h *hubtest.Hub, c *client.Client) (*hubv1.Household, int) {
	t.Helper()
	for line := range bytes.SplitSeq(h.Generated(t, 20, 1), []byte("\n")) {
		var f hubv1.Household
		if err := protojson.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		if len(f.GetDecisions()) > 0 || f.GetClosing() != nil {
			continue
		}
		got, err := c.Households().LookUpHouseholds(t.Context(), &hubv1.LookUpHouseholdsRequest{By: &hubv1.LookUpHouseholdsRequest_Identifier{
			Identifier: &hubv1.Identifier{Kind: hubv1.IdentifierKind_IDENTIFIER_KIND_HOUSEHOLD_NUMBER, Value: f.GetHouseholdNumber()},
		}})
		if err != nil {
			t.Fatal(err)
		}
		found := got.GetMatches()[0].GetHousehold()
		i := slices.IndexFunc(found.GetPersons(), func(p *hubv1.Person) bool {
			return p.GetEducation().GetEnrolment() == hubv1.Enrolment_ENROLMENT_ENROLLED
		})
		if i >= 0 {
			return found, i
		}
	}
	t.Fatal("no household has a pupil")
	return nil, 0
}

func TestAClerkReadsWhoChangedWhatAndWhy(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			h := hubtest.Start(t, cfg)
			h.AgreeOffice(t, "office")
			h.Save(t, server.Agreement{ID: "schools", Agency: "schools", Households: true, Groups: []server.Group{"EDUCATION"}})
			h.Agree(t, "reader", []string{"education"})
			h.Load(t, bytes.NewReader(h.Generated(t, 20, 1)))
			office, schools := h.Client(t, "office", "clerk-7"), h.Client(t, "schools", "")
			state, i := pupil(t, h, office)
			child := state.GetPersons()[i]
			child.Education.Enrolment = hubv1.Enrolment_ENROLMENT_DROPPED_OUT
			state = change(t, schools, state, hubv1.FactGroup_FACT_GROUP_EDUCATION, "r1")
			state.Register.Phone = "13800000009"
			state = change(t, office, state, hubv1.FactGroup_FACT_GROUP_REGISTER, "r2")

			rest := newLegacy(t, h, "office")
			path := "/v1/households/" + state.GetId() + "/revisions:compare"
			for _, tt := range []struct{ query, want string }{
				{"?from=1&to=2", "2 schools/test UPDATE 更新; EDUCATION 成员 " + child.GetName() + " 学籍信息：学籍状态 由 在读 改为 辍学"},
				{"", "3 office/test/clerk-7 UPDATE 更新; REGISTER 本户：户联系电话 登记为 13800000009"},
			} {
				var req hubv1.CompareHouseholdRevisionsRequest
				req.Id = state.GetId()
				_, _ = fmt.Sscanf(tt.query, "?from=%d&to=%d", &req.From, &req.To)
				got, err := office.Households().CompareHouseholdRevisions(t.Context(), &req)
				if err != nil {
					t.Fatal(err)
				}
				if heard := story(got); heard != tt.want {
					t.Errorf("over gRPC: %s", heard)
				}
				var same hubv1.CompareHouseholdRevisionsResponse
				a := rest.call(t, http.MethodGet, path+tt.query, nil)
				if err := protojson.Unmarshal(a.body, &same); err != nil || !proto.Equal(got, &same) {
					t.Errorf("REST says something else: %d %v %s", a.status, err, a.body)
				}
			}
			if a := newLegacy(t, h, "reader").call(t, http.MethodGet, path, nil); a.status != http.StatusNotFound || !bytes.Contains(a.body, []byte("HOUSEHOLD_NOT_FOUND")) {
				t.Errorf("a department that reads lists: %d %s", a.status, a.body)
			}
			if log := h.Log.String(); strings.Contains(log, child.GetName()) || strings.Contains(log, "13800000009") {
				t.Error("the log holds personal data")
			}
		})
	}
}

// change writes one group of a household.
func change(t testing.TB, c *client.Client, state *hubv1.Household, group hubv1.FactGroup, request string) *hubv1.Household {
	t.Helper()
	got, err := c.Households().UpdateHousehold(t.Context(), &hubv1.UpdateHouseholdRequest{Household: state, Groups: []hubv1.FactGroup{group}, RequestId: request})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetHousehold()
}

// story is who changed what and why; where a group's facts come from is left out.
func story(r *hubv1.CompareHouseholdRevisionsResponse) string {
	out := []string{fmt.Sprintf("%d %s %s %s", r.GetTo().GetRevision(), r.GetTo().GetActor(), r.GetTo().GetCause(), r.GetTo().GetCauseLabel())}
	for _, d := range r.GetDifferences() {
		if !strings.HasPrefix(d.GetPath(), "sources[") {
			out = append(out, strings.TrimPrefix(d.GetGroup().String(), "FACT_GROUP_")+" "+d.GetText())
		}
	}
	return strings.Join(out, "; ")
}

func TestHistoryIsToldOnTheHubsOwnMachine(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		var f hubv1.Household
		if err := protojson.Unmarshal([]byte(mustRun(t, 0, "hubd", "generate", "--households", "1").stdout), &f); err != nil {
			t.Fatal(err)
		}
		for _, phone := range []string{"13800000001", "13800000002"} {
			f.Register.Phone = phone
			line, err := protojson.Marshal(&f)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "f.ndjson")
			if err := os.WriteFile(file, line, 0o600); err != nil {
				t.Fatal(err)
			}
			h.hubd(t, 0, "import", file)
		}
		for kind, value := range map[string]string{"HOUSEHOLD_NUMBER": f.GetHouseholdNumber(), "ID_NUMBER": f.GetPersons()[0].GetIdNumber()} {
			cmd := program(t, "hubd", append([]string{"history", "--kind", kind}, h.flags...)...)
			cmd.Stdin = strings.NewReader(value + "\n")
			got := finish(t, cmd)
			if got.exit != 0 || !strings.Contains(got.stdout, "首次登记") || !strings.Contains(got.stdout, "导入 import\n  本户：户联系电话 由 13800000001 改为 13800000002\n") {
				t.Errorf("by %s: exit %d\n%s%s", kind, got.exit, got.stdout, got.stderr)
			}
		}
		if got := h.hubd(t, 1, "history", "hh_none"); !strings.Contains(got.stderr, "HOUSEHOLD_NOT_FOUND") || got.stdout != "" {
			t.Errorf("%s%s", got.stdout, got.stderr)
		}
	})
}

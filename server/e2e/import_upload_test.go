package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// uploaded is what an upload came to.
type uploaded struct {
	result *hubv1.ImportResult
	report []byte
	err    error
}

// ways are the two ways by which a file comes in over the network.
var ways = map[string]func(t *testing.T, h *hubtest.Hub, agency string, head *hubv1.ImportHeader, file []byte) uploaded{
	"gRPC": func(t *testing.T, h *hubtest.Hub, agency string, head *hubv1.ImportHeader, file []byte) (u uploaded) {
		var report bytes.Buffer
		u.result, u.err = h.Client(t, agency, "").Import(t.Context(), head, bytes.NewReader(file), &report, nil)
		u.report = report.Bytes()
		return u
	},
	"REST": func(t *testing.T, h *hubtest.Hub, agency string, head *hubv1.ImportHeader, file []byte) uploaded {
		path := fmt.Sprintf("/v1/imports?mapping=%s&dry_run=%t", head.GetMapping(), head.GetDryRun())
		return uploadedBy(t, newLegacy(t, h, agency).call(t, http.MethodPost, path, string(file)))
	},
}

// uploadedBy reads the lines of a REST answer as a program would that knows JSON alone.
func uploadedBy(t *testing.T, a answer) (u uploaded) {
	t.Helper()
	if a.status != http.StatusOK {
		u.err = fmt.Errorf("%d %s", a.status, a.body)
		return u
	}
	var report strings.Builder
	for line := range strings.Lines(string(a.body)) {
		var m struct {
			Result *hubv1.ImportResult
			Report struct{ Format, Data string }
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m.Result != nil {
			u.result = m.Result
		}
		report.WriteString(m.Report.Data) // pieces may be joined before decoding
	}
	var err error
	if u.report, err = base64.StdEncoding.DecodeString(report.String()); err != nil {
		t.Fatal(err)
	}
	return u
}

// registerFile is a file of invented households.
func registerFile(t testing.TB, format string, households int) []byte {
	t.Helper()
	file, err := os.ReadFile(sheetOf(t, format, households))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAFileIsLoadedOverTheNetworkAndItsReportComesBack(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		for name, send := range ways {
			h := hubtest.Start(t, hubtest.Config{Postgres: postgres, On: today()})
			h.AgreeOffice(t, "office")
			good := registerFile(t, "csv", 700) // several pieces of a report, were all rejected
			dry := send(t, h, "office", &hubv1.ImportHeader{DryRun: true}, good)
			if dry.err != nil || !dry.result.GetDryRun() || dry.result.GetCreated() < 600 {
				t.Fatalf("%s: dry run: %+v", name, dry)
			}
			spoilt, number := withoutHeadNumber(t, good)
			r := send(t, h, "office", &hubv1.ImportHeader{}, spoilt)
			if r.err != nil || r.result.GetRejected() != 1 || r.result.GetReasons()["NUMBER_ROUNDED"] != 1 ||
				r.result.GetCreated() != dry.result.GetCreated()-1 || len(r.result.GetVillages()) == 0 {
				t.Fatalf("%s: %+v %v", name, r.result, r.err)
			}
			mended := bytes.Replace(r.report, []byte(rounded), []byte(number), 1)
			if r := send(t, h, "office", &hubv1.ImportHeader{}, mended); r.err != nil || r.result.GetCreated() != 1 || r.result.GetRejected() != 0 {
				t.Errorf("%s: mended: %+v %v", name, r.result, r.err)
			}
			if r := send(t, h, "office", &hubv1.ImportHeader{}, good); r.err != nil || r.result.GetUnchanged() != dry.result.GetCreated() {
				t.Errorf("%s: again: %+v %v", name, r.result, r.err)
			}
			h.Stop()
		}
	})
}

const rounded = "9.90E+17"

// withoutHeadNumber rounds the first ID number of a file, as a spreadsheet would.
func withoutHeadNumber(t *testing.T, file []byte) (spoilt []byte, number string) {
	t.Helper()
	for cell := range strings.SplitSeq(strings.Split(string(file), "\n")[1], ",") {
		if cell = strings.Trim(cell, "\""); len(cell) == 18 && strings.HasPrefix(cell, "99") {
			return bytes.Replace(file, []byte(cell), []byte(rounded), 1), cell
		}
	}
	t.Fatal("the first row has no ID number")
	return nil, ""
}

// A big report comes in several pieces, and an XLSX file in several messages.
func TestAGreatReportComesBackWhole(t *testing.T) {
	for name, send := range ways {
		h := hubtest.Start(t, hubtest.Config{On: today()})
		h.AgreeOffice(t, "office")
		file := bytes.ReplaceAll(registerFile(t, "csv", 1500), []byte(",户主,"), []byte(",家长,"))
		r := send(t, h, "office", &hubv1.ImportHeader{}, file)
		if r.err != nil || r.result.GetAccepted() != 0 || len(r.report) < len(file) {
			t.Errorf("%s: %d bytes of a report about %d: %v %v", name, len(r.report), len(file), r.result.GetReasons(), r.err)
		}
		h.Stop()
	}
}

func TestWhoMayNotWriteImportsNothing(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{On: today()})
	h.AgreeOffice(t, "office")
	h.Save(t, server.Agreement{ID: "schools", Agency: "schools", Groups: []server.Group{"EDUCATION"}})
	h.Save(t, server.Agreement{ID: "county", Agency: "county", Groups: []server.Group{"REGISTER"}, Divisions: []string{"469002000000"}})
	file := registerFile(t, "xlsx", 60)
	for name, send := range ways {
		r := send(t, h, "schools", &hubv1.ImportHeader{}, file)
		if r.err == nil || !strings.Contains(r.err.Error(), "GROUP_NOT_OWNED") {
			t.Errorf("%s: a department loaded a register: %+v", name, r)
		}
		r = send(t, h, "county", &hubv1.ImportHeader{DryRun: true}, file)
		if r.err != nil || r.result.GetReasons()["GROUP_NOT_OWNED"] != r.result.GetRejected() || r.result.GetRejected() < 40 {
			t.Errorf("%s: a county loaded other counties' households: %+v", name, r)
		}
		for village := range villagesOf(r.result.GetVillages()) {
			if !strings.HasPrefix(village, "469002") {
				t.Errorf("%s: a change in %s", name, village)
			}
		}
	}
	h.Stop() // outcomes are on record then
	if n := auditEntries(t, h, "import.dry_run"); n != 2*len(ways) {
		t.Errorf("%d entries in the audit about %d imports that were begun", n, len(ways))
	}
}

// auditEntries counts intents and outcomes of an action.
func auditEntries(t *testing.T, h *hubtest.Hub, action string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.Dir, "audit.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM audit WHERE action = ?", action).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func villagesOf(all []*hubv1.VillageChanges) map[string]bool {
	out := map[string]bool{}
	for _, v := range all {
		out[v.GetVillage()] = true
	}
	return out
}

func TestBadUploadsAreRefusedWithWhatToDo(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{On: today()})
	h.AgreeOffice(t, "office")
	l := newLegacy(t, h, "office")
	for path, want := range map[string]string{
		"/v1/imports":                    "FILE_UNREADABLE",
		"/v1/imports?mapping=nobody":     "MAPPING_INVALID",
		"/v1/imports?mapping=%2Fetc%2Fx": "mapping",
		"/v1/imports?as_of=2026-02-30":   "as_of",
		"/v1/imports?maping=x":           "query",
		"/v1/imports?order=SIDEWAYS":     "query",
	} {
		a := l.call(t, http.MethodPost, path, "\x00\x01 nothing that anybody could read")
		if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := (legacy{base: l.base}).call(t, http.MethodPost, "/v1/imports", "x"); a.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", a.status, a.body)
	}
	// A file without its header, and two headers.
	c, ctx := importsOf(t, h, l.token)
	data := &hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Data{Data: []byte("x")}}
	head := &hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Header{Header: &hubv1.ImportHeader{}}}
	for name, parts := range map[string][]*hubv1.ImportFileRequest{"no header": {data}, "two headers": {head, data, head}, "nothing": {}, "an empty file": {head}} {
		call, err := c.ImportFile(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			_ = call.Send(p) // Recv knows what was wrong
		}
		_ = call.CloseSend()
		if _, err := call.Recv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// More files than the hub loads at a time are refused, not kept waiting.
func TestTooManyUploadsAtATimeAreSentAway(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{On: today()})
	h.AgreeOffice(t, "office")
	file := registerFile(t, "csv", 3)
	c, ctx := importsOf(t, h, newLegacy(t, h, "office").token)
	outcomes := make(chan error, 3)
	open := make([]grpc.BidiStreamingClient[hubv1.ImportFileRequest, hubv1.ImportFileResponse], 3)
	for i := range open {
		var err error
		if open[i], err = c.ImportFile(ctx); err != nil {
			t.Fatal(err)
		}
		if err := open[i].Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Header{Header: &hubv1.ImportHeader{}}}); err != nil {
			t.Fatal(err)
		}
		go func() { _, err := open[i].Recv(); outcomes <- err }()
	}
	// Nobody has sent a byte of a file yet, so only who was sent away can have an answer.
	if err := <-outcomes; status.Code(err) != codes.ResourceExhausted || !strings.Contains(fmt.Sprint(status.Convert(err).Details()), "IMPORT_BUSY") {
		t.Fatal(err)
	}
	for _, call := range open {
		_ = call.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Data{Data: file}}) // one of them has ended
		_ = call.CloseSend()
	}
	for range 2 {
		if err := <-outcomes; err != nil {
			t.Error(err)
		}
	}
}

// importsOf is the service as other programs' code calls it.
func importsOf(t *testing.T, h *hubtest.Hub, token string) (hubv1.ImportServiceClient, context.Context) {
	t.Helper()
	conn, err := grpc.NewClient(h.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return hubv1.NewImportServiceClient(conn), metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
}

func TestADepartmentsFileIsAnsweredRowByRow(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := hubtest.Start(t, hubtest.Config{Postgres: postgres, On: today()})
		h.AgreeOffice(t, "office")
		h.Save(t, server.Agreement{ID: "builders", Agency: "builders", Groups: []server.Group{"HOUSING"}})
		h.Load(t, bytes.NewReader(h.Generated(t, 12, 3)))
		numbers := householdNumbers(t, h.Generated(t, 12, 3))
		file := []byte("户编号,危房等级,鉴定日期,鉴定单位\n" +
			numbers[0] + ",D级,2026-03-01,甲鉴定站\n" + "9999999999999999,C级,2026-03-01,甲鉴定站\n" + numbers[1] + ",E级,2026-03-01,甲鉴定站\n")
		head := &hubv1.ImportHeader{Mapping: "housing-appraisals"}
		for name, send := range ways {
			dry := send(t, h, "builders", &hubv1.ImportHeader{Mapping: head.GetMapping(), DryRun: true}, file)
			did := send(t, h, "builders", head, file)
			first := did.result.GetChanged() == 1
			if did.err != nil || did.result.GetAccepted() != 1 || did.result.GetRejected() != 2 || did.result.GetMatchStates()["NOT_FOUND"] != 1 ||
				did.result.GetReasons()["MATCH_NOT_FOUND"] != 1 || did.result.GetReasons()["LABEL_UNKNOWN"] != 1 {
				t.Fatalf("%s: %+v %v", name, did.result, did.err)
			}
			if dry.err != nil || dry.result.GetChanged() != did.result.GetChanged() || fmt.Sprint(dry.result.GetChanges()) != fmt.Sprint(did.result.GetChanges()) {
				t.Errorf("%s: told %+v, did %+v", name, dry.result, did.result)
			}
			if first && did.result.GetChanges()["LIST_UPSERT"] == 0 {
				t.Errorf("%s: no list changed: %+v", name, did.result)
			}
			if !strings.Contains(string(did.report), "没有人或户使用所填证件或编号") || strings.Contains(string(did.report), numbers[0]) {
				t.Errorf("%s: %s", name, did.report)
			}
		}
		if r := ways["gRPC"](t, h, "office", &hubv1.ImportHeader{}, registerFile(t, "csv", 1)); r.err != nil {
			t.Error(r.err)
		}
	})
}

// householdNumbers reads them from NDJSON.
func householdNumbers(t testing.TB, ndjson []byte) (out []string) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(ndjson)); ; {
		var m struct {
			HouseholdNumber string `json:"household_number"`
		}
		err := d.Decode(&m)
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m.HouseholdNumber)
	}
}

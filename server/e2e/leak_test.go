package e2e

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// sought are the members of an import line that stand for a person, and what each is.
var sought = map[string]string{
	"id_number": "ID number", "former_id_numbers": "ID number", "disability_card": "ID number",
	"name": "name", "phone": "phone", "account": "bank account",
	"helpers.name": "helper's name", "helpers.phone": "phone",
	"household_number": "household number", "former_household_numbers": "household number",
	"person_number": "person number", "student_number": "student number",
}

// needles finds personal data in bytes. What it says names the kind, never the value.
type needles struct {
	byStart map[uint64][]needle // by the first eight bytes; all are at least as long
	counts  map[string]int
	first   map[string]string // one of each kind
	seen    map[string]bool
}

type needle struct{ text, kind string }

// needlesOf gathers what must not be found from an import file.
func needlesOf(t testing.TB, ndjson []byte) *needles {
	t.Helper()
	n := &needles{byStart: map[uint64][]needle{}, counts: map[string]int{}, first: map[string]string{}, seen: map[string]bool{}}
	for line := range bytes.Lines(ndjson) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		n.gather("", v)
	}
	for _, kind := range sought {
		if n.counts[kind] == 0 {
			t.Errorf("nobody has a %s: it would not be looked for", kind)
		}
	}
	return n
}

// gather walks through a line; key is the name of what holds v and v's own.
func (n *needles) gather(key string, v any) {
	_, parent, _ := strings.Cut(key, ".")
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			n.gather(parent+"."+k, member)
		}
	case []any:
		for _, element := range v {
			n.gather(key, element)
		}
	case string:
		_, member, _ := strings.Cut(key, ".")
		if kind := cmp.Or(sought[key], sought[member]); kind != "" {
			n.add(v, kind)
		}
	}
}

func (n *needles) add(text, kind string) {
	if n.seen[text] {
		return
	}
	n.seen[text] = true
	n.counts[kind]++
	if n.first[kind] == "" {
		n.first[kind] = text
	}
	n.put(text, kind)
	if strings.HasSuffix(kind, "name") {
		return
	}
	n.put(hex.EncodeToString([]byte(text)), kind+" in hexadecimal")
	for shift := range 3 { // base64 depends on where in a text it begins
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
		n.put(encoded[(shift*8+5)/6:len(encoded)-1], kind+" in base64")
	}
}

func (n *needles) put(text, kind string) {
	if len(text) >= 8 {
		k := binary.BigEndian.Uint64([]byte(text))
		n.byStart[k] = append(n.byStart[k], needle{text, kind})
	}
}

// in tells which kinds stand in data.
func (n *needles) in(data []byte) map[string]int {
	found := map[string]int{}
	var window uint64
	for i, b := range data {
		window = window<<8 | uint64(b)
		for _, s := range n.byStart[window] {
			if at := i - 7; at >= 0 && bytes.HasPrefix(data[at:], []byte(s.text)) {
				found[s.kind]++
			}
		}
	}
	return found
}

func (n *needles) mustNotBeIn(t testing.TB, where string, data []byte) {
	t.Helper()
	for kind, times := range n.in(data) {
		t.Errorf("%s: a %s, %d times", where, kind, times)
	}
}

// files looks at every file below a folder as it lies on the disk.
func (n *needles) files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			return err
		}
		n.mustNotBeIn(t, d.Name(), data)
		names = append(names, d.Name())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// database looks at all rows of all tables, as PostgreSQL copies them out, and at the
// database's files where they can be read.
func (n *needles) database(t testing.TB, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		var b bytes.Buffer
		if _, err := conn.PgConn().CopyTo(t.Context(), &b, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
			t.Fatal(err)
		}
		n.mustNotBeIn(t, table, b.Bytes())
	}
	var folder string
	if _, err := conn.Exec(t.Context(), "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	err = conn.QueryRow(t.Context(), `SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()`).Scan(&folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(folder); err != nil {
		t.Log("the server's files cannot be read from here")
		return
	}
	n.files(t, folder)
}

func TestPersonalDataIsNowhereButInAnswers(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		hub := hubtest.Start(t, hubtest.Config{Postgres: postgres})
		hub.AgreeOffice(t, "office")
		hub.Agree(t, "education", []string{"education"})
		ndjson := hub.Generated(t, 300, 6)
		n := needlesOf(t, ndjson)
		hub.Load(t, bytes.NewReader(ndjson))
		ask(t, hub, n)
		write(t, hub, n)
		rejected(t, hub, n)
		provoke(t, hub, n)

		n.mustNotBeIn(t, "log", []byte(hub.Log.String()))
		names := strings.Join(n.files(t, hub.Dir), " ") // while the WAL is still there
		if postgres {
			n.database(t, hub.Database)
		} else if !strings.Contains(names, "hub.db-wal") || !strings.Contains(names, "audit.db") {
			t.Errorf("looked only into %s", names)
		}
		hub.Stop()
		n.files(t, hub.Dir)
	})
}

// ask reads in every way that there is; the answers have what is looked for.
func ask(t testing.TB, hub *hubtest.Hub, n *needles) {
	t.Helper()
	page, err := hub.Client(t, "office", "").Sync().Pull(t.Context(), &hubv1.PullRequest{PageSize: 20000})
	if err != nil {
		t.Fatal(err)
	}
	grpc, err := proto.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	office := newLegacy(t, hub, "office")
	for where, data := range map[string][]byte{
		"gRPC": grpc, "REST": office.call(t, http.MethodPost, "/v1/sync:follow", "{}").body,
		"a look-up by number": office.call(t, http.MethodPost, "/v1/households:lookUp", lookUp("ID_NUMBER", n.first["ID number"])).body,
		"a look-up by name":   office.call(t, http.MethodPost, "/v1/households:lookUp", map[string]any{"name": n.first["name"]}).body,
	} {
		if found := n.in(data); found["ID number"] == 0 || found["name"] == 0 {
			t.Errorf("%s: %d bytes without the data: this test would not see it anywhere", where, len(data))
		}
	}
	for kind, value := range map[string]string{
		"HOUSEHOLD_NUMBER": n.first["household number"], "PERSON_NUMBER": n.first["person number"], "STUDENT_NUMBER": n.first["student number"],
	} {
		if a := office.call(t, http.MethodPost, "/v1/households:lookUp", lookUp(kind, value)); a.status != http.StatusOK || !bytes.Contains(a.body, []byte(value)) {
			t.Errorf("look-up by %s: %d", kind, a.status)
		}
	}
}

func lookUp(kind, value string) map[string]any {
	return map[string]any{"identifier": map[string]any{"kind": "IDENTIFIER_KIND_" + kind, "value": value}}
}

// write changes, moves and registers households.
func write(t testing.TB, hub *hubtest.Hub, n *needles) {
	t.Helper()
	c := hub.Client(t, "office", "a-clerk")
	changeFacts(t, c, 5)
	h := found(t, c, n)
	_, err := c.Households().MoveHousehold(t.Context(), &hubv1.MoveHouseholdRequest{
		Id: h.GetId(), Etag: h.GetEtag(), Village: "460400100001", RequestId: "move",
		Document: &hubv1.Document{Issuer: "office", Number: "1", Date: "2026-11-23"},
	})
	if err != nil && client.Of(err) == nil {
		t.Fatal(err)
	}
}

func found(t testing.TB, c *client.Client, n *needles) *hubv1.Household {
	t.Helper()
	got, err := c.Households().LookUpHouseholds(t.Context(), &hubv1.LookUpHouseholdsRequest{By: &hubv1.LookUpHouseholdsRequest_Identifier{
		Identifier: &hubv1.Identifier{Kind: hubv1.IdentifierKind_IDENTIFIER_KIND_ID_NUMBER, Value: n.first["ID number"]},
	}})
	if err != nil || len(got.GetMatches()) == 0 {
		t.Fatalf("nobody found: %v", err)
	}
	return got.GetMatches()[0].GetHousehold()
}

// provoke sends wrong requests that are full of personal data, by gRPC and by REST.
func provoke(t testing.TB, hub *hubtest.Hub, n *needles) {
	t.Helper()
	c := hub.Client(t, "office", "a-clerk")
	h := found(t, c, n)
	update := func(change func(*hubv1.Household)) error {
		wrong := proto.CloneOf(h)
		change(wrong)
		_, err := c.Households().UpdateHousehold(t.Context(), &hubv1.UpdateHouseholdRequest{
			Household: wrong, Groups: []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: "wrong-" + h.GetEtag(),
		})
		return err
	}
	register := proto.CloneOf(h)
	register.Id, register.Etag, register.Revision, register.HouseholdNumber = "", "", 0, "9900999999999999"
	_, taken := c.Households().CreateHousehold(t.Context(), &hubv1.CreateHouseholdRequest{Household: register, RequestId: "taken"})
	_, unknown := c.Households().GetHousehold(t.Context(), &hubv1.GetHouseholdRequest{Id: n.first["ID number"]})
	_, record := c.Records().GetRecord(t.Context(), &hubv1.GetRecordRequest{List: n.first["phone"], Household: n.first["ID number"]})
	for name, err := range map[string]error{
		"checksum":   update(func(h *hubv1.Household) { h.Persons[0].IdNumber = h.GetPersons()[0].GetIdNumber()[:17] + "?" }),
		"birth date": update(func(h *hubv1.Household) { h.Persons[0].BirthDate = h.GetPersons()[0].GetName() }),
		"heads":      update(func(h *hubv1.Household) { h.Persons = append(h.Persons, proto.CloneOf(h.GetPersons()[0])) }),
		"stale":      update(func(h *hubv1.Household) { h.Etag = n.first["household number"] }),
		"village":    update(func(h *hubv1.Household) { h.Village = n.first["ID number"] }),
		"taken":      taken, "unknown household": unknown, "record": record,
	} {
		e := client.Of(err)
		if e == nil {
			t.Errorf("%s: not refused by the hub: %v", name, err)
			continue
		}
		n.mustNotBeIn(t, "error of "+name, fmt.Appendf(nil, "%+v %v", e, err))
	}
	rest(t, newLegacy(t, hub, "office"), n)
	rest(t, newLegacy(t, hub, "education"), n)
}

func rest(t testing.TB, l legacy, n *needles) {
	t.Helper()
	id, name := n.first["ID number"], n.first["name"]
	for _, request := range [][3]string{
		{http.MethodPost, "/v1/households:lookUp", `{"identifier":{"kind":"` + name + `","value":"` + id + `"}}`},
		{http.MethodPost, "/v1/households:lookUp", `{"` + id + `":"` + name + `"}`},
		{http.MethodPost, "/v1/households:lookUp", `{"name":"` + name},
		{http.MethodPost, "/v1/households", `{"household":{"persons":[{"name":"` + name + `","id_number":"` + id + `"}]},"request_id":"` + id + `"}`},
		{http.MethodPost, "/v1/sync:pull", `{"cursor":"` + id + `"}`},
		{http.MethodPost, "/v1/sync:pull", `{"scope":{"lists":["` + name + `"]}}`},
		{http.MethodPost, "/v1/sync:follow", `{"scope":{"divisions":["` + id + `"]}}`},
		{http.MethodGet, "/v1/households/" + id, ""},
		{http.MethodGet, "/v1/households?village=" + id, ""},
		{http.MethodGet, "/v1/" + url.PathEscape(name), ""},
		{http.MethodGet, "/" + id, ""},
	} {
		a := l.call(t, request[0], request[1], request[2])
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s %.30s…: %d", request[0], request[1], a.status)
		}
		n.mustNotBeIn(t, "answer to "+request[0], a.body)
	}
}

// rejected imports lines that are wrong because of what stands in them.
func rejected(t testing.TB, hub *hubtest.Hub, n *needles) {
	t.Helper()
	id := n.first["ID number"]
	lines := `{"household_number":"9900888888888888","village":"` + id + `","persons":[{"name":"` + n.first["name"] + `","id_number":"` + id + `"}]}
{"` + id + `":"` + n.first["phone"] + `"
{"village":"460400100001","register":{"phone":` + n.first["phone"] + `,"poverty_status":"` + n.first["name"] + `"}}
`
	var report bytes.Buffer
	r, err := hub.Import(t.Context(), strings.NewReader(lines), server.ImportOptions{
		Caller:   server.Caller{Agency: "office", Client: "test"},
		Rejected: func() (io.Writer, error) { return &report, nil },
	})
	if err != nil || r.Rejected != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	n.mustNotBeIn(t, "report", report.Bytes())
}

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

func TestTheDemoEndsWithEqualMirrorsAndOneObject(t *testing.T) {
	got := mustRun(t, 0, "hubd", "demo", "--once", "--json", "--households", "100")
	if strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("not one line: %s", got.stdout)
	}
	r := decode(t, []byte(got.stdout))
	if text(r["households"]) != "100" || r["mirrors_equal"] != true || text(r["members"]) == "" || text(r["seconds"]) == "" {
		t.Errorf("%v", r)
	}
	lists := object(r["lists"])
	for name := range strings.SplitSeq(allLists, ",") {
		if _, ok := lists[name]; !ok {
			t.Errorf("no count of %s", name)
		}
	}
	if text(lists["household-status"]) == "0" || len(objects(r["departments"])) != 3 {
		t.Errorf("lists %v, departments %v", lists, r["departments"])
	}
}

func TestAGeneratedProvinceLoadedTwiceChangesNothing(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		generated := mustRun(t, 0, "hubd", "generate", "--households", "30", "--seed", "2").stdout
		for _, want := range []server.ImportResult{{Lines: 30, Created: 30}, {Lines: 30, Unchanged: 30}} {
			cmd := program(t, "hubd", append([]string{"import", "-", "--json"}, h.flags...)...)
			cmd.Stdin = strings.NewReader(generated)
			got := finish(t, cmd)
			var r server.ImportResult
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.exit != 0 || r.Lines != want.Lines || r.Created != want.Created || r.Unchanged != want.Unchanged || r.Rejected > 0 {
				t.Fatalf("exit %d, %v: %+v, want %+v\n%s", got.exit, err, r, want, got.stderr)
			}
		}
	})
}

// edited is one line of the file with a part replaced.
func edited(t testing.TB, line, pattern, by string) string {
	t.Helper()
	out := regexp.MustCompile(pattern).ReplaceAllString(line, by)
	if out == line {
		t.Fatalf("%s is not in the line", pattern)
	}
	return out
}

func TestRejectedLinesAreReportedWithoutPersonalDataAndTheOthersLoaded(t *testing.T) {
	data, err := os.ReadFile(invented(t, 8, 10))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	n := &needles{byStart: map[uint64][]needle{}, counts: map[string]int{}, first: map[string]string{}, seen: map[string]bool{}}
	for _, line := range lines {
		n.gather("", any(decode(t, []byte(line))))
	}
	lines[1] = lines[1][:len(lines[1])/2]
	lines[2] = edited(t, lines[2], `"id_number":"(\d{17})[0-8]"`, `"id_number":"${1}9"`)
	lines[3] = edited(t, lines[3], `"relation":"RELATION_[A-Z_]+"`, `"relation":"RELATION_HEAD"`)
	lines[4] = edited(t, lines[4], `"village":"\d{12}"`, `"village":"469999999999"`)
	lines[5] = edited(t, lines[5], `^\{`, `{"bank":"`+strings.Repeat("虚", 5<<20/3)+`",`)
	file := filepath.Join(t.TempDir(), "some.ndjson")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil { // without an end of the last line
		t.Fatal(err)
	}

	h := newHouse(t, false)
	got := h.hubd(t, 3, "import", file, "--json")
	if r := decode(t, []byte(got.stdout)); text(r["lines"]) != "8" || text(r["created"]) != "3" || text(r["rejected"]) != "5" {
		t.Errorf("%v", r)
	}
	report, err := os.ReadFile(file + ".rejected.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	n.mustNotBeIn(t, "report", append(report, got.stdout+got.stderr...))
	mustReport(t, report, map[string]string{
		"2": "MALFORMED Household", "3": "ID_CHECKSUM persons", "4": "ONE_HEAD persons", "5": "VILLAGE_UNKNOWN village", "6": "LIMIT_REACHED ",
	})
}

// mustReport looks for a reason and the beginning of a field by number of the line.
func mustReport(t *testing.T, report []byte, want map[string]string) {
	t.Helper()
	for line := range bytes.Lines(report) {
		r := decode(t, line)
		if !strings.ContainsFunc(text(r["message_zh"]), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("no Chinese: %s", line)
		}
		number := text(r["line"])
		if reason, field, _ := strings.Cut(want[number], " "); r["reason"] == reason && strings.HasPrefix(text(r["field"]), field) {
			want[number] = "found"
		}
	}
	for number, found := range want {
		if found != "found" {
			t.Errorf("line %s is not reported as %s:\n%s", number, found, report)
		}
	}
}

func TestHubsyncEndsWithTheDocumentedCodes(t *testing.T) {
	hub := hubtest.Start(t, hubtest.Config{})
	hub.AgreeOffice(t, "office")
	hub.Agree(t, "education", []string{"household-status"})
	hub.Load(t, bytes.NewReader(hub.Generated(t, 60, 11)))
	if _, err := hub.Derive(t.Context()); err != nil {
		t.Fatal(err)
	}
	token, db := tokenFile(t, hub.TokenFor(t, "education", "")), filepath.Join(t.TempDir(), "mirror.db")
	expect := func(why string, exit int, command string, flags ...string) synced {
		t.Helper()
		got := hubsync(t, hub.GRPCAddress(), token, db, command, append([]string{"--date", "2026-11-23"}, flags...)...)
		if got.Exit != exit {
			t.Errorf("%s: exit %d, want %d", why, got.Exit, exit)
		}
		return got
	}
	expect("first load", 0, "pull")
	expect("nothing new", 10, "pull")
	expect("equal", 0, "verify")
	changeFacts(t, hub.Client(t, "office", "a-clerk"), 3)
	expect("new rows", 0, "pull")
	expect("not derived for the day asked for", 11, "pull", "--date", "2026-11-24")
	hub.Save(t, server.Agreement{ID: "read-education", Agency: "education", Lists: []string{"household-status"}, Until: "2026-12-10"})
	expect("agreement ends soon", 13, "pull")
	expect("agreement ends, but not so soon", 10, "pull", "--warn-days", "3")
	if _, err := openSQL(t, db).ExecContext(t.Context(), "UPDATE household_status SET head_name = 'x' WHERE household = (SELECT min(household) FROM household_status)"); err != nil {
		t.Fatal(err)
	}
	expect("a damaged row", 14, "verify")
	expect("healed", 13, "heal")
	expect("equal again", 0, "verify")
}

func TestHubsyncHoldsAMassDrop(t *testing.T) {
	hub := hubtest.Start(t, hubtest.Config{})
	lists := []string{"household-status"}
	hub.Agree(t, "education", lists)
	hub.Load(t, bytes.NewReader(hub.Generated(t, 60, 11)))
	if _, err := hub.Derive(t.Context()); err != nil {
		t.Fatal(err)
	}
	token, db := tokenFile(t, hub.TokenFor(t, "education", "")), filepath.Join(t.TempDir(), "mirror.db")
	flags := []string{"--date", "2026-11-23"}
	if got := hubsync(t, hub.GRPCAddress(), token, db, "pull", flags...); got.Exit != 0 {
		t.Fatalf("first load: %+v", got)
	}
	rows := visible(t, db)
	page, err := hub.Client(t, "education", "").Sync().Pull(t.Context(), &hubv1.PullRequest{})
	if err != nil {
		t.Fatal(err)
	}
	hub.Agree(t, "education", lists, page.GetPage().GetBlocks()[0].GetVillage()) // all but one village are lost
	if got := hubsync(t, hub.GRPCAddress(), token, db, "pull", flags...); got.Exit != 12 || visible(t, db) != rows {
		t.Errorf("exit %d, %d of %d rows", got.Exit, visible(t, db), rows)
	}
	if got := hubsync(t, hub.GRPCAddress(), token, db, "pull", append(flags, "--accept-shrink")...); got.Exit != 0 || visible(t, db) >= rows {
		t.Errorf("accepted: exit %d, %d of %d rows", got.Exit, visible(t, db), rows)
	}
}

func TestProgramsSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	catalogue := filepath.Join(dir, "catalogue.yaml")
	good := mustRun(t, 0, "hubd", "catalogue", "show").stdout
	broken := strings.Replace(good, "clause:", "claus:", 1)
	if err := os.WriteFile(catalogue, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	line := strings.Count(broken[:strings.Index(broken, "claus:")], "\n") + 1
	token, h := tokenFile(t, "no token"), newHouse(t, false)
	served := h.serve(t)
	for _, test := range []struct {
		exit    int
		program string
		args    []string
		say     string
	}{
		{2, "hubd", []string{"serv"}, "serv"},
		{2, "hubd", []string{"import"}, "<file>"},
		{1, "hubd", []string{"serve"}, "--data"},
		{1, "hubd", []string{"catalogue", "check", catalogue}, "line " + strconv.Itoa(line)},
		{1, "hubd", []string{"serve", "--postgres", "postgres://nobody@127.0.0.1:1/none"}, "--keys"},
		{1, "hubd", []string{"token", "--agency", "a", "--postgres", "postgres://nobody@127.0.0.1:1/none", "--keys", filepath.Join(dir, "keys.json")}, "hubd keys"},
		{1, "hubd", []string{"serve", "--postgres", "postgres://nobody@127.0.0.1:1/none", "--keys", filepath.Join(h.dir, "keys.json")}, "--evidence"},
		{1, "hubd", []string{"agreement", "save", "x", "--agency", "a", "--purpose", "p", "--basis", "b", "--lists", "fishing", "--data", h.dir}, "fishing"},
		{1, "hubd", []string{"agreement", "save", "x", "--agency", "a", "--purpose", "p", "--basis", "b", "--removal", "propose,decide", "--data", h.dir}, "removal[1]"},
		{2, "hubsync", []string{"pull"}, "--hub"},
		{2, "hubsync", []string{"pull", "--hub", "x", "--db", "y", "--date", "today"}, "YYYY-MM-DD"},
		{1, "hubsync", []string{"pull", "--insecure", "--hub", served.grpc, "--token-file", token, "--db", filepath.Join(dir, "m.db")}, "what to do"},
	} {
		if got := mustRun(t, test.exit, test.program, test.args...); !strings.Contains(got.stderr, test.say) {
			t.Errorf("%s %v does not say %q: %s", test.program, test.args, test.say, got.stderr)
		}
	}
	if exit := served.interrupt(t); exit != 0 {
		t.Errorf("serve, interrupted: exit %d", exit)
	}
}

func TestAgreementsAndTokensOfTheProgramOpenTheHub(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		h.agree(t, "education", "education")
		listed := h.hubd(t, 0, "agreement", "list", "--agency", "education", "--json").stdout
		if strings.Count(listed, "\n") != 1 || !strings.Contains(listed, "notice of 2019-04-21") {
			t.Errorf("listed: %s", listed)
		}
		h.agree(t, "township", "", "--removal", "review,confirm")
		if listed := h.hubd(t, 0, "agreement", "list", "--agency", "township").stdout; !strings.Contains(listed, "removal [REVIEW CONFIRM]") {
			t.Errorf("listed: %s", listed)
		}
		h.load(t, invented(t, 40, 12))
		s := h.serve(t)
		c := h.client(t, s, h.token(t, "education", ""))
		if _, err := c.Sync().Pull(t.Context(), &hubv1.PullRequest{}); err != nil {
			t.Error(err)
		}
		if _, err := c.Sync().Pull(t.Context(), &hubv1.PullRequest{Scope: &hubv1.Scope{Lists: []string{"housing"}}}); err == nil {
			t.Error("a list without an agreement was given")
		}
	})
}

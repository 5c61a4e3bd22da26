package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/feed"
)

// text is the canonical text of a JSON value, by the rule at message Record of the contract.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
	case []any:
		texts := make([]string, len(v))
		for i, element := range v {
			texts[i] = text(element)
		}
		return strings.Join(texts, ";")
	case map[string]any: // an entitlement
		due := "optional"
		if v["due"] == true {
			due = "due"
		}
		return strings.Join([]string{text(v["policy"]), text(v["since"]), text(v["until"]), due}, ",")
	}
	return "" // absent
}

// hashOf is the row hash of a record as JSON gave it.
func hashOf(list, area, village string, record map[string]any, fields []string) [16]byte {
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = text(record[f])
	}
	key := feed.RowKey{Area: area, List: list, Village: village, Household: text(record["household"]), Person: text(record["person"])}
	hash, _ := feed.RowHash(nil, key, values)
	return hash
}

func objects(v any) []map[string]any {
	list, _ := v.([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func TestTheGoldenVectorsAreTheServersOwnHashes(t *testing.T) {
	data, err := os.ReadFile("../../api/bangfu/hub/v1/golden/rowhash.json")
	if err != nil {
		t.Fatal(err)
	}
	golden := decode(t, data)
	fields := map[string][]string{}
	for _, l := range objects(golden["lists"]) {
		for _, f := range l["fields"].([]any) {
			fields[text(l["name"])] = append(fields[text(l["name"])], text(f))
		}
	}
	var sum feed.Digest
	rows, sequences := objects(golden["rows"]), 0
	for _, r := range rows {
		list, record := text(r["list"]), object(r["record"])
		hash := hashOf(list, text(r["area"]), text(r["village"]), record, fields[list])
		if hex.EncodeToString(hash[:]) != r["hash"] {
			t.Errorf("%s: hash %x, golden %s", r["why"], hash, r["hash"])
		}
		sum.Add(hash)
		if want, ok := r["sequence"].(string); ok {
			sequences++
			values := make([]string, len(fields[list]))
			for i, f := range fields[list] {
				values[i] = text(record[f])
			}
			key := feed.RowKey{List: list, Area: text(r["area"]), Village: text(r["village"]), Household: text(record["household"]), Person: text(record["person"])}
			if got := hex.EncodeToString(feed.RowSequence(nil, key, values)); got != want {
				t.Errorf("%s: sequence %s, golden %s", r["why"], got, want)
			}
		}
	}
	if hex.EncodeToString(sum[:]) != golden["digest"] || len(rows) == 0 || sequences == 0 {
		t.Errorf("%d rows, %d sequences: digest %x, golden %s", len(rows), sequences, sum, golden["digest"])
	}
}

// followed reads a whole stream of pages, and holds it against the rules for lines.
func followed(t testing.TB, l legacy, body any) (pages []map[string]any) {
	t.Helper()
	a := l.call(t, http.MethodPost, "/v1/sync:follow", body)
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %s: %.300s", a.status, a.header.Get("Content-Type"), a.body)
	}
	for line := range bytes.Lines(a.body) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			t.Error("the last line has no end")
		}
		page := object(decode(t, line)["page"])
		if page["cursor"] == nil {
			t.Fatalf("a line without a page and cursor: %.200s", line)
		}
		pages = append(pages, page)
	}
	for i, p := range pages {
		if (p["end"] != nil) != (i == len(pages)-1) {
			t.Errorf("line %d of %d: end %v", i+1, len(pages), p["end"] != nil)
		}
	}
	return pages
}

func TestEveryVillagesDigestFollowsFromTheJSONAlone(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		hub := hubtest.Start(t, hubtest.Config{Postgres: postgres})
		hub.AgreeOffice(t, "office")
		hub.Load(t, bytes.NewReader(hub.Generated(t, 400, 7)))
		l := newLegacy(t, hub, "office")
		sendMisfit(t, l)
		hub.Load(t, strings.NewReader(unmonitored))

		fields := map[string][]string{}
		for _, list := range objects(object(l.object(t, http.MethodGet, "/v1/catalogue", nil)["catalogue"])["lists"]) {
			for _, f := range objects(list["fields"]) {
				fields[text(list["name"])] = append(fields[text(list["name"])], text(f["name"]))
			}
		}
		sums, rows := map[string]feed.Digest{}, map[string]int{}
		pages := followed(t, l, map[string]any{"page_size": 500})
		for _, p := range pages {
			for _, b := range objects(p["blocks"]) {
				list, area, village := text(b["list"]), text(b["area"]), text(b["village"])
				key := list + " " + village
				sum := sums[key]
				for _, r := range objects(b["records"]) {
					sum.Add(hashOf(list, area, village, r, fields[list]))
					rows[key]++
				}
				sums[key] = sum
			}
		}
		seen := map[string]int{}
		for _, d := range objects(object(pages[len(pages)-1]["end"])["digests"]) {
			key := text(d["list"]) + " " + text(d["village"])
			sum := sums[key]
			if base64.StdEncoding.EncodeToString(sum[:]) != d["digest"] || fmt.Sprint(rows[key]) != d["count"] {
				t.Errorf("%s: %d rows, digest %x; the hub says %s, %s", key, rows[key], sum, d["count"], d["digest"])
			}
			seen[text(d["list"])] += rows[key]
			delete(sums, key)
		}
		if len(sums) > 0 || len(pages) < 3 {
			t.Errorf("%d villages without a digest, %d pages", len(sums), len(pages))
		}
		for name := range fields {
			if seen[name] == 0 {
				t.Errorf("no village has a record in %s: its digest was not tried", name)
			}
		}
	})
}

// unmonitored is a household whose income nobody has looked at since its support ended.
const unmonitored = `{"household_number":"9900777777777777","village":"469002100001","register":{"main_cause":"CAUSE_ILLNESS",` +
	`"poverty_status":"POVERTY_STATUS_LIFTED","lifted_year":2018,"first_identified_on":"2014-05-01"},"persons":[{"person_number":"990077777777777701",` +
	`"name":"虚拟甲","sex":"SEX_MALE","birth_date":"1970-03-01","relation":"RELATION_HEAD","joined_on":"2014-05-01"}],"decisions":[{"number":"虚决1号",` +
	`"kind":"DECISION_KIND_LEGACY","decided_on":"2024-01-10","announced_on":"2024-01-20","effective_on":"2024-02-01",` +
	`"document":{"issuer":"虚构县","number":"虚决1号","date":"2024-01-10"}}]}
`

// sendMisfit sends a department's row whose name is not the register's, so that the
// office has something to check.
func sendMisfit(t *testing.T, l legacy) {
	t.Helper()
	page := object(l.object(t, http.MethodPost, "/v1/sync:pull", map[string]any{"scope": map[string]any{"lists": []string{"medical-insurance"}}})["page"])
	for _, b := range objects(page["blocks"]) {
		for _, r := range objects(b["records"]) {
			if text(r["id_number"]) == "" {
				continue
			}
			row := map[string]any{"persons": []any{map[string]any{
				"id_number": r["id_number"], "name": "另一人", "insurances": []any{map[string]any{"year": 2020, "basic": "ANSWER_YES"}}}}}
			l.object(t, http.MethodPost, "/v1/facts:submit", map[string]any{"group": "FACT_GROUP_MEDICAL_INSURANCE", "rows": []any{row}, "request_id": "misfit"})
			return
		}
	}
	t.Fatal("nobody with an ID number")
}

func TestALegacySystemReadsBySubscription(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		hub := hubtest.Start(t, hubtest.Config{Postgres: postgres})
		hub.AgreeOffice(t, "office")
		hub.Agree(t, "education", []string{"education", "household-status"})
		hub.Load(t, bytes.NewReader(hub.Generated(t, 60, 8)))
		l := newLegacy(t, hub, "education")
		made := map[string]any{"name": "nightly", "scope": map[string]any{"lists": []string{"household-status"}}}
		for range 2 { // the same again is harmless
			if s := object(l.object(t, http.MethodPost, "/v1/subscriptions", made)["subscription"]); s["name"] != "nightly" || s["loading"] != true {
				t.Fatalf("made %v", s)
			}
		}
		// pull gives the same page until it is acknowledged
		rows, pages := 0, 0
		for done := false; !done; pages++ {
			page := pulled(t, l)
			if again := pulled(t, l); len(objects(page["blocks"])) != len(objects(again["blocks"])) {
				t.Error("a page that was not acknowledged did not come again")
			}
			for _, b := range objects(page["blocks"]) {
				rows += len(objects(b["records"]))
			}
			advance(t, l, page)
			done = page["end"] != nil
		}
		if want := counted(t, l); rows != want || want == 0 || pages < 3 {
			t.Errorf("%d rows in %d pages, the hub has %d", rows, pages, want)
		}
		if page := pulled(t, l); page["end"] == nil || page["blocks"] != nil || page["transactions"] != nil {
			t.Errorf("something came although nothing is new: %v", page)
		}
		changeFacts(t, hub.Client(t, "office", "a-clerk"), 8)
		page := pulled(t, l)
		if got := objects(page["transactions"]); len(got) == 0 || objects(got[0]["changes"])[0]["op"] != "OP_UPSERT" {
			t.Errorf("after a change: %v", page)
		}
		advance(t, l, page)
		if s := object(l.object(t, http.MethodGet, "/v1/subscriptions/nightly", nil)["subscription"]); s["loading"] != nil || s["advanced_at"] == nil {
			t.Errorf("advanced to the end: %v", s)
		}
		l.object(t, http.MethodDelete, "/v1/subscriptions/nightly", nil)
		if left := l.object(t, http.MethodGet, "/v1/subscriptions", nil); len(objects(left["subscriptions"])) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func pulled(t testing.TB, l legacy) map[string]any {
	t.Helper()
	return object(l.object(t, http.MethodPost, "/v1/sync:pull", map[string]any{"subscription": "nightly", "page_size": 10})["page"])
}

// counted is how many records the hub says the caller's list of households has.
func counted(t testing.TB, l legacy) (count int) {
	t.Helper()
	end := object(l.object(t, http.MethodPost, "/v1/sync:digests", map[string]any{"scope": map[string]any{"lists": []string{"household-status"}}})["end"])
	for _, d := range objects(end["digests"]) {
		n, err := strconv.Atoi(text(d["count"]))
		if err != nil {
			t.Fatal(err)
		}
		count += n
	}
	return count
}

func advance(t testing.TB, l legacy, page map[string]any) {
	t.Helper()
	for range 2 { // twice is harmless
		l.object(t, http.MethodPost, "/v1/subscriptions/nightly:advance", map[string]any{"cursor": page["cursor"]})
	}
}

package e2e

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/bangfuhub/hub/server/hubtest"
)

// refusedAs tells whether an answer is a google.rpc.Status in JSON with the reason, a
// Chinese sentence and, where one is wrong, the field.
func refusedAs(t testing.TB, a answer, status int, reason, field string) {
	t.Helper()
	if a.status != status || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %s, want %d: %s", a.status, a.header.Get("Content-Type"), status, a.body)
		return
	}
	s := decode(t, a.body)
	if s["code"] == nil || s["message"] == nil {
		t.Errorf("no code or message: %s", a.body)
	}
	var reasons, fields []string
	chinese := ""
	for _, d := range objects(s["details"]) {
		switch kind := text(d["@type"]); {
		case strings.HasSuffix(kind, "google.rpc.ErrorInfo"):
			reasons = append(reasons, text(d["reason"]))
		case strings.HasSuffix(kind, "google.rpc.LocalizedMessage") && d["locale"] == "zh-CN":
			chinese = text(d["message"])
		case strings.HasSuffix(kind, "google.rpc.BadRequest"):
			for _, v := range objects(d["field_violations"]) {
				fields = append(fields, text(v["field"]))
			}
		}
	}
	if len(reasons) != 1 || reasons[0] != reason {
		t.Errorf("reasons %v, want %s", reasons, reason)
	}
	if !strings.ContainsFunc(chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("%s: no Chinese sentence: %q", reason, chinese)
	}
	if field != "" && (len(fields) == 0 || fields[0] != field) {
		t.Errorf("%s: fields %v, want %s", reason, fields, field)
	}
}

func TestErrorsOverRESTSayReasonFieldAndAChineseSentence(t *testing.T) {
	hub := hubtest.Start(t, hubtest.Config{})
	hub.AgreeOffice(t, "office")
	hub.Agree(t, "education", []string{"education"})
	hub.Load(t, bytes.NewReader(hub.Generated(t, 5, 9)))
	office, education := newLegacy(t, hub, "office"), newLegacy(t, hub, "education")
	forged, nobody := education, education
	forged.token, nobody.token = education.token+"x", ""
	const post = http.MethodPost
	for _, test := range []struct {
		name          string
		got           answer
		status        int
		reason, field string
	}{
		{"no token", nobody.call(t, post, "/v1/sync:pull", "{}"), 401, "UNAUTHENTICATED", ""},
		{"forged token", forged.call(t, post, "/v1/sync:follow", "{}"), 401, "UNAUTHENTICATED", ""},
		{"token as metadata", nobody.call(t, post, "/v1/sync:pull", "{}", "Grpc-Metadata-Authorization", "Bearer "+office.token), 401, "UNAUTHENTICATED", ""},
		{"no agreement", education.call(t, post, "/v1/sync:pull", `{"scope":{"lists":["housing"]}}`), 403, "NO_AGREEMENT", ""},
		{"no such list", office.call(t, post, "/v1/sync:pull", `{"scope":{"lists":["fishing"]}}`), 404, "LIST_NOT_FOUND", ""},
		{"hidden household", education.call(t, http.MethodGet, "/v1/households/hh_0", nil), 404, "HOUSEHOLD_NOT_FOUND", ""},
		{"damaged cursor", education.call(t, post, "/v1/sync:follow", `{"cursor":"AAAA"}`), 400, "CURSOR_INVALID", ""},
		{"wrong code of a division", education.call(t, post, "/v1/sync:pull", `{"scope":{"divisions":["46"]}}`), 400, "INVALID_REQUEST", "scope.divisions[0]"},
		{"too large a page", education.call(t, post, "/v1/sync:follow", `{"page_size":20001}`), 400, "INVALID_REQUEST", "page_size"},
		{"another spelling", education.call(t, post, "/v1/sync:pull", `{"Page-Size":10}`), 400, "INVALID_REQUEST", "PullRequest"},
		{"another spelling inside", education.call(t, post, "/v1/sync:follow", `{"scope":{"list":["education"]}}`), 400, "INVALID_REQUEST", "scope"},
		{"another spelling in a query", office.call(t, http.MethodGet, "/v1/households?village=460400100001&poverty=1", nil), 400, "INVALID_REQUEST", ""},
		{"no JSON", education.call(t, post, "/v1/sync:pull", "lists=education"), 400, "INVALID_REQUEST", "PullRequest"},
		{"no such path", education.call(t, post, "/v1/sync:push", "{}"), 404, "INVALID_REQUEST", ""},
	} {
		t.Run(test.name, func(t *testing.T) { refusedAs(t, test.got, test.status, test.reason, test.field) })
	}
	if missing := nobody.call(t, post, "/v1/sync:pull", "{}"); missing.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("a client isn't told how to come in: %v", missing.header)
	}
}

func TestNoHeaderBeyondTheAllowedOnesMakesADifference(t *testing.T) {
	hub := hubtest.Start(t, hubtest.Config{})
	hub.AgreeOffice(t, "office")
	hub.Agree(t, "education", []string{"education"})
	hub.Load(t, bytes.NewReader(hub.Generated(t, 20, 9)))
	education := newLegacy(t, hub, "education")
	forged := []string{
		"Grpc-Metadata-Authorization", "Bearer " + newLegacy(t, hub, "office").token, "Grpc-Metadata-Agency", "office", "Agency", "office",
		"Grpc-Timeout", "1n", "X-Http-Method-Override", "DELETE", "Cookie", "agency=office",
	}
	for _, path := range []string{"/v1/sync:pull", "/v1/sync:follow"} {
		refusedAs(t, education.call(t, http.MethodPost, path, `{"scope":{"lists":["housing"]}}`, forged...), 403, "NO_AGREEMENT", "")
		a := education.call(t, http.MethodPost, path, "{}", forged...)
		if a.status != http.StatusOK || !bytes.Contains(a.body, []byte(`"education"`)) || bytes.Contains(a.body, []byte(`"housing"`)) {
			t.Errorf("%s: %d %.300s", path, a.status, a.body)
		}
		for name := range a.header {
			if strings.HasPrefix(name, "Grpc-") {
				t.Errorf("%s came back", name)
			}
		}
	}
}

func TestEveryRouteOfTheDescriptionIsServed(t *testing.T) {
	hub := hubtest.Start(t, hubtest.Config{})
	hub.AgreeOffice(t, "office")
	l := newLegacy(t, hub, "office")
	placeholder := regexp.MustCompile(`\{[^}]+\}`)
	routes := 0
	for path, methods := range openAPI(t, hub).Paths {
		for method, operation := range methods {
			routes++
			a := l.call(t, strings.ToUpper(method), placeholder.ReplaceAllString(path, "x"), nil)
			switch {
			case a.status == http.StatusOK:
			case a.status == http.StatusNotFound && bytes.Contains(a.body, []byte("_NOT_FOUND")): // it is served; x isn't there
			case a.status == http.StatusForbidden && bytes.Contains(a.body, []byte("NO_AGREEMENT")): // as for any list that isn't shared
			case a.status == http.StatusBadRequest && bytes.Contains(a.body, []byte(`"INVALID_REQUEST"`)):
			case a.status == http.StatusBadRequest && bytes.Contains(a.body, []byte(`"FILE_UNREADABLE"`)): // it is empty
			default:
				t.Errorf("%s %s (%s): %d %s", method, path, operation.OperationID, a.status, a.body)
			}
		}
	}
	if routes < 25 {
		t.Errorf("%d routes are described", routes)
	}
}

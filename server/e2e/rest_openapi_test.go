package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest"
)

// legacy is a system that knows JSON and HTTP and nothing of the hub's own code.
type legacy struct {
	base, token string
}

func newLegacy(t testing.TB, h *hubtest.Hub, agency string) legacy {
	return legacy{base: "http://" + h.HTTPAddress(), token: h.TokenFor(t, agency, "")}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends a body, or none for nil, and reads the whole answer.
func (l legacy) call(t testing.TB, method, path string, body any, header ...string) answer {
	t.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, l.base+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if l.token != "" {
		req.Header.Set("Authorization", "Bearer "+l.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return answer{status: res.StatusCode, header: res.Header, body: data}
}

// object is a call that has to succeed with an object.
func (l legacy) object(t testing.TB, method, path string, body any) map[string]any {
	t.Helper()
	a := l.call(t, method, path, body)
	if a.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return decode(t, a.body)
}

func decode(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// description is the part of OpenAPI that these tests read.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
	} `json:"paths"`
}

func openAPI(t testing.TB, h *hubtest.Hub) description {
	t.Helper()
	a := legacy{base: "http://" + h.HTTPAddress()}.call(t, http.MethodGet, "/openapi.json", nil)
	var d description
	if err := json.Unmarshal(a.body, &d); err != nil || a.status != http.StatusOK {
		t.Fatalf("/openapi.json: %d %v", a.status, err)
	}
	return d
}

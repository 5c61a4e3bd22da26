package gateway

import (
	"embed"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/bangfuhub/hub/gen/openapi"
)

//go:embed assets
var embedded embed.FS

// policy lets the docs page load only what this server gives it, and run no text as code.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docs serves the description of the interface, for machines and for people.
type docs struct {
	spec  []byte
	files fs.FS
	fail  failures
}

func newDocs(fail failures) (*docs, error) {
	spec, err := describe(openapi.Spec)
	if err != nil {
		return nil, fmt.Errorf("gateway: the OpenAPI description: %w", err)
	}
	files, err := fs.Sub(embedded, "assets")
	return &docs{spec: spec, files: files, fail: fail}, err
}

// ServeHTTP serves /openapi.json, /docs and the files of the page below it.
func (d *docs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	if r.URL.Path == "/openapi.json" {
		h.Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(d.spec) // the client may be gone
		return
	}
	name := strings.Trim(strings.TrimPrefix(r.URL.Path, "/docs"), "/")
	if name == "" {
		name = "index.html"
	}
	data, err := fs.ReadFile(d.files, name)
	if err != nil {
		d.fail.routing(w, http.StatusNotFound)
		return
	}
	h.Set("Content-Type", contentType(name))
	_, _ = w.Write(data)
}

// contentType names the character set, without which browsers misread the scripts.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	}
	return mime.FormatMediaType("text/plain", map[string]string{"charset": "utf-8"})
}

// Package pages makes the printed pages: of the removal procedure the case file (案卷) and the
// announcements (公示, 公告), to departments the official letter (函) and the reconciliation sheet
// (对账表). They are whole HTML documents in Chinese for A4 paper, load nothing from elsewhere and
// run no script. It is pure.
//
// What may not stand on a page has no field in its data: no page has one for a phone, and only
// the list of a letter, by which the department finds its people, has one for ID numbers.
package pages

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the templates
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
)

//go:embed templates/style.css
var style string

//go:embed templates/casefile.html
var caseFileText string

//go:embed templates/announcement.html
var announcementText string

// The letter and the sheet lay their own style over the common one.
//
//go:embed templates/letter.html
var letterText string

//go:embed templates/letter.css
var letterStyle string

//go:embed templates/reconciliation.html
var reconciliationText string

//go:embed templates/reconciliation.css
var reconciliationStyle string

var (
	caseFile       = parse("casefile", caseFileText, style)
	announcement   = parse("announcement", announcementText, style)
	letter         = parse("letter", letterText, style+letterStyle)
	reconciliation = parse("reconciliation", reconciliationText, style+reconciliationStyle)
)

func parse(name, text, style string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"day": day, "add": func(a, b int) int { return a + b }, "type": mediaType, "join": join,
		"style":  func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file
		"policy": func() string { return policy(style) },
	}).Parse(text))
}

// policy lets a browser use the page's own style and nothing else.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func render(t *template.Template, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return b.Bytes(), nil
}

// day writes a day as people do: 2026年3月1日.
func day(d date.Date) string {
	if !d.Valid() {
		return ""
	}
	t := d.Time()
	return fmt.Sprintf("%d年%d月%d日", t.Year(), int(t.Month()), t.Day())
}

// mediaType names the type of a document.
func mediaType(t string) string {
	switch t {
	case "application/pdf":
		return "PDF"
	case "image/jpeg", "image/png":
		return "图片"
	case "text/plain":
		return "文本"
	}
	return t
}

// join writes several as people do: 甲、乙.
func join(all []string) string { return strings.Join(all, "、") }

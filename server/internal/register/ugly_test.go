package register_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/register"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestUglyFiles reads files with the damage of domain 4.5 and of spreadsheets; the XLSX
// files were written by LibreOffice. Each ends with the expected loads and problems.
func TestUglyFiles(t *testing.T) {
	names, err := filepath.Glob("testdata/[0-9]*")
	if err != nil || len(names) != 10 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	var out strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, data, register.Config{})
		fmt.Fprintf(&out, "%s\n", filepath.Base(name))
		for _, u := range units(t, f) {
			if len(u.Problems) == 0 {
				fmt.Fprintf(&out, "  rows %v: loads, %d persons\n", u.Rows, len(u.Household.Persons))
			}
			for _, p := range u.Problems {
				fmt.Fprintf(&out, "  rows %v: row %d %s %s\n", u.Rows, p.Row, strings.TrimSpace(p.Column), p.Reason)
			}
		}
	}
	const golden = "testdata/ugly.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != out.String() {
		t.Errorf("%v; got\n%s", err, out.String())
	}
}

func TestMendedReportReadsCleanly(t *testing.T) {
	for _, name := range []string{"testdata/05-disagree.csv", "testdata/02-gb18030.csv", "testdata/08-full-width.xlsx"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, data, register.Config{})
		var out bytes.Buffer
		report, err := f.Report(&out)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units(t, f) {
			if err := report.Reject(&u, u.Problems); err != nil {
				t.Fatal(err)
			}
		}
		if err := report.Close(); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "testdata/05") && !strings.Contains(out.String(), "【主要致贫原因】与同一户第2行不一致") {
			t.Errorf("no reason in the report:\n%s", out.String())
		}
		again := open(t, bytes.ReplaceAll(out.Bytes(), []byte("因残"), []byte("因病")), register.Config{})
		if len(again.Ignored()) > 0 {
			t.Error(name, again.Ignored())
		}
		for _, u := range units(t, again) {
			if len(u.Problems) > 0 {
				t.Errorf("%s: %+v", name, u.Problems)
			}
		}
	}
}

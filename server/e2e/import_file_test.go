package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server"
)

// sheetOf writes rows of invented households.
func sheetOf(t testing.TB, format string, households int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "register."+format)
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.GenerateRegister(out, format, households, 4, today(), nil); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// loads imports a file with flags and gives the summary.
func (h house) loads(t testing.TB, exit int, args ...string) (r server.ImportResult) {
	t.Helper()
	out := h.hubd(t, exit, append([]string{"import", "--json"}, args...)...).stdout
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// edit rewrites a CSV file's rows below the header into a new file.
func edit(t testing.TB, file string, change func(rows []string) []string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimRight(string(data), "\r\n")+"\r\n", "\n")
	lines = lines[:len(lines)-1]
	out := filepath.Join(t.TempDir(), filepath.Base(file))
	text := lines[0] + strings.Join(change(slices.Clone(lines[1:])), "")
	if err := os.WriteFile(out, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestADryRunChangesNothingAndTellsWhatTheImportWillDo(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		file := sheetOf(t, "xlsx", 40)
		told := h.loads(t, 0, "--dry-run", file)
		if again := h.loads(t, 0, "--dry-run", file); again.Created != told.Created || !maps.Equal(again.Changes, told.Changes) {
			t.Errorf("the dry run left something: %+v, then %+v", told, again)
		}
		did := h.loads(t, 0, file)
		if did.Accepted == 0 || did.Accepted != told.Accepted || !maps.Equal(did.Changes, told.Changes) || !maps.EqualFunc(did.Villages, told.Villages, maps.Equal[server.Changes]) {
			t.Errorf("told %+v, did %+v", told, did)
		}
		if did.Changes["MEMBER_JOINED"] == 0 || did.Changes["LIST_UPSERT"] == 0 {
			t.Errorf("changes: %v", did.Changes)
		}
	})
}

func TestTheSameRowsInAnyOrderChangeNothing(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		file := sheetOf(t, "csv", 40)
		first := h.loads(t, 0, file)
		turned := edit(t, file, func(rows []string) []string { slices.Reverse(rows); return rows })
		sorted := edit(t, file, func(rows []string) []string { slices.SortFunc(rows, backwards); return rows })
		for _, f := range []string{file, turned, sorted} {
			if again := h.loads(t, 0, f); first.Created == 0 || again.Unchanged != first.Created || again.Rejected > 0 {
				t.Errorf("again: %+v", again)
			}
		}
	})
}

// backwards orders rows by their last characters, so that households are torn apart.
func backwards(a, b string) int { return bytes.Compare(reversed(a), reversed(b)) }

func reversed(s string) []byte {
	b := []byte(s)
	slices.Reverse(b)
	return b
}

func TestTheMendedReportLoadsTheRest(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		file := sheetOf(t, "csv", 10)
		var good, bad string
		spoilt := edit(t, file, func(rows []string) []string {
			for cell := range strings.SplitSeq(rows[0], ",") {
				if cell = strings.Trim(cell, "\""); len(cell) == 18 && strings.HasPrefix(cell, "99") {
					good, bad = cell, "9.90E+17"
				}
			}
			rows[0] = strings.Replace(rows[0], good, bad, 1)
			return rows
		})
		r := h.loads(t, 3, spoilt)
		if r.Accepted != 9 || r.Rejected != 1 || r.Reasons["NUMBER_ROUNDED"] != 1 {
			t.Fatalf("%+v", r)
		}
		mended := edit(t, spoilt+".rejected.csv", func(rows []string) []string {
			rows[0] = strings.Replace(rows[0], bad, good, 1)
			return rows
		})
		if r := h.loads(t, 0, mended); r.Created != 1 || r.Rejected != 0 {
			t.Errorf("mended: %+v", r)
		}
		if r := h.loads(t, 0, file); r.Unchanged != 10 {
			t.Errorf("the whole file after it: %+v", r)
		}
	})
}

package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server"
)

// mustFind expects exactly these checks to fail; the calendar and the disks are this machine's matter.
func mustFind(t *testing.T, h house, args []string, want ...string) {
	t.Helper()
	var all []server.Finding
	got := finish(t, program(t, "hubd", append(append([]string{"doctor", "--json"}, args...), h.flags...)...))
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil {
		t.Fatalf("%v: %s%s", err, got.stdout, got.stderr)
	}
	var wrong []string
	unwell := false
	for _, f := range all {
		unwell = unwell || !f.OK
		if !f.OK && f.Check != "working days" && !strings.HasPrefix(f.Check, "disk ") {
			wrong = append(wrong, f.Check)
		}
		if f.OK != (f.Remedy == "") {
			t.Errorf("wrong without a remedy, or the other way round: %+v", f)
		}
	}
	if strings.Join(wrong, ",") != strings.Join(want, ",") || unwell != (got.exit == 3) || !unwell && got.exit != 0 {
		t.Errorf("exit %d, wrong are %v, want %v: %s", got.exit, wrong, want, got.stdout)
	}
}

func TestTheDoctorFindsWhatIsWrongAndOnlyThat(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		h.load(t, invented(t, 20, 6))
		h.hubd(t, 0, "derive")
		mustFind(t, h, nil)
		mustFind(t, h, []string{"--all"})
		db, at := h.database(t), "0"
		if postgres {
			at = "'2019-01-01'"
		}
		damage := []string{
			"UPDATE heads SET derived_for = '2019-01-01'",
			"UPDATE blocks SET count = count + 1 WHERE count > 0",
			"UPDATE households SET document = NULL",
			"INSERT INTO intents (id, kind, area, time) VALUES ('i', 'transfer', 'sanya', " + at + ")",
		}
		found := []string{"derivation", "keys", "blocks", "unfinished work"}
		for _, statement := range damage {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		mustFind(t, h, nil, found...)
		mustFind(t, h, []string{"--all"}, found...)
	})
}

func TestTheDoctorMakesNoHubWhereThereIsNone(t *testing.T) {
	dir := t.TempDir()
	got := mustRun(t, 3, "hubd", "doctor", "--data", dir)
	if left, _ := os.ReadDir(dir); len(left) > 0 || !strings.Contains(got.stdout, "hub.db") {
		t.Errorf("left %v: %s", left, got.stdout)
	}
}

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // to damage a mirror behind hubsync's back

	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const village = "460400100001"

// setup is a hub with 20 households, derived for 2026-03-01, and the flags to mirror it.
func setup(t *testing.T) (*testhub.Hub, []string) {
	t.Helper()
	hub, target := testhub.Serve(t, testhub.List("household-status", hubv1.Grain_GRAIN_HOUSEHOLD, "head_name", "member_count"))
	for i := range 20 {
		hub.Commit("danzhou", "IMPORT", household(i).Put(village, &hubv1.Record{HeadName: "李小甲", MemberCount: 3}))
	}
	hub.Derived("2026-03-01", "")
	return hub, []string{"--hub", target, "--insecure", "--db", filepath.Join(t.TempDir(), "mirror.db"), "--date", "2026-03-01"}
}

func household(i int) testhub.Key {
	return testhub.Key{List: "household-status", Household: fmt.Sprintf("hh_%d", i)}
}

func mustExit(t *testing.T, want int, flags []string, command ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), slices.Concat(flags, command), &out, &errs); got != want {
		t.Fatalf("%v: exit %d, want %d\n%s%s", command, got, want, &out, &errs)
	}
	return out.String(), errs.String()
}

func TestExitCodesSayWhatAPullDid(t *testing.T) {
	hub, flags := setup(t)
	if out, _ := mustExit(t, exitStored, flags, "pull"); !strings.Contains(out, "current, 20 rows") {
		t.Errorf("summary: %s", out)
	}
	mustExit(t, exitNothing, flags, "pull")
	hub.Commit("danzhou", "UPDATE", household(0).End("DEATH"))
	if out, _ := mustExit(t, exitStored, flags, "pull"); !strings.Contains(out, "ENDED  DEATH  1  support ended") {
		t.Errorf("summary: %s", out)
	}
	mustExit(t, exitLate, append(flags, "--date", "2026-03-02"), "pull")
	hub.Derived("2026-03-01", "2026-03-20")
	mustExit(t, exitAgreement, flags, "pull")
	mustExit(t, exitNothing, append(flags, "--warn-days", "10"), "pull")
	mustExit(t, exitLate, append(flags, "--date", "2026-03-02"), "pull") // goes before the agreement
	var acts []testhub.Act
	for i := range 15 {
		acts = append(acts, household(i).Leave("CONDITION"))
	}
	hub.Commit("danzhou", "CATALOGUE", acts...)
	if out, _ := mustExit(t, exitHeld, flags, "pull"); !strings.Contains(out, "14 of 19 rows would go, 10 may go unasked") {
		t.Errorf("summary: %s", out)
	}
	mustExit(t, exitAgreement, flags, "pull", "--accept-shrink")
}

func TestAFailureSaysWhatToDoInBothLanguages(t *testing.T) {
	hub, flags := setup(t)
	hub.SetBefore(func(string) error { return testhub.Fail(codes.PermissionDenied, hubv1.Reason_REASON_NO_AGREEMENT) })
	_, stderr := mustExit(t, exitFailed, flags, "pull")
	for _, want := range []string{"NO_AGREEMENT", "中文说明", "ask the office"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q: %s", want, stderr)
		}
	}
}

func TestWrongCommandLinesAreUsage(t *testing.T) {
	_, flags := setup(t)
	for _, args := range [][]string{{}, {"push"}, {"pull", "--max-shrink", "5"}, {"pull", "--date", "tomorrow"}, {"pull", "--divisions", "46"}} {
		mustExit(t, exitUsage, flags, args...)
	}
	mustExit(t, exitUsage, nil, "pull")
	if out, _ := mustExit(t, exitStored, nil, "--help"); !strings.Contains(out, "held by the shrink guard") {
		t.Errorf("help lacks the exit codes: %s", out)
	}
}

func TestVerifyFindsDamageAndHealRepairsIt(t *testing.T) {
	_, flags := setup(t)
	mustExit(t, exitStored, flags, "pull")
	mustExit(t, exitStored, flags, "verify")
	db, err := sql.Open("sqlite", flags[4])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE household_status SET member_count = 9 WHERE household = 'hh_3'"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	mustExit(t, exitDiffers, flags, "verify")
	mustExit(t, exitStored, flags, "heal")
	mustExit(t, exitStored, flags, "verify")
	mustExit(t, exitNothing, flags, "heal")
}

func TestJSONIsOneObject(t *testing.T) {
	_, flags := setup(t)
	out, _ := mustExit(t, exitStored, flags, "pull", "--json")
	var r struct {
		Command string
		Exit    int
		Result  struct {
			Current bool
			Counts  []struct{ Rows int }
			End     struct {
				Areas []struct {
					DerivedFor string `json:"derived_for"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Command != "pull" || !r.Result.Current || r.Result.Counts[0].Rows != 20 || r.Result.End.Areas[0].DerivedFor != "2026-03-01" {
		t.Errorf("%s", out)
	}
}

func TestFollowEndsCleanlyOnASignal(t *testing.T) {
	hub, flags := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := 0
	out := writer(func(line []byte) {
		switch lines++; lines {
		case 2: // the live stream is open: its own first End was reported
			hub.Commit("danzhou", "UPDATE", household(1).Put(village, &hubv1.Record{MemberCount: 4}))
		case 3:
			if !bytes.Contains(line, []byte(`"op":"UPSERT"`)) {
				t.Errorf("third report: %s", line)
			}
			cancel() // as SIGTERM does
		}
	})
	var stderr bytes.Buffer
	if code := run(ctx, append([]string{"follow", "--json"}, flags...), out, &stderr); code != exitStored {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

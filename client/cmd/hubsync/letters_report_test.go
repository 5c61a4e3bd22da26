package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// damage changes a mirror behind hubsync's back, where no digest shows it.
func damage(t *testing.T, flags []string) {
	t.Helper()
	db, err := sql.Open("sqlite", flags[slices.Index(flags, "--db")+1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE no_longer_supported SET unsupported_from = '2030-01-01' WHERE person = 'pp_1'"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// refusing makes the hub refuse reports for a reason.
func refusing(hub *testhub.Hub, reason hubv1.Reason) {
	hub.SetBefore(func(method string) error {
		if method != "ReportApplied" {
			return nil
		}
		return testhub.Fail(codes.FailedPrecondition, reason)
	})
}

func TestReportProvesEveryAcknowledgedLetterThatIsInEffect(t *testing.T) {
	hub, flags := correspondence(t, sent, acknowledged, acknowledged, applied, acknowledged)
	hub.ChangeLetter("lt_3", func(l *hubv1.Letter) { l.EffectiveOn = "2026-03-02" })
	out, _ := mustExit(t, exitStored, flags, "letters", "report")
	mustSay(t, out, "琼扶函〔2026〕2号: applied", "琼扶函〔2026〕5号: applied", "1 letter waits for acknowledgement")
	for id, want := range map[string]hubv1.ReceiptState{"lt_1": sent, "lt_2": applied, "lt_3": acknowledged, "lt_5": applied} {
		mustStand(t, hub, id, want)
	}
	if strings.Contains(out, "琼扶函〔2026〕3号") {
		t.Errorf("a letter was tried that is not in effect:\n%s", out)
	}
	if !hub.Receipt("lt_2").GetProved() || len(hub.Answered()) != 2 {
		t.Fatalf("receipt %v, %d requests", hub.Receipt("lt_2"), len(hub.Answered()))
	}
	_, stderr := mustExit(t, exitFailed, flags, "letters", "report", "lt_3") // named, so it was wanted
	mustSay(t, stderr, "LETTER_NOT_IN_EFFECT")
}

func TestAPersonsCountNeedsNoCopyAndOneThatDiffersIsTold(t *testing.T) {
	hub, flags := correspondence(t, acknowledged, acknowledged)
	flags = without(flags, "--db")
	mustExit(t, exitStored, flags, "letters", "report", "lt_1", "--count", "2")
	mustStand(t, hub, "lt_1", applied)
	if hub.Receipt("lt_1").GetProved() {
		t.Error("a count proves nothing")
	}
	out, _ := mustExit(t, exitDisputed, flags, "letters", "report", "lt_2", "--count", "0")
	mustSay(t, out, "琼扶函〔2026〕2号: DISPUTED")
	mustStand(t, hub, "lt_2", disputed)
}

func TestAPullReportsLettersOnlyWhereItIsAskedTo(t *testing.T) {
	hub, flags := correspondence(t, sent, acknowledged, delivered)
	mustExit(t, exitStored, flags, "pull")
	mustStand(t, hub, "lt_2", acknowledged)
	t.Setenv("HUBSYNC_REPORT_LETTERS", "true")
	mustExit(t, exitNothing, flags, "heal")
	mustStand(t, hub, "lt_2", acknowledged)
	out, _ := mustExit(t, exitNothing, flags, "pull", "--json")
	var r struct {
		Letters []struct{ ID, Number, State, Reason string }
		Waiting int `json:"letters_waiting"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Letters) != 1 || r.Letters[0].ID != "lt_2" || r.Letters[0].Number != "琼扶函〔2026〕2号" || r.Letters[0].State != "APPLIED" || r.Waiting != 2 {
		t.Fatalf("%s", out)
	}
	out, _ = mustExit(t, exitNothing, flags, "pull")
	mustSay(t, out, "2 letters wait for acknowledgement: hubsync letters list")
	mustStand(t, hub, "lt_1", sent)
}

func TestALetterThatDiffersFromTheCopyIsToldOnceBeforeWhatEveryRunSays(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	mustExit(t, exitStored, flags, "pull")
	damage(t, flags)
	late := append(flags, "--date", "2026-03-02")
	out, _ := mustExit(t, exitDisputed, late, "pull", "--report-letters")
	mustSay(t, out, "琼扶函〔2026〕1号: DISPUTED", "the office was told", "has not derived its lists")
	mustStand(t, hub, "lt_1", disputed)
	mustExit(t, exitLate, late, "pull", "--report-letters")
}

func TestAHeldPullReportsNothing(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	for i := range 20 {
		hub.Commit("danzhou", "REMOVAL", unsupported(i+10).Put(village, &hubv1.Record{Name: "虚拟乙"}))
	}
	mustExit(t, exitStored, flags, "pull")
	for i := range 20 {
		hub.Commit("danzhou", "REVERSAL", unsupported(i+10).Leave("CONDITION"))
	}
	mustExit(t, exitHeld, flags, "pull", "--report-letters")
	mustExit(t, exitHeld, flags, "letters", "report", "lt_1")
	mustStand(t, hub, "lt_1", acknowledged)
}

func TestALetterThatCannotBeReportedYetFailsNoPull(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	mustExit(t, exitStored, flags, "pull")
	for _, reason := range []hubv1.Reason{
		hubv1.Reason_REASON_LETTER_NOT_IN_EFFECT, hubv1.Reason_REASON_LETTER_NOT_ACKNOWLEDGED, hubv1.Reason_REASON_LETTER_BEHIND,
		hubv1.Reason_REASON_LETTER_BEING_CORRECTED, hubv1.Reason_REASON_LETTER_DISPUTED, hubv1.Reason_REASON_LETTER_WITHDRAWN,
	} {
		refusing(hub, reason)
		out, _ := mustExit(t, exitNothing, flags, "pull", "--report-letters")
		mustSay(t, out, "琼扶函〔2026〕1号: not done", reason.String()[len("REASON_"):])
	}
	refusing(hub, hubv1.Reason_REASON_NO_AGREEMENT)
	_, stderr := mustExit(t, exitFailed, flags, "pull", "--report-letters")
	mustSay(t, stderr, "letter lt_1", "NO_AGREEMENT")
}

func TestAnObjectionThatSomebodyMadeMeanwhileIsNotThisRuns(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	mustExit(t, exitStored, flags, "pull")
	hub.SetBefore(func(method string) error {
		if method == "GetLetter" {
			hub.ChangeLetter("lt_1", func(l *hubv1.Letter) { l.Receipts[0].State = disputed })
		}
		return nil
	})
	out, _ := mustExit(t, exitNothing, flags, "pull", "--report-letters")
	mustSay(t, out, "琼扶函〔2026〕1号: not done", "LETTER_DISPUTED")
}

func TestACopyBehindALetterIsPulledOnceMore(t *testing.T) {
	hub, flags := correspondence(t, acknowledged, acknowledged)
	id, reports, pulls, commits := "lt_1", 0, 0, 1
	hub.SetBefore(func(method string) error {
		switch method {
		case "Follow":
			pulls++
		case "ReportApplied":
			if reports++; reports <= commits {
				n := hub.Commit("danzhou", "REMOVAL", unsupported(reports+3).Put(village, &hubv1.Record{Name: "虚拟乙"}))
				hub.ChangeLetter(id, func(l *hubv1.Letter) { l.Transaction = n })
			}
		}
		return nil
	})
	out, _ := mustExit(t, exitStored, flags, "pull", "--report-letters")
	mustSay(t, out, "琼扶函〔2026〕1号: applied", "琼扶函〔2026〕2号: applied", "current, 4 rows")
	if reports != 3 || pulls != 2 {
		t.Fatalf("%d reports, %d pulls", reports, pulls)
	}
	hub.AddLetter(letter(3, acknowledged))
	hub.AddLetter(letter(4, acknowledged))
	hub.ChangeLetter("lt_4", func(l *hubv1.Letter) { l.Transaction = 1000 })
	id, reports, pulls, commits = "lt_3", 0, 0, 99 // the hub is always ahead
	out, _ = mustExit(t, exitStored, flags, "pull", "--report-letters")
	mustSay(t, out, "琼扶函〔2026〕3号: not done", "琼扶函〔2026〕4号: not done", "LETTER_BEHIND")
	if reports != 3 || pulls != 2 {
		t.Fatalf("%d reports, %d pulls for a hub that is always ahead", reports, pulls)
	}
}

func TestACopyOfOtherVillagesOrWithoutTheRosterAccusesNobody(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	elsewhere := append(without(flags, "--db"), "--db", t.TempDir()+"/elsewhere.db", "--divisions", "469001000000")
	_, stderr := mustExit(t, exitFailed, elsewhere, "letters", "report")
	mustSay(t, stderr, village, "--divisions")
	_, stderr = mustExit(t, exitFailed, append(without(flags, "--db"), "--db", t.TempDir()+"/other.db", "--lists", "education"), "letters", "report")
	mustSay(t, stderr, testhub.Roster)
	mustStand(t, hub, "lt_1", acknowledged)
	mustExit(t, exitStored, append(flags, "--divisions", "460400000000,469001000000"), "letters", "report")
	mustStand(t, hub, "lt_1", applied)
}

func TestADivisionsCodeStandsForAllBelowIt(t *testing.T) {
	for code, want := range map[string]string{
		"460000000000": "46", "461000000000": "4610", "469001000000": "469001", "460400100000": "460400100", "460400100001": village,
	} {
		if got := significant(code); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

func TestFollowReportsLettersAsTheyBecomeReadyAndGoesOnAfterAFailure(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	streams, refuse := 0, true
	hub.SetBefore(func(method string) error {
		switch {
		case method == "Follow":
			streams++
		case method == "ReportApplied" && refuse:
			return testhub.Fail(codes.FailedPrecondition, hubv1.Reason_REASON_NO_AGREEMENT)
		}
		return nil
	})
	var lines []report
	out := writer(func(line []byte) {
		var r report
		if err := json.Unmarshal(line, &r); err != nil {
			t.Error(err)
		}
		switch lines = append(lines, r); len(lines) {
		case 2: // the live stream is open
			refuse = false
			hub.Commit("danzhou", "UPDATE", unsupported(3).Put(village, &hubv1.Record{Name: "虚拟丙"}))
		case 3:
			hub.AddLetter(letter(2, acknowledged))
			hub.ChangeLetter("lt_2", func(l *hubv1.Letter) { l.Transaction = 99 })
			hub.Commit("danzhou", "UPDATE", unsupported(3).Put(village, &hubv1.Record{Name: "虚拟丁"}))
		case 4:
			cancel()
		}
	})
	var stderr bytes.Buffer
	if code := run(ctx, append([]string{"follow", "--json", "--report-letters"}, flags...), out, &stderr); code != exitStored {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	mustSay(t, stderr.String(), "NO_AGREEMENT")
	if len(lines) < 4 || lines[1].Exit != exitFailed || lines[1].Letters[0].Reason != "NO_AGREEMENT" ||
		lines[2].Exit != exitStored || lines[2].Letters[0].State != "APPLIED" ||
		lines[3].Exit != exitStored || lines[3].Letters[0].Reason != "LETTER_BEHIND" {
		t.Fatalf("reports %+v", lines)
	}
	if streams != 2 {
		t.Errorf("%d streams: a pull went on inside the live one", streams)
	}
}

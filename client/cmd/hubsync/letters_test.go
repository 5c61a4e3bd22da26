package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Short names of receipts' states.
const (
	sent         = hubv1.ReceiptState_RECEIPT_STATE_SENT
	delivered    = hubv1.ReceiptState_RECEIPT_STATE_DELIVERED
	acknowledged = hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED
	applied      = hubv1.ReceiptState_RECEIPT_STATE_APPLIED
	disputed     = hubv1.ReceiptState_RECEIPT_STATE_DISPUTED
)

// correspondence is a hub with a roster of three persons, the flags to mirror it, and
// letters lt_1, lt_2 … about two of them, in these states.
func correspondence(t *testing.T, states ...hubv1.ReceiptState) (*testhub.Hub, []string) {
	t.Helper()
	hub, target := testhub.Serve(t, testhub.List(testhub.Roster, hubv1.Grain_GRAIN_PERSON, "name", "unsupported_from"),
		testhub.List("education", hubv1.Grain_GRAIN_PERSON, "name"))
	for i := range 3 {
		hub.Commit("danzhou", "REMOVAL", unsupported(i+1).Put(village, &hubv1.Record{Name: "虚拟甲", UnsupportedFrom: "2026-01-01"}))
	}
	hub.Derived("2026-03-01", "")
	for i, s := range states {
		hub.AddLetter(letter(i+1, s))
	}
	return hub, []string{"--hub", target, "--insecure", "--db", filepath.Join(t.TempDir(), "mirror.db"), "--date", "2026-03-01"}
}

func unsupported(i int) testhub.Key {
	return testhub.Key{List: testhub.Roster, Household: "hh_1", Person: fmt.Sprint("pp_", i)}
}

func letter(i int, s hubv1.ReceiptState) *hubv1.Letter {
	receipt := &hubv1.Receipt{Agency: "education", State: s}
	if s != sent && s != delivered {
		receipt.AcknowledgedAt = "2026-02-28T10:00:00+08:00"
	}
	return &hubv1.Letter{
		Id: fmt.Sprint("lt_", i), Number: fmt.Sprintf("琼扶函〔2026〕%d号", i), Area: "danzhou", Department: "education",
		Kind: hubv1.LetterKind_LETTER_KIND_NOTICE, State: hubv1.LetterState_LETTER_STATE_ISSUED, Transaction: 2,
		EffectiveOn: "2026-01-01", AcknowledgeBy: "2026-03-04", ApplyBy: "2026-03-13",
		Items:    []*hubv1.LetterItem{item(1), item(2)},
		Receipts: []*hubv1.Receipt{receipt},
	}
}

func item(i int) *hubv1.LetterItem {
	return &hubv1.LetterItem{Number: int32(i), Kind: hubv1.LetterItemKind_LETTER_ITEM_KIND_END, Household: "hh_1",
		Person: fmt.Sprint("pp_", i), Village: village, Decision: "dc_1", Policy: "compulsory-education", LastDay: "2025-12-31"}
}

func mustStand(t *testing.T, hub *testhub.Hub, id string, want hubv1.ReceiptState) {
	t.Helper()
	if got := hub.Receipt(id).GetState(); got != want {
		t.Fatalf("letter %s: %s, want %s", id, got, want)
	}
}

func mustSay(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

// without leaves a flag and its value out.
func without(flags []string, name string) []string {
	i := slices.Index(flags, name)
	return slices.Delete(slices.Clone(flags), i, i+2)
}

func TestTheListShowsEveryLetterOfAllPagesAndNeedsNoCopy(t *testing.T) {
	hub, flags := correspondence(t, sent, acknowledged, applied, disputed, delivered)
	hub.ChangeLetter("lt_2", func(l *hubv1.Letter) { l.Receipts[0].Overdue = true })
	flags = without(flags, "--db")
	out, _ := mustExit(t, exitStored, flags, "letters", "list")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 6 ||
		!slices.Equal(strings.Fields(lines[1]), []string{"lt_1", "琼扶函〔2026〕1号", "education", "danzhou", "NOTICE", "2", "SENT", "2026-03-04", "2026-03-13"}) ||
		!strings.HasSuffix(strings.TrimSpace(lines[2]), "overdue") {
		t.Fatalf("list:\n%s", out)
	}
	mustStand(t, hub, "lt_1", sent) // to look at the list is not to have the letter
	out, _ = mustExit(t, exitStored, flags, "letters", "list", "--waiting", "--json")
	var states []string
	for line := range strings.Lines(out) {
		var l struct{ Number, State string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		states = append(states, l.State)
	}
	if !slices.Equal(states, []string{"SENT", "ACKNOWLEDGED", "DELIVERED"}) {
		t.Fatalf("waiting: %v", states)
	}
	_, none := correspondence(t)
	if out, _ := mustExit(t, exitStored, none, "letters", "list"); out != "no letters\n" {
		t.Errorf("an empty list: %q", out)
	}
}

func TestAPrintedLetterGoesToAFileOfItsNumberOrWhereItIsTold(t *testing.T) {
	hub, flags := correspondence(t, sent)
	t.Chdir(t.TempDir())
	hub.ChangeLetter("lt_1", func(l *hubv1.Letter) { l.Number = `../琼扶函/2026:1号?` })
	page := "<!doctype html><title>../琼扶函/2026:1号?</title>"
	out, _ := mustExit(t, exitStored, flags, "letters", "print", "lt_1")
	mustSay(t, out, "written to _琼扶函_2026_1号_.html")
	for name, command := range map[string][]string{"_琼扶函_2026_1号_.html": nil, "x.html": {"-o", "x.html"}} {
		if command != nil {
			mustExit(t, exitStored, flags, append([]string{"letters", "print", "lt_1"}, command...)...)
		}
		content, err := os.ReadFile(name)
		if err != nil || string(content) != page {
			t.Fatalf("%s: %q %v", name, content, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v %v", name, info.Mode(), err)
		}
	}
	if out, _ := mustExit(t, exitStored, flags, "letters", "print", "lt_1", "-o", "-"); out != page {
		t.Errorf("standard output: %q", out)
	}
	mustStand(t, hub, "lt_1", delivered)
	hub.ChangeLetter("lt_1", func(l *hubv1.Letter) { l.Number = "" })
	out, _ = mustExit(t, exitStored, flags, "letters", "print", "lt_1")
	mustSay(t, out, "written to lt_1.html")
	_, stderr := mustExit(t, exitFailed, flags, "letters", "print", "lt_9")
	mustSay(t, stderr, "LETTER_NOT_FOUND")
}

func TestLettersAreAcknowledgedOnceEachComparedWithItsDigestFirst(t *testing.T) {
	hub, flags := correspondence(t, sent, delivered, sent)
	hub.ChangeLetter("lt_2", func(l *hubv1.Letter) { l.Items[0].LastDay = "2030-12-31" })
	out, stderr := mustExit(t, exitFailed, without(flags, "--db"), "letters", "acknowledge", "lt_1", "lt_2", "lt_3")
	mustSay(t, out, "琼扶函〔2026〕1号: acknowledged", "琼扶函〔2026〕2号: not done", "琼扶函〔2026〕3号: acknowledged")
	mustSay(t, stderr, "letter lt_2: the digest of its items is not the letter's")
	mustStand(t, hub, "lt_1", acknowledged)
	mustStand(t, hub, "lt_2", delivered)
	mustStand(t, hub, "lt_3", acknowledged)
	mustExit(t, exitStored, flags, "letters", "acknowledge", "lt_1")
	hub.AddLetter(letter(4, applied)) // by somebody else of the agency
	out, _ = mustExit(t, exitStored, flags, "letters", "acknowledge", "lt_4")
	mustSay(t, out, "琼扶函〔2026〕4号: applied")
	if n := len(hub.Answered()); n != 2 {
		t.Fatalf("%d acknowledgements of two letters", n)
	}
}

func TestAProgramsTokenIsRefusedInWords(t *testing.T) {
	hub, flags := correspondence(t, delivered)
	hub.SetProgram(true)
	for _, command := range [][]string{{"acknowledge", "lt_1"}, {"dispute", "lt_1", "--item", "1", "--ground", "other", "--text", "x"}} {
		_, stderr := mustExit(t, exitFailed, flags, append([]string{"letters"}, command...)...)
		mustSay(t, stderr, "PERSON_MUST_ACT", "中文说明", "what to do:")
	}
	mustStand(t, hub, "lt_1", delivered)
}

func TestADisputeNamesItemsGroundAndText(t *testing.T) {
	hub, flags := correspondence(t, acknowledged)
	out, _ := mustExit(t, exitStored, without(flags, "--db"), "letters", "dispute", "lt_1", "--item", "2,1", "--ground", "in-need", "--text", "正在治疗")
	mustSay(t, out, "琼扶函〔2026〕1号: objected to")
	mustStand(t, hub, "lt_1", disputed)
	hub.ChangeLetter("lt_1", func(l *hubv1.Letter) {
		for i, o := range l.GetObjections() {
			if o.GetItem() != int32(2-i) || o.GetGround() != hubv1.ObjectionGround_OBJECTION_GROUND_IN_NEED || o.GetText() != "正在治疗" {
				t.Errorf("objection %v", o)
			}
		}
		if len(l.GetObjections()) != 2 {
			t.Errorf("%d objections", len(l.GetObjections()))
		}
	})
	_, stderr := mustExit(t, exitFailed, flags, "letters", "dispute", "lt_1", "--item", "7", "--ground", "LAST_DAY", "--text", "x")
	mustSay(t, stderr, "LETTER_ITEM_UNKNOWN")
}

func TestWrongCommandsAboutLettersAreUsage(t *testing.T) {
	_, flags := correspondence(t, acknowledged)
	for _, command := range []string{
		"letters", "letters print", "letters print lt_1 --json -o -", "letters acknowledge",
		"letters report --count 2", "letters report lt_1 lt_2 --count 2", "letters report lt_1 --count=-1",
		"letters dispute lt_1 --ground other --text x", "letters dispute lt_1 --item 1 --text x",
		"letters dispute lt_1 --item 1 --ground differs --text x", "letters dispute lt_1 --item 1 --ground unspecified --text x",
		"letters dispute lt_1 --item 1 --ground dead --text x",
	} {
		mustExit(t, exitUsage, flags, strings.Fields(command)...)
	}
	for _, command := range []string{"pull", "follow", "verify", "heal", "letters report", "letters report lt_1"} {
		_, stderr := mustExit(t, exitUsage, without(flags, "--db"), strings.Fields(command)...)
		mustSay(t, stderr, "needs --db")
	}
}

// lost makes the answer to the next request of a method get lost on its way back.
func lost(hub *testhub.Hub, method string) {
	left := 1
	hub.SetBefore(func(m string) error {
		if m == method+" answered" && left > 0 {
			left--
			return status.Error(codes.Internal, "killed")
		}
		return nil
	})
}

func TestARunRepeatedAfterACrashRepeatsTheSameRequest(t *testing.T) {
	for method, command := range map[string]string{
		"AcknowledgeLetter": "letters acknowledge lt_1",
		"DisputeLetter":     "letters dispute lt_1 --item 1 --ground other --text 不符",
		"ReportApplied":     "letters report lt_1",
	} {
		hub, flags := correspondence(t, acknowledged)
		before := hub.Receipt("lt_1")
		if method == "AcknowledgeLetter" {
			before.State, before.AcknowledgedAt = delivered, ""
		}
		reset := func(l *hubv1.Letter) {
			l.Receipts[0].State, l.Receipts[0].AcknowledgedAt = before.State, before.AcknowledgedAt
		}
		hub.ChangeLetter("lt_1", reset)
		lost(hub, method)
		mustExit(t, exitFailed, flags, strings.Fields(command)...)
		hub.ChangeLetter("lt_1", reset) // as a run sees it that read the letter before the request came
		mustExit(t, exitStored, flags, strings.Fields(command)...)
		if ids := hub.Answered(); len(ids) != 1 {
			t.Errorf("%s: the hub saw %d different requests", method, len(ids))
		}
	}
}

func TestAnotherAnswerIsAnotherRequest(t *testing.T) {
	hub, flags := correspondence(t, acknowledged, acknowledged)
	answered := func(want int, code int, command string) {
		t.Helper()
		mustExit(t, code, flags, strings.Fields(command)...)
		if got := len(hub.Answered()); got != want {
			t.Fatalf("%s: %d requests, want %d", command, got, want)
		}
	}
	refuse := func(l *hubv1.Letter) {
		l.Receipts[0].State = acknowledged
		for _, o := range l.GetObjections() {
			o.State = hubv1.ObjectionState_OBJECTION_STATE_REFUSED
		}
	}
	answered(1, exitDisputed, "letters report lt_1 --count 1")
	answered(2, exitDisputed, "letters report lt_2 --count 1")
	hub.ChangeLetter("lt_1", refuse)
	answered(3, exitDisputed, "letters report lt_1 --count 1") // the office insisted; the same count is said again
	hub.ChangeLetter("lt_1", refuse)
	answered(4, exitStored, "letters report lt_1 --count 2")
	mustStand(t, hub, "lt_1", applied)
}

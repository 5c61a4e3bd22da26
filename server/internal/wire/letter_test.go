package wire

import (
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func TestTheDigestOfALetterIsThatOfTheWorkedExamples(t *testing.T) {
	text, err := os.ReadFile("../../../api/bangfu/hub/v1/golden/letterdigest.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Letters []struct {
			Items  []json.RawMessage
			Digest string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Letters) < 3 {
		t.Fatal(len(golden.Letters), err)
	}
	for n, l := range golden.Letters {
		var items []letter.Item
		for _, raw := range l.Items {
			var p hubv1.LetterItem
			if err := protojson.Unmarshal(raw, &p); err != nil {
				t.Fatal(err)
			}
			items = append(items, letter.Item{
				Kind: letterItemKinds.text(p.GetKind()), Household: p.GetHousehold(), Person: p.GetPerson(), Decision: p.GetDecision(),
				Policy: p.GetPolicy(), LastDay: date.Date(p.GetLastDay()), FirstDay: date.Date(p.GetFirstDay()),
			})
		}
		if got := letter.Digest(items); got != l.Digest {
			t.Errorf("letter %d: %s, not %s", n, got, l.Digest)
		}
	}
}

// knownTo counts the codes that the contract has a value for.
func knownTo[C ~string, E enum](t *testing.T, table codes[C, E], all ...C) {
	t.Helper()
	for _, c := range all {
		if table.number(c) == 0 {
			t.Errorf("the contract does not know %q", c)
		}
	}
	if len(all) != len(table.numbers) {
		t.Errorf("the contract knows %d codes, the hub %d", len(table.numbers), len(all))
	}
}

func TestTheContractKnowsEveryCodeOfLetters(t *testing.T) {
	knownTo(t, letterKinds, letter.Notice, letter.Correction)
	knownTo(t, letterStates, letter.Draft, letter.Signed, letter.Issued, letter.Withdrawn, letter.Cancelled)
	knownTo(t, letterItemKinds, letter.End, letter.Resume, letter.Restate)
	knownTo(t, receiptStates, letter.ReceiptSent, letter.ReceiptDelivered, letter.ReceiptAcknowledged, letter.ReceiptApplied, letter.ReceiptDisputed, letter.ReceiptWithdrawn)
	knownTo(t, letterWaiting, letter.ForSignOff, letter.ForIssue, letter.ForRecipients, letter.ForAnswer)
	knownTo(t, draftRules, removal.DraftAtOnce, removal.DraftDaily, removal.DraftCount)
	knownTo(t, objectionSubject, letter.SubjectFact, letter.SubjectDecision)
	knownTo(t, objectionStates, letter.ObjectionOpen, letter.Corrected, letter.Refused)
	knownTo(t, objectionGrounds, letter.GroundIdentity, letter.GroundDeceased, letter.GroundInNeed, letter.GroundLastDay, letter.GroundNotOurs, letter.GroundDiffers, letter.GroundOther)
}

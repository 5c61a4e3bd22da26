package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// letterLine is a letter as the list shows it, also with --json.
type letterLine struct {
	ID            string `json:"id"`
	Number        string `json:"number"`
	Department    string `json:"department"`
	Area          string `json:"area"`
	Kind          string `json:"kind"`
	Items         int32  `json:"items"`
	State         string `json:"state"` // of the agency's own receipt
	EffectiveOn   string `json:"effective_on"`
	AcknowledgeBy string `json:"acknowledge_by"`
	ApplyBy       string `json:"apply_by"`
	Overdue       bool   `json:"overdue"`
}

func lineOf(l *hubv1.Letter) letterLine {
	return letterLine{
		ID: l.GetId(), Number: l.GetNumber(), Department: l.GetDepartment(), Area: l.GetArea(),
		Kind: strings.TrimPrefix(l.GetKind().String(), "LETTER_KIND_"), Items: l.GetItemCount(), State: stateOf(l),
		EffectiveOn: l.GetEffectiveOn(), AcknowledgeBy: l.GetAcknowledgeBy(), ApplyBy: l.GetApplyBy(),
		Overdue: ownReceipt(l).GetOverdue(),
	}
}

// ownReceipt is the caller's: a recipient is shown no other. Nil where the hub shows
// none, or those of others too, as to the office.
func ownReceipt(l *hubv1.Letter) *hubv1.Receipt {
	if len(l.GetReceipts()) != 1 {
		return nil
	}
	return l.GetReceipts()[0]
}

// stateOf is the state of the own receipt in the contract's words.
func stateOf(l *hubv1.Letter) string {
	own := ownReceipt(l)
	if own == nil {
		return ""
	}
	return strings.TrimPrefix(own.GetState().String(), "RECEIPT_STATE_")
}

// addressed gives the letters to this agency, without their items.
func (j *job) addressed(ctx context.Context, waiting bool) (letters []*hubv1.Letter, err error) {
	request := &hubv1.ListLettersRequest{}
	if waiting {
		request.Waiting = hubv1.LetterWaiting_LETTER_WAITING_RECIPIENTS
	}
	for {
		response, err := j.client.Letters().ListLetters(ctx, request)
		if err != nil {
			return nil, err
		}
		letters = append(letters, response.GetLetters()...)
		if request.PageToken = response.GetNextPageToken(); request.PageToken == "" {
			return letters, nil
		}
	}
}

func (j *job) listLetters(ctx context.Context) error {
	letters, err := j.addressed(ctx, j.flags.Letters.List.Waiting)
	if err != nil {
		return err
	}
	if j.flags.JSON {
		encoder := json.NewEncoder(j.stdout)
		for _, l := range letters {
			if err := encoder.Encode(lineOf(l)); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(j.stdout, 0, 0, 2, ' ', 0)
	if len(letters) == 0 {
		_, _ = fmt.Fprintln(w, "no letters")
	} else {
		_, _ = fmt.Fprintln(w, "ID\tNUMBER\tDEPARTMENT\tAREA\tKIND\tITEMS\tSTATE\tACKNOWLEDGE BY\tAPPLY BY\tOVERDUE")
	}
	for _, l := range letters {
		line := lineOf(l)
		overdue := ""
		if line.Overdue {
			overdue = "overdue"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", line.ID, line.Number, line.Department, line.Area,
			line.Kind, line.Items, line.State, line.AcknowledgeBy, line.ApplyBy, overdue)
	}
	return w.Flush()
}

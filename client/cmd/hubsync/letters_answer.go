package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// letterOutcome says what became of a letter.
type letterOutcome struct {
	ID     string `json:"id"`
	Number string `json:"number,omitempty"`
	State  string `json:"state,omitempty"`  // of the agency's receipt, as far as known
	Reason string `json:"reason,omitempty"` // why it was not answered: the hub's reason
	Error  string `json:"error,omitempty"`  // the same in words
}

func outcomeOf(l *hubv1.Letter) letterOutcome {
	return letterOutcome{ID: l.GetId(), Number: l.GetNumber(), State: stateOf(l)}
}

// refused adds why a letter was not answered.
func (o letterOutcome) refused(err error) letterOutcome {
	o.Error = err.Error()
	if e := client.Of(err); e != nil {
		o.Reason = strings.TrimPrefix(e.Reason.String(), "REASON_")
	}
	return o
}

// becameDisputed tells an objection that this run's report opened from one that stood before.
func (o letterOutcome) becameDisputed() bool { return o.State == "DISPUTED" && o.Error == "" }

// eachLetter answers one letter after the other; one that fails does not keep the next from being answered.
func eachLetter(ids []string, answer func(id string) (letterOutcome, error)) (outcomes []letterOutcome, err error) {
	for _, id := range ids {
		o, failed := answer(id)
		o.ID = id
		if failed != nil {
			o = o.refused(failed)
			err = errors.Join(err, fmt.Errorf("letter %s: %w", id, failed))
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, err
}

// errNotWhole is a letter whose items are not those that were sent.
var errNotWhole = errors.New("the digest of its items is not the letter's: it did not come whole; fetch it again")

// fetchLetter gets a letter and compares it with its digest. It counts as delivered by that.
func (j *job) fetchLetter(ctx context.Context, id string) (*hubv1.Letter, error) {
	response, err := j.client.Letters().GetLetter(ctx, &hubv1.GetLetterRequest{Id: id})
	if err != nil {
		return nil, err
	}
	l := response.GetLetter()
	if client.LetterDigest(l.GetItems()) != l.GetDigest() {
		return l, errNotWhole
	}
	return l, nil
}

// requestID is the same for the same answer, so that a run repeated after a crash asks the
// same thing once more and nothing happens twice. After the office has answered an
// objection, the same words are another answer.
func requestID(l *hubv1.Letter, what string, parts ...any) (string, error) {
	answered := 0
	for _, o := range l.GetObjections() {
		if o.GetState() != hubv1.ObjectionState_OBJECTION_STATE_OPEN {
			answered++
		}
	}
	text, err := json.Marshal(append([]any{what, l.GetId(), l.GetDigest(), answered}, parts...))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("hubsync-%x", sum[:16]), nil
}

// acknowledge says that a letter came whole. What was acknowledged before needs nothing more.
func (j *job) acknowledge(ctx context.Context, id string) (letterOutcome, error) {
	l, err := j.fetchLetter(ctx, id)
	if err != nil || ownReceipt(l).GetAcknowledgedAt() != "" {
		return outcomeOf(l), err
	}
	request := &hubv1.AcknowledgeLetterRequest{Id: id, Digest: l.GetDigest()}
	if request.RequestId, err = requestID(l, "acknowledge"); err != nil {
		return outcomeOf(l), err
	}
	response, err := j.client.Letters().AcknowledgeLetter(ctx, request)
	if err != nil {
		return outcomeOf(l), err
	}
	return outcomeOf(response.GetLetter()), nil
}

// dispute objects to items, all with the same ground and text.
func (j *job) dispute(ctx context.Context, id string) (letterOutcome, error) {
	flags := &j.flags.Letters.Dispute
	ground, err := groundOf(flags.Ground)
	if err != nil {
		return letterOutcome{}, err
	}
	l, err := j.fetchLetter(ctx, id)
	if err != nil {
		return outcomeOf(l), err
	}
	request := &hubv1.DisputeLetterRequest{Id: id}
	for _, item := range flags.Items {
		request.Objections = append(request.Objections, &hubv1.ItemObjection{Item: item, Ground: ground, Text: flags.Text})
	}
	if request.RequestId, err = requestID(l, "dispute", flags.Items, ground, flags.Text); err != nil {
		return outcomeOf(l), err
	}
	response, err := j.client.Letters().DisputeLetter(ctx, request)
	if err != nil {
		return outcomeOf(l), err
	}
	return outcomeOf(response.GetLetter()), nil
}

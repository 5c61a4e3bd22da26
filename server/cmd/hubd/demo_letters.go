package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// informed are the departments that the demo's office writes to. Those that keep no
// mirror in the demo report by a person's count.
var informed = []string{"civil-affairs", "education", "employment", "finance", "housing", "industry", "medical-insurance", "training"}

// inform has the letters about the removal signed off, issued, acknowledged and applied by
// every department that they go to.
func (r *remover) inform(ctx context.Context) error {
	post := r.clients[office].Letters()
	drafts, err := post.ListLetters(ctx, &hubv1.ListLettersRequest{Area: r.c.GetArea(), Household: r.c.GetHousehold()})
	if err != nil {
		return err
	}
	for _, l := range drafts.GetLetters() {
		signed, err := post.SignOffLetter(ctx, &hubv1.SignOffLetterRequest{Id: l.GetId(), Etag: l.GetEtag(), RequestId: r.request()})
		if err != nil {
			return err
		}
		issued, err := post.IssueLetter(ctx, &hubv1.IssueLetterRequest{Id: l.GetId(), Etag: signed.GetLetter().GetEtag(), RequestId: r.request()})
		if err != nil {
			return err
		}
		r.report.Removal.Letters++
		applied, err := r.apply(ctx, l.GetDepartment(), issued.GetLetter().GetId())
		if err != nil {
			return fmt.Errorf("letter to %s: %w", l.GetDepartment(), err)
		}
		if applied {
			r.report.Removal.Applied++
		}
	}
	return nil
}

// apply is what a department does with its letter.
func (r *remover) apply(ctx context.Context, department, id string) (applied bool, err error) {
	c, _, err := r.client(department, department+"-officer")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	got, err := c.Letters().GetLetter(ctx, &hubv1.GetLetterRequest{Id: id})
	if err != nil {
		return false, err
	}
	l := got.GetLetter()
	digest := client.LetterDigest(l.GetItems())
	if _, err := c.Letters().AcknowledgeLetter(ctx, &hubv1.AcknowledgeLetterRequest{Id: id, Digest: digest, RequestId: r.request()}); err != nil {
		return false, err
	}
	report := &hubv1.ReportAppliedRequest{Id: id, RequestId: r.request(), By: &hubv1.ReportAppliedRequest_Count{Count: l.GetItemCount()}}
	if slices.Contains(departments, department) {
		proof, err := r.proof(ctx, c, department, l)
		if err != nil {
			return false, err
		}
		report.By = &hubv1.ReportAppliedRequest_Copy{Copy: proof}
	}
	done, err := c.Letters().ReportApplied(ctx, report)
	if err != nil {
		return false, err
	}
	return done.GetLetter().GetReceipts()[0].GetState() == hubv1.ReceiptState_RECEIPT_STATE_APPLIED, nil
}

// proof is what the department's mirror holds about the letter's persons.
func (r *remover) proof(ctx context.Context, c *client.Client, department string, l *hubv1.Letter) (proof *hubv1.CopyProof, err error) {
	var persons []string
	for _, i := range l.GetItems() {
		persons = append(persons, i.GetPerson())
	}
	err = r.mirror(ctx, c, department, func(s *mirror.Syncer) error {
		proof, err = s.Proof(ctx, persons)
		return err
	})
	return proof, err
}

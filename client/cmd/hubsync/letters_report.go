package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// pullAndReport pulls and, where asked to, reports letters by the copy.
func (j *job) pullAndReport(ctx context.Context) (report, error) {
	r, err := j.pull(ctx)
	if err == nil && j.flags.Pull.ReportLetters && r.Result.Current {
		err = j.reportByCopy(ctx, &r, nil, true)
	}
	return r, err
}

// reportOnTheWay reports letters while the copy goes on following. A failure is told; the
// next catch-up tries again, which is also the pull that a copy behind a letter waits for.
func (j *job) reportOnTheWay(ctx context.Context, r *report) {
	err := j.reportByCopy(ctx, r, nil, false)
	if err != nil && ctx.Err() == nil {
		r.Exit, r.Error = exitFailed, err.Error()
		fail(j.stderr, err, exitFailed)
	}
}

// reportLetters is the command: by a person's count, or by the copy after a pull.
func (j *job) reportLetters(ctx context.Context, ids []string, count *int32) (r report, err error) {
	if count != nil {
		r.Letters, err = eachLetter(ids, func(id string) (letterOutcome, error) { return j.reportCount(ctx, id, *count) })
	} else {
		if r, err = j.pull(ctx); err == nil && r.Result.Current {
			err = j.reportByCopy(ctx, &r, ids, true)
		}
	}
	switch {
	case r.Result != nil && r.Result.Held != nil:
		r.Exit = exitHeld
	case slices.ContainsFunc(r.Letters, letterOutcome.becameDisputed):
		r.Exit = exitDisputed
	default:
		r.Exit = exitStored
	}
	return r, err
}

func (j *job) reportCount(ctx context.Context, id string, count int32) (letterOutcome, error) {
	l, err := j.fetchLetter(ctx, id)
	if err != nil {
		return outcomeOf(l), err
	}
	request := &hubv1.ReportAppliedRequest{Id: id, By: &hubv1.ReportAppliedRequest_Count{Count: count}}
	if request.RequestId, err = requestID(l, "applied by count", count); err != nil {
		return outcomeOf(l), err
	}
	return j.sendReport(ctx, l, request)
}

func (j *job) sendReport(ctx context.Context, l *hubv1.Letter, request *hubv1.ReportAppliedRequest) (letterOutcome, error) {
	response, err := j.client.Letters().ReportApplied(ctx, request)
	if err != nil {
		return outcomeOf(l), err
	}
	return outcomeOf(response.GetLetter()), nil
}

// reportByCopy proves and reports letters by a copy that is current; without ids, all
// acknowledged ones that are in effect. Of these, one that cannot be reported yet is no failure.
func (j *job) reportByCopy(ctx context.Context, r *report, ids []string, mayPull bool) error {
	named := len(ids) > 0
	if !named {
		letters, err := j.addressed(ctx, true)
		if err != nil {
			return err
		}
		ids = j.due(letters, r)
	}
	p := proving{job: j, report: r, mayPull: mayPull}
	outcomes, err := eachLetter(ids, func(id string) (letterOutcome, error) {
		o, err := p.prove(ctx, id)
		if err != nil && !named && notYet(err) {
			return o.refused(err), nil
		}
		return o, err
	})
	r.Letters = outcomes
	r.Exit = j.exit(*r)
	return err
}

// due counts the letters that a person has to acknowledge, and gives those to report.
func (j *job) due(letters []*hubv1.Letter, r *report) (ids []string) {
	for _, l := range letters {
		switch ownReceipt(l).GetState() {
		case hubv1.ReceiptState_RECEIPT_STATE_SENT, hubv1.ReceiptState_RECEIPT_STATE_DELIVERED:
			r.Waiting++
		case hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED:
			if l.GetEffectiveOn() <= j.flags.Date {
				ids = append(ids, l.GetId())
			}
		}
	}
	return ids
}

// notYet says whether a letter waits for its day, for somebody else, or for nobody any more.
func notYet(err error) bool {
	e := client.Of(err)
	return e != nil && slices.Contains([]hubv1.Reason{
		hubv1.Reason_REASON_LETTER_NOT_IN_EFFECT, hubv1.Reason_REASON_LETTER_NOT_ACKNOWLEDGED, hubv1.Reason_REASON_LETTER_BEHIND,
		hubv1.Reason_REASON_LETTER_DISPUTED, hubv1.Reason_REASON_LETTER_WITHDRAWN, hubv1.Reason_REASON_LETTER_BEING_CORRECTED,
	}, e.Reason)
}

// proving reports letters by the copy; one more pull in all may help a copy that is behind.
type proving struct {
	job     *job
	report  *report
	mayPull bool
}

func (p *proving) prove(ctx context.Context, id string) (letterOutcome, error) {
	l, err := p.job.fetchLetter(ctx, id)
	if err != nil {
		return outcomeOf(l), err
	}
	o, err := p.job.proveOnce(ctx, l)
	if e := client.Of(err); e == nil || e.Reason != hubv1.Reason_REASON_LETTER_BEHIND || !p.mayPull {
		return o, err
	}
	p.mayPull = false
	next, failed := p.job.sync.Pull(ctx)
	waiting := p.report.Waiting
	*p.report = p.job.judge(p.report.Result.Then(next))
	p.report.Waiting = waiting
	switch {
	case failed != nil:
		return o, failed
	case !next.Current:
		return o, err
	}
	return p.job.proveOnce(ctx, l)
}

// proveOnce reports what the copy holds at this moment.
func (j *job) proveOnce(ctx context.Context, l *hubv1.Letter) (letterOutcome, error) {
	if village := outside(l, j.flags.Divisions); village != "" {
		return outcomeOf(l), fmt.Errorf("it names somebody in %s, which --divisions leaves out of this copy; report it by --count", village)
	}
	var persons []string
	for _, item := range l.GetItems() {
		persons = append(persons, item.GetPerson())
	}
	proof, err := j.sync.Proof(ctx, persons)
	if err != nil {
		return outcomeOf(l), err
	}
	positions := make([]mirror.Area, len(proof.GetPositions()))
	for i, p := range proof.GetPositions() {
		positions[i] = mirror.Area{Area: p.GetArea(), Transaction: p.GetTransaction()}
	}
	request := &hubv1.ReportAppliedRequest{Id: l.GetId(), By: &hubv1.ReportAppliedRequest_Copy{Copy: proof}}
	request.RequestId, err = requestID(l, "applied by copy", positions, proof.GetRows(), proof.GetDigest())
	if err != nil {
		return outcomeOf(l), err
	}
	return j.sendReport(ctx, l, request)
}

// outside finds a village of the letter that a copy of these divisions does not hold: its
// missing rows would prove nothing.
func outside(l *hubv1.Letter, divisions []string) string {
	for _, item := range l.GetItems() {
		inside := func(d string) bool { return strings.HasPrefix(item.GetVillage(), significant(d)) }
		if len(divisions) > 0 && !slices.ContainsFunc(divisions, inside) {
			return item.GetVillage()
		}
	}
	return ""
}

// significant is a division's code without the levels below it, which are zeros.
func significant(code string) string {
	for _, level := range []struct{ from, to int }{{9, 12}, {6, 9}, {4, 6}, {2, 4}} {
		if strings.Trim(code[level.from:level.to], "0") != "" {
			return code[:level.to]
		}
	}
	return code[:2]
}

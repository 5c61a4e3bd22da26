package hub

import (
	"context"
	"encoding/json"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/store"
)

// audited runs a read of personal data between two durable entries: the intent
// before anything is read, the outcome after. Without the first nothing is read;
// where the second is missing, full disclosure must be assumed (law 5).
// detail and what read returns name lists, divisions, ids and counts, never personal data.
func (h *Hub) audited(ctx context.Context, c access.Caller, action string, detail any, read func() (any, error)) error {
	return h.auditedAs(ctx, h.intent(c, action, detail), func() (any, []store.Delivery, error) {
		result, err := read()
		return result, nil, err
	})
}

func (h *Hub) intent(c access.Caller, action string, detail any) store.AuditEntry {
	return store.AuditEntry{
		ID: NewID("au_"), Time: h.Clock(), Agency: c.Agency, Client: c.Client, Person: c.Person,
		Action: action, Detail: toJSON(detail),
	}
}

// auditedAs is audited for a read of the feed: it also says how far it brought its reader,
// and may note that under its intent while it goes on, see soFar.
func (h *Hub) auditedAs(ctx context.Context, intent store.AuditEntry, read func() (any, []store.Delivery, error)) error {
	if err := h.Store.Audit(ctx, intent); err != nil {
		h.Log.Error("audit intent not written", "action", intent.Action, "error", err)
		return fault.New(fault.AuditUnavailable)
	}
	result, deliveries, err := read()
	outcome := intent
	outcome.ID, outcome.Of, outcome.Time, outcome.Deliveries = NewID("au_"), intent.ID, h.Clock(), deliveries
	outcome.Detail, outcome.Outcome = toJSON(result), "OK"
	if err != nil {
		outcome.Outcome = outcomeOf(err)
	}
	told := func(failed error) {
		if failed != nil {
			h.Log.Error("audit outcome not written", "action", intent.Action, "error", failed)
		}
	}
	if len(deliveries) == 0 { // without it full disclosure is assumed, so the answer need not wait
		h.Store.AuditLater(outcome, told)
		return err
	}
	// The caller may have gone; the outcome is written all the same.
	told(h.Store.Audit(context.WithoutCancel(ctx), outcome))
	return err
}

// soFar notes what a read that may last for months has handed out by now. It tells whether
// that is on record.
func (h *Hub) soFar(ctx context.Context, intent store.AuditEntry, handed any, deliveries []store.Delivery) bool {
	e := intent
	e.ID, e.Of, e.Time, e.Detail, e.Outcome = NewID("au_"), intent.ID, h.Clock(), toJSON(handed), store.OutcomeSent
	e.Deliveries = deliveries
	err := h.Store.Audit(context.WithoutCancel(ctx), e)
	if err != nil {
		h.Log.Error("audit of what a stream has sent not written", "action", e.Action, "error", err)
	}
	return err == nil
}

func outcomeOf(err error) string {
	if f := fault.Of(err); f != nil {
		return string(f.Reason)
	}
	return string(fault.InternalError)
}

func toJSON(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// Audited runs a job of the hub's own between an intent and an outcome: one entry
// a run, whatever it reads (law 5).
func (h *Hub) Audited(ctx context.Context, c access.Caller, action string, job func() (any, error)) error {
	return h.audited(ctx, c, action, nil, job)
}

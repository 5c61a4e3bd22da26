package hub

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/store"
)

// RequestsKept is how long a request's outcome is given again.
const RequestsKept = 90 * 24 * time.Hour

// request makes a retry harmless: the outcome is stored in the transaction that
// does the work, and given again to the same request.
type request struct {
	agency, id  string
	fingerprint []byte
}

// place is where a request's result can be read again.
type place struct {
	Area, ID string
	Revision int64
}

// request identifies what is asked by a keyed hash over its parts.
func (h *Hub) request(c access.Caller, id string, parts ...any) (request, error) {
	if id == "" {
		return request{}, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("request_id", fault.Required)})
	}
	var b bytes.Buffer
	for _, p := range parts {
		if err := json.NewEncoder(&b).Encode(p); err != nil {
			return request{}, err
		}
	}
	// A careless client may put an identifier into its request ids; only a keyed hash is stored (law 11).
	hashed := hex.EncodeToString(h.Keys.Hash("request-id", c.Agency+"\x00"+id)[:16])
	return request{agency: c.Agency, id: hashed, fingerprint: h.Keys.Hash("request", b.String())}, nil
}

// earlier gives the outcome of the same request, nil where it is new.
func (h *Hub) earlier(ctx context.Context, r store.Reader, q request) (out []place, err error) {
	_, err = h.outcome(ctx, r, q, &out)
	return out, err
}

// outcome reads what was kept under the same request, and tells whether anything was.
func (h *Hub) outcome(ctx context.Context, r store.Reader, q request, out any) (bool, error) {
	stored, err := r.Request(ctx, q.agency, q.id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !bytes.Equal(stored.Fingerprint, q.fingerprint) {
		return false, fault.New(fault.RequestReused)
	}
	plain, err := h.Keys.Open(stored.Outcome, requestContext(q))
	if err != nil {
		return false, fmt.Errorf("request outcome: %w", err)
	}
	return true, json.Unmarshal(plain, out)
}

func (h *Hub) keep(ctx context.Context, tx store.Tx, q request, a act, outcome any) error {
	plain, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	sealed, err := h.Keys.Seal(plain, requestContext(q))
	if err != nil {
		return err
	}
	return tx.SaveRequest(ctx, store.Request{Agency: q.agency, ID: q.id, Fingerprint: q.fingerprint, Outcome: sealed, Time: a.time})
}

func requestContext(q request) []byte { return []byte("request\x00" + q.agency + "\x00" + q.id) }

// once does a write under its request id, audited, and gives the households it made
// as they were right after it: on a retry the same ones, and nothing is done.
func (h *Hub) once(ctx context.Context, c access.Caller, q request, a act, work func(tx store.Tx) (int64, []place, error)) ([]HouseholdState, error) {
	var out []HouseholdState
	err := h.audited(ctx, c, "household."+strings.ToLower(a.cause), map[string]any{"area": a.area}, func() (any, error) {
		var places []place
		err := h.update(ctx, a.area, func(tx store.Tx) (int64, error) {
			var err error
			if places, err = h.earlier(ctx, tx, q); err != nil || places != nil {
				return 0, err
			}
			n, made, err := work(tx)
			if err != nil {
				return 0, err
			}
			places = made
			return n, h.keep(ctx, tx, q, a, places)
		})
		if err != nil {
			return nil, err
		}
		out, err = h.read(ctx, places)
		return places, err
	})
	return out, err
}

func (h *Hub) read(ctx context.Context, places []place) (out []HouseholdState, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		out = nil
		for _, p := range places {
			row, err := r.Revision(ctx, p.Area, p.ID, p.Revision, h.Clock())
			if err != nil {
				return err
			}
			s, err := h.state(row)
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/store"
)

// NewEpoch is for a store that was restored from a backup: readers may have seen what it
// has forgotten, so every cursor made before is refused from now on (law 2). The audit says so.
func NewEpoch(ctx context.Context, s store.Store, e store.AuditEntry) error {
	epoch := NewID("ep_")
	e.ID, e.Agency, e.Client, e.Action, e.Outcome = NewID("au_"), system.Agency, system.Client, "restored", "OK"
	e.Detail = toJSON(map[string]string{"epoch": epoch})
	if err := s.Audit(ctx, e); err != nil {
		return err
	}
	return s.Update(ctx, func(tx store.Tx) error {
		m, err := tx.Meta(ctx)
		if err != nil {
			return err
		}
		m.Epoch = epoch
		return tx.SetMeta(ctx, m)
	})
}

package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// evidenceOf finds the mention of a document in a case.
func evidenceOf(c removal.Case, sha256 string) (removal.Evidence, bool) {
	for _, s := range c.Steps {
		if i := slices.IndexFunc(s.Evidence, func(e removal.Evidence) bool { return e.SHA256 == sha256 }); i >= 0 {
			return s.Evidence[i], true
		}
	}
	return removal.Evidence{}, false
}

// Evidence gives a document of a case back, with its type.
func (h *Hub) Evidence(ctx context.Context, c access.Caller, id, sha256 string) (content []byte, mediaType string, err error) {
	err = h.audited(ctx, c, "removal.evidence", map[string]any{"case": named(id)}, func() (any, error) {
		var area string
		err := h.Store.View(ctx, func(r store.Reader) error {
			s, err := h.visibleCase(ctx, r, c, id)
			if err != nil {
				return err
			}
			e, there := evidenceOf(s.Case, sha256)
			if !there {
				return fault.New(fault.EvidenceNotFound)
			}
			area, mediaType = s.Area, e.MediaType
			return nil
		})
		if err != nil {
			return nil, err
		}
		content, err = h.Vault.Get(ctx, area, sha256)
		return nil, err
	})
	return content, mediaType, err
}

// UploadEvidence keeps a document about a household, before a step names it. It is kept
// where the household is and where cases of it are: one that moved away is still
// answered for where its case was.
func (h *Hub) UploadEvidence(ctx context.Context, c access.Caller, id string, content []byte) (sha256 string, err error) {
	err = h.audited(ctx, c, "removal.upload", map[string]any{"household": named(id), "bytes": len(content)}, func() (any, error) {
		var areas []string
		err := h.Store.View(ctx, func(r store.Reader) (err error) {
			areas, err = h.evidenceAreas(ctx, r, c, id)
			return err
		})
		for _, area := range areas {
			if err == nil {
				sha256, err = h.Vault.Put(ctx, area, content)
			}
		}
		return map[string]any{"sha256": sha256}, err
	})
	return sha256, err
}

// evidenceAreas lists the areas in which a caller has a role where a household is, or
// where a case of it is.
func (h *Hub) evidenceAreas(ctx context.Context, r store.Reader, c access.Caller, id string) (areas []string, err error) {
	area, err := h.where(ctx, r, id)
	if err != nil {
		return nil, err
	}
	row, err := r.Household(ctx, area, id)
	if err != nil {
		return nil, err
	}
	in := func(area, village string) error {
		roles, err := h.removalRoles(ctx, r, c, village)
		if len(roles) > 0 && !slices.Contains(areas, area) {
			areas = append(areas, area)
		}
		return err
	}
	if err := in(area, row.Village); err != nil {
		return nil, err
	}
	for _, a := range h.Divisions.Areas() {
		if err := r.Cases(ctx, store.CaseQuery{Area: a.ID, Household: id}, func(k store.Case) error { return in(k.Area, k.Village) }); err != nil {
			return nil, err
		}
	}
	if len(areas) == 0 {
		return nil, fault.New(fault.HouseholdNotFound)
	}
	return areas, nil
}

// evidenceIsThere refuses a step that names a document which nobody has uploaded.
func (h *Hub) evidenceIsThere(ctx context.Context, area string, all []removal.Evidence) error {
	var bad []fault.Violation
	for i, e := range all {
		there, err := h.Vault.Has(ctx, area, e.SHA256)
		if err != nil {
			return err
		}
		if !there {
			bad = append(bad, fault.Bad(fmt.Sprintf("evidence[%d].sha256", i), fault.EvidenceNotFound, "sha256", e.SHA256))
		}
	}
	return fault.List(fault.InvalidRequest, bad)
}

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
		var area, household string
		err := h.Store.View(ctx, func(r store.Reader) error {
			s, err := h.visibleCase(ctx, r, c, id)
			if err != nil {
				return err
			}
			e, there := evidenceOf(s.Case, sha256)
			if !there {
				return fault.New(fault.EvidenceNotFound)
			}
			area, household, mediaType = s.Area, s.Household, e.MediaType
			return nil
		})
		if err != nil {
			return nil, err
		}
		content, err = h.Vault.Get(ctx, area, household, sha256)
		return nil, err
	})
	return content, mediaType, err
}

// UploadEvidence keeps a document about a household, before a step of a case, or without
// one a proposal, names it.
func (h *Hub) UploadEvidence(ctx context.Context, c access.Caller, id, of string, content []byte) (sha256 string, err error) {
	detail := map[string]any{"household": named(id), "bytes": len(content)}
	if of != "" {
		detail["case"] = named(of)
	}
	err = h.audited(ctx, c, "removal.upload", detail, func() (any, error) {
		var area string
		err := h.Store.View(ctx, func(r store.Reader) (err error) {
			area, err = h.evidenceArea(ctx, r, c, id, of)
			return err
		})
		if err == nil {
			sha256, err = h.Vault.Put(ctx, area, id, content)
		}
		return map[string]any{"sha256": sha256}, err
	})
	return sha256, err
}

// evidenceArea is the area that keeps a document: the case's, wherever the household has
// moved since, or without one the household's. It takes a role in the village of either.
func (h *Hub) evidenceArea(ctx context.Context, r store.Reader, c access.Caller, id, of string) (area string, err error) {
	if of != "" {
		row, err := findCase(ctx, r, of)
		if err == nil && row.Household != id {
			err = fault.New(fault.CaseNotFound) // a case of another household is none
		}
		if err != nil {
			return "", err
		}
		return row.Area, h.evidenceRole(ctx, r, c, row.Village, fault.CaseNotFound)
	}
	if area, err = h.where(ctx, r, id); err != nil {
		return "", err
	}
	row, err := r.Household(ctx, area, id)
	if err != nil {
		return "", err
	}
	return area, h.evidenceRole(ctx, r, c, row.Village, fault.HouseholdNotFound)
}

// evidenceRole hides what a caller without a role in the village asks about.
func (h *Hub) evidenceRole(ctx context.Context, r store.Reader, c access.Caller, village string, hidden fault.Reason) error {
	roles, err := h.removalRoles(ctx, r, c, village)
	if err == nil && len(roles) == 0 {
		err = fault.New(hidden)
	}
	return err
}

// evidenceIsThere refuses a step that names a document which nobody has uploaded about the
// household.
func (h *Hub) evidenceIsThere(ctx context.Context, area, household string, all []removal.Evidence) error {
	var bad []fault.Violation
	for i, e := range all {
		there, err := h.Vault.Has(ctx, area, household, e.SHA256)
		if err != nil {
			return err
		}
		if !there {
			bad = append(bad, fault.Bad(fmt.Sprintf("evidence[%d].sha256", i), fault.EvidenceNotFound, "sha256", e.SHA256))
		}
	}
	return fault.List(fault.InvalidRequest, bad)
}

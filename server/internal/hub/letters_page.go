package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/store"
)

// letterBasis is the clause under which departments are told.
const letterBasis = "《关于进一步做好巩固脱贫成果 实现稳定脱贫工作的通知》（海南省打赢脱贫攻坚战指挥部2019年4月21日）第四条第（二）项"

// LetterPage is a letter for its printed page. A recipient that prints it has it delivered.
func (h *Hub) LetterPage(ctx context.Context, c access.Caller, id string) (out pages.LetterData, err error) {
	err = h.audited(ctx, c, "letter.print", map[string]any{"letter": named(id)}, func() (any, error) {
		v, err := h.fetchLetter(ctx, c, id)
		if err != nil {
			return nil, err
		}
		out, err = h.letterPage(ctx, v)
		return map[string]any{"items": len(out.Items)}, err
	})
	return out, err
}

func (h *Hub) letterPage(ctx context.Context, v letter.View) (pages.LetterData, error) {
	l := v.Letter
	area, _ := h.Divisions.Area(l.Area)
	out := pages.LetterData{
		ID: l.ID, Office: l.Terms.OfficeName, Number: l.Number, To: area.Name + letter.DepartmentName(l.Department), Basis: letterBasis,
		Correction: l.Kind == letter.Correction, IssuedOn: l.IssuedOn, EffectiveOn: l.EffectiveOn(),
		AcknowledgeBy: v.AcknowledgeBy, ApplyBy: v.ApplyBy, Persons: len(l.Persons()), Households: len(l.Households()), Digest: l.Digest,
	}
	if out.Office == "" {
		out.Office = area.Name + "扶贫工作办公室"
	}
	numbers := map[string]string{}
	for _, by := range l.CorrectedBy {
		numbers[by.Letter] = by.Number
		if l.State == letter.Withdrawn {
			out.Withdrawn = by.Number
		}
	}
	for n, i := range l.Items {
		i = v.Shown(i)
		_, village := h.placeOf(i.Village)
		out.Items = append(out.Items, pages.LetterItem{
			Number: n + 1, Kind: string(i.Kind), Village: village, Name: i.Name, IDNumber: i.IDNumber, Policy: i.PolicyTitle,
			DecisionNumber: i.DecisionNumber, HouseholdWide: i.HouseholdWide, LastDay: i.LastDay, FirstDay: i.FirstDay, Corrected: numbers[i.Corrected],
		})
	}
	err := h.Store.View(ctx, func(r store.Reader) error {
		out.Corrects = nil
		for _, id := range l.Corrects {
			row, err := r.Letter(ctx, l.Area, id)
			if err != nil {
				return err
			}
			out.Corrects = append(out.Corrects, row.Number)
		}
		return nil
	})
	return out, err
}

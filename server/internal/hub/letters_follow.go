package hub

import (
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// carried are the letters that a stream has carried already.
type carried map[string]bool

// maxCarried bounds the letters of one page; what is left comes with the next End.
const maxCarried = 100

// addLetters puts the letters that wait for the caller's acknowledgement on a page with an
// End, in the areas of its scope, and each once a stream.
func (h *Hub) addLetters(ctx context.Context, rd *reading, page *wire.Page, done carried) error {
	var waiting []string
	err := h.Store.View(ctx, func(r store.Reader) error {
		waiting = nil
		all, err := h.agreements(ctx, r, rd.caller.Agency)
		if err != nil {
			return err
		}
		return h.eachLetter(ctx, r, store.LetterQuery{Agency: rd.caller.Agency, Open: true}, func(_ store.Letter, l letter.Letter) {
			as, err := h.readerAmong(all, rd.caller, l)
			if err == nil && as.to != "" && !done[l.ID] && slices.Contains(rd.filter.Areas(), l.Area) {
				waiting = append(waiting, l.ID)
			}
		})
	})
	for _, id := range waiting[:min(len(waiting), maxCarried)] {
		if err != nil {
			break
		}
		var v letter.View
		if v, err = h.fetchLetter(ctx, rd.caller, id); err == nil {
			page.Letters, done[id] = append(page.Letters, wire.LetterToProto(v)), true
		}
	}
	return err
}

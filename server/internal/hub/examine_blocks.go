package hub

import (
	"context"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
)

// sum is what a block says of its records, and they of themselves.
type sum struct {
	count  int64
	digest feed.Digest
}

type blockKey struct{ list, village string }

// blocks adds up the records of blocks and opens each of them. Where all are looked at,
// records are found as well that stand in no block.
func (e examiner) blocks(ctx context.Context) (string, error) {
	looked := 0
	err := e.eachArea(ctx, func(r store.Reader, area string) error {
		said, err := e.said(ctx, r, area)
		if err != nil {
			return err
		}
		looked += len(said)
		summed, err := e.summed(ctx, r, area, said)
		if err != nil {
			return err
		}
		wrong := 0
		for k, s := range summed {
			if said[k] != s {
				wrong++
			}
		}
		if wrong > 0 {
			return fmt.Errorf("%d blocks differ from their records in count or digest", wrong)
		}
		return nil
	})
	if e.all {
		return fmt.Sprintf("all %d blocks add up", looked), err
	}
	return fmt.Sprintf("%d blocks of the first of each area add up (all of them: --all)", looked), err
}

// said is what blocks say of themselves.
func (e examiner) said(ctx context.Context, r store.Reader, area string) (map[blockKey]sum, error) {
	q := store.BlockQuery{Area: area, Limit: sampleBlocks}
	if e.all {
		q.Limit = 0
	}
	out := map[blockKey]sum{}
	err := r.Blocks(ctx, q, func(b store.Block) error {
		out[blockKey{b.List, b.Village}] = sum{b.Count, b.Digest}
		return nil
	})
	return out, err
}

// summed is what the records say: of the blocks given or, where all are looked at, of every list.
func (e examiner) summed(ctx context.Context, r store.Reader, area string, said map[blockKey]sum) (map[blockKey]sum, error) {
	out := map[blockKey]sum{}
	var queries []store.RecordQuery
	lists := map[string]bool{}
	for k := range said {
		out[k] = sum{}
		lists[k.list] = true
		queries = append(queries, store.RecordQuery{Area: area, List: k.list, Villages: []string{k.village}})
	}
	if e.all {
		d, _, err := e.hub.active(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, l := range d.Lists {
			lists[l.Name] = true
		}
		queries = nil
		for list := range lists {
			queries = append(queries, store.RecordQuery{Area: area, List: list})
		}
	}
	for _, q := range queries {
		err := r.Records(ctx, q, func(rec store.Record) error {
			k := blockKey{rec.List, rec.Village}
			s := out[k]
			s.count++
			s.digest.Add(rec.Hash)
			out[k] = s
			_, err := e.hub.openRow(area, rec.Key, rec.Document)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

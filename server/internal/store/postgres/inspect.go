package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bangfuhub/hub/server/internal/store"
)

type areaCount struct {
	Area  string
	Count int64
}

// StaleBlocks implements store.Inspector.
func (s *Store) StaleBlocks(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `SELECT b.area, count(*) FROM blocks b LEFT JOIN block_bytes y USING (area, list, village)
		WHERE b.count > 0 AND (y.built IS NULL OR y.built < b.txn) GROUP BY b.area`)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[areaCount])
	out := map[string]int64{}
	for _, a := range all {
		out[a.Area] = a.Count
	}
	return out, err
}

// OpenIntents implements store.Inspector.
func (s *Store) OpenIntents(ctx context.Context) ([]store.OpenIntents, error) {
	rows, err := s.pool.Query(ctx, `SELECT kind, count(*), min(time) FROM intents GROUP BY kind ORDER BY kind`)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[store.OpenIntents])
	for i := range all {
		all[i].Oldest = all[i].Oldest.UTC()
	}
	return all, err
}

// Now implements store.Inspector.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now.UTC(), err
}

// Pools implements store.Inspector.
func (s *Store) Pools() []store.Pool {
	return []store.Pool{state("hub", s.pool), state("audit", s.audit)}
}

func state(name string, p *pgxpool.Pool) store.Pool {
	at := p.Stat()
	return store.Pool{Name: name, Max: int64(at.MaxConns()), Busy: int64(at.AcquiredConns())}
}

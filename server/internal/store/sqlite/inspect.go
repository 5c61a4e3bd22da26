package sqlite

import (
	"context"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

type areaCount struct {
	area  string
	count int64
}

// StaleBlocks implements store.Inspector.
func (s *Store) StaleBlocks(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	err := s.hub.read(ctx, func(c *conn) error {
		all, err := list(ctx, &reader{conn: c}, func(row scanner) (a areaCount, err error) {
			err = row.Scan(&a.area, &a.count)
			return a, err
		}, `SELECT b.area, count(*) FROM blocks b LEFT JOIN block_bytes y ON y.area = b.area AND y.list = b.list AND y.village = b.village
			WHERE b.count > 0 AND (y.built IS NULL OR y.built < b.txn) GROUP BY b.area`)
		for _, a := range all {
			out[a.area] = a.count
		}
		return err
	})
	return out, err
}

// OpenIntents implements store.Inspector.
func (s *Store) OpenIntents(ctx context.Context) (out []store.OpenIntents, err error) {
	err = s.hub.read(ctx, func(c *conn) error {
		out, err = list(ctx, &reader{conn: c}, func(row scanner) (i store.OpenIntents, err error) {
			var oldest int64
			err = row.Scan(&i.Kind, &i.Count, &oldest)
			i.Oldest = micros(oldest)
			return i, err
		}, `SELECT kind, count(*), min(time) FROM intents GROUP BY kind ORDER BY kind`)
		return err
	})
	return out, err
}

// Now implements store.Inspector: the database has the process's clock.
func (s *Store) Now(context.Context) (time.Time, error) { return time.Now(), nil }

// Pools implements store.Inspector.
func (s *Store) Pools() []store.Pool {
	return []store.Pool{
		s.hub.writers.state("writers"), s.hub.readers.state("readers"),
		s.audit.writers.state("audit writers"), s.audit.readers.state("audit readers"),
	}
}

func (p *pool) state(name string) store.Pool {
	return store.Pool{Name: name, Max: int64(cap(p.free)), Busy: int64(cap(p.free) - len(p.free))}
}

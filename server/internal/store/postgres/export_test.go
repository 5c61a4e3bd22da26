package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bangfuhub/hub/server/internal/store"
)

// WriteAudit opens to the tests how entries are written that wait together.
func WriteAudit(ctx context.Context, s *Store, entries []store.AuditEntry) error {
	return s.writeAudit(ctx, entries)
}

// SynchronousCommit gives the setting, or an error's text, by the name of the pool.
func SynchronousCommit(ctx context.Context, s *Store) map[string]string {
	settings := map[string]string{}
	for name, pool := range map[string]*pgxpool.Pool{"the work": s.pool, "the audit": s.audit} {
		var setting string
		if err := pool.QueryRow(ctx, "SHOW synchronous_commit").Scan(&setting); err != nil {
			setting = err.Error()
		}
		settings[name] = setting
	}
	return settings
}

// LookUps are the queries that look up many rows by their keys, with the number of their
// arguments and the column of the key that is looked up.
var LookUps = map[string]struct {
	Query string
	Args  int
	Key   string
}{
	"aliases":           {aliasesOf, 2, "hash"},
	"taken aliases":     {someTaken, 5, "hash"},
	"household records": {householdRecords, 2, "household"},
	"sums of blocks":    {blockSums, 3, "village"},
}

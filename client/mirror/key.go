package mirror

import (
	"context"
	"fmt"
	"maps"
)

// keyAll gives every table of a load its key, so that none holds a record twice when it
// is compared with the End.
func (s *Syncer) keyAll(ctx context.Context, a *applier, tables map[string]*table) error {
	all := maps.Clone(s.staged)
	maps.Copy(all, tables)
	for _, t := range all {
		if err := a.key(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// key gives a load's table its key where it has none. Of a record that came several
// times, having moved meanwhile, the newest row stays.
func (a *applier) key(ctx context.Context, t *table) error {
	keyed, err := a.tx.keyed(ctx, t)
	if err != nil || keyed {
		return err
	}
	if unique, err := a.tx.addKey(ctx, t); err != nil || unique {
		return err
	}
	a.reworked[t.list.GetName()] = true
	if _, err := a.tx.exec(ctx, fmt.Sprintf(`DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM (SELECT %[2]s, row_number()
		OVER (PARTITION BY area, household, person ORDER BY hub_transaction DESC, %[2]s) AS nth FROM %[1]s) AS r WHERE nth > 1)`,
		t.on(loading), a.tx.rowID())); err != nil {
		return err
	}
	unique, err := a.tx.addKey(ctx, t)
	if err == nil && !unique {
		err = fmt.Errorf("mirror: the table of list %q holds a record twice", t.list.GetName())
	}
	return err
}

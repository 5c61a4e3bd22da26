package mirror

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/bangfuhub/hub/client"
)

// valueInbox holds the values of rows, one behind the other, as the driver takes them.
type valueInbox struct{ values []driver.Value }

func (s *sqlite) inbox() inbox { return &valueInbox{} }

func (in *valueInbox) add(t *table, key client.Key, texts []string, number int64, hash client.Hash) {
	for _, text := range [...]string{key.Area, key.Village, key.Household, key.Person} {
		in.values = append(in.values, text)
	}
	for i, text := range texts {
		in.values = append(in.values, value(t.columns[keyColumns+i].sqlType, text))
	}
	in.values = append(in.values, number, hash[:])
}

// append hands the values to the driver itself: what database/sql does for each
// statement takes as long as storing a row.
func (t sqliteTx) append(ctx context.Context, tb *table, in inbox) error {
	rows, ok := in.(*valueInbox)
	if !ok {
		return errors.New("mirror: rows made for another database")
	}
	return t.conn.Raw(func(conn any) error {
		c, ok := conn.(driver.ConnPrepareContext)
		if !ok {
			return errors.New("mirror: this SQLite driver can't prepare statements")
		}
		statement, err := c.PrepareContext(ctx, "INSERT INTO "+tb.on(loading)+" ("+tb.names+") VALUES (?"+strings.Repeat(", ?", len(tb.columns)-1)+")")
		if err != nil {
			return err
		}
		return errors.Join(insert(ctx, statement, rows.values, len(tb.columns)), statement.Close())
	})
}

// checkEvery is after how many rows it is looked whether the context has ended. The
// driver would watch it by a goroutine for every row.
const checkEvery = 256

func insert(ctx context.Context, statement driver.Stmt, values []driver.Value, columns int) error {
	s, ok := statement.(driver.StmtExecContext)
	if !ok {
		return errors.New("mirror: this SQLite driver can't run statements")
	}
	unwatched := context.WithoutCancel(ctx)
	args := make([]driver.NamedValue, columns)
	for i := range args {
		args[i].Ordinal = i + 1
	}
	for n := 0; len(values) > 0; n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for i := range args {
			args[i].Value = values[i]
		}
		values = values[columns:]
		if _, err := s.ExecContext(unwatched, args); err != nil {
			return err
		}
	}
	return nil
}

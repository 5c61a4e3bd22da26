package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// copyFrom is the number of rows from which COPY into a temporary table is cheaper
// than sending them one by one.
const copyFrom = 200

// OpenPostgres opens the mirror in a PostgreSQL database (version 12 or later). The
// role needs the right to create tables in the first schema of its search_path.
func OpenPostgres(ctx context.Context, url string) (Sink, error) {
	return openPostgres(ctx, url, databaseWait)
}

func openPostgres(ctx context.Context, url string, wait time.Duration) (Sink, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx leaves the password out of this error.
		return nil, fmt.Errorf("mirror: database URL: %w", err)
	}
	bound(&config.Config, wait)
	s := &postgres{config: config, spares: make(chan []byte, spareInboxes)}
	if err := createOwnTables(ctx, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// postgres holds one connection, opened anew when the last one broke: a live mirror
// outlives restarts of its database.
type postgres struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn
	spares chan []byte // space of rows that were stored
}

func (s *postgres) Close() error {
	if s.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.conn.Close(ctx)
}

func (s *postgres) update(ctx context.Context, fn func(sinkTx) error) error {
	if s.conn == nil || s.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, s.config)
		if err != nil {
			return fmt.Errorf("mirror: %w", err)
		}
		s.conn = conn
	}
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error { return fn(postgresTx{tx}) })
}

type postgresTx struct{ tx pgx.Tx }

func (t postgresTx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (t postgresTx) each(ctx context.Context, query string, rows [][]any) (affected int64, err error) {
	batch := &pgx.Batch{}
	for _, row := range rows {
		batch.Queue(query, row...)
	}
	results := t.tx.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, results.Close()) }()
	for range rows {
		tag, err := results.Exec()
		if err != nil {
			return affected, err
		}
		affected += tag.RowsAffected()
	}
	return affected, nil
}

func (t postgresTx) query(ctx context.Context, query string, args []any, row func(func(...any) error) error) error {
	rows, err := t.tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t postgresTx) upsert(ctx context.Context, tb *table, s side, rows [][]any, condition string) error {
	if len(rows) < copyFrom {
		_, err := t.each(ctx, tb.upsert(s, tb.placeholders(), condition), rows)
		return err
	}
	if _, err := t.exec(ctx, "CREATE TEMPORARY TABLE hub_inbox (LIKE "+tb.on(s)+") ON COMMIT DROP"); err != nil {
		return err
	}
	names := make([]string, len(tb.columns))
	for i, c := range tb.columns {
		names[i] = c.name
	}
	if _, err := t.tx.CopyFrom(ctx, pgx.Identifier{"hub_inbox"}, names, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	if _, err := t.exec(ctx, tb.upsert(s, "SELECT "+tb.names+" FROM hub_inbox", condition)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "DROP TABLE hub_inbox")
	return err
}

// literal quotes a text for a statement that takes no arguments (COMMENT); E” doesn't
// depend on the server's settings.
func literal(text string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}

package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// citusScript says how the tables are spread over a cluster. It is the only list of that.
var citusScript = filepath.Join("..", "..", "..", "..", "deploy", "citus.sql")

var (
	distributes = regexp.MustCompile(`(?m)^SELECT create_distributed_table\('(\w+)', '(\w+)'`)
	copiesWhole = regexp.MustCompile(`(?m)^SELECT create_reference_table\('(\w+)'`)
	leaves      = regexp.MustCompile(`(?m)^-- These stay on the coordinator, .*: (.*)\.$`)
)

// spread gives the column by which each table is distributed, "" for one that is not.
func spread(t *testing.T) (script string, columns map[string]string) {
	t.Helper()
	text, err := os.ReadFile(citusScript)
	if err != nil {
		t.Fatal(err)
	}
	columns = map[string]string{}
	for _, m := range distributes.FindAllStringSubmatch(string(text), -1) {
		columns[m[1]] = m[2]
	}
	for _, m := range copiesWhole.FindAllStringSubmatch(string(text), -1) {
		columns[m[1]] = ""
	}
	for table := range strings.SplitSeq(leaves.FindStringSubmatch(string(text))[1], ", ") {
		columns[table] = ""
	}
	return string(text), columns
}

// The rules of Citus for a table that is distributed: its unique indexes have the column by
// which it is, it has no foreign key, and none of its columns counts by itself.
func TestTheSchemaCanBeShardedByArea(t *testing.T) {
	t.Parallel()
	location := pgtest.URL(t)
	migrated(t, location)
	conn := connect(t, location)
	_, columns := spread(t)
	for _, table := range names(t, conn, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) {
		by, known := columns[table]
		if !known {
			t.Errorf("%s does not say where table %s lies", citusScript, table)
		}
		delete(columns, table)
		if by == "" {
			continue
		}
		if has := names(t, conn, `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0`, table); !slices.Contains(has, by) {
			t.Errorf("table %s has no column %s", table, by)
		}
		for _, index := range names(t, conn, `SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indrelid = $1::regclass`, table) {
			keys := names(t, conn, `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass`, index)
			if !slices.Contains(keys, by) {
				t.Errorf("table %s is distributed by %s, but its index %s is unique by %v", table, by, index, keys)
			}
		}
		if not := names(t, conn, `SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = $1::regclass
			UNION ALL SELECT attname FROM pg_attribute WHERE attidentity <> '' AND attrelid = $1::regclass`, table); len(not) > 0 {
			t.Errorf("table %s has %v", table, not)
		}
	}
	for table := range columns {
		t.Errorf("%s names table %s, which does not exist", citusScript, table)
	}
}

func names(t *testing.T, conn *pgx.Conn, query string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestContractOnCitus is run by whoever has a cluster. Its user must be allowed to make schemas.
func TestContractOnCitus(t *testing.T) {
	cluster := os.Getenv("TEST_CITUS_URL")
	if cluster == "" {
		t.Skip("TEST_CITUS_URL names no database with the extension citus")
	}
	exerciseContract(t, func() string {
		location, err := url.Parse(cluster)
		if err != nil {
			t.Fatal(err)
		}
		schema := "hubtest_" + strings.ToLower(rand.Text())
		execute(t, cluster, "CREATE SCHEMA "+schema)
		t.Cleanup(func() { dropSchema(t, cluster, schema) })
		query := location.Query()
		query.Set("search_path", schema+",public")
		location.RawQuery = query.Encode()
		migrated(t, location.String())
		script, _ := spread(t)
		execute(t, location.String(), script)
		return location.String()
	})
}

// dropSchema runs when the test's own context has ended.
func dropSchema(t *testing.T, cluster, schema string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, cluster)
	if err == nil {
		_, err = conn.Exec(ctx, "DROP SCHEMA "+schema+" CASCADE")
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		t.Error(err)
	}
}

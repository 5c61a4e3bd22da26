package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// tableSize is how large a table is with its indexes.
type tableSize struct{ rows, bytes int64 }

// tables measures every table of the hub and of its audit, by their names.
func (y *year) tables() map[string]tableSize {
	y.Helper()
	out := map[string]tableSize{}
	if y.hub.Database != "" {
		y.measure(out, y.hub.Database, `SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
		return out
	}
	for _, file := range []string{"hub.db", "audit.db"} {
		y.measure(out, "file:"+filepath.Join(y.hub.Dir, file), `SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name GROUP BY 1`)
	}
	return out
}

func (y *year) measure(out map[string]tableSize, location, query string) {
	y.Helper()
	db := openSQL(y, location)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(y.Context(), query)
	y.ok(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var size tableSize
		y.ok(rows.Scan(&name, &size.bytes))
		out[name] = size
	}
	y.ok(rows.Err())
	for name, size := range out {
		if size.rows == 0 && !strings.HasPrefix(name, "sqlite_") && db.QueryRowContext(y.Context(), `SELECT count(*) FROM "`+name+`"`).Scan(&size.rows) == nil {
			out[name] = size
		}
	}
}

// report tells how the tables grew, the greatest first.
func (y *year) report(begun, ended map[string]tableSize) {
	y.Helper()
	var text strings.Builder
	total := int64(0)
	for _, name := range slices.SortedFunc(maps.Keys(ended), func(a, b string) int { return cmp.Compare(ended[b].bytes, ended[a].bytes) }) {
		was, is := begun[name], ended[name]
		fmt.Fprintf(&text, "\n%-22s %9d rows %8d KiB at first, %9d rows %8d KiB after the year", name, was.rows, was.bytes>>10, is.rows, is.bytes>>10)
		total += is.bytes - was.bytes
	}
	y.Logf("%d KiB more in a year of %d households at first:%s", total>>10, *sizes.households, &text)
	if ended["changes"].rows <= begun["changes"].rows || ended["records"].rows == 0 {
		y.Error("the tables were not measured")
	}
}

package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server/internal/division"
)

// department is an agency with its copy in a SQLite file.
type department struct {
	name  string
	area  string // "" for the whole province
	lists []string
	path  string
	sink  mirror.Sink
	sync  *mirror.Syncer
}

// found makes the departments. The last one reads everything.
func (y *year) found() {
	y.Helper()
	all := y.hub.Lists(y.Context())
	for _, d := range []*department{
		{name: "education", lists: []string{"education", rosterList}},
		{name: "danzhou", lists: all, area: "danzhou"},
		{name: "copy", lists: all},
	} {
		var divisions []string
		if d.area != "" {
			a, _ := division.Hainan().Area(d.area)
			divisions = []string{a.Root}
		}
		y.hub.Agree(y, d.name, d.lists, divisions...)
		d.path = filepath.Join(y.TempDir(), d.name+".db")
		y.open(d)
		y.Cleanup(func() { _ = d.sink.Close() })
		y.departments = append(y.departments, d)
	}
}

// open connects a department to the hub as it is now, with what lies in its file.
func (y *year) open(d *department) {
	y.Helper()
	if d.sink != nil {
		y.ok(d.sink.Close())
	}
	d.sink, d.sync = y.mirrorOf(d.name, d.path)
}

func (y *year) mirrorOf(agency, path string) (mirror.Sink, *mirror.Syncer) {
	y.Helper()
	sink, err := mirror.OpenSQLite(context.Background(), path)
	y.ok(err)
	s, err := mirror.New(mirror.Config{Client: y.client(agency, ""), Sink: sink, MaxShrink: 1})
	y.ok(err)
	return sink, s
}

// sync brings every copy to this night. The mirror compares each village with the hub's
// digests; nothing may have to be healed, and only the first load and a list with other
// fields are reasons to load.
func (y *year) sync(night int) {
	y.Helper()
	for _, d := range y.departments {
		r, err := d.sync.Pull(y.Context())
		y.ok(err)
		reload := night == yearChanged && slices.Contains(d.lists, "education")
		if !r.Current || len(r.Healed) > 0 || (len(r.Reloads) > 0) != reload {
			y.Fatalf("%s: %s: current %v, healed %v, reloads %v", y.today(), d.name, r.Current, r.Healed, r.Reloads)
		}
		if late := r.End.NotDerivedFor(y.today()); len(late) > 0 || r.End.Catalogue != y.catalogue {
			y.Fatalf("%s: %s is not at this day in %v, or not at catalogue %s", y.today(), d.name, late, y.catalogue)
		}
		if d.name != "copy" {
			continue
		}
		for _, c := range r.Counts {
			if c.Op == mirror.OpEnded {
				y.ended[c.Cause] += c.Rows
			}
		}
	}
}

// whole reads everything anew, and compares every row of every copy with that, column by column.
func (y *year) whole() {
	y.Helper()
	path := filepath.Join(y.TempDir(), fmt.Sprintf("whole-%s.db", y.today()))
	sink, s := y.mirrorOf("copy", path)
	defer func() { y.ok(sink.Close()) }()
	r, err := s.Pull(y.Context())
	y.ok(err)
	if !r.Current || r.Rows() == 0 {
		y.Fatalf("%s: a fresh copy: %+v", y.today(), r)
	}
	for _, d := range y.departments {
		v, err := d.sync.Verify(y.Context())
		y.ok(err)
		if len(v.Differing) > 0 || len(v.Behind) > 0 {
			y.Fatalf("%s: %s differs in %v, is behind in %v", y.today(), d.name, v.Differing, v.Behind)
		}
		if rows := y.compare(d, path); rows != v.Rows {
			y.Fatalf("%s: %s has %d rows, the hub %d for it", y.today(), d.name, v.Rows, rows)
		}
	}
}

// compare compares all tables of a copy with those of a fresh one, and counts the rows there.
func (y *year) compare(d *department, fresh string) (rows int64) {
	y.Helper()
	db, err := sql.Open("sqlite", "file:"+d.path)
	y.ok(err)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(y.Context(), "ATTACH DATABASE ? AS fresh", fresh)
	y.ok(err)
	for _, list := range d.lists {
		table := strings.ReplaceAll(list, "-", "_")
		own, theirs := y.rowsOf(db, "main", table, ""), y.rowsOf(db, "fresh", table, d.area)
		if own == "" && theirs == "" {
			continue // nobody has stood on it yet
		}
		only := y.count(db, own, theirs) + y.count(db, theirs, own)
		if only > 0 {
			y.Fatalf("%s: %s: %d rows of %s are in one of the copy and a fresh one only", y.today(), d.name, only, table)
		}
		rows += y.count(db, theirs, "")
	}
	return rows
}

// rowsOf selects the rows of a table, with all columns but the number of the transaction that
// changed a row last: a load has that of its block. "" where there is no table.
func (y *year) rowsOf(db *sql.DB, schema, table, area string) string {
	y.Helper()
	var columns sql.NullString
	y.ok(db.QueryRowContext(y.Context(), `SELECT group_concat('"' || name || '"') FROM pragma_table_info(?, ?) WHERE name <> 'hub_transaction'`, table, schema).Scan(&columns))
	if !columns.Valid {
		return ""
	}
	query := "SELECT " + columns.String + " FROM " + schema + "." + table
	if area != "" {
		query += " WHERE area = '" + area + "'"
	}
	return query
}

// count counts the rows of a query that another one has not. Where the columns differ that
// is an error.
func (y *year) count(db *sql.DB, query, without string) (n int64) {
	y.Helper()
	switch {
	case query == "":
		return 0
	case without != "":
		query += " EXCEPT " + without
	}
	y.ok(db.QueryRowContext(y.Context(), "SELECT count(*) FROM ("+query+")").Scan(&n))
	return n
}

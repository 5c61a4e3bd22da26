package postgres_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
)

// A plan made while a table was empty is kept while a first load fills it.
func TestEmptyTablesAreLookedUpByTheirKeysToo(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	migrated(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	for name, q := range postgres.LookUps {
		if _, err := conn.Exec(t.Context(), "PREPARE looked AS "+q.Query); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", strings.Count(q.Query, "::")), ",")
		if strings.Contains(q.Query, "= $1") {
			nulls = "NULL," + nulls
		}
		rows, err := conn.Query(t.Context(), "EXPLAIN (COSTS OFF) EXECUTE looked ("+nulls+")")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if whole := strings.Join(plan, "\n"); !regexp.MustCompile(`Index Cond: .* AND .*` + q.Key + ` = (u\.|\(unnest)`).MatchString(whole) {
			t.Errorf("%s:\n%s", name, whole)
		}
		if _, err := conn.Exec(t.Context(), "DEALLOCATE looked"); err != nil {
			t.Fatal(err)
		}
	}
}

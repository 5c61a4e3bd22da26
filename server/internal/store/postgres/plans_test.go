package postgres_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
)

// A plan made while a table was empty is kept while a first load fills it.
func TestEmptyTablesAreLookedUpByTheirKeysToo(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	migrated(t, url)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	for name, q := range postgres.LookUps {
		if _, err := conn.Exec(t.Context(), "PREPARE looked AS "+q.Query); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		nulls := strings.Join(slices.Repeat([]string{"NULL"}, q.Args), ", ")
		plan := names(t, conn, "EXPLAIN (COSTS OFF) EXECUTE looked ("+nulls+")")
		if whole := strings.Join(plan, "\n"); !regexp.MustCompile(`Index Cond: .* AND .*` + q.Key + ` = (u\.|\(unnest)`).MatchString(whole) {
			t.Errorf("%s:\n%s", name, whole)
		}
		if _, err := conn.Exec(t.Context(), "DEALLOCATE looked"); err != nil {
			t.Fatal(err)
		}
	}
}

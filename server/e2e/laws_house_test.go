package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// lawHouse is a whole hub on its ports with an agency that reads all lists of the law tests.
type lawHouse struct {
	*hubtest.Hub
	places *atomic.Int64
}

// onLawHouses runs a test on each store with a fresh hub of so many families.
func onLawHouses(t *testing.T, families int, test func(t *testing.T, h lawHouse)) {
	for _, c := range []struct {
		name string
		hubtest.Config
	}{{"sqlite", hubtest.Config{}}, {"postgres", hubtest.Config{Postgres: true}}} {
		t.Run(c.name, func(t *testing.T) {
			h := lawHouse{hubtest.Start(t, c.Config), &atomic.Int64{}}
			h.Agree(t, "reader", lawReads)
			h.Agree(t, "other", lawReads)
			var all []*household.Household
			for n := range families {
				all = append(all, lawFamily(n, lawVillage(lawAreas[n%len(lawAreas)], n%7)))
			}
			h.mustWrite(t, all...)
			test(t, h)
		})
	}
}

// write imports households: one transaction for each area among them.
func (h lawHouse) write(ctx context.Context, all ...*household.Household) error {
	var file bytes.Buffer
	for _, f := range all {
		line, err := wire.HouseholdToJSON(f)
		if err != nil {
			return err
		}
		file.Write(append(line, '\n'))
	}
	r, err := h.Import(ctx, &file, server.ImportOptions{Caller: server.Caller{Agency: "office", Client: "test"}})
	if err == nil && r.Rejected > 0 {
		err = fmt.Errorf("%d households were rejected", r.Rejected)
	}
	return err
}

func (h lawHouse) mustWrite(t *testing.T, all ...*household.Household) {
	t.Helper()
	if err := h.write(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
}

// connect makes a client of the agency "reader" that tries so often; address is the hub's or a proxy's.
func (h lawHouse) connect(t *testing.T, address string, tries int) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{
		Target: address, Insecure: true, Token: client.StaticToken(h.TokenFor(t, "reader", "")), Tries: tries, Backoff: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// sqliteMirror is the place of a fresh mirror.
func (h lawHouse) sqliteMirror(t *testing.T) string {
	return filepath.Join(t.TempDir(), "mirror.db")
}

// postgresMirror is the place of a fresh mirror in a schema of its own.
func (h lawHouse) postgresMirror(t *testing.T, base string) string {
	t.Helper()
	schema := fmt.Sprint("mirror", h.places.Add(1))
	conn, err := pgx.Connect(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	place, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	query := place.Query()
	query.Set("search_path", schema)
	place.RawQuery = query.Encode()
	return place.String()
}

// mirrorDatabase is a database for postgresMirror: the hub's server, but never its database.
func (h lawHouse) mirrorDatabase(t *testing.T) string {
	t.Helper()
	if h.Database == "" {
		return ""
	}
	return pgtest.URL(t)
}

// syncer opens a mirror; it holds nothing back.
func (h lawHouse) syncer(t *testing.T, c *client.Client, place string, size int32) *mirror.Syncer {
	t.Helper()
	return h.watched(t, c, place, size, nil)
}

// watched is a syncer that tells its progress.
func (h lawHouse) watched(t *testing.T, c *client.Client, place string, size int32, progress func(mirror.Progress)) *mirror.Syncer {
	t.Helper()
	sink, err := mirror.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close() })
	s, err := mirror.New(mirror.Config{Client: c, Sink: sink, PageSize: size, MaxShrink: 1, Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mustEqualHub verifies a mirror: every row hashed anew, as many as the hub has.
func (h lawHouse) mustEqualHub(t *testing.T, c *client.Client, s *mirror.Syncer) {
	t.Helper()
	v, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	digests, err := c.Sync().GetDigests(t.Context(), &hubv1.GetDigestsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, d := range digests.GetEnd().GetDigests() {
		rows += d.GetCount()
	}
	if v.Rows != rows || len(v.Differing) > 0 || len(v.Behind) > 0 {
		t.Errorf("the mirror has %d rows of %d, differs in %v, is behind in %v", v.Rows, rows, v.Differing, v.Behind)
	}
}

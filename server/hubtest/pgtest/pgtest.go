// Package pgtest gives tests a real PostgreSQL.
//
// The first call of URL starts one server for the test process, from local binaries, in a
// folder of its own and on a unix socket; it is gone when the process is, however that
// ends. With TEST_POSTGRES_URL in the environment that server is used instead, which is
// quicker where many packages are tested: its user must be allowed to create databases.
// Start gives a test a server of its own, which it may kill.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// errMissing says that this machine has no PostgreSQL.
var errMissing = errors.New("no initdb and pg_ctl on PATH nor in /usr/lib/postgresql: install PostgreSQL, or set TEST_POSTGRES_URL")

// dropTimeout bounds the clean-up on a server that is not ours.
const dropTimeout = 30 * time.Second

var server = sync.OnceValues(func() (*url.URL, error) {
	if given := os.Getenv("TEST_POSTGRES_URL"); given != "" {
		return url.Parse(given)
	}
	return start()
})

// URL makes an empty database and gives its connection URL. On the server of
// TEST_POSTGRES_URL it is dropped when the test ends. Where there is no PostgreSQL the
// test is skipped, but with CI=true it fails.
func URL(t testing.TB) string {
	t.Helper()
	base, err := server()
	if err != nil {
		missing(t, err)
	}
	name, own := create(t, base)
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
			defer cancel()
			if err := execute(ctx, base, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
				t.Errorf("pgtest: %v", err)
			}
		})
	}
	return own.String()
}

// Standby starts a server of the test's own from local binaries, lets fill write into a
// database of it, and starts it again as a standby: one that only reads, whatever it is
// asked. It gives the database's URL.
func Standby(t testing.TB, fill func(url string)) string {
	t.Helper()
	base, err := start()
	if err != nil {
		missing(t, err)
	}
	fill(base.String())
	if err := asStandby(base); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return base.String()
}

// missing skips a test that got no server, or fails it.
func missing(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	t.Fatalf("pgtest: %v", err)
}

// create makes an empty database on a server.
func create(t testing.TB, base *url.URL) (name string, own *url.URL) {
	t.Helper()
	name = "hubtest_" + strings.ToLower(rand.Text())
	if err := execute(t.Context(), base, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	there := *base
	there.Path = "/" + name
	return name, &there
}

func execute(ctx context.Context, base *url.URL, statement string) error {
	conn, err := pgx.Connect(ctx, base.String())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

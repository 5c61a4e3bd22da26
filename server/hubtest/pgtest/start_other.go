//go:build !unix

package pgtest

import (
	"net/url"
	"testing"
)

func start() (*url.URL, error) { return nil, errMissing }

func asStandby(*url.URL) error { return errMissing }

// Server is a PostgreSQL server of one test's own; there is none on this system.
type Server struct{}

// Start skips the test, or fails it with CI=true.
func Start(t testing.TB) *Server {
	t.Helper()
	missing(t, errMissing)
	return nil
}

// URL is never reached.
func (*Server) URL(testing.TB) string { return "" }

// Kill is never reached.
func (*Server) Kill(testing.TB) {}

// Restart is never reached.
func (*Server) Restart(testing.TB) {}

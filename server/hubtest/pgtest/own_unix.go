//go:build unix

package pgtest

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ready is what the server logs when it takes connections.
const ready = "database system is ready to accept connections"

// Server is a PostgreSQL server of one test's own, never that of TEST_POSTGRES_URL: the
// test may kill it.
type Server struct {
	cluster *cluster
	main    *exec.Cmd
	gone    chan struct{} // closed when the server and all its backends are gone
}

// Start makes a server that ends with the test. Where there is no PostgreSQL the test is
// skipped, but with CI=true it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	c, err := newCluster()
	if err != nil {
		missing(t, err)
	}
	s := &Server{cluster: c}
	t.Cleanup(func() {
		s.Kill(t)
		if err := c.guard.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Restart(t)
	return s
}

// URL makes an empty database and gives its connection URL, which stays the same.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	_, own := create(t, s.cluster.url())
	return own.String()
}

// Kill is kill -9 of the postmaster, by its id. It returns when the backends, who notice it
// by themselves, have gone as well: only then may another one be started.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.main == nil {
		return
	}
	if err := s.main.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-s.gone
	_ = s.main.Wait() // killed
	s.main = nil
}

// Restart starts the server on the data as they were left. It returns when it has recovered.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	cmd := exec.Command(filepath.Join(filepath.Dir(s.cluster.pgctl), "postgres"), "-D", s.cluster.data()) //nolint:gosec // PostgreSQL's own program
	cmd.SysProcAttr, cmd.Dir = s.cluster.attr, s.cluster.dir
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	s.main, s.gone = cmd, make(chan struct{})
	said, lines := strings.Builder{}, bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), ready) {
		said.WriteString(lines.Text() + "\n")
	}
	if !strings.Contains(lines.Text(), ready) {
		close(s.gone)
		t.Fatalf("pgtest: the server did not start: %s", said.String())
	}
	go func() { // each backend holds the other end of its log
		defer close(s.gone)
		_, _ = io.Copy(io.Discard, log) // until all have gone
	}()
}

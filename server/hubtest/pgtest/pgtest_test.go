package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5"
)

// asChild makes this test binary a process that uses a server and then waits to be killed.
const asChild = "PGTEST_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		base, err := server()
		fmt.Println(base, err)
		select {}
	}
	os.Exit(m.Run())
}

func TestEachDatabaseIsFreshAndEmpty(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		address := URL(t)
		if seen[address] {
			t.Fatal("the same database twice")
		}
		seen[address] = true
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		var fsync string
		var tables int
		err = errors.Join(
			conn.QueryRow(t.Context(), "SHOW fsync").Scan(&fsync),
			conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables),
		)
		ours := os.Getenv("TEST_POSTGRES_URL") == ""
		if err != nil || ours && fsync != "on" || tables != 0 {
			t.Errorf("fsync %s, %d tables, error %v", fsync, tables, err)
		}
		if _, err := conn.Exec(t.Context(), "CREATE TABLE something (id int)"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestTheServerDiesWithAKilledProcess(t *testing.T) {
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("no server is started with TEST_POSTGRES_URL")
	}
	URL(t) // skips where there is no PostgreSQL
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asChild+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var address string
	if _, err := fmt.Sscan(line, &address); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The connection is told, or cut, when the server goes; until then this waits.
	if _, err := conn.WaitForNotification(t.Context()); err == nil {
		t.Error("a notification that nobody sent")
	}
	_ = conn.Close(t.Context())
	if _, err := pgx.Connect(t.Context(), address); err == nil {
		t.Error("the server outlived its process")
	}
	_ = cmd.Wait() // killed
}

func TestAKilledServerComesBackWithWhatWasCommitted(t *testing.T) {
	s := Start(t)
	address := s.URL(t)
	var open []*pgx.Conn
	connect := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
		return conn
	}
	if _, err := connect().Exec(t.Context(), "CREATE TABLE something AS SELECT 1 AS id"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.Kill(t)
		if _, err := open[len(open)-1].Exec(t.Context(), "SELECT"); err == nil {
			t.Error("a backend outlived its server")
		}
		s.Restart(t)
		var n int
		if err := connect().QueryRow(t.Context(), "SELECT count(*) FROM something").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	}
}

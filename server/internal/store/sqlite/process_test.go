package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/sqlite"
	"github.com/bangfuhub/hub/server/internal/store/storetest"
)

// childDir makes this test binary a second process that appends to the store in that
// folder and prints the number of every transaction that was acknowledged.
const childDir = "SQLITE_TEST_CHILD_DIR"

// childLock makes it a process that holds a lock in that folder and prints that it does.
const childLock = "SQLITE_TEST_CHILD_LOCK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childLock); dir != "" {
		fmt.Fprintln(os.Stderr, holdForEver(dir))
		os.Exit(1)
	}
	if dir := os.Getenv(childDir); dir != "" {
		if err := appendForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func holdForEver(dir string) error {
	s, err := sqlite.Open(sqlite.Config{Dir: dir})
	if err != nil {
		return err
	}
	return s.Alone(context.Background(), "keeper", func(context.Context) error {
		fmt.Println("held")
		select {}
	})
}

func appendForEver(dir string) error {
	s, err := sqlite.Open(sqlite.Config{Dir: dir})
	if err != nil {
		return err
	}
	for {
		number, err := appendOne(context.Background(), s)
		if err != nil {
			return err
		}
		if err := s.Audit(context.Background(), store.AuditEntry{ID: strconv.FormatInt(number, 10)}); err != nil {
			return err
		}
		if _, err := fmt.Println(number); err != nil {
			return err
		}
	}
}

func appendOne(ctx context.Context, s store.Store) (number int64, err error) {
	err = s.Update(ctx, func(tx store.Tx) (err error) {
		number, err = tx.Append(ctx, store.Batch{Area: "A", Changes: []store.Change{{Op: "UPSERT"}, {Op: "UPSERT"}}})
		return err
	})
	return number, err
}

// start starts the second process, which does what the variable says in a folder.
func start(t *testing.T, variable, dir string) (cmd *exec.Cmd, out io.Reader) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), variable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// child starts the second process and reads what it has acknowledged until that is enough.
func child(t *testing.T, dir string, enough func(number int64) bool) (last int64) {
	t.Helper()
	cmd, out := start(t, childDir, dir)
	lines := bufio.NewScanner(out)
	var err error
	for !enough(last) && lines.Scan() {
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // acknowledged before it died
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return last
}

// checkFeed reads the feed of area A: it must be dense, in whole transactions, up to the head.
func checkFeed(t *testing.T, s store.Store) (last int64) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		heads, err := r.Heads(t.Context(), nil)
		if err != nil {
			return err
		}
		n := int64(0)
		err = r.Changes(t.Context(), store.ChangeQuery{Area: "A"}, func(c store.Change) error {
			if c.Transaction != n/2+1 || int64(c.Ordinal) != n%2 {
				t.Errorf("change %d is %d.%d", n, c.Transaction, c.Ordinal)
			}
			n++
			return nil
		})
		last = heads[0].Last
		if n != 2*last {
			t.Errorf("%d changes up to transaction %d", n, last)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

func TestAcknowledgedWorkSurvivesAKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := child(t, dir, func(number int64) bool { return number >= 20 })
	s := open(t, dir)
	if last := checkFeed(t, s); last < acknowledged {
		t.Errorf("transaction %d was acknowledged, the head is %d", acknowledged, last)
	}
	found := map[string]bool{}
	err := s.AuditTrail(t.Context(), store.AuditEntry{}.Time, store.AuditEntry{}.Time.Add(1000), func(e store.AuditEntry) error {
		found[e.ID] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for number := range acknowledged {
		if id := strconv.FormatInt(number+1, 10); !found[id] {
			t.Errorf("the audit entry %s is lost", id)
		}
	}
}

func TestTwoProcessesShareTheFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	mine := 0
	child(t, dir, func(int64) bool {
		if _, err := appendOne(t.Context(), s); err != nil {
			t.Error(err)
		}
		mine++
		return mine >= 20
	})
	if last := checkFeed(t, s); last <= int64(mine) {
		t.Errorf("the head is %d, but %d of these are this process's own", last, mine)
	}
}

func TestOpensSideBySideMigrateOnce(t *testing.T) {
	dir := t.TempDir()
	const processes = 4
	opened := make(chan error, processes)
	for range processes {
		go func() {
			s, err := sqlite.Open(sqlite.Config{Dir: dir})
			if err == nil {
				err = errors.Join(s.CheckSchema(context.Background()), s.Close())
			}
			opened <- err
		}()
	}
	for range processes {
		if err := <-opened; err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here? 100%") // a path that a DSN must escape
	s := open(t, dir)
	if _, err := appendOne(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files (error %v), want two databases and their logs", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
}

func TestTwoStoresKnowOfEachOthersLocks(t *testing.T) {
	dir := t.TempDir()
	one, err := sqlite.Open(sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Locks(t, one, open(t, dir))
}

func TestAProcessHoldsItsLockUntilItIsKilled(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	cmd, out := start(t, childLock, dir)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	nothing := func(context.Context) error { return nil }
	for range 2 { // asking does not take it from the holder
		if err := s.Alone(t.Context(), "keeper", nothing); !errors.Is(err, store.ErrHeld) {
			t.Errorf("while another process holds it: %v", err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if err := s.Alone(t.Context(), "keeper", nothing); err != nil {
		t.Errorf("when the holder is dead: %v", err)
	}
}

// A process that closes a file loses its locks on it, whichever way it had opened it. So
// asking for a lock must not take it from whoever holds it in the same process.
func TestALockIsHeldAgainstOtherProcessesAlsoWhenOthersOfItsOwnAskForIt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	err := s.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		if err := s.Alone(ctx, "keeper", func(context.Context) error { return nil }); !errors.Is(err, store.ErrHeld) {
			t.Errorf("in the same process: %v", err)
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute) // one that gets the lock does not end
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), childLock+"="+dir)
		if said, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(said), store.ErrHeld.Error()) {
			t.Errorf("another process says %q, %v", said, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

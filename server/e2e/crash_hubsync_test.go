package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// tap is a way to the hub on which the bytes that the hub sends are counted.
type tap struct {
	address string
	sent    atomic.Int64
	mu      sync.Mutex
	limit   int64
	reached func()
}

func newTap(t testing.TB, target string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &tap{address: l.Addr().String()}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				_ = in.Close()
				return
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(io.MultiWriter(p, in), out); _ = in.Close() }()
		}
	}()
	return p
}

// at has f called once, when so many more bytes have come.
func (p *tap) at(bytes int64, f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit, p.reached = p.sent.Load()+bytes, f
}

// Write counts; it stands before the writer to the client.
func (p *tap) Write(b []byte) (int, error) {
	sent := p.sent.Add(int64(len(b)))
	p.mu.Lock()
	f := p.reached
	if sent < p.limit {
		f = nil
	} else {
		p.reached = nil
	}
	p.mu.Unlock()
	if f != nil {
		f()
	}
	return len(b), nil
}

// pullAndKill starts hubsync pull and kills it when so many bytes have come, or a few
// turns of the scheduler later. It tells whether it was killed.
func pullAndKill(t testing.TB, p *tap, token, db string, bytes int64, turns int) bool {
	t.Helper()
	plain := program(t, "hubsync", "pull", "--insecure", "--hub", p.address, "--token-file", token, "--db", db)
	ctx, kill := context.WithCancel(t.Context()) // ends it by SIGKILL
	defer kill()
	cmd := exec.CommandContext(ctx, plain.Path, plain.Args[1:]...) //nolint:gosec // built by the test
	cmd.Dir, cmd.Env = plain.Dir, plain.Env
	p.at(bytes, func() {
		go func() {
			for range turns {
				runtime.Gosched()
			}
			kill()
		}()
	})
	got := finish(t, cmd)
	if got.exit > 0 && got.exit != 10 {
		t.Fatalf("pull: exit %d\n%s", got.exit, got.stderr)
	}
	return got.exit < 0
}

// visible counts the rows that a reader of the mirror sees in a list. A SQLite mirror
// is looked at in a copy, so that hubsync itself meets what the killed one left.
func visible(t testing.TB, location string) (rows int64) {
	t.Helper()
	if !strings.HasPrefix(location, "postgres://") {
		copied := filepath.Join(t.TempDir(), "copy.db")
		for _, suffix := range []string{"", "-wal", "-journal"} {
			data, err := os.ReadFile(filepath.Clean(location + suffix))
			if err != nil {
				continue // not there
			}
			if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		location = copied
	}
	db := openSQL(t, location)
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM household_status").Scan(&rows); err != nil {
		return 0 // no table yet
	}
	return rows
}

func TestAKilledHubsyncGoesOnAndItsMirrorIsEqual(t *testing.T) {
	const households = 250
	t.Parallel()
	hub := hubtest.Start(t, hubtest.Config{On: today()})
	hub.AgreeOffice(t, "office")
	hub.Load(t, bytes.NewReader(hub.Generated(t, households, 5)))
	if _, err := hub.Derive(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := tokenFile(t, hub.TokenFor(t, "office", ""))
	p := newTap(t, hub.GRPCAddress())
	first := filepath.Join(t.TempDir(), "whole.db")
	mustEqual(t, p.address, token, first)
	complete := visible(t, first)
	whole := p.sent.Load()
	all := hub.Client(t, "office", "a-clerk")
	for name, fresh := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(t.TempDir(), "mirror.db") },
		"postgres": func() string { return pgtest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db := ""
			kills(t, func(i int) bool {
				bytes := rand.Int64N(whole)
				if i%2 == 0 { // a first load
					db = fresh()
				} else { // then changes of every eighth household
					changeFacts(t, all, households/8)
					bytes = rand.Int64N(whole / 8)
				}
				before := visible(t, db)
				killed := pullAndKill(t, p, token, db, bytes, rand.IntN(2)*rand.IntN(500_000))
				if now := visible(t, db); now != before && now != complete {
					t.Fatalf("%d of %d rows are visible", now, complete)
				}
				mustEqual(t, p.address, token, db)
				return killed
			})
		})
	}
}

// changeFacts changes telephone and village group of some households: one or the other stands on most lists.
func changeFacts(t testing.TB, c *client.Client, count int) {
	t.Helper()
	page, err := c.Sync().Pull(t.Context(), &hubv1.PullRequest{Scope: &hubv1.Scope{Lists: []string{"household-status"}}, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range page.GetPage().GetBlocks() {
		for _, r := range b.GetRecords() {
			if count--; count < 0 {
				return
			}
			got, err := c.Households().GetHousehold(t.Context(), &hubv1.GetHouseholdRequest{Id: r.GetHousehold()})
			if err != nil {
				t.Fatal(err)
			}
			h := proto.CloneOf(got.GetHousehold())
			n := rand.IntN(100_000_000)
			h.Register.Phone, h.VillageGroup = fmt.Sprintf("100%08d", n), fmt.Sprintf("虚构第%d组", n)
			_, err = c.Households().UpdateHousehold(t.Context(), &hubv1.UpdateHouseholdRequest{
				Household: h, Groups: []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: "phone-" + h.GetEtag(),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

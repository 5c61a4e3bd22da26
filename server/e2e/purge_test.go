package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
	"github.com/bangfuhub/hub/server/internal/store/sqlite"
)

const (
	purgeTransactions = 10 // of purgeArea, the first of them by the families that were there
	purgeArea         = "danzhou"
)

// storeBeside opens the store of a running hub from beside it, as its operator can.
func storeBeside(t testing.TB, h lawHouse) store.Store {
	t.Helper()
	var s store.Store
	var err error
	if h.Database != "" {
		s, err = postgres.Open(t.Context(), postgres.Config{URL: h.Database})
	} else {
		s, err = sqlite.Open(sqlite.Config{Dir: h.Dir})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// updateBeside changes the store of a running hub from beside it.
func updateBeside(t *testing.T, h lawHouse, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	s := storeBeside(t, h)
	defer func() { _ = s.Close() }()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// visit is a place in the feed: the cursor after so many transactions of purgeArea, and
// two mirrors that stand there.
type visit struct {
	cursor string
	late   *mirror.Syncer // pulls when its next transaction is purged
	edge   *mirror.Syncer // pulls when all up to that one are
}

func TestAfterAPurgeAtAnyTransactionOlderCursorsFailLoudlyAndNewerOnesGoOn(t *testing.T) {
	onLawHouses(t, 3, func(t *testing.T, h lawHouse) {
		c := h.connect(t, h.GRPCAddress(), 1)
		visits := []visit{{}} // by transactions seen; nobody stands before the first one
		for n := 1; n <= purgeTransactions; n++ {
			if n > 1 {
				h.mustWrite(t, lawFamily(10+n, lawVillage(purgeArea, n%3)))
			}
			visits = append(visits, visitNow(t, h, c))
		}
		for kept := 2; kept <= purgeTransactions+1; kept++ {
			updateBeside(t, h, func(ctx context.Context, tx store.Tx) error { return tx.Purge(ctx, purgeArea, int64(kept)) })
			for seen, v := range visits[1:] {
				mustReadOn(t, c, v.cursor, seen+1, kept)
			}
			mustPull(t, h, c, visits[kept-1].edge, nil) // nothing that it lacks is purged
			if kept > 2 {                               // one transaction that it lacks is
				mustPull(t, h, c, visits[kept-2].late, []string{"CURSOR_PURGED"})
			}
		}
	})
}

func visitNow(t *testing.T, h lawHouse, c *client.Client) visit {
	t.Helper()
	pages := readPages(t, c, "")
	v := visit{cursor: pages[len(pages)-1].GetCursor()}
	for _, s := range []**mirror.Syncer{&v.late, &v.edge} {
		*s = h.syncer(t, c, h.sqliteMirror(t), 0)
		mustPull(t, h, c, *s, nil)
	}
	return v
}

// mustPull brings a mirror up to date and says which reloads that may take.
func mustPull(t *testing.T, h lawHouse, c *client.Client, s *mirror.Syncer, reloads []string) {
	t.Helper()
	r, err := s.Pull(t.Context())
	if err != nil || !r.Current || len(r.Healed) > 0 || !slices.Equal(r.Reloads, reloads) && len(r.Reloads)+len(reloads) > 0 {
		t.Fatalf("current %t, healed %v, reloads %v (want %v): %v", r.Current, r.Healed, r.Reloads, reloads, err)
	}
	h.mustEqualHub(t, c, s)
}

// mustReadOn reads on from a cursor that has seen so many transactions of purgeArea.
func mustReadOn(t *testing.T, c *client.Client, cursor string, seen, kept int) {
	t.Helper()
	if seen+1 < kept {
		mustRefuse(t, c, &hubv1.PullRequest{Cursor: cursor}, hubv1.Reason_REASON_CURSOR_PURGED)
		return
	}
	next := int64(seen)
	for _, p := range readPages(t, c, cursor) {
		for _, tx := range p.GetTransactions() {
			if next++; tx.GetArea() != purgeArea || tx.GetNumber() != next {
				t.Errorf("oldest kept %d, seen %d: transaction %d of %s, want %d", kept, seen, tx.GetNumber(), tx.GetArea(), next)
			}
		}
	}
	if next != purgeTransactions {
		t.Errorf("oldest kept %d, seen %d: read on to %d of %d", kept, seen, next, purgeTransactions)
	}
}

func readPages(t *testing.T, c *client.Client, cursor string) (pages []*hubv1.Page) {
	t.Helper()
	for p, err := range c.Pages(t.Context(), &hubv1.FollowRequest{Cursor: cursor, PageSize: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
	}
	return pages
}

// mustRefuse asks by Pull and by Follow: both name the reason, and the remedy is a reload.
func mustRefuse(t *testing.T, c *client.Client, q *hubv1.PullRequest, reason hubv1.Reason) {
	t.Helper()
	_, err := c.Sync().Pull(t.Context(), q)
	mustBeRefusal(t, "Pull", err, reason)
	pages := 0
	for p, err := range c.Pages(t.Context(), &hubv1.FollowRequest{Scope: q.GetScope(), Cursor: q.GetCursor()}) {
		if p != nil {
			pages++
			continue
		}
		mustBeRefusal(t, "Follow", err, reason)
	}
	if pages > 0 {
		t.Errorf("%s: Follow gave %d pages", reason, pages)
	}
}

func mustBeRefusal(t *testing.T, call string, err error, reason hubv1.Reason) {
	t.Helper()
	if e := client.Of(err); e == nil || e.Reason != reason || e.Remedy != client.Reload || e.Chinese == "" {
		t.Errorf("%s: %v, want %s and a reload", call, err, reason)
	}
}

func TestALoadWhoseBaseIsPurgedUnderItBeginsAgainBesideTheOldRows(t *testing.T) {
	onLawHouses(t, cutFamilies, func(t *testing.T, h lawHouse) {
		line := startCutter(t, h.GRPCAddress())
		c := h.connect(t, line.address(), 1)
		s := h.syncer(t, c, h.sqliteMirror(t), cutPage)
		line.set(3, cutUnavailable)
		if _, err := s.Pull(t.Context()); err == nil {
			t.Fatal("a load that was cut succeeded")
		}
		h.mustWrite(t, lawFamily(100, lawVillage(purgeArea, 0)))
		h.mustWrite(t, lawFamily(101, lawVillage(purgeArea, 0)))
		updateBeside(t, h, func(ctx context.Context, tx store.Tx) error { return tx.Purge(ctx, purgeArea, 3) })
		line.set(never, 0)
		mustPull(t, h, c, s, []string{"CURSOR_PURGED"})
	})
}

func TestACursorThatIsNotThisReadersIsRefusedWithItsReason(t *testing.T) {
	onLawHouses(t, 3, func(t *testing.T, h lawHouse) {
		c := h.connect(t, h.GRPCAddress(), 1)
		mine := readPages(t, c, "")
		loading, current := mine[0].GetCursor(), mine[len(mine)-1].GetCursor()
		theirs := readPages(t, h.Client(t, "other", ""), "")
		narrow := &hubv1.Scope{Lists: []string{"education"}}
		for _, cursor := range []string{loading, current} {
			mustRefuse(t, c, &hubv1.PullRequest{Cursor: cursor, Scope: narrow}, hubv1.Reason_REASON_CURSOR_SCOPE)
			for i := 0; i < len(cursor); i += 1 + len(cursor)/40 {
				damaged := cursor[:i] + string(other(cursor[i])) + cursor[i+1:]
				mustRefuse(t, c, &hubv1.PullRequest{Cursor: damaged}, hubv1.Reason_REASON_CURSOR_INVALID)
			}
			mustRefuse(t, c, &hubv1.PullRequest{Cursor: cursor[:len(cursor)/2]}, hubv1.Reason_REASON_CURSOR_INVALID)
		}
		mustRefuse(t, c, &hubv1.PullRequest{Cursor: "not a cursor!"}, hubv1.Reason_REASON_CURSOR_INVALID)
		mustRefuse(t, c, &hubv1.PullRequest{Cursor: theirs[0].GetCursor()}, hubv1.Reason_REASON_CURSOR_FOREIGN)
		s := h.syncer(t, c, h.sqliteMirror(t), 0)
		mustPull(t, h, c, s, nil)
		updateBeside(t, h, func(ctx context.Context, tx store.Tx) error { // what a restore does
			m, err := tx.Meta(ctx)
			if err != nil {
				return err
			}
			m.Epoch = "ep_restored"
			return tx.SetMeta(ctx, m)
		})
		for _, cursor := range []string{loading, current} {
			mustRefuse(t, c, &hubv1.PullRequest{Cursor: cursor}, hubv1.Reason_REASON_CURSOR_EPOCH)
			mustRefuseREST(t, h, cursor, "CURSOR_EPOCH")
		}
		mustPull(t, h, c, s, []string{"CURSOR_EPOCH"})
	})
}

// other is another letter of a cursor's alphabet, which stands for other bits in every place.
func other(letter byte) byte {
	if letter == 'A' {
		return 'f'
	}
	return 'A'
}

// mustRefuseREST asks by both ways of REST; the error is a plain one, not a page.
func mustRefuseREST(t *testing.T, h lawHouse, cursor, reason string) {
	t.Helper()
	for _, path := range []string{"/v1/sync:pull", "/v1/sync:follow"} {
		body, err := json.Marshal(map[string]string{"cursor": cursor})
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.HTTPAddress()+path, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+h.TokenFor(t, "reader", ""))
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode < 400 || !strings.Contains(string(text), fmt.Sprintf("%q", reason)) {
			t.Errorf("%s: HTTP status %d, %.300s, %v", path, answer.StatusCode, text, err)
		}
	}
}

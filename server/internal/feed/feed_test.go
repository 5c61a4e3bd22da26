package feed_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/feed"
)

const (
	qionghai = "469002000000"
	danzhou  = "460400000000"
	province = "460000000000"
)

func TestFilterCoversExactlyTheVillagesBelowItsDivisions(t *testing.T) {
	tree := division.Hainan()
	all := tree.Villages(province)
	for _, code := range []string{province, danzhou, qionghai, "460400499000", tree.Children(qionghai)[0], tree.Villages(qionghai)[3]} {
		f := feed.NewFilter(tree, feed.NewScope(tree, map[string][]string{"education": {code}}))
		for _, v := range all {
			if got, want := f.Covers("education", tree.AreaOf(v), v), v == code || tree.Contains(code, v); got != want {
				t.Fatalf("scope %s, village %s: covers %v, want %v", code, v, got, want)
			}
			if f.Covers("housing", tree.AreaOf(v), v) {
				t.Fatal("a list that is not in the scope is covered")
			}
		}
	}
}

func TestScopeHasNoDivisionInsideAnother(t *testing.T) {
	tree := division.Hainan()
	s := feed.NewScope(tree, map[string][]string{"education": {tree.Villages(qionghai)[0], qionghai, qionghai, danzhou}})
	want := feed.Scope{{List: "education", Divisions: []string{danzhou, qionghai}}}
	if !s.Equal(want) {
		t.Fatalf("scope %v, want %v", s, want)
	}
}

func TestMoveIsSeenByEachScopeAsItsOwnStory(t *testing.T) {
	tree := division.Hainan()
	villages := tree.Villages(qionghai)
	from, to, other := villages[0], villages[1], villages[2]
	for _, c := range []struct {
		scope []string
		op    feed.Op
		seen  bool
	}{
		{[]string{qionghai}, feed.Moved, true},
		{[]string{from}, feed.LeftScope, true},
		{[]string{to}, feed.Upsert, true},
		{[]string{from, to}, feed.Moved, true},
		{[]string{other}, "", false},
	} {
		f := feed.NewFilter(tree, feed.NewScope(tree, map[string][]string{"education": c.scope}))
		op, seen := feed.Visible(f, "qionghai", feed.Moved, "education", to, from)
		if op != c.op || seen != c.seen {
			t.Errorf("scope %v sees %q %v, want %q %v", c.scope, op, seen, c.op, c.seen)
		}
	}
}

func TestDigestIsTheSumWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 16, 16)).Draw(t, "hashes")
		var a, b feed.Digest
		for _, h := range hashes {
			a.Add([16]byte(h))
		}
		rand.Shuffle(len(hashes), func(i, j int) { hashes[i], hashes[j] = hashes[j], hashes[i] })
		for _, h := range hashes {
			b.Add([16]byte(h))
		}
		if a != b {
			t.Fatal("the digest depends on the order of rows")
		}
		for _, h := range hashes {
			a.Sub([16]byte(h))
		}
		if a != (feed.Digest{}) {
			t.Fatal("taking every row away does not give the empty digest")
		}
	})
}

func cursorGen() *rapid.Generator[*feed.Cursor] {
	texts := rapid.SliceOfN(rapid.StringMatching(`[a-z-]{1,12}`), 0, 4)
	codes := rapid.SliceOfN(rapid.StringMatching(`[0-9]{12}`), 0, 5)
	return rapid.Custom(func(t *rapid.T) *feed.Cursor {
		c := &feed.Cursor{
			Epoch: rapid.String().Draw(t, "epoch"), Agency: rapid.String().Draw(t, "agency"),
			Asked: feed.Request{Lists: texts.Draw(t, "lists"), Divisions: codes.Draw(t, "divisions")}, Fields: map[string]string{},
			Loading: rapid.Bool().Draw(t, "loading"),
			Blocks:  feed.BlockPosition{Done: rapid.Bool().Draw(t, "done"), Area: rapid.String().Draw(t, "area")},
		}
		for _, l := range texts.Draw(t, "scope") {
			c.Scope = append(c.Scope, feed.Item{List: l, Divisions: codes.Draw(t, "divisions")})
			c.Fields[l] = rapid.String().Draw(t, "fingerprint")
		}
		for _, a := range texts.Draw(t, "areas") {
			c.Areas = append(c.Areas, feed.AreaPosition{Area: a, Transaction: rapid.Int64Min(0).Draw(t, "transaction")})
		}
		return c
	})
}

func TestCursorComesBackAsItWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := cursorGen().Draw(t, "cursor")
		encoded := c.Encode()
		back, err := feed.DecodeCursor(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.Encode(), encoded) {
			t.Fatal("the cursor changed on its way")
		}
		for _, a := range c.Areas[:min(1, len(c.Areas))] {
			if back.At(a.Area) != a.Transaction {
				t.Fatal("a position was lost")
			}
		}
		if _, err := feed.DecodeCursor(encoded[:len(encoded)-1]); err == nil {
			t.Fatal("a cut cursor was accepted")
		}
	})
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add((&feed.Cursor{Epoch: "ep_1", Scope: feed.Scope{{List: "a", Divisions: []string{qionghai}}}}).Encode())
	f.Add([]byte{1, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := feed.DecodeCursor(b); err == nil {
			if _, err := feed.DecodeCursor(c.Encode()); err != nil {
				t.Fatal("an accepted cursor can't be encoded again")
			}
		}
	})
}

func TestARowThatChangedVillageIsOneMove(t *testing.T) {
	for _, c := range [][2]string{{"1", "2"}, {"2", "1"}} {
		old := feed.Row{List: "a", Village: c[0], Household: "h", Person: "p", Hash: [16]byte{1}}
		now := feed.Row{List: "a", Village: c[1], Household: "h", Person: "p", Hash: [16]byte{2}}
		got := feed.Diff([]feed.Row{old}, []feed.Row{now})
		if len(got) != 1 || got[0].Op != feed.Moved || got[0].Old.Village != c[0] || got[0].New.Village != c[1] {
			t.Errorf("from village %s to %s: %+v", c[0], c[1], got)
		}
	}
}

func TestDiffLeadsFromTheStoredRowsToTheDerivedOnes(t *testing.T) {
	key := func(r feed.Row) [3]string { return [3]string{r.List, r.Household, r.Person} }
	rows := rapid.Custom(func(t *rapid.T) []feed.Row {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) feed.Row {
			return feed.Row{
				List: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "list"), Village: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "village"),
				Household: rapid.SampledFrom([]string{"h1", "h2", "h3"}).Draw(t, "household"), Person: rapid.SampledFrom([]string{"", "p"}).Draw(t, "person"),
				Hash: [16]byte{rapid.Byte().Draw(t, "hash")},
			}
		}), 0, 8).Draw(t, "rows")
		slices.SortFunc(all, func(a, b feed.Row) int {
			return bytes.Compare([]byte(key(a)[0]+key(a)[1]+key(a)[2]), []byte(key(b)[0]+key(b)[1]+key(b)[2]))
		})
		return slices.CompactFunc(all, func(a, b feed.Row) bool { return key(a) == key(b) })
	})
	rapid.Check(t, func(t *rapid.T) {
		stored, derived := rows.Draw(t, "stored"), rows.Draw(t, "derived")
		now := map[[3]string]feed.Row{}
		for _, r := range stored {
			now[key(r)] = r
		}
		for _, d := range feed.Diff(stored, derived) {
			switch {
			case d.New == nil:
				delete(now, key(*d.Old))
			case d.Op == feed.Moved && d.Old.Village == d.New.Village:
				t.Fatal("a move within one village")
			default:
				now[key(*d.New)] = *d.New
			}
		}
		if len(now) != len(derived) {
			t.Fatalf("%d rows after the differences, want %d", len(now), len(derived))
		}
		for _, r := range derived {
			if got := now[key(r)]; got.Village != r.Village || got.Hash != r.Hash {
				t.Fatalf("row %v became %v", r, got)
			}
		}
		if len(feed.Diff(derived, derived)) != 0 {
			t.Fatal("equal rows differ")
		}
	})
}

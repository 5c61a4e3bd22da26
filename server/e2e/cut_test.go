package e2e

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const (
	cutFamilies = 30
	cutPage     = 24
)

func TestALoadCutAfterAnyPageIsInvisibleAndResumesWhereItWas(t *testing.T) {
	onLawHouses(t, cutFamilies, func(t *testing.T, h lawHouse) {
		line := startCutter(t, h.GRPCAddress())
		c := h.connect(t, line.address(), 1) // gives up at once
		whole := len(pullAll(t, c, cutPage))
		if whole < 8 {
			t.Fatalf("a load of %d pages is too short to cut", whole)
		}
		for k := range whole {
			loadCutAfter(t, h, line, c, k, cut(k)%cuts)
		}
	})
}

// loadCutAfter cuts a first load after k pages, looks at the mirror, and lets it go on.
func loadCutAfter(t *testing.T, h lawHouse, line *cutter, c *client.Client, k int, how cut) {
	t.Helper()
	place := h.sqliteMirror(t)
	s := h.syncer(t, c, place, cutPage)
	line.set(k, how)
	if r, err := s.Pull(t.Context()); err == nil || r.Current || r.End != nil {
		t.Fatalf("cut after page %d: current %t, error %v", k, r.Current, err)
	}
	mustBeInvisible(t, place)
	if _, err := s.Verify(t.Context()); err == nil {
		t.Errorf("cut after page %d: a load under way was verified", k)
	}
	before := line.seen()[0].pages
	line.set(never, 0)
	h.mustWrite(t, lawFamily(100+k, lawVillage("danzhou", 0))) // and the hub moves on meanwhile
	r, err := s.Pull(t.Context())
	if err != nil || !r.Current || len(r.Healed) > 0 || len(r.Reloads) > 0 {
		t.Fatalf("resumed after page %d: current %t, healed %v, reloads %v: %v", k, r.Current, r.Healed, r.Reloads, err)
	}
	resumed := line.seen()[0]
	// A torn connection may lose pages that the hub had sent; what was stored is never asked for again.
	kept := slices.IndexFunc(before, func(p *hubv1.Page) bool { return p.GetCursor() == resumed.cursor }) + 1
	if how != cutLine && kept != k || kept == 0 && resumed.cursor != "" {
		t.Errorf("cut after page %d: resumed after page %d", k, kept)
	}
	mustBeOneLoad(t, append(slices.Clone(before[:kept]), resumed.pages...))
	h.mustEqualHub(t, c, s)
}

// mustBeInvisible looks into a mirror's file: no table, hence no row, can be read by anybody.
func mustBeInvisible(t *testing.T, place string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+place)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var tables int
	err = db.QueryRow(`SELECT (SELECT count(*) FROM hub_lists WHERE side = 'live') +
		(SELECT count(*) FROM sqlite_master WHERE name IN ('education', 'household_status', 'housing', 'medical_insurance'))`).Scan(&tables)
	if err != nil || tables > 0 {
		t.Errorf("%d tables of an incomplete load are visible: %v", tables, err)
	}
}

// mustBeOneLoad checks that pages make one load: each block once, and one End, at the end.
func mustBeOneLoad(t *testing.T, pages []*hubv1.Page) {
	t.Helper()
	seen := map[lawBlock]bool{}
	for i, p := range pages {
		for _, b := range p.GetBlocks() {
			key := lawBlock{b.GetList(), b.GetArea(), b.GetVillage()}
			if seen[key] {
				t.Errorf("page %d sends the block of %s in %s again", i+1, key.list, key.village)
			}
			seen[key] = true
		}
		if (p.GetEnd() != nil) != (i == len(pages)-1) {
			t.Errorf("page %d of %d: End %t", i+1, len(pages), p.GetEnd() != nil)
		}
	}
}

func TestALoadCutAfterEveryPageIsCompletedByOneCall(t *testing.T) {
	onLawHouses(t, cutFamilies, func(t *testing.T, h lawHouse) {
		line := startCutter(t, h.GRPCAddress())
		c := h.connect(t, line.address(), 4)
		for _, how := range []cut{cutUnavailable, cutPolite} {
			s := h.syncer(t, c, h.sqliteMirror(t), cutPage)
			line.set(1, how)
			r, err := s.Pull(t.Context())
			if err != nil || !r.Current || len(r.Reloads) > 0 {
				t.Fatalf("current %t, reloads %v: %v", r.Current, r.Reloads, err)
			}
			var pages []*hubv1.Page
			for _, f := range line.seen() {
				pages = append(pages, f.pages...)
			}
			if len(pages) != len(line.seen()) || int64(len(pages)) != r.Pages {
				t.Errorf("%d pages stored of %d sent in %d streams of one page", r.Pages, len(pages), len(line.seen()))
			}
			mustBeOneLoad(t, pages)
			h.mustEqualHub(t, c, s)
		}
	})
}

// pullAll reads a load page by page. Each page is asked for twice, as if the first
// answer had been lost: both must be the same.
func pullAll(t *testing.T, c *client.Client, size int32) []*hubv1.Page {
	t.Helper()
	reader := newPageReader(t, mustLists(t, c), int(size))
	var pages []*hubv1.Page
	for {
		request := &hubv1.PullRequest{Cursor: reader.cursor, PageSize: size}
		lost, err := c.Sync().Pull(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Sync().Pull(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if !samePage(lost.GetPage(), got.GetPage()) {
			t.Errorf("page %d differs when it is asked for again", len(pages)+1)
		}
		if err := reader.page(got.GetPage()); err != nil {
			t.Fatalf("page %d: %v", len(pages)+1, err)
		}
		pages = append(pages, got.GetPage())
		if got.GetPage().GetEnd() != nil {
			return pages
		}
	}
}

// samePage compares all but the cursors, which are sealed anew each time.
func samePage(a, b *hubv1.Page) bool {
	text := func(p *hubv1.Page) string {
		cursor := p.GetCursor()
		p.Cursor = ""
		defer func() { p.Cursor = cursor }()
		line, err := json.Marshal(p)
		return fmt.Sprint(string(line), err)
	}
	return text(a) == text(b)
}

func mustLists(t *testing.T, c *client.Client) []*hubv1.List {
	t.Helper()
	got, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetCatalogue().GetLists()
}

func TestANDJSONLoadCutAnywhereIsNeverTakenForCompleteAndResumes(t *testing.T) {
	onLawHouses(t, cutFamilies, func(t *testing.T, h lawHouse) {
		line := startShortLine(t, h.HTTPAddress())
		lists := mustLists(t, h.Client(t, "reader", ""))
		token := h.TokenFor(t, "reader", "")
		whole := newPageReader(t, lists, cutPage)
		if err := followNDJSON(line, token, whole); err != nil || !whole.loaded {
			t.Fatalf("uncut: complete %t, %v", whole.loaded, err)
		}
		length := line.length()
		const places = 48
		for i := range int64(places) {
			// The places are no multiple of anything: heads, lines' beginnings, middles and ends.
			after := length*i/places + i%7
			r := newPageReader(t, lists, cutPage)
			line.set(after)
			err := followNDJSON(line, token, r)
			if r.loaded || err == nil {
				t.Fatalf("cut after %d of %d bytes, %d pages: complete %t, %v", after, length, r.pages, r.loaded, err)
			}
			kept := r.pages
			line.set(never)
			if err := followNDJSON(line, token, r); err != nil || !r.loaded {
				t.Fatalf("resumed after %d pages: complete %t, %v", kept, r.loaded, err)
			}
			if r.pages != whole.pages || len(r.blocks) != len(whole.blocks) {
				t.Errorf("resumed after %d pages: %d pages and %d blocks in all, want %d and %d", kept, r.pages, len(r.blocks), whole.pages, len(whole.blocks))
			}
		}
	})
}

// errNoEnd says that a body ended, politely or not, before its End line.
var errNoEnd = errors.New("the body ended without an End")

// followNDJSON reads POST /v1/sync:follow from the reader's cursor. Only whole lines are
// taken over; the reader itself checks each page and its End.
func followNDJSON(line *shortLine, token string, r *lawReader) error {
	body, err := protojson.Marshal(&hubv1.FollowRequest{Cursor: r.cursor, PageSize: cutPage})
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+line.address()+"/v1/sync:follow", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Close = true // a line of its own
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP status %d", answer.StatusCode)
	}
	lines := bufio.NewReader(answer.Body)
	for {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && r.loaded {
			return nil
		}
		if err != nil {
			return errors.Join(errNoEnd, err)
		}
		page := &hubv1.FollowResponse{}
		if err := protojson.Unmarshal(text, page); err != nil {
			return err
		}
		if err := r.page(page.GetPage()); err != nil {
			return err
		}
	}
}

package e2e

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// For any past day, the facts as they were known then give, row by row, what the
// departments had been sent: whatever happened since.
func TestAReplayedDerivationGivesWhatWasSentThen(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSaga(t, cfg, (*sizes.cases+1)/2)
			s.keeps = true
			s.live()
			s.afterwards()
			if len(s.kept) == 0 {
				s.keep() // a history too short for more than its last day
			}
			rows := 0
			for _, k := range s.kept {
				rows += s.replay(k)
			}
			t.Logf("%d days, %d rows", len(s.kept), rows)
			if *sizes.cases >= 50 && len(s.kept) < 5 {
				t.Errorf("only %d days were kept", len(s.kept))
			}
		})
	}
}

// kept is what a mirror of the whole province held at a moment.
type kept struct {
	on         date.Date
	at         time.Time
	households []string
	rows       map[string]bool // key and hash
}

// keep keeps what the province's mirror, which has just pulled, holds now.
func (s *saga) keep() {
	s.Helper()
	g := s.glasses[0]
	s.pull(g)
	k := kept{on: s.hub.Today(), at: s.hub.Clock.Now(), rows: map[string]bool{}}
	for _, list := range s.hub.Lists(s.Context()) {
		maps.Copy(k.rows, s.rows(g, fmt.Sprintf(
			"SELECT '%s ' || area || ' ' || village || ' ' || household || ' ' || person || ' ' || lower(hex(row_hash)) FROM %s", list, strings.ReplaceAll(list, "-", "_"))))
	}
	k.households = slices.Sorted(maps.Keys(s.rows(g, "SELECT household FROM household_status")))
	s.kept = append(s.kept, k)
}

// replay derives a kept day again, and compares.
func (s *saga) replay(k kept) int {
	s.Helper()
	cat, err := catalogue.Parse(catalogue.Hainan2019())
	s.ok(err)
	again := map[string]bool{}
	for _, id := range k.households {
		got, err := s.office.Households().GetHousehold(s.Context(), &hubv1.GetHouseholdRequest{Id: id, AsOf: timestamppb.New(k.at)})
		s.ok(err)
		area := got.GetHousehold().GetArea()
		derived, err := cat.Derive(area, wire.HouseholdFromProto(got.GetHousehold()), k.on)
		s.ok(err)
		for _, r := range derived {
			hash, _ := feed.RowHash(nil, feed.RowKey{Area: area, List: r.List.Name, Village: r.Village, Household: r.Household, Person: r.Person}, r.Values)
			again[strings.Join([]string{r.List.Name, area, r.Village, r.Household, r.Person, hex.EncodeToString(hash[:])}, " ")] = true
		}
	}
	if !maps.Equal(again, k.rows) {
		s.Fatalf("on %s: sent, but not derived again: %v; derived, but not sent: %v", k.on, less(k.rows, again), less(again, k.rows))
	}
	return len(again)
}

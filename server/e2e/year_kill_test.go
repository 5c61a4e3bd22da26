package e2e

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// killed cuts the derivation of the new day short, and takes the store away while a department
// pulls and a clerk writes. The write that got no answer is asked for again when the hub is back.
func (y *year) killed() {
	y.Helper()
	derived, pulled, cut := make(chan error, 1), make(chan error, 1), make(chan *hubv1.UpdateHouseholdRequest, 1)
	written := make(chan struct{})
	h := y.home(y.ids[0])
	ctx, hangUp := context.WithCancel(y.Context()) // clients would try again for long
	defer hangUp()
	night, end := context.WithCancel(ctx)
	defer end()
	go func() {
		_, err := y.hub.Derive(night)
		derived <- err
	}()
	go func() { cut <- y.writeOn(ctx, h, written) }()
	<-written
	end()
	cutShort := <-derived // a store waits for whoever holds its lock, as no kill does
	go func() {
		_, err := y.departments[0].sync.Pull(ctx)
		pulled <- err
	}()
	y.hub.Kill()
	hangUp()
	unanswered := <-cut
	y.Logf("killed: the derivation ended with %v, the pull with %v, writing after %s", cutShort, <-pulled, unanswered.GetRequestId())
	y.again()
	got, err := y.office.Households().UpdateHousehold(y.Context(), unanswered)
	y.ok(err)
	if got.GetHousehold().GetVillageGroup() != unanswered.GetHousehold().GetVillageGroup() {
		y.Fatal("what was written again is not there")
	}
}

// writeOn writes until a write gets no answer, and gives that one; written closes after the first.
func (y *year) writeOn(ctx context.Context, h *hubv1.Household, written chan<- struct{}) *hubv1.UpdateHouseholdRequest {
	etag := h.GetEtag()
	for n := 0; ; n++ {
		q := &hubv1.UpdateHouseholdRequest{
			Household: &hubv1.Household{Id: h.GetId(), Etag: etag, VillageGroup: "组" + y.request()},
			Groups:    []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: y.request(),
		}
		got, err := y.office.Households().UpdateHousehold(ctx, q)
		if n == 0 {
			close(written)
		}
		if err != nil {
			return q
		}
		etag = got.GetHousehold().GetEtag()
	}
}

package e2e

import (
	"bytes"
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/store"
)

// usualCalls is how many calls one connection may have unless the operator says otherwise.
const usualCalls = 256

// liveStream opens a live stream and reads its first page; hangUp ends it.
func liveStream(ctx context.Context, conn *grpc.ClientConn) (hangUp func(), err error) {
	ctx, hangUp = context.WithCancel(ctx)
	s, err := hubv1.NewSyncServiceClient(conn).Follow(ctx, &hubv1.FollowRequest{Live: true})
	if err == nil {
		_, err = s.Recv()
	}
	return hangUp, err
}

func TestStreamsBeyondTheUsualLimitOfAConnectionWaitAndOtherConnectionsDoNot(t *testing.T) {
	h := limited(t, server.Limits{Rate: -1})
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 2, 3)))
	conn, ctx := dial(t, h), withToken(t, h, "office")
	var first func()
	for n := range usualCalls {
		hangUp, err := liveStream(ctx, conn)
		if err != nil {
			t.Fatalf("stream %d: %v", n, err)
		}
		defer hangUp()
		if n == 0 {
			first = hangUp
		}
	}
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := liveStream(soon, conn); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("stream %d on one connection: %v, want it to wait", usualCalls+1, err)
	}
	hangUp, err := liveStream(ctx, dial(t, h))
	if err != nil {
		t.Errorf("on another connection: %v", err)
	}
	hangUp()
	first()
	hangUp, err = liveStream(ctx, conn)
	if err != nil {
		t.Errorf("in place of one that ended: %v", err)
	}
	hangUp()
}

func TestStreamsAboveTheRateAreRefusedAndThoseThatAreOpenGoOn(t *testing.T) {
	h := limited(t, server.Limits{Rate: 0.001, Burst: 3})
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 2, 3)))
	conn, ctx := dial(t, h), withToken(t, h, "office")
	open, err := hubv1.NewSyncServiceClient(conn).Follow(ctx, &hubv1.FollowRequest{Live: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		hangUp, err := liveStream(ctx, conn)
		if err != nil {
			t.Fatal(err)
		}
		defer hangUp()
	}
	if _, err := liveStream(ctx, conn); status.Code(err) != codes.ResourceExhausted || reasonOf(err) != "LIMIT_REACHED" {
		t.Errorf("the fourth stream: %v", err)
	}
	h.Load(t, bytes.NewReader(h.Generated(t, 4, 3)))
	for transactions := 0; transactions == 0; {
		got, err := open.Recv()
		if err != nil {
			t.Fatal(err)
		}
		transactions = len(got.GetPage().GetTransactions())
	}
}

func TestAStreamThatNobodyReadsIsLetGoWithItsConnection(t *testing.T) {
	h := &crowdHub{lawHouse: lawHouse{Hub: hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) {
		c.Limits = server.Limits{Rate: -1, ConnectionAge: time.Second, ConnectionGrace: time.Second}
	}})}}
	h.Agree(t, "stalled", stalledLists)
	h.change(t, stalledFamilies)
	newCrowd(t, h, 10, 0)
	for range 10 {
		h.change(t, stalledFamilies)
	}
	beside := storeBeside(t, h.lawHouse)
	defer func() { _ = beside.Close() }()
	tick, deadline := time.NewTicker(10*time.Millisecond), time.After(stalledPatience)
	defer tick.Stop()
	for open := -1; open != 0; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d streams are still open", open)
		}
		open = 0
		err := beside.OpenReadings(t.Context(), []string{"sync.follow"}, time.Time{}, h.Clock.Now().AddDate(1, 0, 0), func(store.AuditEntry) error { open++; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
}

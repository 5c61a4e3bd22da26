package rpc

import (
	"context"

	"google.golang.org/grpc"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// sync serves the one way to read whole lists. Pages go out as the hub made them:
// they hold stored bytes that nobody here looks into.
type sync struct {
	hubv1.UnsafeSyncServiceServer
	hub *hub.Hub
}

// Pull gives one page.
func (s sync) Pull(ctx context.Context, req *hubv1.PullRequest) (*hubv1.PullResponse, error) {
	page, err := s.hub.Pull(ctx, caller(ctx), hub.PullQuery{
		Scope: scope(req.GetScope()), Cursor: req.GetCursor(),
		Subscription: req.GetSubscription(), PageSize: int(req.GetPageSize()),
	})
	if err != nil {
		return nil, err
	}
	return &hubv1.PullResponse{Page: page}, nil
}

// Follow gives pages until the scope is current, or for ever.
func (s sync) Follow(req *hubv1.FollowRequest, stream grpc.ServerStreamingServer[hubv1.FollowResponse]) error {
	ctx := stream.Context()
	return s.hub.Follow(ctx, caller(ctx), hub.FollowQuery{
		Scope: scope(req.GetScope()), Cursor: req.GetCursor(),
		PageSize: int(req.GetPageSize()), Live: req.GetLive(),
		Packed: req.GetPacking() == hubv1.Packing_PACKING_SNAPPY, Letters: req.GetLetters(),
	}, func(page *wire.Page) error {
		return stream.Send(&hubv1.FollowResponse{Page: page})
	})
}

// GetDigests gives count and digest of each list and village.
func (s sync) GetDigests(ctx context.Context, req *hubv1.GetDigestsRequest) (*hubv1.GetDigestsResponse, error) {
	end, err := s.hub.Digests(ctx, caller(ctx), scope(req.GetScope()))
	if err != nil {
		return nil, err
	}
	return &hubv1.GetDigestsResponse{End: end}, nil
}

func scope(s *hubv1.Scope) feed.Request {
	return feed.Request{Lists: s.GetLists(), Divisions: s.GetDivisions()}
}

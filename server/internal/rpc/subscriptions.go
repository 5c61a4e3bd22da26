package rpc

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// CreateSubscription makes the hub keep a cursor by name.
func (s sync) CreateSubscription(ctx context.Context, req *hubv1.CreateSubscriptionRequest) (*hubv1.CreateSubscriptionResponse, error) {
	sub, err := s.hub.CreateSubscription(ctx, caller(ctx), req.GetName(), scope(req.GetScope()))
	if err != nil {
		return nil, err
	}
	return &hubv1.CreateSubscriptionResponse{Subscription: encodeSubscription(sub)}, nil
}

// GetSubscription shows one.
func (s sync) GetSubscription(ctx context.Context, req *hubv1.GetSubscriptionRequest) (*hubv1.GetSubscriptionResponse, error) {
	sub, err := s.hub.GetSubscription(ctx, caller(ctx), req.GetName())
	if err != nil {
		return nil, err
	}
	return &hubv1.GetSubscriptionResponse{Subscription: encodeSubscription(sub)}, nil
}

// ListSubscriptions lists those of the caller's agency.
func (s sync) ListSubscriptions(ctx context.Context, _ *hubv1.ListSubscriptionsRequest) (*hubv1.ListSubscriptionsResponse, error) {
	subs, err := s.hub.ListSubscriptions(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListSubscriptionsResponse{}
	for _, sub := range subs {
		res.Subscriptions = append(res.Subscriptions, encodeSubscription(sub))
	}
	return res, nil
}

// AdvanceSubscription says that a page was stored.
func (s sync) AdvanceSubscription(ctx context.Context, req *hubv1.AdvanceSubscriptionRequest) (*hubv1.AdvanceSubscriptionResponse, error) {
	sub, err := s.hub.AdvanceSubscription(ctx, caller(ctx), req.GetName(), req.GetCursor())
	if err != nil {
		return nil, err
	}
	return &hubv1.AdvanceSubscriptionResponse{Subscription: encodeSubscription(sub)}, nil
}

// DeleteSubscription forgets one.
func (s sync) DeleteSubscription(ctx context.Context, req *hubv1.DeleteSubscriptionRequest) (*hubv1.DeleteSubscriptionResponse, error) {
	if err := s.hub.DeleteSubscription(ctx, caller(ctx), req.GetName()); err != nil {
		return nil, err
	}
	return &hubv1.DeleteSubscriptionResponse{}, nil
}

func encodeSubscription(s hub.Subscription) *hubv1.Subscription {
	return &hubv1.Subscription{
		Name: s.Name, Loading: s.Loading, AdvancedAt: instant(s.AdvancedAt),
		Scope: &hubv1.Scope{Lists: s.Scope.Lists, Divisions: s.Scope.Divisions},
	}
}

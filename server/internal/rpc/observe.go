package rpc

import (
	"time"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/access"
)

// Observer is told of calls, for whoever measures them.
type Observer interface {
	// Called is told of each call that ends, with its gRPC code.
	Called(method, code string, took time.Duration, stream bool)
	// Following is told 1 when a Follow stream begins and -1 when it ends.
	Following(delta int)
	// Delivered is told up to which transaction of an area a system was brought.
	Delivered(agency, client, area string, transaction int64)
}

// nobody observes.
type nobody struct{}

func (nobody) Called(string, string, time.Duration, bool) {}
func (nobody) Following(int)                              {}
func (nobody) Delivered(string, string, string, int64)    {}

// delivered tells of the positions in an answer: up to them the caller has everything.
func (g *guard) delivered(c access.Caller, answer any) {
	m, ok := answer.(interface{ GetPage() *hubv1.Page })
	if !ok {
		return
	}
	for _, a := range m.GetPage().GetEnd().GetAreas() {
		g.observer.Delivered(c.Agency, c.Client, a.GetArea(), a.GetTransaction())
	}
}

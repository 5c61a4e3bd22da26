package testhub

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Start serves a hub with these lists until the test ends, and gives a client of it.
func Start(t testing.TB, lists ...*hubv1.List) (*Hub, *client.Client) {
	t.Helper()
	h, target := Serve(t, lists...)
	c, err := client.New(client.Config{Target: target, Insecure: true, Tries: 3, Backoff: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return h, c
}

// Serve is Start without the client; it gives the address.
func Serve(t testing.TB, lists ...*hubv1.List) (*Hub, string) {
	t.Helper()
	h := &Hub{
		lists: lists, areas: map[string]map[Key]row{}, feeds: map[string][]*hubv1.Transaction{},
		kept: map[string]int64{}, changed: make(chan struct{}),
		mail: mail{letters: map[string]*hubv1.Letter{}, answered: map[string]answer{}},
	}
	server := grpc.NewServer()
	hubv1.RegisterSyncServiceServer(server, &syncServer{hub: h})
	hubv1.RegisterHouseholdServiceServer(server, &householdServer{hub: h})
	hubv1.RegisterCatalogueServiceServer(server, &catalogueServer{hub: h})
	hubv1.RegisterLetterServiceServer(server, &letterServer{hub: h})
	hubv1.RegisterLedgerServiceServer(server, &ledgerServer{hub: h})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return h, listener.Addr().String()
}

// ErrHangUp ends a stream, where Cut gives it, as if everything had been sent.
var ErrHangUp = errors.New("testhub: hang up")

// Fail makes an error as the hub makes them.
func Fail(code codes.Code, reason hubv1.Reason, details ...protoadapt.MessageV1) error {
	name := strings.TrimPrefix(reason.String(), "REASON_")
	s := status.New(code, "the hub says "+name)
	s, err := s.WithDetails(append([]protoadapt.MessageV1{
		&errdetails.ErrorInfo{Domain: "hub.bangfu", Reason: name, Metadata: map[string]string{"what": "test"}},
		&errdetails.LocalizedMessage{Locale: "zh-CN", Message: "中文说明"},
	}, details...)...)
	if err != nil {
		return err
	}
	return s.Err()
}

func (h *Hub) before(method string) error {
	var before func(string) error
	h.fault(func() { before = h.faults.before })
	if before == nil {
		return nil
	}
	return before(method)
}

// checkToken refuses all tokens but the one set.
func (h *Hub) checkToken(ctx context.Context) error {
	var token string
	h.fault(func() { token = h.faults.token })
	md, _ := metadata.FromIncomingContext(ctx)
	if given := md.Get("authorization"); token != "" && (len(given) != 1 || given[0] != "Bearer "+token) {
		return Fail(codes.Unauthenticated, hubv1.Reason_REASON_TOKEN_EXPIRED)
	}
	return nil
}

func (h *Hub) catalogueVersion() string { return "test@" + strconv.Itoa(h.version) }

type catalogueServer struct {
	hubv1.UnimplementedCatalogueServiceServer
	hub *Hub
}

func (s *catalogueServer) GetCatalogue(context.Context, *hubv1.GetCatalogueRequest) (*hubv1.GetCatalogueResponse, error) {
	if err := s.hub.before("GetCatalogue"); err != nil {
		return nil, err
	}
	c := &hubv1.Catalogue{}
	s.hub.do(func() { c.Version, c.Lists = s.hub.catalogueVersion(), append(c.Lists, s.hub.lists...) })
	return &hubv1.GetCatalogueResponse{Catalogue: c}, nil
}

func (s *catalogueServer) SubmitCatalogue(context.Context, *hubv1.SubmitCatalogueRequest) (*hubv1.SubmitCatalogueResponse, error) {
	return &hubv1.SubmitCatalogueResponse{}, s.hub.before("SubmitCatalogue")
}

// householdServer does nothing but fail or not.
type householdServer struct {
	hubv1.UnimplementedHouseholdServiceServer
	hub *Hub
}

func (s *householdServer) UpdateHousehold(context.Context, *hubv1.UpdateHouseholdRequest) (*hubv1.UpdateHouseholdResponse, error) {
	return &hubv1.UpdateHouseholdResponse{}, s.hub.before("UpdateHousehold")
}

type syncServer struct {
	hubv1.UnimplementedSyncServiceServer
	hub *Hub
}

func (s *syncServer) GetDigests(_ context.Context, req *hubv1.GetDigestsRequest) (*hubv1.GetDigestsResponse, error) {
	if err := s.hub.before("GetDigests"); err != nil {
		return nil, err
	}
	response := &hubv1.GetDigestsResponse{}
	s.hub.do(func() {
		response.End = s.hub.end(&cursor{Lists: req.GetScope().GetLists(), Places: req.GetScope().GetDivisions()})
	})
	return response, nil
}

// next makes one page after a cursor; the cursor is refused with its reason.
func (h *Hub) next(text string, scope *hubv1.Scope, size int32) (page *hubv1.Page, changed chan struct{}, err error) {
	h.do(func() {
		c, refusal := h.open(text, scope)
		if refusal != 0 {
			err = Fail(codes.FailedPrecondition, refusal)
			return
		}
		if size == 0 {
			size = 5000
		}
		page, changed = h.page(&c, int(size)), h.changed
	})
	return page, changed, err
}

func (s *syncServer) Follow(req *hubv1.FollowRequest, stream grpc.ServerStreamingServer[hubv1.FollowResponse]) error {
	if err := s.hub.before("Follow"); err != nil {
		return err
	}
	if err := s.hub.checkToken(stream.Context()); err != nil {
		return err
	}
	text := req.GetCursor()
	ended := false
	for sent := 0; ; {
		page, changed, err := s.hub.next(text, req.GetScope(), req.GetPageSize())
		if err != nil {
			return err
		}
		idle := ended && len(page.GetTransactions()) == 0 && len(page.GetLeftScope()) == 0
		if idle {
			select {
			case <-changed:
				continue
			case <-stream.Context().Done():
				return stream.Context().Err()
			}
		}
		if ended {
			partial(page)
		}
		ended = ended || page.GetEnd() != nil
		text = page.GetCursor()
		if err := s.send(stream, page, &sent); errors.Is(err, ErrHangUp) {
			return nil
		} else if err != nil {
			return err
		}
		if page.GetEnd() != nil && !req.GetLive() {
			return nil
		}
	}
}

// send gives a page to the stream, or what a test wants to be sent instead.
func (s *syncServer) send(stream grpc.ServerStreamingServer[hubv1.FollowResponse], page *hubv1.Page, sent *int) error {
	var f func(*hubv1.Page) []*hubv1.Page
	var cut func(int) error
	s.hub.fault(func() { f, cut = s.hub.faults.pages, s.hub.faults.cut })
	pages := []*hubv1.Page{page}
	if f != nil {
		pages = f(page)
	}
	for _, p := range pages {
		*sent++
		var broken error
		if cut != nil {
			broken = cut(*sent) // asked before, since the reader may act on the page at once
		}
		if err := stream.Send(&hubv1.FollowResponse{Page: p}); err != nil {
			return err
		}
		if broken != nil {
			return broken
		}
	}
	return nil
}

// partial leaves only the villages that the page touched, as later Ends of a live stream do.
func partial(page *hubv1.Page) {
	if page.GetEnd() == nil {
		return
	}
	touched := map[[3]string]bool{}
	for _, t := range page.GetTransactions() {
		for _, c := range t.GetChanges() {
			touched[[3]string{c.GetList(), t.GetArea(), c.GetVillage()}] = true
			if c.GetFromVillage() != "" {
				touched[[3]string{c.GetList(), t.GetArea(), c.GetFromVillage()}] = true
			}
		}
	}
	var kept []*hubv1.VillageDigest
	for _, d := range page.GetEnd().GetDigests() {
		key := [3]string{d.GetList(), d.GetArea(), d.GetVillage()}
		if touched[key] {
			kept = append(kept, d)
			delete(touched, key)
		}
	}
	for key := range touched {
		kept = append(kept, &hubv1.VillageDigest{List: key[0], Area: key[1], Village: key[2], Digest: make([]byte, 16)})
	}
	page.End.Digests, page.End.Partial = kept, true
}

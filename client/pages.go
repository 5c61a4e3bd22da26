package client

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// errCutShort is a stream that closed politely without the End that would make it complete.
var errCutShort = &Error{Code: codes.Unavailable, Message: "the stream ended before everything was sent", Remedy: Retry}

// Pages streams what Follow gives and goes on by itself after a break, from the
// cursor of the last page delivered: no page is skipped and none is delivered twice.
// The sequence ends after the End or, with live set, when ctx ends; an error is its
// last element. A page counts as delivered once the loop's body was entered with it.
func (c *Client) Pages(ctx context.Context, req *hubv1.FollowRequest) iter.Seq2[*hubv1.Page, error] {
	return pages(ctx, c, req, func(response []byte) (*hubv1.Page, place, error) {
		var m hubv1.FollowResponse
		err := proto.Unmarshal(response, &m)
		return m.GetPage(), place{m.GetPage().GetCursor(), m.GetPage().GetEnd() != nil}, err
	})
}

// readPage is how many records or changes Read asks for a page: packed, they are as
// large as a third of them would be otherwise, and fewer pages cost less.
const readPage = 10_000

// Read is Pages for first loads at speed: blocks come packed, and their records are
// decoded as they are read (see Block.Records), which takes a fifth of the time.
func (c *Client) Read(ctx context.Context, req *hubv1.FollowRequest) iter.Seq2[*Page, error] {
	req = proto.CloneOf(req)
	req.Packing = hubv1.Packing_PACKING_SNAPPY
	if req.PageSize == 0 {
		req.PageSize = readPage
	}
	return pages(ctx, c, req, func(response []byte) (*Page, place, error) {
		p, err := parsePage(response)
		return p, place{p.Cursor, p.End != nil}, err
	})
}

// place is where a page leaves the stream.
type place struct {
	cursor string
	end    bool
}

func pages[P any](ctx context.Context, c *Client, req *hubv1.FollowRequest, decode func([]byte) (P, place, error)) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		f := &follow[P]{client: c, request: proto.CloneOf(req), decode: decode, yield: yield}
		for failures := 1; ; failures++ {
			cursor, token := f.request.GetCursor(), c.currentToken()
			err := f.stream(ctx)
			if f.done {
				return
			}
			if f.request.GetCursor() != cursor {
				failures = 1
			}
			if !c.resumable(ctx, err, f.request.GetLive(), failures, token) {
				var none P
				yield(none, err)
				return
			}
		}
	}
}

// follow is one sequence of pages over as many streams as it takes.
type follow[P any] struct {
	client  *Client
	request *hubv1.FollowRequest // its cursor is that of the last page delivered
	decode  func([]byte) (P, place, error)
	yield   func(P, error) bool
	done    bool // complete, or the consumer has had enough
}

// stream delivers one stream's pages until it ends; never nil unless done.
func (f *follow[P]) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := f.client.open(ctx, f.request)
	if err != nil {
		return err
	}
	for {
		var response []byte
		err := s.RecvMsg(&response)
		if errors.Is(err, io.EOF) {
			return errCutShort
		}
		if err != nil {
			return err
		}
		page, at, err := f.decode(response)
		if err != nil {
			return &Error{Code: codes.Internal, Message: "the hub sent a page that is not well-formed", Remedy: AskOperator}
		}
		if at.cursor == "" {
			return &Error{Code: codes.Internal, Message: "the hub sent a page without a cursor", Remedy: AskOperator}
		}
		f.request.Cursor = at.cursor
		f.done = !f.yield(page, nil) || (at.end && !f.request.GetLive())
		if f.done {
			return nil
		}
	}
}

// open begins a Follow whose pages come as bytes.
func (c *Client) open(ctx context.Context, req *hubv1.FollowRequest) (grpc.ClientStream, error) {
	s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, hubv1.SyncService_Follow_FullMethodName, grpc.ForceCodecV2(newPageCodec()))
	if err != nil {
		return nil, err
	}
	if err := s.SendMsg(req); err != nil {
		return nil, err
	}
	return s, s.CloseSend()
}

// resumable waits where waiting helps, and says whether to open another stream.
func (c *Client) resumable(ctx context.Context, err error, live bool, failures int, token string) bool {
	e := Of(err)
	switch {
	case e == nil || ctx.Err() != nil:
		return false
	case e.Remedy == RenewToken:
		// A token expires under a long stream; its file may hold the next one already.
		return c.currentToken() != token
	case !c.retry.transient(err) || (!live && failures >= c.retry.tries):
		return false
	}
	return c.retry.wait(ctx, failures, err)
}

// currentToken is "" where there is none or it can't be read; the call itself reports that.
func (c *Client) currentToken() string {
	if c.token == nil {
		return ""
	}
	token, err := c.token.Token()
	if err != nil {
		return ""
	}
	return token
}

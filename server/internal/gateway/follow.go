package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// ndjson is the type of a stream of lines.
const ndjson = "application/x-ndjson"

// patience is how long a client may take to read one page.
const patience = 2 * time.Minute

// follow serves Follow as NDJSON: one FollowResponse a line, as protojson would
// write it. Pages come off the client connection as wire bytes and are written as
// JSON without being decoded (see table). If the stream fails after the first page
// the last line is {"error": google.rpc.Status}.
type follow struct {
	conn *grpc.ClientConn
	// plain writes pages as they are; unpacking writes packed blocks as records.
	plain, unpacking *transcoder
	fail             failures
}

func newFollow(conn *grpc.ClientConn, fail failures) (*follow, error) {
	plain, err := newTranscoder(false)
	if err != nil {
		return nil, err
	}
	unpacking, err := newTranscoder(true)
	return &follow{conn: conn, plain: plain, unpacking: unpacking, fail: fail}, err
}

// ServeHTTP handles POST /v1/sync:follow.
func (f *follow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(r.Context(), forwarded(r.Header)))
	defer cancel()
	req := &hubv1.FollowRequest{}
	if b, ok := r.Body.(*body); ok {
		if err := b.decode(req); err != nil {
			f.fail.write(w, err)
			return
		}
	}
	writer := f.plain
	if req.GetPacking() == hubv1.Packing_PACKING_UNSPECIFIED {
		req.Packing, writer = hubv1.Packing_PACKING_SNAPPY, f.unpacking
	}
	stream, err := f.open(ctx, req)
	if err != nil {
		f.fail.write(w, err)
		return
	}
	page := &frame{}
	if err := stream.RecvMsg(page); err != nil && !errors.Is(err, io.EOF) {
		f.fail.write(w, err) // nothing was written yet: a plain error
		return
	} else if err != nil {
		f.fail.write(w, fault.New(fault.InternalError)) // a stream without even an End
		return
	}
	w.Header().Set("Content-Type", ndjson)
	f.copy(w, writer, stream, page)
}

func (f *follow) open(ctx context.Context, req *hubv1.FollowRequest) (grpc.ClientStream, error) {
	stream, err := f.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, hubv1.SyncService_Follow_FullMethodName,
		grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2(proto.Name)}), grpc.MaxCallRecvMsgSize(maxPage))
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(req); err != nil && !errors.Is(err, io.EOF) { // EOF: RecvMsg knows why
		return nil, err
	}
	return stream, stream.CloseSend()
}

// copy writes page and all that follow, each at once.
func (f *follow) copy(w http.ResponseWriter, writer *transcoder, stream grpc.ClientStream, page *frame) {
	out := http.NewResponseController(w)
	var line []byte
	for err := error(nil); ; err = stream.RecvMsg(page) {
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			line, err = writer.append(line[:0], page.data)
		}
		if err != nil {
			line = f.fail.line(err)
		}
		_ = out.SetWriteDeadline(time.Now().Add(patience))
		if _, failed := w.Write(append(line, '\n')); failed != nil || out.Flush() != nil || err != nil {
			return
		}
	}
}

// frame is a message as it came.
type frame struct{ data []byte }

// rawCodec sends requests as usual and hands answers over undecoded.
type rawCodec struct{ encoding.CodecV2 }

// Unmarshal copies the bytes into a frame, whose space is used again.
func (c rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if n := data.Len(); cap(f.data) < n {
		f.data = make([]byte, n)
	} else {
		f.data = f.data[:n]
	}
	data.CopyTo(f.data)
	return nil
}

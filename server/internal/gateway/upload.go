package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const (
	// maxUpload bounds an uploaded file, in bytes.
	maxUpload = 512 << 20
	// piece is how much of a file goes into one message, in bytes.
	piece = 1 << 20
)

// upload serves ImportFile: the body is the file itself, the query its header, the answer
// NDJSON with one ImportFileResponse a line.
type upload struct {
	client hubv1.ImportServiceClient
	fail   failures
}

type importCall = grpc.BidiStreamingClient[hubv1.ImportFileRequest, hubv1.ImportFileResponse]

// ServeHTTP handles POST /v1/imports.
func (u *upload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(r.Context(), forwarded(r.Header)))
	defer cancel()
	head := &hubv1.ImportHeader{}
	if err := (strictQuery{}).Parse(head, r.URL.Query(), utilities.NewDoubleArray(nil)); err != nil {
		writeStatus(w, http.StatusBadRequest, u.fail.wrong("query"))
		return
	}
	call, err := u.client.ImportFile(ctx)
	if err == nil {
		err = send(call, head, http.MaxBytesReader(w, r.Body, maxUpload), http.NewResponseController(w))
	}
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		u.fail.tooLarge(w, maxUpload)
		return
	}
	var answer *hubv1.ImportFileResponse
	if err == nil {
		answer, err = call.Recv()
	}
	if err != nil {
		w.Header().Set("Connection", "close") // what is left of the file is not read
		u.fail.write(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	u.copy(w, call, answer)
}

// send sends the file in pieces. Where the server has ended the call, Recv knows why.
func send(call importCall, head *hubv1.ImportHeader, body io.Reader, in *http.ResponseController) error {
	err := call.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Header{Header: head}})
	data := make([]byte, piece)
	for err == nil {
		_ = in.SetReadDeadline(time.Now().Add(patience))
		n, failed := fill(body, data)
		if failed != nil && failed != io.EOF { //nolint:errorlint // an unexpected end is a file that was cut short
			return failed
		}
		if n > 0 {
			err = call.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Data{Data: data[:n]}})
		}
		if failed != nil && err == nil {
			// The time to read is over, and must not end the answer.
			_ = in.SetReadDeadline(time.Time{})
			return call.CloseSend()
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// fill reads until the piece is full or the body ends, with io.EOF and nothing else.
func fill(body io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var more int
		more, err = body.Read(piece[n:])
		n += more
	}
	return n, err
}

// copy writes the answer and all that follow, each at once.
func (u *upload) copy(w http.ResponseWriter, call importCall, answer *hubv1.ImportFileResponse) {
	out := http.NewResponseController(w)
	for err := error(nil); ; answer, err = call.Recv() {
		if errors.Is(err, io.EOF) {
			return
		}
		var line bytes.Buffer
		if err == nil {
			var text []byte
			if text, err = output.Marshal(answer); err == nil {
				err = json.Compact(&line, text)
			}
		}
		if err != nil {
			line.Reset()
			line.Write(u.fail.line(err))
		}
		line.WriteByte('\n')
		_ = out.SetWriteDeadline(time.Now().Add(patience))
		if _, failed := w.Write(line.Bytes()); failed != nil || out.Flush() != nil || err != nil {
			return
		}
	}
}

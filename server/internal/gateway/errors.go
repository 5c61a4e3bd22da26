package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// domain is the domain of the hub's own ErrorInfo.
const domain = "hub.bangfu"

// failures writes errors as google.rpc.Status. Only statuses of the hub's own
// table are shown; texts of libraries quote what they choke on.
type failures struct{ table func(error) *status.Status }

// handleError is grpc-gateway's way to it. The error holds a text alone; what was
// wrong with the body stands beside the body.
func (f failures) handleError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if b, ok := r.Body.(*body); ok && len(b.bad) > 0 {
		err = fault.List(fault.InvalidRequest, b.bad)
	}
	f.write(w, err)
}

func (f failures) handleRouting(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, code int) {
	f.routing(w, code)
}

func (f failures) write(w http.ResponseWriter, err error) {
	s := f.shown(err)
	writeStatus(w, runtime.HTTPStatusFromCode(s.Code()), s)
}

// routing says that no method has this path or HTTP method.
func (f failures) routing(w http.ResponseWriter, code int) {
	writeStatus(w, code, f.wrong("path"))
}

func (f failures) tooLarge(w http.ResponseWriter, most int64) {
	w.Header().Set("Connection", "close")
	writeStatus(w, http.StatusRequestEntityTooLarge, f.table(fault.New(fault.LimitReached, "limit", fmt.Sprintf("%d bytes", most))))
}

// line is an error as the last line of a stream.
func (f failures) line(err error) []byte {
	text, failed := output.Marshal(f.shown(err).Proto())
	var line bytes.Buffer
	if failed != nil || json.Compact(&line, text) != nil {
		return []byte(`{"error":{"code":13}}`)
	}
	return fmt.Appendf(nil, `{"error":%s}`, line.Bytes())
}

// wrong says that a part of the request is not as the description wants it.
func (f failures) wrong(part string) *status.Status {
	return f.table(fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad(part, fault.Malformed, "form", "/openapi.json")}))
}

// shown is the status of a call's error in the hub's own words.
func (f failures) shown(err error) *status.Status {
	if fault.Of(err) != nil {
		return f.table(err)
	}
	s := status.Convert(err)
	switch {
	case ours(s):
		return s
	case s.Code() == codes.InvalidArgument: // grpc-gateway's own: path, query
		return f.wrong("request")
	case s.Code() == codes.ResourceExhausted: // gRPC's own: a message above its bound
		return f.table(fault.New(fault.LimitReached, "limit", "message"))
	case s.Code() == codes.Unavailable: // the server has ended under the call
		return f.table(fault.New(fault.GoingAway))
	case s.Code() == codes.Canceled:
		return f.table(context.Canceled)
	case s.Code() == codes.DeadlineExceeded:
		return f.table(context.DeadlineExceeded)
	}
	return f.table(fault.New(fault.InternalError))
}

// ours tells whether a status was made by the hub's table.
func ours(s *status.Status) bool {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == domain {
			return true
		}
	}
	return false
}

func writeStatus(w http.ResponseWriter, code int, s *status.Status) {
	text, err := output.Marshal(s.Proto())
	if err != nil {
		text, code = []byte(`{"code":13}`), http.StatusInternalServerError
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if code == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	for _, d := range s.Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			h.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.GetRetryDelay().AsDuration().Seconds()))))
		}
	}
	w.WriteHeader(code)
	_, _ = w.Write(text) // the client may be gone
}

package rpc

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Domain is the domain of every ErrorInfo.
const Domain = "hub.bangfu"

const (
	chinese = "zh-CN"
	// maxDetails bounds the details of a status, in bytes. They travel base64-encoded
	// in a trailer, for which peers in other languages allow 8 KiB by default.
	maxDetails = 5 << 10
)

var kinds = map[fault.Kind]codes.Code{
	fault.Internal:        codes.Internal,
	fault.Invalid:         codes.InvalidArgument,
	fault.NotFound:        codes.NotFound,
	fault.Exists:          codes.AlreadyExists,
	fault.Precondition:    codes.FailedPrecondition,
	fault.Conflict:        codes.Aborted,
	fault.Denied:          codes.PermissionDenied,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Exhausted:       codes.ResourceExhausted,
	fault.Unavailable:     codes.Unavailable,
}

// Status is the one table from errors to gRPC statuses: a fault's as it is, CANCELLED or
// DEADLINE_EXCEEDED where the caller or the clock gave up, and for anything else
// INTERNAL without a word of the error's own text.
func Status(err error) *status.Status {
	if f := fault.Of(err); f != nil {
		return faultStatus(f)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return status.New(codes.Canceled, "The request was cancelled.")
	case errors.Is(err, context.DeadlineExceeded):
		return status.New(codes.DeadlineExceeded, "The request took longer than allowed. Ask for less, or allow more time.")
	}
	return faultStatus(fault.New(fault.InternalError))
}

// faultStatus gives the status of a fault: code and English sentence; reason and
// particulars; the Chinese sentence; wrong fields; and how long to wait. Where a
// fault names more wrong fields than fit, the last ones are left out; the
// particular "count" tells how many there are.
func faultStatus(f *fault.Fault) *status.Status {
	code, ok := kinds[f.Kind]
	if !ok {
		code = codes.Internal
	}
	details := []protoadapt.MessageV1{
		&errdetails.ErrorInfo{Reason: string(f.Reason), Domain: Domain, Metadata: f.Meta},
		&errdetails.LocalizedMessage{Locale: chinese, Message: f.Chinese},
	}
	if f.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	if len(f.Violations) > 0 {
		details = append(details, badRequest(f.Violations))
	}
	s := status.New(code, f.Message)
	if detailed, err := s.WithDetails(details...); err == nil {
		return detailed
	}
	return s // only where a text is not UTF-8
}

func badRequest(violations []fault.Violation) *errdetails.BadRequest {
	out := &errdetails.BadRequest{}
	size := 0
	for _, v := range violations {
		f := &errdetails.BadRequest_FieldViolation{
			Field: v.Field, Description: v.Message, Reason: string(v.Reason),
			LocalizedMessage: &errdetails.LocalizedMessage{Locale: chinese, Message: v.Chinese},
		}
		if size += proto.Size(f); size > maxDetails && len(out.FieldViolations) > 0 {
			break
		}
		out.FieldViolations = append(out.FieldViolations, f)
	}
	return out
}

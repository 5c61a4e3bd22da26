package client

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// errorDomain marks the hub's own reasons among those of proxies on the way.
const errorDomain = "hub.bangfu"

// Remedy is what a program does about an error.
type Remedy int

// Remedies.
const (
	AskOperator Remedy = iota // a defect or an outage: tell the hub's operator the time of the call
	Reload                    // the cursor is no longer good: begin with an empty one, beside the old rows
	Retry                     // the same request may succeed later; nothing was done, or request_id makes it harmless
	ReadAgain                 // somebody else changed it: read it again, look, then repeat with the new etag
	FixRequest                // the same request will fail again: correct it
	RenewToken                // fetch a new token
	AskOffice                 // no agreement covers it; nothing about anybody's support follows from that
)

var remedyNames = [...]string{"ask the operator", "reload", "retry", "read again", "fix the request", "renew the token", "ask the office"}

// String is the remedy in words.
func (r Remedy) String() string {
	if r < 0 || int(r) >= len(remedyNames) {
		return "unknown"
	}
	return remedyNames[r]
}

// FieldError is one wrong field of a request.
type FieldError struct {
	Field   string // path as in the proto, e.g. "household.persons[2].id_number"
	Reason  hubv1.Reason
	Message string // English
	Chinese string
}

// Error is every failure of a call. It holds no personal data and may be logged and shown.
type Error struct {
	Code       codes.Code
	Reason     hubv1.Reason      // REASON_UNSPECIFIED where the error isn't the hub's own, e.g. a broken connection
	Message    string            // English
	Chinese    string            // the same for a clerk; empty where the error isn't the hub's own
	Fields     []FieldError      // the wrong fields of an INVALID_ARGUMENT
	Metadata   map[string]string // particulars, as errors.proto names them
	RetryAfter time.Duration     // how long the hub asks to wait; 0 where it doesn't say
	Remedy     Remedy
}

// Error is the reason and the English sentence, with the wrong fields.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("hub: ")
	if e.Reason != hubv1.Reason_REASON_UNSPECIFIED {
		b.WriteString(strings.TrimPrefix(e.Reason.String(), "REASON_"))
	} else {
		b.WriteString(e.Code.String())
	}
	b.WriteString(": " + e.Message)
	for _, f := range e.Fields {
		b.WriteString("; " + f.Field + ": " + f.Message)
	}
	return b.String()
}

// GRPCStatus lets status.Code and status.FromError see the code.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// Is tells apart a call that its own context ended.
func (e *Error) Is(target error) bool {
	return target == context.Canceled && e.Code == codes.Canceled ||
		target == context.DeadlineExceeded && e.Code == codes.DeadlineExceeded
}

// Of finds the hub's error in an error chain; nil where there is none.
func Of(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// typed turns a gRPC error into an *Error; nil stays nil.
func typed(err error) error {
	if err == nil || Of(err) != nil {
		return err
	}
	s := status.Convert(err)
	e := &Error{Code: s.Code(), Message: s.Message()}
	for _, detail := range s.Details() {
		e.add(detail)
	}
	e.Remedy = remedyOf(e.Code, e.Reason)
	if e.tooOften() {
		e.Remedy = Retry
	}
	return e
}

// tooOften is a limit that waiting is the remedy for; others want a smaller request.
func (e *Error) tooOften() bool { return e.Code == codes.ResourceExhausted && e.RetryAfter > 0 }

func (e *Error) add(detail any) {
	switch d := detail.(type) {
	case *errdetails.ErrorInfo:
		if d.GetDomain() == errorDomain {
			e.Reason, e.Metadata = reasonOf(d.GetReason()), d.GetMetadata()
		}
	case *errdetails.BadRequest:
		for _, v := range d.GetFieldViolations() {
			e.Fields = append(e.Fields, FieldError{
				Field: v.GetField(), Reason: reasonOf(v.GetReason()),
				Message: v.GetDescription(), Chinese: v.GetLocalizedMessage().GetMessage(),
			})
		}
	case *errdetails.LocalizedMessage:
		if strings.HasPrefix(d.GetLocale(), "zh") {
			e.Chinese = d.GetMessage()
		}
	case *errdetails.RetryInfo:
		e.RetryAfter = d.GetRetryDelay().AsDuration()
	}
}

// reasonOf is REASON_UNSPECIFIED for a name that a newer hub has and this client hasn't.
func reasonOf(name string) hubv1.Reason { return hubv1.Reason(hubv1.Reason_value["REASON_"+name]) }

func remedyOf(code codes.Code, reason hubv1.Reason) Remedy {
	switch reason {
	case hubv1.Reason_REASON_CURSOR_INVALID, hubv1.Reason_REASON_CURSOR_EPOCH, hubv1.Reason_REASON_CURSOR_PURGED,
		hubv1.Reason_REASON_CURSOR_SCOPE, hubv1.Reason_REASON_CURSOR_LIST_CHANGED, hubv1.Reason_REASON_CURSOR_FOREIGN:
		return Reload
	case hubv1.Reason_REASON_ETAG_REQUIRED, hubv1.Reason_REASON_ETAG_STALE,
		hubv1.Reason_REASON_LETTER_DIGEST_DIFFERS, hubv1.Reason_REASON_LETTER_BEHIND:
		return ReadAgain
	case hubv1.Reason_REASON_WRITTEN_MEANWHILE, hubv1.Reason_REASON_LETTER_NOT_IN_EFFECT,
		hubv1.Reason_REASON_LETTER_NOT_ACKNOWLEDGED, hubv1.Reason_REASON_LETTER_DISPUTED, hubv1.Reason_REASON_LETTER_BEING_CORRECTED:
		return Retry
	case hubv1.Reason_REASON_SECOND_PERSON_REQUIRED, hubv1.Reason_REASON_ACTIVATION_HELD:
		return AskOffice
	}
	switch code {
	case codes.Unavailable:
		return Retry
	case codes.Unauthenticated:
		return RenewToken
	case codes.PermissionDenied:
		return AskOffice
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition, codes.OutOfRange, codes.ResourceExhausted:
		return FixRequest
	}
	return AskOperator
}

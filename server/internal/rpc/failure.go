package rpc

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// statusOf gives the status of a failed call. Where the failure is the hub's own
// and its text must not be shown, id is the number under which it is logged; the
// caller gets it as a particular of the reason INTERNAL.
func statusOf(err error) (s *status.Status, id string) {
	s = Status(err)
	if f := fault.Of(err); f != nil && f.Kind != fault.Internal || s.Code() != codes.Internal {
		return s, ""
	}
	var raw interface{ GRPCStatus() *status.Status }
	if errors.As(err, &raw) { // from the transport: the peer is gone, or its message can't be read
		if code := raw.GRPCStatus().Code(); code != codes.Unknown && code != codes.Internal {
			return status.New(code, "The connection or the message failed."), ""
		}
	}
	return internal()
}

func internal() (*status.Status, string) {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process where there is no entropy
	id := hex.EncodeToString(b[:])
	return faultStatus(fault.New(fault.InternalError, "id", id)), id
}

func reason(err error) string {
	if f := fault.Of(err); f != nil {
		return string(f.Reason)
	}
	return ""
}

// private matches what may be a name, an identifier, a phone or an account.
var private = regexp.MustCompile(`\p{Han}+|[0-9][0-9Xx-]{4,}`)

// redact gives the text of an inner error for the log. Libraries quote what they
// choke on, so anything that could be somebody's data is struck out.
func redact(v any) string {
	const most = 2000
	text := private.ReplaceAllString(fmt.Sprint(v), "…")
	if len(text) > most {
		text = text[:most]
	}
	return text
}

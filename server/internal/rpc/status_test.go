package rpc

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/server/internal/fault"
)

var update = flag.Bool("update", false, "write the golden file anew")

// One fault of each kind, with everything a fault can carry.
func samples() []error {
	return []error{
		fault.New(fault.InternalError),
		fault.List(fault.HouseholdInvalid, []fault.Violation{
			fault.Bad("persons[0].id_number", fault.IDChecksum),
			fault.Bad("register.main_cause", fault.UnknownCode, "list", "Cause"),
		}),
		fault.New(fault.HouseholdNotFound),
		fault.New(fault.SubscriptionExists, "name", "nightly"),
		fault.New(fault.CursorEpoch),
		fault.New(fault.EtagStale, "current_etag", "e7"),
		fault.New(fault.NoAgreement, "agency", "housing", "what", "list education"),
		fault.New(fault.TokenExpired),
		fault.New(fault.LimitReached, "limit", "4 MiB"),
		fault.New(fault.StoreBusy).After(2 * time.Second),
		fault.New(fault.GoingAway),
		fmt.Errorf("hub: %w", fault.New(fault.ListNotFound, "list", "fishing")),
		fmt.Errorf("hub: %w", context.Canceled),
		fmt.Errorf("hub: %w", context.DeadlineExceeded),
		errors.New("pq: password of 460000199001011234 is secret"),
	}
}

func TestStatusOfEachKindIsAsRecorded(t *testing.T) {
	var b strings.Builder
	for _, err := range samples() {
		s := Status(err)
		fmt.Fprintf(&b, "%s: %s\n", s.Code(), s.Message())
		for _, d := range s.Details() {
			switch d := d.(type) {
			case *errdetails.ErrorInfo:
				fmt.Fprintf(&b, "  ErrorInfo %s %s %v\n", d.GetDomain(), d.GetReason(), d.GetMetadata())
			case *errdetails.LocalizedMessage:
				fmt.Fprintf(&b, "  %s %s\n", d.GetLocale(), d.GetMessage())
			case *errdetails.RetryInfo:
				fmt.Fprintf(&b, "  RetryInfo %s\n", d.GetRetryDelay().AsDuration())
			case *errdetails.BadRequest:
				for _, v := range d.GetFieldViolations() {
					fmt.Fprintf(&b, "  %s %s: %s / %s %s\n", v.GetField(), v.GetReason(), v.GetDescription(),
						v.GetLocalizedMessage().GetLocale(), v.GetLocalizedMessage().GetMessage())
				}
			default:
				t.Errorf("a detail of type %T", d)
			}
		}
	}
	const path = "testdata/statuses.golden"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestEveryKindHasItsOwnCode(t *testing.T) {
	codesSeen := map[codes.Code]fault.Kind{}
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		code, ok := kinds[k]
		if other, twice := codesSeen[code]; !ok || twice {
			t.Errorf("kind %d: code %s, also of kind %d", k, code, other)
		}
		codesSeen[code] = k
	}
}

func TestDetailsFitIntoATrailer(t *testing.T) {
	var many []fault.Violation
	for i := range 500 {
		many = append(many, fault.Bad(fmt.Sprintf("persons[%d].id_number", i), fault.IDChecksum))
	}
	s := Status(fault.List(fault.HouseholdInvalid, many))
	if size := proto.Size(s.Proto()); size*4/3 > 8<<10 {
		t.Errorf("the details take %d bytes", size)
	}
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetMetadata()["count"] != "500" {
			t.Error("nothing says that fields were left out")
		}
	}
}

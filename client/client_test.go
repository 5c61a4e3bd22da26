package client_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const village = "460400100001"

func list() *hubv1.List {
	return testhub.List("education", hubv1.Grain_GRAIN_PERSON, "name")
}

// fill gives the hub n transactions of one record each.
func fill(h *testhub.Hub, n int) {
	for i := range n {
		key := testhub.Key{List: "education", Household: "hh_1", Person: string(rune('a' + i))}
		h.Commit("danzhou", "IMPORT", key.Put(village, &hubv1.Record{Name: "李小甲"}))
	}
}

// failing fails the first n calls of a method and counts all.
func failing(h *testhub.Hub, method string, n int, err error) *int {
	calls := 0
	h.SetBefore(func(m string) error {
		if m != method {
			return nil
		}
		if calls++; calls <= n {
			return err
		}
		return nil
	})
	return &calls
}

func TestAReadIsRepeatedWhileTheHubIsUnavailable(t *testing.T) {
	hub, c := testhub.Start(t, list())
	calls := failing(hub, "GetCatalogue", 2, testhub.Fail(codes.Unavailable, hubv1.Reason_REASON_STORE_BUSY))
	if _, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{}); err != nil || *calls != 3 {
		t.Fatalf("%d calls: %v", *calls, err)
	}
	calls = failing(hub, "GetCatalogue", 99, testhub.Fail(codes.Unavailable, hubv1.Reason_REASON_STORE_BUSY))
	if _, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{}); err == nil || *calls != 3 {
		t.Fatalf("%d calls, want the 3 tries configured: %v", *calls, err)
	}
}

func TestWhatWillFailAgainIsNotRepeated(t *testing.T) {
	hub, c := testhub.Start(t, list())
	for _, code := range []codes.Code{codes.Internal, codes.FailedPrecondition, codes.Aborted, codes.ResourceExhausted, codes.PermissionDenied} {
		calls := failing(hub, "GetCatalogue", 1, status.Error(code, "no"))
		if _, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{}); client.Of(err) == nil || *calls != 1 {
			t.Errorf("%s: %d calls: %v", code, *calls, err)
		}
	}
}

func TestAWriteIsRepeatedOnlyWithARequestID(t *testing.T) {
	hub, c := testhub.Start(t, list())
	away := testhub.Fail(codes.Unavailable, hubv1.Reason_REASON_OUTCOME_UNKNOWN)
	calls := failing(hub, "SubmitCatalogue", 1, away)
	if _, err := c.Catalogues().SubmitCatalogue(t.Context(), &hubv1.SubmitCatalogueRequest{Text: "x"}); err == nil || *calls != 1 {
		t.Errorf("without: %d calls: %v", *calls, err)
	}
	calls = failing(hub, "UpdateHousehold", 1, away)
	if _, err := c.Households().UpdateHousehold(t.Context(), &hubv1.UpdateHouseholdRequest{}); err == nil || *calls != 1 {
		t.Errorf("with an empty one: %d calls: %v", *calls, err)
	}
	calls = failing(hub, "UpdateHousehold", 1, away)
	if _, err := c.Households().UpdateHousehold(t.Context(), &hubv1.UpdateHouseholdRequest{RequestId: "r1"}); err != nil || *calls != 2 {
		t.Errorf("with: %d calls: %v", *calls, err)
	}
}

func TestLettersAreReadAgainAndAnsweredAgainOnlyUnderARequestID(t *testing.T) {
	hub, c := testhub.Start(t, list())
	hub.AddLetter(&hubv1.Letter{Id: "lt_1", Receipts: []*hubv1.Receipt{{Agency: "education"}}})
	reads := map[string]func() error{
		"ListLetters": func() error { _, err := c.Letters().ListLetters(t.Context(), &hubv1.ListLettersRequest{}); return err },
		"GetLetter": func() error {
			_, err := c.Letters().GetLetter(t.Context(), &hubv1.GetLetterRequest{Id: "lt_1"})
			return err
		},
		"PrintLetter": func() error {
			_, err := c.Letters().PrintLetter(t.Context(), &hubv1.PrintLetterRequest{Id: "lt_1"})
			return err
		},
		"Replay": func() error { _, err := c.Ledger().Replay(t.Context(), &hubv1.ReplayRequest{}); return err },
		"ReconciliationSheet": func() error {
			_, err := c.Ledger().ReconciliationSheet(t.Context(), &hubv1.ReconciliationSheetRequest{})
			return err
		},
	}
	away := testhub.Fail(codes.Unavailable, hubv1.Reason_REASON_STORE_BUSY)
	for method, read := range reads {
		if calls := failing(hub, method, 1, away); read() != nil || *calls != 2 {
			t.Errorf("%s: %d calls, want 2", method, *calls)
		}
	}
	dispute := func(id string) error {
		_, err := c.Letters().DisputeLetter(t.Context(), &hubv1.DisputeLetterRequest{Id: "lt_1", RequestId: id})
		return err
	}
	if calls := failing(hub, "DisputeLetter", 1, away); dispute("") == nil || *calls != 1 {
		t.Errorf("without a request id: %d calls", *calls)
	}
	if calls := failing(hub, "DisputeLetter", 1, away); dispute("r1") != nil || *calls != 2 {
		t.Errorf("with a request id: %d calls", *calls)
	}
}

func TestAWaitThatOutlastsTheCallersDeadlineIsNotBegun(t *testing.T) {
	hub, c := testhub.Start(t, list())
	calls := failing(hub, "GetCatalogue", 1, testhub.Fail(codes.Unavailable, hubv1.Reason_REASON_STORE_BUSY,
		&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)}))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	_, err := c.Catalogues().GetCatalogue(ctx, &hubv1.GetCatalogueRequest{})
	if e := client.Of(err); e == nil || e.RetryAfter != time.Hour || *calls != 1 {
		t.Fatalf("%d calls: %v", *calls, err)
	}
}

func TestALimitIsWaitedForOnlyWhereTheHubSaysHowLong(t *testing.T) {
	hub, c := testhub.Start(t, list())
	calls := failing(hub, "GetCatalogue", 1, testhub.Fail(codes.ResourceExhausted, hubv1.Reason_REASON_LIMIT_REACHED,
		&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)}))
	if _, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{}); err != nil || *calls != 2 {
		t.Errorf("%d calls: %v", *calls, err)
	}
	calls = failing(hub, "GetCatalogue", 1, testhub.Fail(codes.ResourceExhausted, hubv1.Reason_REASON_LIMIT_REACHED))
	_, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{})
	if e := client.Of(err); e == nil || e.Remedy != client.FixRequest || *calls != 1 {
		t.Errorf("%d calls: %v", *calls, err)
	}
}

func TestErrorsAreTypedWithReasonFieldsAndRemedy(t *testing.T) {
	hub, c := testhub.Start(t, list())
	failing(hub, "GetCatalogue", 1, testhub.Fail(codes.InvalidArgument, hubv1.Reason_REASON_HOUSEHOLD_INVALID,
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{
			Field: "household.village", Reason: "VILLAGE_UNKNOWN", Description: "no such village",
			LocalizedMessage: &errdetails.LocalizedMessage{Locale: "zh-CN", Message: "无此村"},
		}}}))
	_, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{})
	e := client.Of(err)
	if e == nil {
		t.Fatalf("not typed: %v", err)
	}
	want := client.FieldError{Field: "household.village", Reason: hubv1.Reason_REASON_VILLAGE_UNKNOWN, Message: "no such village", Chinese: "无此村"}
	if e.Reason != hubv1.Reason_REASON_HOUSEHOLD_INVALID || e.Chinese != "中文说明" || e.Metadata["what"] != "test" ||
		!slices.Equal(e.Fields, []client.FieldError{want}) || e.Remedy != client.FixRequest || status.Code(err) != codes.InvalidArgument {
		t.Fatalf("%+v", e)
	}
}

func TestEveryReasonNamesItsRemedy(t *testing.T) {
	hub, c := testhub.Start(t, list())
	for reason, want := range map[hubv1.Reason]struct {
		code   codes.Code
		remedy client.Remedy
	}{
		hubv1.Reason_REASON_CURSOR_INVALID:      {codes.InvalidArgument, client.Reload},
		hubv1.Reason_REASON_CURSOR_EPOCH:        {codes.FailedPrecondition, client.Reload},
		hubv1.Reason_REASON_CURSOR_PURGED:       {codes.FailedPrecondition, client.Reload},
		hubv1.Reason_REASON_CURSOR_SCOPE:        {codes.FailedPrecondition, client.Reload},
		hubv1.Reason_REASON_CURSOR_LIST_CHANGED: {codes.FailedPrecondition, client.Reload},
		hubv1.Reason_REASON_CURSOR_FOREIGN:      {codes.PermissionDenied, client.Reload},
		hubv1.Reason_REASON_NO_AGREEMENT:        {codes.PermissionDenied, client.AskOffice},
		hubv1.Reason_REASON_TOKEN_EXPIRED:       {codes.Unauthenticated, client.RenewToken},
		hubv1.Reason_REASON_ETAG_STALE:          {codes.Aborted, client.ReadAgain},
		hubv1.Reason_REASON_WRITTEN_MEANWHILE:   {codes.Aborted, client.Retry},
		hubv1.Reason_REASON_LETTER_BEHIND:       {codes.FailedPrecondition, client.ReadAgain},
		hubv1.Reason_REASON_LETTER_DISPUTED:     {codes.FailedPrecondition, client.Retry},
		hubv1.Reason_REASON_LIST_NOT_FOUND:      {codes.NotFound, client.FixRequest},
		hubv1.Reason_REASON_INTERNAL:            {codes.Internal, client.AskOperator},
	} {
		failing(hub, "GetCatalogue", 1, testhub.Fail(want.code, reason))
		_, err := c.Catalogues().GetCatalogue(t.Context(), &hubv1.GetCatalogueRequest{})
		if e := client.Of(err); e == nil || e.Reason != reason || e.Remedy != want.remedy {
			t.Errorf("%s: %+v, want %s", reason, e, want.remedy)
		}
	}
}

// transactions reads all pages and gives the numbers seen, in order.
func transactions(t *testing.T, c *client.Client, req *hubv1.FollowRequest) (numbers []int64, last *hubv1.Page, err error) {
	t.Helper()
	for page, err := range c.Pages(t.Context(), req) {
		if err != nil {
			return numbers, last, err
		}
		for _, tx := range page.GetTransactions() {
			numbers = append(numbers, tx.GetNumber())
		}
		last = page
	}
	return numbers, last, nil
}

func TestPagesGoOnAfterEveryBreakWithoutASkipOrARepetition(t *testing.T) {
	hub, c := testhub.Start(t, list())
	fill(hub, 1)
	_, first, err := transactions(t, c, &hubv1.FollowRequest{})
	if err != nil {
		t.Fatal(err)
	}
	fill(hub, 9)
	breaks := 0
	hub.SetCut(func(int) error { // every stream breaks after one page, sometimes politely
		if breaks++; breaks%2 == 0 {
			return status.Error(codes.Unavailable, "the line broke")
		}
		return testhub.ErrHangUp
	})
	numbers, last, err := transactions(t, c, &hubv1.FollowRequest{Cursor: first.GetCursor(), PageSize: 1})
	if want := []int64{2, 3, 4, 5, 6, 7, 8, 9, 10}; err != nil || !slices.Equal(numbers, want) || last.GetEnd() == nil {
		t.Fatalf("numbers %v: %v", numbers, err)
	}
}

func TestPagesGiveUpOnlyWhereNoPageComes(t *testing.T) {
	hub, c := testhub.Start(t, list())
	fill(hub, 1)
	calls := failing(hub, "Follow", 99, status.Error(codes.Unavailable, "away"))
	if _, _, err := transactions(t, c, &hubv1.FollowRequest{}); client.Of(err) == nil || *calls != 3 {
		t.Fatalf("%d streams, want the 3 tries configured: %v", *calls, err)
	}
	calls = failing(hub, "Follow", 1, testhub.Fail(codes.FailedPrecondition, hubv1.Reason_REASON_CURSOR_PURGED))
	if _, _, err := transactions(t, c, &hubv1.FollowRequest{}); client.Of(err) == nil || *calls != 1 {
		t.Fatalf("%d streams for a refused cursor: %v", *calls, err)
	}
}

func TestAStreamThatItsContextEndsSaysSo(t *testing.T) {
	hub, c := testhub.Start(t, list())
	fill(hub, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range c.Pages(ctx, &hubv1.FollowRequest{Live: true}) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Fatalf("%v", last)
	}
}

func TestATokenRenewedInItsFileIsTakenUp(t *testing.T) {
	hub, target := testhub.Serve(t, list())
	fill(hub, 3)
	file := filepath.Join(t.TempDir(), "token")
	write := func(token string) {
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	hub.SetToken("first")
	c, err := client.New(client.Config{Target: target, Insecure: true, Token: client.NewFileToken(file), Backoff: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	renewed := false
	hub.SetCut(func(int) error { // the token expires while a stream runs, and is renewed
		if renewed {
			return nil
		}
		renewed = true
		write("second, longer")
		hub.SetToken("second, longer")
		return testhub.Fail(codes.Unauthenticated, hubv1.Reason_REASON_TOKEN_EXPIRED)
	})
	if _, last, err := transactions(t, c, &hubv1.FollowRequest{PageSize: 1}); err != nil || last.GetEnd() == nil {
		t.Fatalf("renewed token: %v", err)
	}
	hub.SetToken("third")
	_, _, err = transactions(t, c, &hubv1.FollowRequest{})
	if e := client.Of(err); e == nil || e.Remedy != client.RenewToken {
		t.Fatalf("expired token: %v", err)
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []client.Config{
		{}, {Target: "hub:443", CAFile: "no such file"}, {Target: "hub:443", CAFile: empty}, {Target: "hub:80", Insecure: true, CAFile: empty},
	} {
		if _, err := client.New(config); err == nil {
			t.Errorf("%+v was accepted", config)
		}
	}
}

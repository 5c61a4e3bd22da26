package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/division"
)

// Whenever the hub is killed between a decision and its letters, between sign-off and issue,
// or while a letter is handed out: every letter exists once, the numbers have no gap, and no
// recipient is skipped.
func TestEveryLetterExistsOnceHoweverOftenTheHubIsKilled(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		t.Parallel()
		s := newSurvivor(t, postgres)
		p := &postOffice{survivor: s, numbers: map[string]bool{}}
		p.open()
		for n := 0; s.kills < *sizes.kills || n < 2; n++ {
			p.decide(n)
		}
		p.dense()
	})
}

// recipientsOf are the agencies that receive a department's letters here.
var recipientsOf = map[string][]string{
	"education": {"education", "schools"}, "medical-insurance": {"medical-insurance"}, "employment": {"employment"}, "industry": {"employment"},
	"finance": {"finance"}, "training": {"employment", "schools"},
}

type postOffice struct {
	*survivor
	numbers map[string]bool
	issued  int
}

// open makes the agreements about letters.
func (p *postOffice) open() {
	p.Helper()
	receives := map[string][]string{}
	for department, agencies := range recipientsOf {
		for _, a := range agencies {
			receives[a] = append(receives[a], "--receives", department)
		}
	}
	receives["bureau"] = []string{"--letters", "prepare,sign"}
	for agency, flags := range receives {
		args := []string{"agreement", "save", "letters-" + agency, "--agency", agency, "--purpose", "test", "--basis", "notice of 2019-04-21", "--from", "2019-01-01"}
		p.h.hubd(p, 0, append(args, flags...)...)
		p.tokens[agency] = p.h.token(p, agency, agency+"-1")
	}
}

// persist makes a request of letters; every second time the hub is killed meanwhile, and
// the same request is made again of the next one.
func persist[T proto.Message](p *postOffice, agency string, do func(context.Context, hubv1.LetterServiceClient) (T, error)) T {
	p.Helper()
	connect := func() *client.Client { return p.h.client(p.T, p.hub, p.tokens[agency]) }
	if rand.IntN(2) == 0 {
		killed := make(chan struct{})
		c := connect()
		go func() {
			defer close(killed)
			time.Sleep(time.Duration(rand.IntN(15000)) * time.Microsecond)
			p.hub.kill()
		}()
		_, _ = do(p.Context(), c.Letters()) // whatever came of it
		<-killed
		p.kills++
		p.hub = p.h.serve(p.T)
	}
	got, err := do(p.Context(), connect().Letters())
	if err != nil {
		p.Fatalf("%s asked %T: %v", agency, got, err)
	}
	return got
}

// decide carries a household out of support, and its letters to everybody.
func (p *postOffice) decide(n int) {
	p.Helper()
	p.carry(2 * n) // an even number: a decision that stands
	area := division.Hainan().AreaOf(division.Hainan().AreaVillages("qionghai")[0])
	got := map[string]bool{}
	for _, draft := range p.drafts(area) {
		if got[draft.GetDepartment()] {
			p.Fatalf("two drafts to %s", draft.GetDepartment())
		}
		got[draft.GetDepartment()] = true
		p.send(draft)
	}
	for department := range recipientsOf {
		if !got[department] {
			p.Errorf("no draft to %s", department)
		}
	}
	if left := p.drafts(area); len(left) > 0 {
		p.Errorf("%d drafts are left", len(left))
	}
}

func (p *postOffice) drafts(area string) []*hubv1.Letter {
	p.Helper()
	got := persist(p, "bureau", func(ctx context.Context, l hubv1.LetterServiceClient) (*hubv1.ListLettersResponse, error) {
		return l.ListLetters(ctx, &hubv1.ListLettersRequest{Area: area, State: hubv1.LetterState_LETTER_STATE_DRAFT})
	})
	return got.GetLetters()
}

func (p *postOffice) send(l *hubv1.Letter) {
	p.Helper()
	sign := &hubv1.SignOffLetterRequest{Id: l.GetId(), Etag: l.GetEtag(), RequestId: p.request()}
	l = persist(p, "bureau", func(ctx context.Context, c hubv1.LetterServiceClient) (*hubv1.SignOffLetterResponse, error) {
		return c.SignOffLetter(ctx, sign)
	}).GetLetter()
	issue := &hubv1.IssueLetterRequest{Id: l.GetId(), Etag: l.GetEtag(), RequestId: p.request()}
	l = persist(p, "bureau", func(ctx context.Context, c hubv1.LetterServiceClient) (*hubv1.IssueLetterResponse, error) {
		return c.IssueLetter(ctx, issue)
	}).GetLetter()
	if p.issued++; p.numbers[l.GetNumber()] {
		p.Errorf("number %s stands twice", l.GetNumber())
	}
	p.numbers[l.GetNumber()] = true
	var to []string
	for _, r := range l.GetReceipts() {
		to = append(to, r.GetAgency())
	}
	if want := recipientsOf[l.GetDepartment()]; !slices.Equal(to, want) {
		p.Errorf("to %v, not %v", to, want)
	}
	for _, agency := range to {
		p.receive(agency, l.GetId())
	}
}

// receive fetches a letter and acknowledges it, perhaps through several hubs.
func (p *postOffice) receive(agency, id string) {
	p.Helper()
	l := persist(p, agency, func(ctx context.Context, c hubv1.LetterServiceClient) (*hubv1.GetLetterResponse, error) {
		return c.GetLetter(ctx, &hubv1.GetLetterRequest{Id: id})
	}).GetLetter()
	if len(l.GetReceipts()) != 1 || l.GetReceipts()[0].GetState() != hubv1.ReceiptState_RECEIPT_STATE_DELIVERED || client.LetterDigest(l.GetItems()) != l.GetDigest() {
		p.Errorf("%s was handed %v", agency, l)
	}
	acknowledge := &hubv1.AcknowledgeLetterRequest{Id: id, Digest: l.GetDigest(), RequestId: p.request()}
	l = persist(p, agency, func(ctx context.Context, c hubv1.LetterServiceClient) (*hubv1.AcknowledgeLetterResponse, error) {
		return c.AcknowledgeLetter(ctx, acknowledge)
	}).GetLetter()
	if l.GetReceipts()[0].GetState() != hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED {
		p.Errorf("%s: %v", agency, l.GetReceipts())
	}
}

// dense wants the numbers 1, 2, 3 … of the year.
func (p *postOffice) dense() {
	p.Helper()
	for n := range p.issued {
		if number := fmt.Sprintf("扶函〔%d〕%d号", today().Year(), n+1); !p.numbers[number] {
			p.Errorf("no letter has the number %s of %d", number, p.issued)
		}
	}
}

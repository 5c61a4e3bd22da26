package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// A department's clerk and its nightly job work with nothing but hubsync; the office with REST.
func TestADepartmentAnswersItsLettersWithHubsync(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		t.Parallel()
		p := &postOffice{survivor: newSurvivor(t, postgres), numbers: map[string]bool{}}
		p.open()
		p.h.agree(t, "roster-education", "education,no-longer-supported", "--agency", "education")
		p.spared = true
		id := p.issueByREST()
		s := &mailbox{postOffice: p, db: filepath.Join(t.TempDir(), "mirror.db"), program: p.h.token(t, "education", "")}
		s.answer(id)
	})
}

// issueByREST decides about a household and has the letter to education signed and issued.
func (p *postOffice) issueByREST() string {
	p.Helper()
	p.carry(0)
	var found hubv1.ListLettersResponse
	p.rest(http.MethodGet, "/v1/letters?area=qionghai&department=education&waiting=LETTER_WAITING_SIGN_OFF", "", &found)
	if len(found.GetLetters()) != 1 {
		p.Fatalf("%d drafts", len(found.GetLetters()))
	}
	l := found.GetLetters()[0]
	var signed hubv1.SignOffLetterResponse
	p.rest(http.MethodPost, "/v1/letters/"+l.GetId()+":sign", `{"etag":"`+l.GetEtag()+`","request_id":"s1"}`, &signed)
	var issued hubv1.IssueLetterResponse
	p.rest(http.MethodPost, "/v1/letters/"+l.GetId()+":issue", `{"etag":"`+signed.GetLetter().GetEtag()+`","number":"琼扶字1号","request_id":"i1"}`, &issued)
	if got := issued.GetLetter(); got.GetNumber() != "琼扶字1号" || len(got.GetReceipts()) != 2 {
		p.Fatalf("issued: %v", got)
	}
	return l.GetId()
}

// rest asks as the office by REST.
func (p *postOffice) rest(method, path, body string, into proto.Message) {
	p.Helper()
	token, err := os.ReadFile(p.tokens["bureau"])
	if err != nil {
		p.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.Context(), method, "http://"+p.hub.rest+path, bytes.NewReader([]byte(body)))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+string(token))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.Fatalf("%s: %s %s %v", path, res.Status, text, err)
	}
	if err := protojson.Unmarshal(text, into); err != nil {
		p.Fatal(err)
	}
}

// mailbox is the education department with its copy.
type mailbox struct {
	*postOffice
	db      string
	program string // token
}

// run runs hubsync as a person ("education") or as the nightly job ("").
func (s *mailbox) run(person bool, args ...string) outcome {
	s.Helper()
	token := s.program
	if person {
		token = s.tokens["education"]
	}
	return finish(s.T, program(s.T, "hubsync", append(args, "--insecure", "--hub", s.hub.grpc, "--token-file", token)...))
}

// listed is the state of the only letter in the list.
func (s *mailbox) listed() string {
	s.Helper()
	got := s.run(true, "letters", "list", "--json")
	var line struct{ State string }
	if err := json.Unmarshal([]byte(got.stdout), &line); err != nil || strings.Count(got.stdout, "\n") != 1 {
		s.Fatalf("list: exit %d %v\n%s%s", got.exit, err, got.stdout, got.stderr)
	}
	return line.State
}

// nightly pulls and reports, and gives what became of the letter.
func (s *mailbox) nightly() string {
	s.Helper()
	got := s.run(false, "pull", "--report-letters", "--json", "--db", s.db)
	var r struct {
		Letters []struct{ ID, State string }
		Result  struct{ Current bool }
	}
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || !r.Result.Current {
		s.Fatalf("pull: exit %d %v\n%s%s", got.exit, err, got.stdout, got.stderr)
	}
	if len(r.Letters) == 0 {
		return ""
	}
	return r.Letters[0].State
}

func (s *mailbox) answer(id string) {
	s.Helper()
	if state := s.listed(); state != "SENT" {
		s.Errorf("listed as %s", state)
	}
	if state := s.nightly(); state != "" {
		s.Errorf("reported before anybody acknowledged it: %s", state)
	}
	paper := filepath.Join(s.TempDir(), "letter.html")
	if got := s.run(true, "letters", "print", id, "-o", paper); got.exit != 0 {
		s.Fatalf("print: %s%s", got.stdout, got.stderr)
	}
	if text, err := os.ReadFile(paper); err != nil || !strings.Contains(string(text), "琼扶字1号") || !strings.Contains(string(text), "琼海市教育部门") {
		s.Errorf("printed: %v\n%s", err, text)
	}
	if state := s.listed(); state != "DELIVERED" {
		s.Errorf("printed, and listed as %s", state)
	}
	if got := s.run(false, "letters", "acknowledge", id); got.exit == 0 || !strings.Contains(got.stderr, "person") {
		s.Errorf("a program acknowledged: exit %d %s", got.exit, got.stderr)
	}
	for range 2 { // twice is harmless
		if got := s.run(true, "letters", "acknowledge", id); got.exit != 0 {
			s.Fatalf("acknowledge: %s%s", got.stdout, got.stderr)
		}
	}
	if got := s.run(true, "letters", "dispute", id, "--item", "1", "--ground", "in-need", "--text", "孩子重病"); got.exit != 0 {
		s.Fatalf("dispute: %s%s", got.stdout, got.stderr)
	}
	if state := s.listed(); state != "DISPUTED" {
		s.Errorf("disputed, and listed as %s", state)
	}
	_ = s.nightly() // not while the objection is open
	s.refuse(id)
	if state := s.nightly(); state != "APPLIED" || s.listed() != "APPLIED" {
		s.Errorf("reported as %s", state)
	}
}

// refuse answers the objection.
func (s *mailbox) refuse(id string) {
	s.Helper()
	_, err := s.h.client(s.T, s.hub, s.tokens["bureau"]).Letters().AnswerObjection(context.Background(), &hubv1.AnswerObjectionRequest{
		Id: id, Objection: 1, State: hubv1.ObjectionState_OBJECTION_STATE_REFUSED, Reason: "另案处理", RequestId: s.request(),
	})
	if err != nil {
		s.Fatal(err)
	}
}

package testhub

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Roster is the list that proofs are about.
const Roster = "no-longer-supported"

// mail is the letters to the one agency that reads the hub.
type mail struct {
	letters  map[string]*hubv1.Letter
	answered map[string]answer // by request id
	program  bool              // callers are programs, not persons
}

// answer is what was answered to a request, to be given to it again.
type answer struct {
	request []byte
	letter  *hubv1.Letter
}

// AddLetter issues a letter: its digest and counts are filled in where they are empty.
// It has one receipt, that of the agency.
func (h *Hub) AddLetter(l *hubv1.Letter) {
	l = proto.CloneOf(l)
	l.ItemCount = int32(len(l.GetItems()))
	if l.GetDigest() == "" {
		l.Digest = client.LetterDigest(l.GetItems())
	}
	h.do(func() { h.mail.letters[l.GetId()] = l })
}

// ChangeLetter lets f do to a letter what the office does.
func (h *Hub) ChangeLetter(id string, f func(l *hubv1.Letter)) {
	h.do(func() { f(h.mail.letters[id]) })
}

// Receipt is what stands in a letter's receipt.
func (h *Hub) Receipt(id string) (r *hubv1.Receipt) {
	h.do(func() { r = proto.CloneOf(h.mail.letters[id].GetReceipts()[0]) })
	return r
}

// Answered are the ids of the requests that were answered, sorted.
func (h *Hub) Answered() (ids []string) {
	h.do(func() { ids = slices.Sorted(maps.Keys(h.mail.answered)) })
	return ids
}

// SetProgram says whether callers are programs, which may acknowledge and dispute nothing.
func (h *Hub) SetProgram(program bool) { h.do(func() { h.mail.program = program }) }

type letterServer struct {
	hubv1.UnimplementedLetterServiceServer
	hub *Hub
}

// lettersPage is how many letters a page holds: few, so that tests turn pages.
const lettersPage = 2

func (s *letterServer) ListLetters(_ context.Context, req *hubv1.ListLettersRequest) (*hubv1.ListLettersResponse, error) {
	if err := s.hub.before("ListLetters"); err != nil {
		return nil, err
	}
	response := &hubv1.ListLettersResponse{}
	s.hub.do(func() {
		for _, id := range slices.Sorted(maps.Keys(s.hub.mail.letters)) {
			l := s.hub.mail.letters[id]
			open := slices.Contains([]hubv1.ReceiptState{hubv1.ReceiptState_RECEIPT_STATE_SENT,
				hubv1.ReceiptState_RECEIPT_STATE_DELIVERED, hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED}, l.GetReceipts()[0].GetState())
			if id <= req.GetPageToken() || (req.GetWaiting() == hubv1.LetterWaiting_LETTER_WAITING_RECIPIENTS && !open) {
				continue
			}
			if len(response.Letters) == lettersPage {
				response.NextPageToken = response.Letters[lettersPage-1].GetId()
				return
			}
			l = proto.CloneOf(l)
			l.Items = nil
			response.Letters = append(response.Letters, l)
		}
	})
	return response, nil
}

// fetch gives a letter; it is delivered by that.
func (h *Hub) fetch(id string) (l *hubv1.Letter, err error) {
	h.do(func() {
		kept := h.mail.letters[id]
		if kept == nil {
			err = Fail(codes.NotFound, hubv1.Reason_REASON_LETTER_NOT_FOUND)
			return
		}
		if r := kept.GetReceipts()[0]; r.GetState() == hubv1.ReceiptState_RECEIPT_STATE_SENT {
			r.State, r.DeliveredAt = hubv1.ReceiptState_RECEIPT_STATE_DELIVERED, "2026-03-01T09:00:00+08:00"
		}
		l = proto.CloneOf(kept)
	})
	return l, err
}

func (s *letterServer) GetLetter(_ context.Context, req *hubv1.GetLetterRequest) (*hubv1.GetLetterResponse, error) {
	if err := s.hub.before("GetLetter"); err != nil {
		return nil, err
	}
	l, err := s.hub.fetch(req.GetId())
	return &hubv1.GetLetterResponse{Letter: l}, err
}

func (s *letterServer) PrintLetter(_ context.Context, req *hubv1.PrintLetterRequest) (*httpbody.HttpBody, error) {
	if err := s.hub.before("PrintLetter"); err != nil {
		return nil, err
	}
	l, err := s.hub.fetch(req.GetId())
	return &httpbody.HttpBody{ContentType: "text/html; charset=utf-8", Data: []byte("<!doctype html><title>" + l.GetNumber() + "</title>")}, err
}

// answerable is a request that answers a letter.
type answerable interface {
	proto.Message
	GetId() string
	GetRequestId() string
}

// answer does what a request asks for, once.
func (h *Hub) answer(method string, req answerable, do func(l *hubv1.Letter, r *hubv1.Receipt) hubv1.Reason) (l *hubv1.Letter, err error) {
	if err := h.before(method); err != nil {
		return nil, err
	}
	request, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return nil, err
	}
	h.do(func() {
		kept, earlier := h.mail.letters[req.GetId()], h.mail.answered[req.GetRequestId()]
		switch {
		case earlier.letter != nil && bytes.Equal(earlier.request, request):
			l = earlier.letter
			return
		case earlier.letter != nil:
			err = Fail(codes.FailedPrecondition, hubv1.Reason_REASON_REQUEST_ID_REUSED)
			return
		case kept == nil:
			err = Fail(codes.NotFound, hubv1.Reason_REASON_LETTER_NOT_FOUND)
			return
		}
		if refusal := do(kept, kept.GetReceipts()[0]); refusal != 0 {
			err = Fail(codes.FailedPrecondition, refusal)
			return
		}
		l = proto.CloneOf(kept)
		h.mail.answered[req.GetRequestId()] = answer{request, l}
	})
	if err != nil {
		return nil, err
	}
	return l, h.before(method + " answered")
}

func (s *letterServer) AcknowledgeLetter(_ context.Context, req *hubv1.AcknowledgeLetterRequest) (*hubv1.AcknowledgeLetterResponse, error) {
	l, err := s.hub.answer("AcknowledgeLetter", req, func(l *hubv1.Letter, r *hubv1.Receipt) hubv1.Reason {
		switch {
		case s.hub.mail.program:
			return hubv1.Reason_REASON_PERSON_MUST_ACT
		case r.GetAcknowledgedAt() != "":
			return hubv1.Reason_REASON_LETTER_ACKNOWLEDGED
		case req.GetDigest() != l.GetDigest():
			return hubv1.Reason_REASON_LETTER_DIGEST_DIFFERS
		}
		r.State, r.AcknowledgedAt = hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED, "2026-03-01T10:00:00+08:00"
		return 0
	})
	return &hubv1.AcknowledgeLetterResponse{Letter: l}, err
}

func (s *letterServer) DisputeLetter(_ context.Context, req *hubv1.DisputeLetterRequest) (*hubv1.DisputeLetterResponse, error) {
	l, err := s.hub.answer("DisputeLetter", req, func(l *hubv1.Letter, r *hubv1.Receipt) hubv1.Reason {
		if s.hub.mail.program {
			return hubv1.Reason_REASON_PERSON_MUST_ACT
		}
		for _, o := range req.GetObjections() {
			if int(o.GetItem()) > len(l.GetItems()) {
				return hubv1.Reason_REASON_LETTER_ITEM_UNKNOWN
			}
			object(l, r, &hubv1.Objection{Item: o.GetItem(), Ground: o.GetGround(), Text: o.GetText()})
		}
		return 0
	})
	return &hubv1.DisputeLetterResponse{Letter: l}, err
}

// object opens an objection.
func object(l *hubv1.Letter, r *hubv1.Receipt, o *hubv1.Objection) {
	o.Number, o.Agency, o.State = int32(len(l.GetObjections())+1), r.GetAgency(), hubv1.ObjectionState_OBJECTION_STATE_OPEN
	l.Objections = append(l.Objections, o)
	r.State = hubv1.ReceiptState_RECEIPT_STATE_DISPUTED
}

func (s *letterServer) ReportApplied(_ context.Context, req *hubv1.ReportAppliedRequest) (*hubv1.ReportAppliedResponse, error) {
	l, err := s.hub.answer("ReportApplied", req, func(l *hubv1.Letter, r *hubv1.Receipt) hubv1.Reason {
		switch r.GetState() {
		case hubv1.ReceiptState_RECEIPT_STATE_DISPUTED:
			return hubv1.Reason_REASON_LETTER_DISPUTED
		case hubv1.ReceiptState_RECEIPT_STATE_ACKNOWLEDGED:
		default:
			return hubv1.Reason_REASON_LETTER_NOT_ACKNOWLEDGED
		}
		if l.GetEffectiveOn() > s.hub.derivedFor {
			return hubv1.Reason_REASON_LETTER_NOT_IN_EFFECT
		}
		if req.GetCopy() == nil {
			return settle(l, r, req.GetCount() == l.GetItemCount(), false)
		}
		for _, p := range req.GetCopy().GetPositions() {
			if p.GetArea() == l.GetArea() && p.GetTransaction() < l.GetTransaction() {
				return hubv1.Reason_REASON_LETTER_BEHIND
			}
		}
		rows, digest := s.hub.roster(l)
		return settle(l, r, req.GetCopy().GetRows() == rows && req.GetCopy().GetDigest() == digest, true)
	})
	return &hubv1.ReportAppliedResponse{Letter: l}, err
}

// settle ends what was reported: applied, or an objection.
func settle(l *hubv1.Letter, r *hubv1.Receipt, equal, proved bool) hubv1.Reason {
	if !equal {
		object(l, r, &hubv1.Objection{Ground: hubv1.ObjectionGround_OBJECTION_GROUND_DIFFERS})
		return 0
	}
	r.State, r.Proved, r.AppliedAt = hubv1.ReceiptState_RECEIPT_STATE_APPLIED, proved, "2026-03-01T11:00:00+08:00"
	return 0
}

// roster is the proof that an exact copy gives; the lock is held. It is written here once
// more, from the words of the contract, so that tests compare two implementations.
func (h *Hub) roster(l *hubv1.Letter) (rows int32, digest string) {
	named := map[string]bool{}
	for _, item := range l.GetItems() {
		named[item.GetPerson()] = true
	}
	hashes := map[string]client.Hash{}
	for area, kept := range h.areas {
		for k, r := range kept {
			if k.List == Roster && named[k.Person] {
				hashes[k.Person] = h.plan(Roster).Hash(area, r.village, r.record)
			}
		}
	}
	var sequence []byte
	for _, person := range slices.Sorted(maps.Keys(hashes)) {
		sequence = append(binary.BigEndian.AppendUint32(sequence, uint32(len(person))), person...)
		hash := hashes[person]
		sequence = append(sequence, hash[:]...)
	}
	sum := sha256.Sum256(sequence)
	return int32(len(hashes)), hex.EncodeToString(sum[:])
}

// ledgerServer answers nothing but that it was asked.
type ledgerServer struct {
	hubv1.UnimplementedLedgerServiceServer
	hub *Hub
}

func (s *ledgerServer) Replay(context.Context, *hubv1.ReplayRequest) (*hubv1.ReplayResponse, error) {
	return &hubv1.ReplayResponse{}, s.hub.before("Replay")
}

func (s *ledgerServer) ReconciliationSheet(context.Context, *hubv1.ReconciliationSheetRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{}, s.hub.before("ReconciliationSheet")
}

package e2e

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
)

// What the office does with letters: signs, issues, answers objections.

func (c *correspondence) fetched(by hubv1.LetterServiceClient, id string) *hubv1.Letter {
	c.Helper()
	got, err := by.GetLetter(c.Context(), &hubv1.GetLetterRequest{Id: id})
	c.ok(err)
	return got.GetLetter()
}

// list gives all pages.
func (c *correspondence) list(by hubv1.LetterServiceClient, ask *hubv1.ListLettersRequest) (all []*hubv1.Letter) {
	c.Helper()
	ask.PageSize = 40
	for {
		got, err := by.ListLetters(c.Context(), ask)
		c.ok(err)
		all = append(all, got.GetLetters()...)
		if ask.PageToken = got.GetNextPageToken(); ask.PageToken == "" {
			return all
		}
	}
}

// bureauView is how the office sees a letter today.
func (c *correspondence) bureauView() view { return view{on: c.hub.Today()} }

// agrees wants the office to see a letter as the register has it.
func (c *correspondence) agrees(l *bookLetter) *hubv1.Letter {
	c.Helper()
	got := c.fetched(c.clerk, l.id)
	c.same(l, got, c.bureauView())
	return got
}

func (c *correspondence) same(l *bookLetter, got *hubv1.Letter, v view) {
	c.Helper()
	if have, want := textOf(got), l.text(v); have != want {
		c.Fatalf("on %s %q sees\n%s\nand should see\n%s", c.today(), v.agency, have, want)
	}
}

// answered is what a call about a letter gives back.
type answered interface{ GetLetter() *hubv1.Letter }

// attempt does something to a letter. Done, the answer must be what the register has for
// whoever did it, and often what the office sees is looked at, too. Refused, it must change
// nothing, not even the etag.
func (c *correspondence) attempt(l *bookLetter, as view, do func() (answered, error), want string) {
	c.Helper()
	if want == "" {
		got, err := do()
		c.ok(err)
		c.same(l, got.GetLetter(), as)
		if c.rng.IntN(3) == 0 {
			c.agrees(l)
		}
		return
	}
	was := c.fetched(c.clerk, l.id)
	_, err := do()
	if err == nil {
		c.Fatalf("not refused for %s:\n%s", want, textOf(was))
	}
	c.refused(err, hubv1.Reason(hubv1.Reason_value["REASON_"+want]))
	if now := c.fetched(c.clerk, l.id); !proto.Equal(was, now) {
		c.Fatalf("refused for %s, and yet it is\n%v\nand was\n%v", want, now, was)
	}
	c.did["refused "+want]++
}

// sign fixes the items of a draft.
func (c *correspondence) sign(l *bookLetter) {
	c.Helper()
	ask := &hubv1.SignOffLetterRequest{Id: l.id, Etag: c.agrees(l).GetEtag(), RequestId: c.request()}
	l.state, l.signed = "SIGNED", c.hub.Today()
	c.attempt(l, c.bureauView(), func() (answered, error) { return c.leader.SignOffLetter(c.Context(), ask) }, "")
	c.did["signed"]++
}

// send issues a letter.
func (c *correspondence) send(l *bookLetter) {
	c.Helper()
	ask := &hubv1.IssueLetterRequest{Id: l.id, Etag: c.agrees(l).GetEtag(), RequestId: c.request()}
	issue := func() (answered, error) { return c.clerk.IssueLetter(c.Context(), ask) }
	if len(c.receivers[l.department]) == 0 {
		c.attempt(l, c.bureauView(), issue, "LETTER_NO_RECIPIENT")
		return
	}
	if taken := c.ordered(func(l *bookLetter) bool { return l.number != "" }); len(taken) > 0 && c.rng.IntN(6) == 0 {
		ask.Number = taken[c.rng.IntN(len(taken))].number
		c.attempt(l, c.bureauView(), issue, "LETTER_NUMBER_TAKEN")
		ask.RequestId = c.request()
	}
	asked, number := c.numbered(l)
	ask.Number = asked
	c.listen()
	c.issue(l, number, c.feed.heads[l.area], c.hub.Today())
	c.attempt(l, c.bureauView(), issue, "")
	if c.rng.IntN(4) == 0 { // the answer was lost
		c.attempt(l, c.bureauView(), issue, "")
	}
	for _, id := range l.corrects {
		if c.agrees(c.letters[id]); c.letters[id].state == "WITHDRAWN" {
			c.did["withdrawn"]++
		}
	}
	c.did["issued"]++
}

// numbered is the number to ask for, "" for the hub's own, and the one that the letter gets.
func (c *correspondence) numbered(l *bookLetter) (ask, gets string) {
	sign := c.areas[l.area].sign
	switch c.rng.IntN(12) {
	case 0: // from the office's own register
		ask = fmt.Sprintf("虚自〔2026〕%d号", len(c.numbers))
	case 1: // the office writes by hand what the hub would take next, or the one after
		ask = fmt.Sprintf("%s〔2026〕%d号", sign, c.minted[sign]+1+c.rng.IntN(2))
	}
	if ask == "" || c.numbers[ask] {
		c.did["minted"]++
		return "", c.mint(sign)
	}
	c.did["numbered by hand"]++
	return ask, ask
}

// answerOne answers an objection, by a refusal or by putting right what was wrong.
func (c *correspondence) answerOne(l *bookLetter, n int) {
	c.Helper()
	o := l.objections[n]
	if o.item == 0 || c.rng.IntN(3) == 0 {
		state := []string{"REFUSED", "CORRECTED"}[c.rng.IntN(2)]
		if o.item > 0 {
			state = "REFUSED"
		}
		c.answer(l, n, state)
		return
	}
	i := l.items[slices.IndexFunc(l.items, func(i *bookItem) bool { return i.number == o.item })]
	if !i.rightNow() {
		if c.rng.IntN(3) == 0 {
			c.answer(l, n, "CORRECTED") // of what nobody has put right
			return
		}
		if o.ground == "IDENTITY" || i.kind == "RESUME" {
			c.rename(i)
		} else {
			c.reverse(i.decision)
		}
		if c.rng.IntN(4) == 0 {
			return // and answers later
		}
	}
	c.answer(l, n, "CORRECTED")
}

// answer gives an answer, and finds the letters that follow from it.
func (c *correspondence) answer(l *bookLetter, n int, state string) {
	c.Helper()
	o := l.objections[n]
	want := ""
	var i *bookItem
	if o.item > 0 {
		i = l.items[slices.IndexFunc(l.items, func(i *bookItem) bool { return i.number == o.item })]
	}
	switch {
	case o.state != "OPEN":
		want = "OBJECTION_ANSWERED"
	case state == "CORRECTED" && (i != nil && !i.rightNow() || i == nil && !l.wasWrong()):
		want = "NOTHING_CORRECTED"
	default:
		o.state, o.answered, o.answer = state, c.hub.Today(), "经核"
	}
	ask := &hubv1.AnswerObjectionRequest{
		Id: l.id, Objection: int32(n + 1), State: hubv1.ObjectionState(hubv1.ObjectionState_value["OBJECTION_STATE_"+state]), Reason: "经核", RequestId: c.request(), //nolint:gosec // small
	}
	c.attempt(l, c.bureauView(), func() (answered, error) { return c.clerk.AnswerObjection(c.Context(), ask) }, want)
	if want == "" {
		c.did["answered "+state]++
		if state == "CORRECTED" && i != nil && !i.takenBack() {
			c.book.rename(i.whom())
			c.corrected(i.home, c.restated(i.home, i.whom()))
		}
	}
}

// whom is the person of an item.
func (i *bookItem) whom() *bookPerson {
	return i.home.people[slices.IndexFunc(i.home.people, func(p *bookPerson) bool { return p.id == i.person })]
}

// rename corrects the ID number of an item's person in the register.
func (c *correspondence) rename(i *bookItem) {
	c.Helper()
	p := i.whom()
	c.born++
	sex := hubv1.Sex_SEX_FEMALE
	if p == i.home.people[0] {
		sex = hubv1.Sex_SEX_MALE
	}
	number := numberOf(c.born, date.Date(p.birth), sex)
	was, err := c.office.Households().GetHousehold(c.Context(), &hubv1.GetHouseholdRequest{Id: i.home.id})
	c.ok(err)
	_, err = c.office.Identity().ChangeIDNumber(c.Context(), &hubv1.ChangeIDNumberRequest{
		Id: i.home.id, Etag: was.GetHousehold().GetEtag(), Person: p.id, IdNumber: number, Kind: hubv1.IdNumberChange_ID_NUMBER_CHANGE_CORRECTION, Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
	p.idNumber = number
	c.did["ID number corrected"]++
}

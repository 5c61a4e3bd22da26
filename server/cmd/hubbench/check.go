package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const (
	// lanes is how many questions are asked at the same time.
	lanes = 32
	// maxAsked bounds the questions of a sample, and the persons that they are about.
	maxAsked = 4000
	// askTime bounds a sample where each answer waits for the disk.
	askTime = 2 * time.Second
)

// somebody is a member with an ID number.
type somebody struct{ area, household, person, idNumber string }

// check asks for single persons, as a counter does, whether they are entitled.
func (b *bench) check(ctx context.Context) (_ []line, err error) {
	_, p, c, err := b.sides(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	people, err := somePeople(ctx, c, p.rows)
	if err != nil {
		return nil, err
	}
	plain, err := b.engine.ask(ctx, p.address, "SELECT * FROM "+table+" WHERE area = $1 AND household = $2 AND person = $3", lanes)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, plain.close()) }()
	l := line{
		Name: "check", Unit: "questions/s", Against: b.engine.words().ask, Note: fmt.Sprintf("%d at a time", lanes),
		goal: &goal{floor: ratioAtLeast(0.5), aim: ratioAtLeast(0.9)},
	}
	l, err = b.compare(ctx, l,
		atATime(people, func(ctx context.Context, s somebody) error { return entitled(ctx, c, s) }),
		atATime(people, func(ctx context.Context, s somebody) error { return plain.answer(ctx, s.area, s.household, s.person) }))
	return []line{l}, err
}

// somePeople takes members from the whole list, evenly.
func somePeople(ctx context.Context, c *client.Client, rows int64) (out []somebody, err error) {
	every, at := max(1, rows/maxAsked), int64(0)
	for page, err := range c.Read(ctx, &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{list}}}) {
		if err != nil {
			return nil, err
		}
		for i := range page.Blocks {
			for r, err := range page.Blocks[i].Records() {
				if err != nil {
					return nil, err
				}
				if at++; at%every == 0 && r.GetIdNumber() != "" {
					out = append(out, somebody{ // copies, for the strings keep their whole page
						strings.Clone(page.Blocks[i].Area), strings.Clone(r.GetHousehold()), strings.Clone(r.GetPerson()), strings.Clone(r.GetIdNumber()),
					})
				}
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("nobody to ask about")
	}
	return out, nil
}

// entitled asks about one person, by ID number.
func entitled(ctx context.Context, c *client.Client, s somebody) error {
	got, err := c.Entitlements().CheckEntitlements(ctx, &hubv1.CheckEntitlementsRequest{Questions: []*hubv1.EntitlementQuestion{{
		Subject: &hubv1.EntitlementSubject{By: &hubv1.EntitlementSubject_Identifier{Identifier: &hubv1.Identifier{
			Kind: hubv1.IdentifierKind_IDENTIFIER_KIND_ID_NUMBER, Value: s.idNumber,
		}}},
		Policy: policy,
	}}})
	if err == nil && got.GetAnswers()[0].GetMatch() == hubv1.EntitlementMatch_ENTITLEMENT_MATCH_NOT_FOUND {
		err = errors.New("somebody of the list is not known")
	}
	return err
}

// atATime asks about one after the other, in so many lanes, until everybody was asked
// about or askTime is over, and gives the answers a second.
func atATime(people []somebody, ask func(context.Context, somebody) error) figure {
	return func(ctx context.Context) (float64, error) {
		var next, answered atomic.Int64
		g, ctx := errgroup.WithContext(ctx)
		began := time.Now()
		for range lanes {
			g.Go(func() error {
				for time.Since(began) < askTime {
					i := next.Add(1) - 1
					if i >= int64(len(people)) {
						break
					}
					if err := ask(ctx, people[i]); err != nil {
						return err
					}
					answered.Add(1)
				}
				return nil
			})
		}
		err := g.Wait()
		return rate(answered.Load(), time.Since(began)), err
	}
}

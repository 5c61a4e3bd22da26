package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var stateTests = []test{
	{"meta is not found before it is set, then replaced", meta},
	{"a request id is taken once an outcome is stored", requestTaken},
	{"outcomes stored before a time are purged", requestsPurged},
	{"a catalogue's state changes, its text never", catalogueState},
	{"catalogues are listed newest first, without text", cataloguesListed},
	{"agreements are replaced by id and listed by agency", agreements},
	{"meta tells whether an agreement was saved", agreementsMove},
	{"a subscription is saved over the version that was read", subscriptionVersion},
	{"subscriptions are listed by name and deleted", subscriptionsListed},
	{"intents are listed by id until they are deleted", intents},
}

func meta(t *testing.T, s store.Store) {
	view(t, s, func(ctx context.Context, r store.Reader) error {
		_, err := r.Meta(ctx)
		isError(t, "Meta", err, store.ErrNotFound)
		return nil
	})
	for _, want := range []store.Meta{{Epoch: "e1", Catalogue: "c1", Derivation: 1}, {Epoch: "e2", Derivation: 2}} {
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SetMeta(ctx, want) })
		view(t, s, func(ctx context.Context, r store.Reader) error {
			got, err := r.Meta(ctx)
			equal(t, "meta", got, want)
			return err
		})
	}
}

func agreementsMove(t *testing.T, s store.Store) {
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SetMeta(ctx, store.Meta{Epoch: "e1"}) })
	seen := map[string]bool{}
	look := func() string {
		var m store.Meta
		view(t, s, func(ctx context.Context, r store.Reader) (err error) {
			m, err = r.Meta(ctx)
			return err
		})
		return m.Agreements
	}
	for range 3 {
		if seen[look()] {
			t.Fatal("the same as before an agreement was saved")
		}
		seen[look()] = true
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			return tx.SaveAgreement(ctx, store.Agreement{ID: "a", Agency: "office"})
		})
	}
	before := look()
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SetMeta(ctx, store.Meta{Epoch: "e2"}) })
	equal(t, "after SetMeta", look(), before)
}

func request(agency, id string, at time.Time) store.Request {
	return store.Request{Agency: agency, ID: id, Fingerprint: []byte("print"), Outcome: []byte("answer of " + agency + id), Time: at}
}

func requestTaken(t *testing.T, s store.Store) {
	first := request("office", "r1", noon)
	for _, q := range []store.Request{first, request("office", "r2", noon), request("housing", "r1", noon)} {
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SaveRequest(ctx, q) })
	}
	again := request("office", "r1", noon.Add(time.Hour))
	again.Outcome = []byte("another answer")
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		isError(t, "the same id again", tx.SaveRequest(ctx, again), store.ErrTaken)
		got, err := tx.Request(ctx, "office", "r1") // and the Update goes on
		equal(t, "stored outcome", got, first)
		return err
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		_, err := r.Request(ctx, "medical", "r1")
		isError(t, "another agency's request", err, store.ErrNotFound)
		return nil
	})
}

func requestsPurged(t *testing.T, s store.Store) {
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for i := range 3 {
			if err := tx.SaveRequest(ctx, request("office", fmt.Sprint(i), noon.Add(time.Duration(i)*time.Second))); err != nil {
				return err
			}
		}
		return tx.PurgeRequests(ctx, noon.Add(time.Second))
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		_, err := r.Request(ctx, "office", "0")
		isError(t, "the older", err, store.ErrNotFound)
		for _, id := range []string{"1", "2"} {
			if _, err := r.Request(ctx, "office", id); err != nil {
				t.Errorf("request %s: %v", id, err)
			}
		}
		return nil
	})
}

func catalogue(version string, at time.Time) store.Catalogue {
	return store.Catalogue{Version: version, Text: []byte("text of " + version), State: "SUBMITTED", SubmittedBy: "first", SubmittedAt: at}
}

func saveCatalogue(t *testing.T, s store.Store, c store.Catalogue) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SaveCatalogue(ctx, c) })
}

func catalogueState(t *testing.T, s store.Store) {
	want := catalogue("c1", noon)
	saveCatalogue(t, s, want)
	check := func() {
		t.Helper()
		view(t, s, func(ctx context.Context, r store.Reader) error {
			got, err := r.Catalogue(ctx, "c1")
			equal(t, "catalogue", got, want)
			_, missing := r.Catalogue(ctx, "c2")
			isError(t, "missing catalogue", missing, store.ErrNotFound)
			return err
		})
	}
	check()
	want.State, want.Preview, want.ActivatedBy, want.ActivatedAt = "ACTIVE", []byte("preview"), "second", noon.Add(time.Hour)
	changed := want
	changed.Text, changed.SubmittedBy, changed.SubmittedAt = []byte("other text"), "somebody else", noon.Add(time.Minute)
	saveCatalogue(t, s, changed)
	check()
}

func cataloguesListed(t *testing.T, s store.Store) {
	first, second, third := catalogue("c", noon), catalogue("a", noon.Add(time.Hour)), catalogue("b", noon.Add(2*time.Hour))
	for _, c := range []store.Catalogue{second, third, first} {
		saveCatalogue(t, s, c)
	}
	first.Text, second.Text, third.Text = nil, nil, nil
	view(t, s, func(ctx context.Context, r store.Reader) error {
		got, err := r.Catalogues(ctx)
		equal(t, "catalogues", got, []store.Catalogue{third, second, first})
		return err
	})
}

func agreements(t *testing.T, s store.Store) {
	first := store.Agreement{ID: "a1", Agency: "housing", From: "2026-01-01", Until: "2026-12-31", Document: []byte("terms")}
	second := store.Agreement{ID: "a2", Agency: "education", From: "2026-01-01", Document: []byte("terms")}
	third := store.Agreement{ID: "a3", Agency: "housing", From: "2026-02-01", Document: []byte("terms")}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for _, a := range []store.Agreement{third, {ID: "a2", Agency: "medical"}, first, second} {
			if err := tx.SaveAgreement(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for agency, want := range map[string][]store.Agreement{
			"": {first, second, third}, "housing": {first, third}, "education": {second}, "medical": nil,
		} {
			got, err := r.Agreements(ctx, agency)
			equal(t, fmt.Sprintf("agreements of %q (error %v)", agency, err), got, want)
		}
		return nil
	})
}

func subscription(version int64, document string) store.Subscription {
	return store.Subscription{Agency: "housing", Name: "nightly", Version: version, Document: []byte(document), Time: noon}
}

func subscriptionVersion(t *testing.T, s store.Store) {
	for _, c := range []struct {
		save store.Subscription
		err  error
		want store.Subscription
	}{
		{subscription(2, "too early"), store.ErrStale, store.Subscription{}},
		{subscription(1, "first"), nil, subscription(1, "first")},
		{subscription(1, "first again"), store.ErrStale, subscription(1, "first")},
		{subscription(3, "ahead"), store.ErrStale, subscription(1, "first")},
		{subscription(2, "second"), nil, subscription(2, "second")},
		{subscription(0, "reset"), nil, subscription(0, "reset")},
		{subscription(1, "anew"), nil, subscription(1, "anew")},
	} {
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			isError(t, string(c.save.Document), tx.SaveSubscription(ctx, c.save), c.err)
			return nil
		})
		view(t, s, func(ctx context.Context, r store.Reader) error {
			got, err := r.Subscription(ctx, "housing", "nightly")
			equal(t, "stored after "+string(c.save.Document), got, c.want)
			if c.want.Name != "" {
				return err
			}
			isError(t, "Subscription", err, store.ErrNotFound)
			return nil
		})
	}
}

func subscriptionsListed(t *testing.T, s store.Store) {
	list := []store.Subscription{subscription(0, "1"), subscription(0, "2"), subscription(0, "3")}
	list[0].Name, list[1].Name, list[2].Agency = "b", "a", "education"
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for _, sub := range list {
			if err := tx.SaveSubscription(ctx, sub); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(want ...store.Subscription) {
		t.Helper()
		view(t, s, func(ctx context.Context, r store.Reader) error {
			got, err := r.Subscriptions(ctx, "housing")
			equal(t, "subscriptions", got, want)
			return err
		})
	}
	check(list[1], list[0])
	for range 2 {
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.DeleteSubscription(ctx, "housing", "a") })
		check(list[0])
	}
}

func intents(t *testing.T, s store.Store) {
	first := store.Intent{ID: "i1", Kind: "transfer", Area: "A", Document: []byte("d1"), Time: noon}
	second := store.Intent{ID: "i2", Kind: "transfer", Area: "B", Document: []byte("d2"), Time: noon}
	other := store.Intent{ID: "i0", Kind: "letter", Area: "A", Document: []byte("d0"), Time: noon}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for _, i := range []store.Intent{second, other, first} {
			if err := tx.SaveIntent(ctx, i); err != nil {
				return err
			}
		}
		isError(t, "an id that exists", tx.SaveIntent(ctx, first), store.ErrTaken)
		return nil
	})
	check := func(want ...store.Intent) {
		t.Helper()
		view(t, s, func(ctx context.Context, r store.Reader) error {
			got, err := r.Intents(ctx, "transfer")
			equal(t, "intents", got, want)
			return err
		})
	}
	check(first, second)
	for range 2 {
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.DeleteIntent(ctx, "i1") })
		check(second)
	}
}

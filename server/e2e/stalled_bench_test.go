package e2e

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkDelivery commits one family's change at a time, in turn to a hub that one follower
// reads from and to one where others beside it have stopped reading, and tells after how long
// the follower has it: from the call that writes, and from the answer to that call.
func BenchmarkDelivery(b *testing.B) {
	for name := range stores {
		b.Run(name, func(b *testing.B) {
			alone, beside := newDelivery(b, name == "postgres", 0), newDelivery(b, name == "postgres", *sizes.stalled)
			for b.Loop() {
				alone.once(b)
				beside.once(b)
			}
			b.ReportMetric(alone.micros(), "µs-alone")
			b.ReportMetric(beside.micros(), "µs-beside")
			b.ReportMetric(beside.micros()/alone.micros(), "ratio")
			b.ReportMetric(median(beside.answered)-median(alone.answered), "µs-more-after-answer")
		})
	}
}

// deliveries are what was measured on one hub.
type deliveries struct {
	hub             *crowdHub
	fast            *fastFollower
	asked, answered []time.Duration // from the call, and from its answer, to the delivery
}

func newDelivery(b *testing.B, postgres bool, stalled int) *deliveries {
	b.Helper()
	h := crowdedHub(b, postgres)
	d := &deliveries{hub: h, fast: follow(b, h)}
	c := newCrowd(b, h, stalled, 0)
	b.Cleanup(c.hangUp)
	for range stalledCommits { // until nobody of the crowd takes any more
		h.commit(b, d.fast)
	}
	return d
}

func (d *deliveries) once(b *testing.B) {
	b.Helper()
	begun := time.Now()
	d.hub.change(b, 1)
	answered := time.Now()
	at, _ := d.fast.mustGet(b, int64(d.hub.commitsMade))
	d.asked, d.answered = append(d.asked, at.Sub(begun)), append(d.answered, at.Sub(answered))
}

func (d *deliveries) micros() float64 { return median(d.asked) }

// median is in microseconds.
func median(all []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return float64(sorted[len(sorted)/2]) / float64(time.Microsecond)
}

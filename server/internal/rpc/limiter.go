package rpc

import (
	"fmt"
	stdsync "sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// manyBuckets is how many clients are remembered before those that have been quiet are forgotten.
const manyBuckets = 1024

// Limiter bounds how often each client of each agency may call, so that one in an endless
// loop is in nobody else's way. Servers that share one count together. A nil one bounds nothing.
type Limiter struct {
	perSecond rate.Limit
	burst     int
	now       func() time.Time

	mu      stdsync.Mutex
	buckets map[client]*rate.Limiter
}

// client is who is counted together: a system, whichever persons act in it.
type client struct{ agency, name string }

// NewLimiter lets every client call so often a second, and burst times at once after a pause.
func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{perSecond: rate.Limit(perSecond), burst: max(burst, 1), now: time.Now, buckets: map[client]*rate.Limiter{}}
}

// take counts a call, or refuses it and says how long to wait.
func (l *Limiter) take(c access.Caller) error {
	if l == nil {
		return nil
	}
	now := l.now()
	r := l.bucket(client{c.Agency, c.Client}, now).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return fault.New(fault.LimitReached,
		"limit", fmt.Sprintf("%g calls a second", l.perSecond), "limit_zh", fmt.Sprintf("每秒%g次请求", l.perSecond)).After(wait)
}

func (l *Limiter) bucket(c client, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.buckets[c]; b != nil {
		return b
	}
	if len(l.buckets) >= manyBuckets {
		for quiet, b := range l.buckets {
			if b.TokensAt(now) >= float64(l.burst) { // a new one would be as full
				delete(l.buckets, quiet)
			}
		}
	}
	b := rate.NewLimiter(l.perSecond, l.burst)
	l.buckets[c] = b
	return b
}

package authn

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
)

// maxVerified bounds the tokens that are remembered; a system asks with one for as long as
// it lasts.
const maxVerified = 1024

// verified remembers what tokens whose signature was checked stand for.
type verified struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]grant // by the token's SHA-256
}

// grant is what a token stands for, as long as the keys that it was checked by were not
// read anew.
type grant struct {
	caller      access.Caller
	from, until time.Time // as nbf and exp allow it, Leeway included
	kid         string
	reading     int64
}

func (v *verified) find(token [sha256.Size]byte, now time.Time) (grant, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	g, ok := v.seen[token]
	return g, ok && now.Before(g.until) && !now.Before(g.from)
}

// keep forgets the others where they are too many.
func (v *verified) keep(token [sha256.Size]byte, g grant) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil || len(v.seen) >= maxVerified {
		v.seen = map[[sha256.Size]byte]grant{}
	}
	v.seen[token] = g
}

// Package authn turns a bearer token into an access.Caller.
//
// A token is a JWT signed by the identity provider that the hub trusts. Its
// header names the key (kid), the key's own entry in the JWKS names the one
// algorithm that it may be used with (alg: EdDSA or ES256), and the token must
// say the same. iss, aud and exp are required, nbf is honoured; clocks may differ
// by Leeway. Three claims say who calls:
//
//	agency  required: the agency, as its agreements name it
//	client  the system that calls, an opaque name
//	person  the person who acts, an opaque id; absent where a system acts by itself
//
// No other claim counts: in particular sub is not a person, because providers
// fill it for systems as well. Errors never hold the token or a part of it.
package authn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
)

const (
	// Leeway is how far the clocks of the hub and of the identity provider may differ.
	Leeway = 30 * time.Second
	// maxToken bounds what is parsed at all; in bytes.
	maxToken = 16 << 10
	// maxName bounds each of the claims agency, client and person; in bytes.
	maxName = 128
)

// Config says whose tokens are taken.
type Config struct {
	Issuer   string // required value of iss
	Audience string // required member of aud: this hub
	JWKSFile string // file with the provider's public keys; or
	JWKSURL  string // address of them: https, or http on the loopback
	Clock    func() time.Time
}

// Verifier checks tokens. It may be used by several goroutines.
type Verifier struct {
	parser *jwt.Parser
	keys   *keySet
	clock  func() time.Time
	seen   verified
}

// claims are the claims that count.
type claims struct {
	jwt.RegisteredClaims
	Agency string `json:"agency"`
	Client string `json:"client,omitempty"`
	Person string `json:"person,omitempty"`
}

// New makes a Verifier. A file must be readable and hold at least one usable key;
// an address is read when the first token comes, so that the hub starts without it.
func New(cfg Config) (*Verifier, error) {
	if cfg.Issuer == "" || cfg.Audience == "" || cfg.Clock == nil {
		return nil, errors.New("authn: issuer, audience and clock must be set")
	}
	keys, err := newKeySet(cfg)
	if err != nil {
		return nil, err
	}
	return &Verifier{keys: keys, clock: cfg.Clock, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{algEdDSA, algES256}),
		jwt.WithIssuer(cfg.Issuer), jwt.WithAudience(cfg.Audience), jwt.WithExpirationRequired(),
		jwt.WithLeeway(Leeway), jwt.WithTimeFunc(cfg.Clock), jwt.WithStrictDecoding(),
	)}, nil
}

// Verify gives the caller that a token stands for, and for how long. Its errors are faults:
// TOKEN_EXPIRED where the token is good but for its age, INTERNAL where the
// provider's keys could not be read yet, otherwise UNAUTHENTICATED.
func (v *Verifier) Verify(ctx context.Context, token string) (access.Caller, time.Duration, error) {
	if len(token) > maxToken {
		return access.Caller{}, 0, fault.New(fault.Unauthorised)
	}
	sum, now := sha256.Sum256([]byte(token)), v.clock()
	g, known := v.seen.find(sum, now)
	if known {
		k, err := v.keys.find(ctx, g.kid)
		known = err == nil && k.reading == g.reading
	}
	if !known {
		var err error
		if g, err = v.check(ctx, token); err != nil {
			return access.Caller{}, 0, err
		}
		v.seen.keep(sum, g)
	}
	return g.caller, g.until.Sub(now), nil
}

// check checks a token's signature and claims.
func (v *Verifier) check(ctx context.Context, token string) (grant, error) {
	var c claims
	var by key
	t, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (_ any, err error) {
		by, err = v.key(ctx, t)
		return by.public, err
	})
	switch {
	case errors.Is(err, errNoKeys):
		return grant{}, fault.New(fault.InternalError)
	case onlyExpired(err):
		return grant{}, fault.New(fault.TokenExpired)
	case err != nil, c.Agency == "", !name(c.Agency), !name(c.Client), !name(c.Person):
		return grant{}, fault.New(fault.Unauthorised)
	}
	g := grant{caller: access.Caller{Agency: c.Agency, Client: c.Client, Person: c.Person}, until: c.ExpiresAt.Add(Leeway), kid: kidOf(t), reading: by.reading}
	if c.NotBefore != nil {
		g.from = c.NotBefore.Add(-Leeway)
	}
	return g, nil
}

func kidOf(t *jwt.Token) string {
	kid, _ := t.Header["kid"].(string)
	return kid
}

// key finds the key that the token names, if the token uses its algorithm.
func (v *Verifier) key(ctx context.Context, t *jwt.Token) (key, error) {
	kid := kidOf(t)
	if kid == "" { // never "any key that happens to fit"
		return key{}, errors.New("no kid")
	}
	k, err := v.keys.find(ctx, kid)
	if err != nil {
		return key{}, err
	}
	if t.Method.Alg() != k.alg {
		return key{}, fmt.Errorf("the key is for another algorithm")
	}
	return k, nil
}

// onlyExpired tells whether age is all that is wrong; the signature was checked before.
func onlyExpired(err error) bool {
	return errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidIssuer) &&
		!errors.Is(err, jwt.ErrTokenInvalidAudience) && !errors.Is(err, jwt.ErrTokenNotValidYet)
}

// name tells whether a claim can stand in an audit entry: visible ASCII, not too long.
func name(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= maxName
}

package authn

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
)

const (
	algEdDSA = "EdDSA"
	algES256 = "ES256"

	fileEvery  = time.Second      // how old the keys of a file may be
	urlEvery   = 5 * time.Minute  // how old the keys of an address may be
	urlGap     = 30 * time.Second // unknown key ids ask the provider no more often
	urlTimeout = 5 * time.Second
	maxJWKS    = 1 << 20 // bytes
)

var (
	errNoKeys     = errors.New("authn: the keys have not been read yet")
	errUnknownKey = errors.New("authn: unknown key")
)

type key struct {
	alg     string
	public  crypto.PublicKey
	reading int64 // of the set that it comes from
}

// keySet holds the provider's keys. They are read anew when they have grown old or
// a token names an unknown one; where that fails, the keys read before go on
// being used, so that a provider's outage is not one of the hub.
type keySet struct {
	read  func(context.Context) ([]byte, error)
	every time.Duration // age at which keys are read anew
	gap   time.Duration // least time between two readings
	clock func() time.Time

	reading  sync.Mutex // held while reading; before mu
	mu       sync.RWMutex
	keys     map[string]key // nil: never read
	tried    time.Time      // last attempt to read
	readings int64          // how often they were read
}

func newKeySet(cfg Config) (*keySet, error) {
	switch {
	case (cfg.JWKSFile == "") == (cfg.JWKSURL == ""):
		return nil, errors.New("authn: set either a JWKS file or a JWKS address")
	case cfg.JWKSURL != "":
		read, err := fetcher(cfg.JWKSURL)
		return &keySet{read: read, every: urlEvery, gap: urlGap, clock: cfg.Clock}, err
	}
	s := &keySet{every: fileEvery, clock: cfg.Clock, read: func(context.Context) ([]byte, error) { return os.ReadFile(cfg.JWKSFile) }}
	return s, s.reload(context.Background())
}

// find gives the key of an id.
func (s *keySet) find(ctx context.Context, kid string) (key, error) {
	k, known, age := s.look(kid)
	if known && age < s.every {
		return k, nil
	}
	if known && !s.reading.TryLock() { // somebody reads already
		return k, nil
	}
	if !known {
		s.reading.Lock()
	}
	defer s.reading.Unlock()
	if k, again, age := s.look(kid); again && age < s.every {
		return k, nil
	} else if again || age >= s.gap {
		_ = s.reload(ctx) // the keys read before stay
	}
	k, known, _ = s.look(kid)
	switch {
	case known:
		return k, nil
	case s.empty():
		return key{}, errNoKeys
	}
	return key{}, errUnknownKey
}

func (s *keySet) look(kid string) (k key, known bool, age time.Duration) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, known = s.keys[kid]
	k.reading = s.readings
	return k, known, s.clock().Sub(s.tried)
}

func (s *keySet) empty() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys == nil
}

func (s *keySet) reload(ctx context.Context) error {
	tried := s.clock()
	data, err := s.read(ctx)
	var keys map[string]key
	if err == nil {
		keys, err = parse(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = tried
	if err == nil {
		s.keys = keys
		s.readings++
	}
	return err
}

// parse takes the usable keys of a JWKS; keys of other kinds may stand beside them.
func parse(data []byte) (map[string]key, error) {
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("authn: not a JWKS")
	}
	keys := make(map[string]key, len(set.Keys))
	for _, m := range set.Keys {
		if m.KID == "" || m.USE != "" && m.USE != jwkset.UseSig {
			continue
		}
		jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
		if err != nil || !usable(m.ALG.String(), jwk.Key()) {
			continue
		}
		if _, twice := keys[m.KID]; twice {
			return nil, errors.New("authn: two keys of the JWKS have the same kid")
		}
		keys[m.KID] = key{alg: m.ALG.String(), public: jwk.Key()}
	}
	if len(keys) == 0 {
		return nil, errors.New("authn: the JWKS holds no usable key: each needs kid, alg (EdDSA or ES256) and no private part")
	}
	return keys, nil
}

// usable tells whether the key is of the kind that its algorithm needs.
func usable(alg string, public any) bool {
	switch k := public.(type) {
	case ed25519.PublicKey:
		return alg == algEdDSA
	case *ecdsa.PublicKey:
		return alg == algES256 && k.Curve == elliptic.P256()
	}
	return false
}

// fetcher reads a JWKS from an address.
func fetcher(address string) (func(context.Context) ([]byte, error), error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("authn: the JWKS address must be https (http only on the loopback)")
	}
	client := &http.Client{Timeout: urlTimeout}
	return func(ctx context.Context) ([]byte, error) {
		// A caller who gives up must not spoil the reading for the others.
		req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		res, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("authn: the JWKS address answered %d", res.StatusCode)
		}
		return io.ReadAll(io.LimitReader(res.Body, maxJWKS))
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

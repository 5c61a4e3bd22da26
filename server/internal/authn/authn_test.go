package authn

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
)

var now = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

const (
	issuer   = "https://id.example"
	audience = "bangfu-hub"
)

// provider is an identity provider with one Ed25519 and one P-256 key.
type provider struct {
	ed   ed25519.PrivateKey
	ec   *ecdsa.PrivateKey
	file string
	now  time.Time
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{ed: ed, ec: ec, file: filepath.Join(t.TempDir(), "jwks.json"), now: now}
	p.publish(t, entry(t, ed.Public(), "ed", jwkset.AlgEdDSA), entry(t, ec.Public(), "ec", jwkset.AlgES256))
	return p
}

func entry(t testing.TB, public any, kid string, alg jwkset.ALG) jwkset.JWKMarshal {
	t.Helper()
	jwk, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{ALG: alg, KID: kid}})
	if err != nil {
		t.Fatal(err)
	}
	return jwk.Marshal()
}

func (p *provider) publish(t testing.TB, keys ...jwkset.JWKMarshal) {
	t.Helper()
	data, err := json.Marshal(jwkset.JWKSMarshal{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *provider) verifier(t testing.TB) *Verifier {
	t.Helper()
	v, err := New(Config{Issuer: issuer, Audience: audience, JWKSFile: p.file, Clock: func() time.Time { return p.now }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// good are the claims of a token that is taken.
func good() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": issuer, "aud": audience, "exp": now.Add(time.Hour).Unix(), "sub": "somebody",
		"agency": "education", "client": "sync", "person": "p1",
	}
}

func (p *provider) token(t testing.TB, method jwt.SigningMethod, kid any, key any, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != nil {
		token.Header["kid"] = kid
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func with(name string, value any) jwt.MapClaims {
	c := good()
	if value == nil {
		delete(c, name)
	} else {
		c[name] = value
	}
	return c
}

func TestGoodTokensNameTheirCaller(t *testing.T) {
	p := newProvider(t)
	v := p.verifier(t)
	want := access.Caller{Agency: "education", Client: "sync", Person: "p1"}
	for kid, token := range map[string]string{
		"ed": p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, good()),
		"ec": p.token(t, jwt.SigningMethodES256, "ec", p.ec, good()),
	} {
		if got, _, err := v.Verify(t.Context(), token); err != nil || got != want {
			t.Errorf("%s: %+v, %v", kid, got, err)
		}
	}
	got, _, err := v.Verify(t.Context(), p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, with("person", nil)))
	if err != nil || got.Person != "" {
		t.Errorf("sub was taken for a person: %+v, %v", got, err)
	}
}

func TestBadTokensAreRefused(t *testing.T) {
	p := newProvider(t)
	v := p.verifier(t)
	sign := func(c jwt.MapClaims) string { return p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, c) }
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := p.ed.Public().(ed25519.PublicKey)
	for rule, test := range map[string]struct {
		token  string
		reason fault.Reason
	}{
		"algorithm none":            {p.token(t, jwt.SigningMethodNone, "ed", jwt.UnsafeAllowNoneSignatureType, good()), fault.Unauthorised},
		"HS256 with the public key": {p.token(t, jwt.SigningMethodHS256, "ed", []byte(public), good()), fault.Unauthorised},
		"key of another algorithm":  {p.token(t, jwt.SigningMethodEdDSA, "ec", p.ed, good()), fault.Unauthorised},
		"no kid":                    {p.token(t, jwt.SigningMethodEdDSA, nil, p.ed, good()), fault.Unauthorised},
		"kid is no text":            {p.token(t, jwt.SigningMethodEdDSA, 7, p.ed, good()), fault.Unauthorised},
		"unknown kid":               {p.token(t, jwt.SigningMethodEdDSA, "x", p.ed, good()), fault.Unauthorised},
		"another key":               {p.token(t, jwt.SigningMethodEdDSA, "ed", other, good()), fault.Unauthorised},
		"another issuer":            {sign(with("iss", "https://other.example")), fault.Unauthorised},
		"no issuer":                 {sign(with("iss", nil)), fault.Unauthorised},
		"another audience":          {sign(with("aud", "other")), fault.Unauthorised},
		"no audience":               {sign(with("aud", nil)), fault.Unauthorised},
		"no exp":                    {sign(with("exp", nil)), fault.Unauthorised},
		"expired":                   {sign(with("exp", now.Add(-Leeway-time.Second).Unix())), fault.TokenExpired},
		"not yet valid":             {sign(with("nbf", now.Add(Leeway+time.Second).Unix())), fault.Unauthorised},
		"no agency":                 {sign(with("agency", nil)), fault.Unauthorised},
		"agency with a line break":  {sign(with("agency", "a\nb")), fault.Unauthorised},
		"person too long":           {sign(with("person", strings.Repeat("x", maxName+1))), fault.Unauthorised},
		"nothing":                   {"", fault.Unauthorised},
		"too long":                  {strings.Repeat("a", maxToken+1), fault.Unauthorised},
	} {
		t.Run(rule, func(t *testing.T) {
			c, _, err := v.Verify(t.Context(), test.token)
			if !fault.Is(err, test.reason) || c != (access.Caller{}) {
				t.Errorf("got %+v, %v", c, err)
			}
			if err != nil && test.token != "" && strings.Contains(err.Error(), test.token) {
				t.Error("the error holds the token")
			}
		})
	}
	expired := with("exp", now.Add(-time.Hour).Unix())
	expired["aud"] = "other"
	if _, _, err := v.Verify(t.Context(), sign(expired)); !fault.Is(err, fault.Unauthorised) {
		t.Errorf("an expired token for somebody else: %v", err)
	}
}

func TestClocksMayDifferByTheLeeway(t *testing.T) {
	p := newProvider(t)
	v := p.verifier(t)
	for _, c := range []jwt.MapClaims{
		with("exp", now.Add(-Leeway+time.Second).Unix()),
		with("nbf", now.Add(Leeway-time.Second).Unix()),
	} {
		if _, _, err := v.Verify(t.Context(), p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, c)); err != nil {
			t.Error(err)
		}
	}
}

func TestKeysOfTheFileAreRotatedWithoutARestart(t *testing.T) {
	p := newProvider(t)
	v := p.verifier(t)
	_, fresh, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	oldToken := p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, good())
	newToken := p.token(t, jwt.SigningMethodEdDSA, "new", fresh, good())
	if _, _, err := v.Verify(t.Context(), newToken); !fault.Is(err, fault.Unauthorised) {
		t.Fatalf("a key before it was published: %v", err)
	}
	p.publish(t, entry(t, fresh.Public(), "new", jwkset.AlgEdDSA))
	if _, _, err := v.Verify(t.Context(), newToken); err != nil {
		t.Errorf("a published key: %v", err)
	}
	p.now = p.now.Add(fileEvery)
	if _, _, err := v.Verify(t.Context(), oldToken); !fault.Is(err, fault.Unauthorised) {
		t.Errorf("a withdrawn key: %v", err)
	}
	if err := os.WriteFile(p.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.now = p.now.Add(fileEvery)
	if _, _, err := v.Verify(t.Context(), newToken); err != nil {
		t.Errorf("a broken file stopped the hub: %v", err)
	}
}

func TestATokenThatWasSeenIsTakenOnlyAsLongAsItsKeyAndItsTime(t *testing.T) {
	p := newProvider(t)
	v := p.verifier(t)
	c := with("nbf", now.Unix())
	token := p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, c)
	verify := func() error {
		caller, left, err := v.Verify(t.Context(), token)
		if want := now.Add(time.Hour + Leeway).Sub(p.now); err == nil && (caller.Agency != "education" || left != want) {
			t.Errorf("%+v for %s, not %s", caller, left, want)
		}
		return err
	}
	for _, step := range []struct {
		at      time.Duration
		refused fault.Reason
	}{
		{0, ""}, {time.Minute, ""}, {-Leeway, ""}, {-Leeway - time.Second, fault.Unauthorised}, {time.Hour, ""},
		{time.Hour + Leeway - 1, ""}, {time.Hour + Leeway, fault.TokenExpired}, {time.Hour + Leeway - 1, ""},
	} {
		p.now = now.Add(step.at)
		if err := verify(); (err == nil) != (step.refused == "") || err != nil && !fault.Is(err, step.refused) {
			t.Errorf("after %s: %v", step.at, err)
		}
	}
	if len(v.seen.seen) != 1 {
		t.Errorf("%d tokens remembered", len(v.seen.seen))
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.publish(t, entry(t, other.Public(), "ed", jwkset.AlgEdDSA)) // the same name, another key
	v.keys.tried = now                                            // long ago
	if err := verify(); !fault.Is(err, fault.Unauthorised) {
		t.Errorf("with another key: %v", err)
	}
}

func TestTokensAreRememberedInBounds(t *testing.T) {
	var v verified
	for i := range 3 * maxVerified {
		v.keep([32]byte{byte(i), byte(i >> 8)}, grant{until: now.Add(1)})
	}
	last := 3*maxVerified - 1
	if _, ok := v.find([32]byte{byte(last), byte(last >> 8)}, now); !ok || len(v.seen) > maxVerified {
		t.Errorf("%d tokens, the last one %v", len(v.seen), ok)
	}
}

func TestOnlyKeysWithTheirAlgorithmAreUsed(t *testing.T) {
	p := newProvider(t)
	e := entry(t, p.ed.Public(), "ed", jwkset.AlgEdDSA)
	for rule, keys := range map[string][]jwkset.JWKMarshal{
		"no alg":     {func() jwkset.JWKMarshal { k := e; k.ALG = ""; return k }()},
		"other alg":  {func() jwkset.JWKMarshal { k := e; k.ALG = jwkset.AlgES256; return k }()},
		"no kid":     {func() jwkset.JWKMarshal { k := e; k.KID = ""; return k }()},
		"to encrypt": {func() jwkset.JWKMarshal { k := e; k.USE = jwkset.UseEnc; return k }()},
		"symmetric":  {{KTY: jwkset.KtyOct, K: "c2VjcmV0", KID: "s", ALG: jwkset.AlgHS256}},
		"same kid":   {e, e},
		"none":       nil,
	} {
		p.publish(t, keys...)
		if _, err := New(Config{Issuer: issuer, Audience: audience, JWKSFile: p.file, Clock: time.Now}); err == nil {
			t.Errorf("%s: taken", rule)
		}
	}
}

func TestKeysFromAnAddress(t *testing.T) {
	p := newProvider(t)
	answers, up := 0, false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers++
		if !up {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		http.ServeFile(w, r, p.file)
	}))
	defer s.Close()
	v, err := New(Config{Issuer: issuer, Audience: audience, JWKSURL: s.URL, Clock: func() time.Time { return p.now }})
	if err != nil {
		t.Fatal(err)
	}
	token := p.token(t, jwt.SigningMethodEdDSA, "ed", p.ed, good())
	if _, _, err := v.Verify(t.Context(), token); !fault.Is(err, fault.InternalError) {
		t.Errorf("before the provider answered: %v", err)
	}
	up = true
	p.now = p.now.Add(urlGap)
	if _, _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	before := answers
	for range 50 {
		_, _, _ = v.Verify(t.Context(), p.token(t, jwt.SigningMethodEdDSA, "x", p.ed, good()))
	}
	if answers != before {
		t.Errorf("unknown keys asked the provider %d times within the gap", answers-before)
	}
	up = false
	p.now = p.now.Add(urlEvery)
	if _, _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("the provider's outage stopped the hub: %v", err)
	}
}

func TestAddressesMustBeSafe(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://id.example/jwks": true, "http://127.0.0.1:9/jwks": true, "http://localhost/jwks": true,
		"http://id.example/jwks": false, "file:///etc/jwks": false, "id.example": false,
	} {
		_, err := New(Config{Issuer: issuer, Audience: audience, JWKSURL: address, Clock: time.Now})
		if (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAStandAloneHubSignsItsOwnTokens(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // the second keeps the key
		if err := CreateKey(dir); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, KeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode of the key: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".token-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	clock := func() time.Time { return now }
	s, err := LoadSigner(SignerConfig{Dir: dir, Issuer: issuer, Audience: audience, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	if err := CreateKey(dir); err != nil {
		t.Fatal(err)
	}
	v, err := New(Config{Issuer: issuer, Audience: audience, JWKSFile: filepath.Join(dir, JWKSFile), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	want := access.Caller{Agency: "housing", Client: "demo", Person: "officer-1"}
	token, err := s.Token(want, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := v.Verify(t.Context(), token); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for rule, bad := range map[string]struct {
		c   access.Caller
		ttl time.Duration
	}{"no agency": {access.Caller{Client: "x"}, time.Minute}, "no time": {want, 0}, "blank": {access.Caller{Agency: "a b"}, time.Minute}} {
		if _, err := s.Token(bad.c, bad.ttl); err == nil {
			t.Errorf("%s: signed", rule)
		}
	}
	if err := os.Chmod(filepath.Join(dir, KeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSigner(SignerConfig{Dir: dir, Issuer: issuer, Audience: audience, Clock: clock}); err == nil {
		t.Error("a key that others may read was taken")
	}
}

func FuzzVerify(f *testing.F) {
	p := newProvider(f)
	v := p.verifier(f)
	token := p.token(f, jwt.SigningMethodEdDSA, "ed", p.ed, good())
	f.Add(token)
	f.Add(p.token(f, jwt.SigningMethodES256, "ec", p.ec, good()))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := v.Verify(context.Background(), text)
		if err == nil {
			if c.Agency != "education" {
				t.Fatal("somebody else's token was taken")
			}
			return
		}
		var shown *fault.Fault
		if !errors.As(err, &shown) || c != (access.Caller{}) {
			t.Fatalf("not a fault: %v", err)
		}
		if want := fault.New(shown.Reason); fmt.Sprint(*want) != fmt.Sprint(*shown) {
			t.Fatal("the fault says more than its reason")
		}
	})
}

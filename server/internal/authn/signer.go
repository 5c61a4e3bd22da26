package authn

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"github.com/bangfuhub/hub/server/internal/access"
)

// Files of a stand-alone hub's own token key, within its data folder.
const (
	KeyFile  = "token.key"  // private, PKCS #8 in PEM, mode 0600
	JWKSFile = "token.jwks" // public
)

// CreateKey makes the token key of a stand-alone hub in dir, where there is none
// yet, and writes its JWKS. It is harmless to repeat and to run twice at once.
func CreateKey(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, KeyFile)); errors.Is(err, os.ErrNotExist) {
		if err := makeKey(dir); err != nil {
			return err
		}
	}
	private, err := loadKey(dir)
	if err != nil {
		return err
	}
	data, err := jwks(private)
	if err != nil {
		return err
	}
	temp, err := write(dir, data, 0o644)
	if err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(dir, JWKSFile))
}

// makeKey writes a new key and never over an existing one.
func makeKey(dir string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	temp, err := write(dir, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Link(temp, filepath.Join(dir, KeyFile)); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("authn: write %s: %w", KeyFile, err)
	}
	return nil
}

// write puts data into a new file beside its place and syncs it.
func write(dir string, data []byte, mode os.FileMode) (string, error) {
	f, err := os.CreateTemp(dir, ".token-*")
	if err != nil {
		return "", fmt.Errorf("authn: write the token key: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("authn: write the token key: %w", err)
	}
	return f.Name(), nil
}

func loadKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, KeyFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("authn: read the token key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("authn: %s may be read by others; set its mode to 0600", KeyFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("authn: read the token key: %w", err)
	}
	if block, _ := pem.Decode(data); block != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		if private, ok := parsed.(ed25519.PrivateKey); ok {
			return private, nil
		}
	}
	return nil, fmt.Errorf("authn: %s holds no Ed25519 key", KeyFile)
}

// keyID is the RFC 7638 thumbprint of the key.
func keyID(public ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(public)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func jwks(private ed25519.PrivateKey) ([]byte, error) {
	public, _ := private.Public().(ed25519.PublicKey)
	jwk, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{
		ALG: jwkset.AlgEdDSA, KID: keyID(public), USE: jwkset.UseSig,
	}})
	if err != nil {
		return nil, fmt.Errorf("authn: make the JWKS: %w", err)
	}
	return json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{jwk.Marshal()}})
}

// SignerConfig says which tokens a Signer makes.
type SignerConfig struct {
	Dir      string // where CreateKey made the key
	Issuer   string
	Audience string
	Clock    func() time.Time
}

// Signer makes tokens for a hub that has no identity provider beside it.
type Signer struct {
	cfg     SignerConfig
	private ed25519.PrivateKey
}

// LoadSigner reads the key that CreateKey made.
func LoadSigner(cfg SignerConfig) (*Signer, error) {
	if cfg.Issuer == "" || cfg.Audience == "" || cfg.Clock == nil {
		return nil, errors.New("authn: issuer, audience and clock must be set")
	}
	private, err := loadKey(cfg.Dir)
	if err != nil {
		return nil, err
	}
	return &Signer{cfg: cfg, private: private}, nil
}

// Token makes a token for the caller that expires after ttl.
func (s *Signer) Token(c access.Caller, ttl time.Duration) (string, error) {
	if c.Agency == "" || !name(c.Agency) || !name(c.Client) || !name(c.Person) {
		return "", fmt.Errorf("authn: a token needs an agency; its names are visible ASCII of at most %d characters", maxName)
	}
	if ttl <= 0 {
		return "", errors.New("authn: a token must last some time")
	}
	now := s.cfg.Clock()
	public, _ := s.private.Public().(ed25519.PublicKey)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		Agency: c.Agency, Client: c.Client, Person: c.Person,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: s.cfg.Issuer, Audience: jwt.ClaimStrings{s.cfg.Audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
	})
	t.Header["kid"] = keyID(public)
	return t.SignedString(s.private)
}

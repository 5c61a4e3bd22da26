package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// TokenSource gives the token for the next call. It is asked for every call, by
// several goroutines at once.
type TokenSource interface {
	Token() (string, error)
}

// StaticToken is a token that never changes.
type StaticToken string

// Token gives the token itself.
func (t StaticToken) Token() (string, error) { return string(t), nil }

// FileToken is a token kept in a file by somebody else, who renews it there. The
// file is read again whenever its time or size has changed.
type FileToken struct {
	path string

	mu       sync.Mutex
	token    string
	modified time.Time
	size     int64
}

// NewFileToken reads a token from a file; white space around it is dropped.
func NewFileToken(path string) *FileToken { return &FileToken{path: path} }

// Token gives the file's present content.
func (t *FileToken) Token() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	info, err := os.Stat(t.path)
	if err != nil {
		return "", fmt.Errorf("client: token file: %w", err)
	}
	if t.token != "" && info.ModTime().Equal(t.modified) && info.Size() == t.size {
		return t.token, nil
	}
	content, err := os.ReadFile(t.path)
	if err != nil {
		return "", fmt.Errorf("client: token file: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", errors.New("client: the token file is empty")
	}
	t.token, t.modified, t.size = token, info.ModTime(), info.Size()
	return token, nil
}

// bearer puts the token into each call's metadata.
type bearer struct {
	source    TokenSource
	plaintext bool
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := b.source.Token()
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (b bearer) RequireTransportSecurity() bool { return !b.plaintext }

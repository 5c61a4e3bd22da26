package hub

import (
	"encoding/base64"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// sealToken makes the token of the next page. It is bound to the request that it
// continues and, sealed, shows nobody what it holds.
func (h *Hub) sealToken(binding, after string) (string, error) {
	sealed, err := h.Keys.Seal([]byte(after), []byte("page\x00"+binding))
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (h *Hub) openToken(binding, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", fault.New(fault.PageTokenInvalid)
	}
	plain, err := h.Keys.Open(sealed, []byte("page\x00"+binding))
	if err != nil {
		return "", fault.New(fault.PageTokenInvalid)
	}
	return string(plain), nil
}

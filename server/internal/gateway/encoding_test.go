package gateway

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// decoders read what each Content-Encoding stands for.
var decoders = map[string]func(io.Reader) (io.Reader, error){
	"":     func(r io.Reader) (io.Reader, error) { return r, nil },
	"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
}

// asking opens a stream as a client that decodes by itself.
func asking(t *testing.T, url, accept string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/sync:follow", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept-Encoding", accept)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func TestLinesAreAsSmallAsTheClientAskedFor(t *testing.T) {
	f := &fake{pages: []*hubv1.FollowResponse{samplePage(300), samplePage(1)}}
	web := serve(t, f)
	want := reference(t, f.pages[0]) + "\n" + reference(t, f.pages[1]) + "\n"
	for accept, encoding := range map[string]string{"": "", "br": "", "identity": "", "gzip": "gzip", "zstd": "zstd", "gzip, zstd": "zstd", "zstd;q=0, gzip": "gzip"} {
		res := asking(t, web.URL, accept)
		wire, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Encoding"); got != encoding || res.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%q is answered by %q, Vary %q", accept, got, res.Header.Get("Vary"))
		}
		decoded, err := decoders[encoding](bytes.NewReader(wire))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(decoded)
		if err != nil || string(text) != want {
			t.Errorf("%q: %v, %d bytes of %d", accept, err, len(text), len(want))
		}
		if small := len(wire) < len(want)/5; small != (encoding != "") {
			t.Errorf("%q: %d bytes on the wire for %d", accept, len(wire), len(want))
		}
	}
}

func TestCompressedPagesArriveAtOnceToo(t *testing.T) {
	for _, encoding := range []string{"gzip", "zstd"} {
		f := &fake{pages: []*hubv1.FollowResponse{samplePage(1)}, released: make(chan struct{})}
		web := serve(t, f)
		decoded, err := decoders[encoding](asking(t, web.URL, encoding).Body)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(decoded)
		first, err := lines.ReadString('\n') // arrives although the stream goes on
		close(f.released)
		if err != nil || strings.TrimSuffix(first, "\n") != reference(t, f.pages[0]) {
			t.Fatalf("%s: %v: %s", encoding, err, first)
		}
		if _, err := lines.ReadByte(); err != io.EOF {
			t.Errorf("%s: after the end: %v", encoding, err)
		}
	}
}

package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// passed are the headers that reach the gRPC server, and no others: in particular
// no Grpc-Metadata-…, by which a client could set any metadata.
var passed = []string{"Authorization", "Accept-Language", "X-Request-Id"}

// needed are the headers that the gateway itself reads.
var needed = []string{"Content-Type", "Accept"}

// incoming is asked for every header but Authorization, which grpc-gateway passes by itself.
func incoming(key string) (string, bool) {
	switch key {
	case "Accept-Language", "X-Request-Id":
		return strings.ToLower(key), true
	}
	return "", false
}

// forwarded is the metadata of a call that the gateway makes by itself.
func forwarded(h http.Header) metadata.MD {
	md := metadata.MD{}
	for _, key := range passed {
		for _, v := range h.Values(key) {
			if printable(v) {
				md.Append(key, v)
			}
		}
	}
	return md
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// body is a request's body, read already. bad says what was wrong with it, so that
// the error handler, which learns only a text, can name the fields.
type body struct {
	*bytes.Reader
	data []byte
	bad  []fault.Violation
}

// Close does nothing: there is nothing behind the body any more.
func (*body) Close() error { return nil }

// decode reads the body as JSON of m. An empty body is an empty message.
func (b *body) decode(m proto.Message) error {
	if len(b.data) == 0 {
		return nil
	}
	if protojson.Unmarshal(b.data, m) == nil {
		return nil
	}
	b.bad = wire.Unreadable(m.ProtoReflect().Descriptor(), b.data)
	return fault.List(fault.InvalidRequest, b.bad)
}

// limited reads the body up to most bytes, drops all headers that nobody should
// see, and forbids that answers be stored on the way: they hold personal data.
func limited(next http.Handler, most int64, fail failures) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				fail.tooLarge(w, most)
			}
			return // otherwise the client is gone
		}
		// The time to read is over, and must not end the answer.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		h := http.Header{}
		for _, key := range slices.Concat(needed, passed) {
			if values := r.Header.Values(key); len(values) > 0 {
				h[key] = values
			}
		}
		r = r.Clone(r.Context())
		r.Header, r.Body = h, &body{Reader: bytes.NewReader(data), data: data}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// codec is JSON as the gateway speaks it.
type codec struct{ *runtime.JSONPb }

func newCodec() codec { return codec{&runtime.JSONPb{MarshalOptions: output}} }

// NewDecoder reads the request's body and keeps what is wrong with it.
func (c codec) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		b, isBody := r.(*body)
		m, isMessage := v.(proto.Message)
		if !isBody || !isMessage {
			return c.JSONPb.NewDecoder(r).Decode(v)
		}
		return b.decode(m)
	})
}

// strictQuery refuses names that the request doesn't have: a mistyped filter would
// otherwise give everything.
type strictQuery struct{ runtime.DefaultQueryParser }

// Parse fills m from the query.
func (p strictQuery) Parse(m proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	for name := range values {
		if !has(m.ProtoReflect().Descriptor(), name) {
			return errors.New("unknown name in the query")
		}
	}
	return p.DefaultQueryParser.Parse(m, values, filter)
}

func has(md protoreflect.MessageDescriptor, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if md == nil {
			return false
		}
		fd := md.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			fd = md.Fields().ByJSONName(name)
		}
		if fd == nil {
			return false
		}
		md = fd.Message()
	}
	return true
}

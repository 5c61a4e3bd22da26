// Command render writes the third-party protos that the contract imports into
// third_party/proto (git-ignored), from the descriptors that go.mod pins. So buf
// needs no schema registry and no copied file can grow stale.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func main() {
	out := "third_party/proto"
	if len(os.Args) > 1 {
		out = os.Args[1]
	}
	roots := []protoreflect.FileDescriptor{
		annotations.File_google_api_annotations_proto,
		httpbody.File_google_api_httpbody_proto,
		validate.File_buf_validate_validate_proto,
	}
	done := map[string]bool{}
	for _, f := range roots {
		if err := render(out, f, done); err != nil {
			fmt.Fprintln(os.Stderr, "render:", err)
			os.Exit(1)
		}
	}
}

// render writes f and everything it imports; google/protobuf/ comes with buf itself.
func render(out string, f protoreflect.FileDescriptor, done map[string]bool) error {
	if done[f.Path()] || strings.HasPrefix(f.Path(), "google/protobuf/") {
		return nil
	}
	done[f.Path()] = true
	for i := range f.Imports().Len() {
		if err := render(out, f.Imports().Get(i).FileDescriptor, done); err != nil {
			return err
		}
	}
	path := filepath.Join(out, filepath.FromSlash(f.Path()))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	w, err := os.Create(path)
	if err != nil {
		return err
	}
	var p protoprint.Printer
	if err := p.PrintProtoFile(f, w); err != nil {
		return err
	}
	return w.Close()
}

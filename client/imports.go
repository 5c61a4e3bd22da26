package client

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// importPiece is how much of a file goes into one message, in bytes.
const importPiece = 1 << 20

// Import sends a file and waits for its outcome. What was rejected is written to report,
// in the format of the file, which the result's rejected count tells of; report may be nil.
// progress, which may be nil too, is told now and then how many rows are done.
//
// It is not repeated by itself: the file may not be readable twice. The same file again is
// harmless, and after an error it loads what is missing.
func (c *Client) Import(ctx context.Context, head *hubv1.ImportHeader, file io.Reader, report io.Writer, progress func(rows int)) (*hubv1.ImportResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, err := hubv1.NewImportServiceClient(c.conn).ImportFile(ctx)
	if err != nil {
		return nil, err
	}
	err = call.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Header{Header: head}})
	piece := make([]byte, importPiece)
	for err == nil {
		n, failed := readFull(file, piece)
		if failed != nil && !errors.Is(failed, io.EOF) {
			return nil, fmt.Errorf("client: reading the file: %w", failed)
		}
		if n > 0 {
			err = call.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Data{Data: piece[:n]}})
		}
		if failed != nil {
			break
		}
	}
	if err != nil && !errors.Is(err, io.EOF) { // EOF: the hub has ended the call, and Recv knows why
		return nil, err
	}
	if err := call.CloseSend(); err != nil {
		return nil, err
	}
	return outcome(call, report, progress)
}

// readFull reads until the piece is full. Unlike io.ReadFull it tells the end of a file, io.EOF,
// from a file that was cut short, which some readers call an unexpected end.
func readFull(file io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var more int
		more, err = file.Read(piece[n:])
		n += more
	}
	return n, err
}

// outcome reads what the hub says about an import until its end.
func outcome(call grpc.BidiStreamingClient[hubv1.ImportFileRequest, hubv1.ImportFileResponse], report io.Writer, progress func(rows int)) (result *hubv1.ImportResult, err error) {
	for {
		m, err := call.Recv()
		switch {
		case errors.Is(err, io.EOF) && result != nil:
			return result, nil
		case errors.Is(err, io.EOF):
			return nil, errCutShort
		case err != nil:
			return nil, err
		}
		switch part := m.GetPart().(type) {
		case *hubv1.ImportFileResponse_Progress:
			if progress != nil {
				progress(int(part.Progress.GetRows()))
			}
		case *hubv1.ImportFileResponse_Result:
			result = part.Result
		case *hubv1.ImportFileResponse_Report:
			if report == nil {
				continue
			}
			if _, err := report.Write(part.Report.GetData()); err != nil {
				return nil, fmt.Errorf("client: writing the report: %w", err)
			}
		}
	}
}

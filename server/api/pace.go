package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"livechat/server/chat"
)

// Requests that move a file last as long as it takes, within limits: the client
// has to move each stepBytes within Options.StepTimeout, as package web asks for
// answers, and be done within maxTransfer.
const (
	stepBytes   = 64 << 10
	maxTransfer = time.Hour
	// Limits for reading the rest of a refused upload. It is read so that a
	// client that looks for the answer only after it has sent everything gets
	// it.
	maxRefused     = 64 << 20
	maxRefusedTime = 10 * time.Second
)

// errIncomplete is the error of a body that ends too early, or comes too slowly.
var errIncomplete = chat.Errorf(chat.CodeBadRequest,
	"The upload was cut off or too slow. Send it again, or use a resumable upload.")

// pacedBody is the body of a request that moves a file. It counts only the time
// that it waits for the client.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	step    time.Duration
	waited  time.Duration // for the current step
	got     int           // bytes of the current step
	begun   bool
	failed  bool
}

// pace gives a request that moves a file its time limits. The caller calls done
// after the answer.
func (a *api) pace(w http.ResponseWriter, r *http.Request) (done func()) {
	control := http.NewResponseController(w)
	// Errors mean that this is a test without a connection.
	if r.Body == nil || r.Body == http.NoBody {
		// Its end would cancel the request while the answer is sent.
		_ = control.SetReadDeadline(time.Time{})
	} else {
		_ = control.SetReadDeadline(time.Now().Add(a.StepTimeout))
		r.Body = &pacedBody{ReadCloser: r.Body, control: control, step: a.StepTimeout}
	}
	_ = control.SetWriteDeadline(time.Time{}) // package web sets one for each step of the answer
	return func() { _ = control.SetWriteDeadline(time.Now().Add(a.StepTimeout)) }
}

// Read implements io.Reader. Its errors, except io.EOF, are *chat.Error.
func (b *pacedBody) Read(p []byte) (int, error) {
	begin := time.Now()
	_ = b.control.SetReadDeadline(begin.Add(b.step - b.waited))
	n, err := b.ReadCloser.Read(p)
	b.begun = true
	b.waited += time.Since(begin)
	if b.got += n; b.got >= stepBytes {
		b.got, b.waited = 0, 0
	}
	if errors.Is(err, io.EOF) {
		// net/http reads on to notice when the client goes away. A deadline there
		// would cancel the request.
		_ = b.control.SetReadDeadline(time.Time{})
	} else if err != nil {
		b.failed, err = true, errIncomplete
	}
	return n, err
}

// discard reads what is left of the body of a refused upload, within limits. A
// client that waits for 100 Continue has sent nothing and gets the answer at
// once.
func discard(r *http.Request) {
	body, ok := r.Body.(*pacedBody)
	if !ok || body.failed || !body.begun && r.Header.Get("Expect") != "" {
		return
	}
	end := time.Now().Add(maxRefusedTime)
	for left := int64(maxRefused); left > 0; {
		body.step = min(body.step, time.Until(end)+body.waited)
		n, err := io.CopyN(io.Discard, body, min(left, stepBytes))
		if left -= n; err != nil || time.Now().After(end) {
			return
		}
	}
}

// budgetReader fails after so many bytes. It bounds what the reader of multipart
// bodies buffers between two parts.
type budgetReader struct {
	io.Reader
	left int64
}

// Read implements io.Reader.
func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, chat.Errorf(chat.CodeBadRequest, "The headers of a part are too long.")
	}
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// briefly calls do with the time limit of other requests.
func (a *api) briefly(r *http.Request, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), a.Timeout)
	defer cancel()
	err := do(ctx)
	if err != nil && errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		return errTooSlow
	}
	return err
}

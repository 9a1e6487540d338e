package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"
)

// ErrEnded is returned by Send when the connection or session ends before the
// message is acked. It is then unknown whether the message is in the log;
// sending it again with the same id is safe.
var ErrEnded = errors.New("the connection has ended")

// ErrUnknown is returned by Session.Send when a message was sent and no answer
// has come for so long that servers may have forgotten its id
// (Options.ResendFor). Sent again, it could appear twice.
var ErrUnknown = errors.New("unknown whether the message arrived")

// ErrInHandler is returned at once by Session.Send when the session's event
// handler calls it: the ack could be read only after the handler has returned.
// Use Post there.
var ErrInHandler = errors.New("Send cannot wait for its ack in the event handler: use Post")

// ErrTooMany is returned by Post when too many texts are waiting to be sent.
var ErrTooMany = errors.New("too many messages are waiting to be sent")

// RefusedError is returned by Dial when the handshake is answered with a status
// other than 101.
type RefusedError struct {
	Status int // HTTP status
	// the problem's code, such as bad_name; empty if the answer is not from a
	// livechat server
	Code       string
	Message    string        // the problem's detail, or the status text
	RetryAfter time.Duration // 0 if the server did not name a time
}

// Error returns the status and the reason.
func (e *RefusedError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the server refused with %d %s", e.Status, e.Message)
	}
	return fmt.Sprintf("the server refused with %d %s: %s", e.Status, e.Code, e.Message)
}

// Final reports whether the same request would be refused again: a bad name, an
// unknown origin, no such room. A plain 400 without a code does not come from a
// livechat server: a proxy received a request that broke off, for instance when
// a link failed in the middle of a handshake.
func (e *RefusedError) Final() bool {
	if e.Status == http.StatusBadRequest && e.Code == "" {
		return false
	}
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.Status >= 400 && e.Status < 500
}

// refused reads the problem (RFC 9457) that came instead of a 101.
func refused(answer *http.Response) *RefusedError {
	e := &RefusedError{Status: answer.StatusCode, Message: http.StatusText(answer.StatusCode)}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return e
	}
	var problem struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Title  string `json:"title"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return e // a proxy's own page
	}
	e.Code = problem.Code
	e.Message = orDefault(problem.Detail, orDefault(problem.Title, e.Message))
	return e
}

// CloseError is returned when the connection has ended. Its code is the
// server's, or 1006 (RFC 6455, 7.4.1) if the link broke without one.
type CloseError struct {
	Code   int
	Reason string
	// how long the server asked to stay away, in an error before it closed; 0
	// if it did not. Set by a Session
	RetryAfter time.Duration
	cause      error // the network error, for 1006
}

// Error returns the code and the reason.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("the connection was closed with %d", e.Code)
	}
	return fmt.Sprintf("the connection was closed with %d: %s", e.Code, e.Reason)
}

// Unwrap returns the network error, nil if the server closed the connection
// properly.
func (e *CloseError) Unwrap() error { return e.cause }

// Final reports whether the server asked not to come back.
func (e *CloseError) Final() bool { return e.Code >= 4500 && e.Code <= 4999 }

// blamesMessage reports whether something that this side sent ended the
// connection, so that sending it again would end the next one.
func (e *CloseError) blamesMessage() bool {
	switch e.Code {
	case websocket.CloseUnsupportedData, websocket.CloseInvalidFramePayloadData, websocket.CloseMessageTooBig:
		return true
	}
	return false
}

// closed turns a read error into a CloseError.
func closed(err error) error {
	var c *websocket.CloseError
	if errors.As(err, &c) && c.Code != websocket.CloseAbnormalClosure {
		return &CloseError{Code: c.Code, Reason: c.Text}
	}
	return &CloseError{Code: websocket.CloseAbnormalClosure, Reason: err.Error(), cause: err}
}

// final reports whether coming back after err is pointless.
func final(err error) bool {
	var r *RefusedError
	if errors.As(err, &r) {
		return r.Final()
	}
	var c *CloseError
	return errors.As(err, &c) && c.Final()
}

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

// ErrEnded is what Send returns when the connection or session is over before the message was acked. Whether the log has it is then unknown;
// sending it again with the same id is safe.
var ErrEnded = errors.New("the connection is over")

// ErrUnknown is what a Session's Send returns when a message went out and no answer has come for so long that servers may have forgotten its id
// (Options.ResendFor). Sent again, it could be in the log twice.
var ErrUnknown = errors.New("it is not known whether the message arrived")

// ErrInHandler is what a Session's Send returns at once when the session's own event
// handler calls it: the ack could only be read once the handler has returned. Post
// sends from there.
var ErrInHandler = errors.New("Send waits for what comes after this event: use Post in the event handler")

// ErrTooMany is what Post returns while as many texts wait as may.
var ErrTooMany = errors.New("too many messages wait to be sent")

// RefusedError says that the handshake was answered with something other than 101. Dial returns it.
type RefusedError struct {
	Status     int           // HTTP status
	Code       string        // the problem's code, such as bad_name; empty if the answer did not come from a livechat server
	Message    string        // the problem's detail, or the status in words
	RetryAfter time.Duration // 0 if the server did not say
}

// Error names the status and the reason.
func (e *RefusedError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the server refused with %d %s", e.Status, e.Message)
	}
	return fmt.Sprintf("the server refused with %d %s: %s", e.Status, e.Code, e.Message)
}

// Final reports whether the same request would be refused again: a bad name, an unknown origin, no such room. A plain 400 is no such word of a server,
// which names a code: something on the way got a request that broke off, as HAProxy does when a link fails in the middle of a handshake.
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

// refused reads the problem (RFC 9457) that came in place of 101.
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

// CloseError says that the connection ended, and with which code: the server's, or 1006 (RFC 6455, 7.4.1) if the link broke without one.
type CloseError struct {
	Code       int
	Reason     string
	RetryAfter time.Duration // how long the server asked to stay away, in an error before it closed; 0 if it did not. Set by a Session
	cause      error         // what the network said, for 1006
}

// Error names the code and the reason.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("the connection was closed with %d", e.Code)
	}
	return fmt.Sprintf("the connection was closed with %d: %s", e.Code, e.Reason)
}

// Unwrap returns what the network said, nil if the server closed in good order.
func (e *CloseError) Unwrap() error { return e.cause }

// Final reports whether the server asks not to come back.
func (e *CloseError) Final() bool { return e.Code >= 4500 && e.Code <= 4999 }

// blamesMessage reports whether something that this side sent ended the connection, so that sending it again would only do the same.
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

// final reports whether err means that coming back is of no use.
func final(err error) bool {
	var r *RefusedError
	if errors.As(err, &r) {
		return r.Final()
	}
	var c *CloseError
	return errors.As(err, &c) && c.Final()
}

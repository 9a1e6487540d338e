// Package rest speaks the HTTP API of the servers as people do who use it beside
// a room: they read its history, search, and write to each other in private
// chats, whose feeds they keep open.
package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/client"
)

// Site is the HTTP API that a room's address leads to. It is safe for concurrent
// use.
type Site struct {
	base   *url.URL // with a slash at the end
	room   string   // the one that the address names; may be empty
	client *http.Client
}

// defaultRoom is the room of an address that names none.
const defaultRoom = "livechat"

// New returns the API of a room's address, such as ws://host/ws: it is beside
// it, where the page looks for it.
func New(address string, transport http.RoundTripper) (*Site, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("find the API of %s: %w", address, err)
	}
	room := u.Query().Get("room")
	if u.Path == "" {
		u.Path = "/"
	}
	base := u.ResolveReference(&url.URL{Path: "."})
	base.Scheme, base.RawQuery = strings.Replace(base.Scheme, "ws", "http", 1), ""
	return &Site{base, room, &http.Client{Transport: transport}}, nil
}

// Base returns the address that the API is below.
func (s *Site) Base() string { return strings.TrimSuffix(s.base.String(), "/") }

// maxAnswer limits what is read of an answer, in bytes.
const maxAnswer = 8 << 20

// do sends a request to a path below /api/v1/. An answer that is not 2xx is a
// *client.RefusedError.
func (s *Site) do(ctx context.Context, method, path string, body, answer any) error {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode a request: %w", err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.base.String()+"api/v1/"+path, in)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	r.Header.Set("Origin", s.base.Scheme+"://"+s.base.Host)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	got, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer)) // all, or the connection is not used again
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if got.StatusCode/100 != 2 {
		return refused(got, text)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

func refused(got *http.Response, text []byte) error {
	var problem struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(text, &problem) // a proxy's own page has none
	e := &client.RefusedError{Status: got.StatusCode, Code: problem.Code, Message: problem.Detail}
	if e.Message == "" {
		e.Message = http.StatusText(got.StatusCode)
	}
	if seconds, err := strconv.Atoi(got.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// Probe returns an error that says what is missing if there is no API.
func (s *Site) Probe(ctx context.Context, room string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	_, err := s.Page(ctx, room, 0)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*client.RefusedError](err); ok && e.Status == http.StatusTooManyRequests {
		return nil
	}
	return fmt.Errorf("%s has no HTTP API with an archive, which history, search, private and uploads in "+
		"-mix need: %w", s.Base(), err)
}

const probeTime = 10 * time.Second

// ErrDisorder is the error of a page of the history that is out of order.
var ErrDisorder = errors.New("out of order")

// Page reads the page of a room's history before that number, the newest one
// with 0, and returns the number of its first message: where the page before
// ends. It is 0 if there is none. The empty room is that of the address.
func (s *Site) Page(ctx context.Context, room string, before uint64) (first uint64, err error) {
	for _, other := range []string{s.room, defaultRoom} {
		if room == "" {
			room = other
		}
	}
	path := "rooms/" + url.PathEscape(room) + "/messages/"
	if before > 0 {
		path += "?before=" + strconv.FormatUint(before, 10)
	}
	var page struct {
		Messages []struct {
			Seq   uint64 `json:"seq"`
			Epoch string `json:"epoch"`
		} `json:"messages"`
	}
	if err := s.do(ctx, http.MethodGet, path, nil, &page); err != nil {
		return 0, err
	}
	if len(page.Messages) == 0 {
		return 0, nil
	}
	for i, m := range page.Messages {
		// In another epoch the numbers may be others.
		if i > 0 && m.Epoch == page.Messages[i-1].Epoch && m.Seq <= page.Messages[i-1].Seq {
			return 0, fmt.Errorf("%w: message %d follows %d", ErrDisorder, m.Seq, page.Messages[i-1].Seq)
		}
		if before > 0 && m.Seq >= before {
			return 0, fmt.Errorf("%w: message %d before %d", ErrDisorder, m.Seq, before)
		}
	}
	if first = page.Messages[0].Seq; first == 1 {
		first = 0
	}
	return first, nil
}

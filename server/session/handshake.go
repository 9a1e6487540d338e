package session

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"livechat/server/chat"
	"livechat/server/room"
)

const (
	defaultHistory = 50
	maxHistory     = 200
)

// query is what a handshake asks for.
type query struct {
	name, room string
	history    int
	after      *chat.Position // nil: join
	named      bool           // name was given, and not made up here
	reserved   bool           // name is not for guests
	unproven   bool           // whether it is could not be asked
	user       *User          // nil: a guest
	feed       bool           // room is the user's feed
	author     string         // of what is said; empty if nobody knows
}

// readQuery reads the parameters of a request. r.URL.Query leaves out what it cannot read, and a resume would become a join.
func readQuery(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, chat.Errorf(chat.CodeBadRequest, "the query cannot be read: %v", err)
	}
	return values, nil
}

func parseQuery(v url.Values) (q query, err error) {
	q = query{room: chat.DefaultRoom, history: defaultHistory}
	if q.named = v.Has("name"); q.named {
		if q.name, err = chat.CleanName(v.Get("name")); err != nil {
			return q, err
		}
	} else {
		q.name = guestName()
	}
	if v.Has("room") {
		q.room = v.Get("room")
		if err = chat.CheckRoom(q.room); err != nil {
			return q, err
		}
	}
	if v.Has("history") {
		q.history, err = strconv.Atoi(v.Get("history"))
		if err != nil || q.history < 0 || q.history > maxHistory {
			return q, chat.Errorf(chat.CodeBadHistory, "history is a number of messages from 0 to %d", maxHistory)
		}
	}
	if v.Has("after") {
		after, err := chat.ParsePosition(v.Get("after"))
		if err != nil {
			return q, err
		}
		q.after = &after
	}
	return q, nil
}

func guestName() string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return "guest-" + hex.EncodeToString(b[:])
}

// newSession returns a random name for a connection. Others see it, so it must not be guessable from another one.
func newSession() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it would crash the program instead
	return hex.EncodeToString(b[:])
}

// originAllowed keeps pages of other sites out: a browser sends the page's origin, and lets any page connect anywhere. The
// page may be served on another port of the same host (Nginx). Who is no browser sends none and is let in; it could
// send what it likes.
func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	for _, allowed := range s.opts.AllowedOrigins {
		if allowed == "*" || strings.EqualFold(allowed, origin) {
			return true
		}
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	return u.Hostname() != "" && strings.EqualFold(u.Hostname(), host)
}

// checkHandshake holds a request against RFC 6455 section 4.2.1. What leaves room for two readings is refused: a proxy in between might take
// the other one.
func checkHandshake(r *http.Request) error {
	one := func(name string) (value string, ok bool) {
		values := r.Header[name] // which is in the form that net/http gives it
		if len(values) == 1 {
			value = values[0]
		}
		return value, len(values) == 1
	}
	version, _ := one("Sec-Websocket-Version")
	key, _ := one("Sec-Websocket-Key")
	nonce, err := base64.StdEncoding.Strict().DecodeString(key)
	switch {
	case r.Method != http.MethodGet:
		return chat.Errorf(chat.CodeMethodNotAllowed, "a WebSocket handshake is a GET")
	case !r.ProtoAtLeast(1, 1):
		return chat.Errorf(chat.CodeBadRequest, "a WebSocket handshake needs HTTP/1.1")
	case !hasToken(r, "Connection", "upgrade") || !hasToken(r, "Upgrade", "websocket"):
		return chat.Errorf(chat.CodeUpgradeRequired, "this is a WebSocket address: ask for an upgrade")
	case r.ContentLength != 0:
		return chat.Errorf(chat.CodeBadRequest, "a WebSocket handshake has no body")
	case version != "13":
		return chat.Errorf(chat.CodeUpgradeRequired, "Sec-WebSocket-Version must be 13, and must be there once")
	case err != nil || len(nonce) != 16:
		return chat.Errorf(chat.CodeBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64, and must be there once")
	case len(r.Header.Values("Origin")) > 1:
		return chat.Errorf(chat.CodeBadRequest, "there is more than one Origin")
	}
	return nil
}

// hasToken looks for a token in the comma-separated lists of a header; tokens are compared without regard to case.
func hasToken(r *http.Request, header, token string) bool {
	for _, list := range r.Header.Values(header) {
		for one := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

// upgrade lets gorilla answer the handshake, and gives the connection its place in the fan-out.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, q query, rm *room.Room) (*conn, error) {
	taken := &hijacker{ResponseWriter: w}
	if _, err := s.upgrader.Upgrade(taken, r, nil); err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	sock := taken.sock // gorilla's own connection is let go: see frame.go
	c := &conn{
		server: s, room: rm, session: newSession(), name: q.name, author: q.author, who: s.slow.who(s.opts.ClientAddr(r), q), sock: sock,
		user: q.user, named: q.named && q.user == nil, feed: q.feed,
	}
	c.unproven.Store(q.unproven)
	var err error
	if c.raw, err = sock.SyscallConn(); err == nil {
		c.out, err = s.opts.Fan.Add(sock.TCPConn)
	}
	if err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("take the connection over: %w", err)
	}
	c.out.Open(sock.answer)
	sock.answer = nil
	return c, nil
}

// hijacker keeps the connection that gorilla takes from net/http, and what came on it with the handshake.
type hijacker struct {
	http.ResponseWriter
	sock *socket
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, brw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take the connection over: %w", err)
	}
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		_ = nc.Close()
		return nil, nil, errors.New("the connection is not TCP")
	}
	h.sock = &socket{TCPConn: tcp}
	if n := brw.Reader.Buffered(); n > 0 { // frames may have come right behind the handshake, which gorilla would take for an error
		early, _ := brw.Peek(n)
		h.sock.early = bytes.Clone(early)
	}
	brw.Reader.Reset(h.sock)
	return h.sock, brw, nil
}

// socket is a connection as its reader sees it.
type socket struct {
	*net.TCPConn
	early  []byte // came with the handshake
	answer []byte // to the handshake, which is not written yet
}

// Write implements net.Conn for gorilla, whose answer to the handshake is all that is written here. It is kept: written with the first frames it costs
// the sender and the receiver one system call less, and it waits for nothing.
func (s *socket) Write(p []byte) (int, error) {
	s.answer = append(s.answer, p...)
	return len(p), nil
}

// Read implements net.Conn.
func (s *socket) Read(p []byte) (int, error) {
	if len(s.early) > 0 {
		n := copy(p, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
		return n, nil
	}
	return s.TCPConn.Read(p)
}

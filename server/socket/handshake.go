package socket

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
	"livechat/server/wire"
)

const (
	defaultHistory = 50
	maxHistory     = 200
)

// query holds the parameters of a handshake.
type query struct {
	name, room string
	history    int
	after      *chat.Position // nil: join
	named      bool           // the client chose the name
	reserved   bool           // guests may not use the name
	unchecked  bool           // the name could not be checked
	user       *User          // nil: a guest
	feed       bool           // room is the user's feed
	author     string         // of its messages; empty if unknown
}

// readQuery parses the query of a request. r.URL.Query drops what it cannot
// parse, and a resume would silently become a join.
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
			return q, chat.Errorf(
				chat.CodeBadHistory,
				"history is a number of messages from 0 to %d",
				maxHistory,
			)
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

// newSession returns a random identifier for a connection. Others see it, so it
// must not be guessable.
func newSession() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it would crash the program instead
	return hex.EncodeToString(b[:])
}

// originAllowed keeps pages of other sites out. A browser sends the page's
// origin and lets any page connect anywhere. The page may be served on another
// port of the same host (Nginx). Other clients send no Origin and are let in,
// since they could send any.
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

// checkHandshake validates a request by RFC 6455 section 4.2.1. Ambiguous
// requests are refused, because a proxy in between might read them differently.
func checkHandshake(r *http.Request) error {
	one := func(name string) (value string, ok bool) {
		values := r.Header[name] // canonical header names
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
	case !wire.HasToken(r.Header, "Connection", "upgrade"),
		!wire.HasToken(r.Header, "Upgrade", "websocket"):
		return chat.Errorf(chat.CodeUpgradeRequired, "this is a WebSocket address: ask for an upgrade")
	case r.ContentLength != 0:
		return chat.Errorf(chat.CodeBadRequest, "a WebSocket handshake has no body")
	case version != "13":
		return chat.Errorf(
			chat.CodeUpgradeRequired,
			"Sec-WebSocket-Version must be 13, and must be there once",
		)
	case err != nil || len(nonce) != 16:
		return chat.Errorf(
			chat.CodeBadRequest,
			"Sec-WebSocket-Key must be 16 bytes in base64, and must be there once",
		)
	case len(r.Header.Values("Origin")) > 1:
		return chat.Errorf(chat.CodeBadRequest, "there is more than one Origin")
	}
	return nil
}

// upgrade has gorilla compute the answer to the handshake and registers the
// connection with the fan-out.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, q query, rm *room.Room) (*conn, error) {
	taken := &hijacker{ResponseWriter: w}
	if _, err := s.upgrader.Upgrade(taken, r, nil); err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	sock := taken.sock // gorilla's own connection is not used: see frame.go
	from := s.opts.ClientAddr(r)
	c := &conn{
		server: s, room: rm, session: newSession(), name: q.name, author: q.author,
		who: s.slow.who(from, q), from: from, sock: sock,
		user: q.user, named: q.named && q.user == nil, feed: q.feed,
	}
	c.writer = s.writerOf(c)
	c.unchecked.Store(q.unchecked)
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

// hijacker keeps the connection that gorilla takes from net/http, and the bytes
// that arrived with the handshake.
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
	// frames may follow the handshake at once, which gorilla treats as an error
	if n := brw.Reader.Buffered(); n > 0 {
		early, _ := brw.Peek(n)
		h.sock.early = bytes.Clone(early)
	}
	brw.Reader.Reset(h.sock)
	return h.sock, brw, nil
}

// socket is a connection as its reader sees it.
type socket struct {
	*net.TCPConn
	early  []byte // arrived with the handshake
	answer []byte // to the handshake; not written yet
}

// Write implements net.Conn for gorilla, which writes nothing but the answer to
// the handshake. The answer is kept and sent with the first frames, which saves
// sender and receiver a system call and never blocks.
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

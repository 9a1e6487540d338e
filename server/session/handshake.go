package session

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"livechat/server/chat"
	"livechat/server/fanout"
	"livechat/server/room"
	"livechat/server/wire"
)

const (
	defaultHistory = 50
	maxHistory     = 200
	// readBuffer is the size of a connection's read buffer in bytes. It holds the largest control frame (RFC 6455 section 5.5);
	// of longer messages most bytes go past it.
	readBuffer = 512
)

// query is what a handshake asks for.
type query struct {
	name, room string
	history    int
	after      *chat.Position // nil: join
}

func parseQuery(v url.Values) (q query, err error) {
	q = query{room: chat.DefaultRoom, history: defaultHistory}
	if v.Has("name") {
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

// upgrade answers the handshake and gives the connection its place in the fan-out.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, q query, rm *room.Room) (*conn, error) {
	h := &hijacker{ResponseWriter: w}
	ws, err := s.upgrader.Upgrade(h, r, nil)
	if err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	sock := h.sock
	out, err := s.opts.Fan.Add(sock.TCPConn)
	if err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("add to the fan-out: %w", err)
	}
	sock.out = out
	c := &conn{server: s, room: rm, session: newSession(), name: q.name, ws: ws, sock: sock, in: h.reader, out: out}
	if c.raw, err = sock.SyscallConn(); err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("reach the socket: %w", err)
	}
	ws.SetReadLimit(int64(s.opts.MaxFrame))
	ws.SetPingHandler(func(data string) error { out.Heard(); out.Pong([]byte(data)); return nil })
	ws.SetPongHandler(func(string) error { out.Heard(); return nil })
	ws.SetCloseHandler(func(code int, _ string) error { out.SendClose(wire.EchoClose(code), wire.CloseNormal); return nil })
	return c, nil
}

// hijacker hands gorilla our own socket and a small reader instead of net/http's 4 KB ones.
type hijacker struct {
	http.ResponseWriter
	sock   *socket
	reader *bufio.Reader
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hj, ok := h.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("the connection cannot be taken over")
	}
	nc, brw, err := hj.Hijack()
	if err != nil {
		return nil, nil, err
	}
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		_ = nc.Close()
		return nil, nil, errors.New("the connection is not TCP")
	}
	h.sock = &socket{TCPConn: tcp}
	// Frames may have come right behind the handshake. gorilla takes them for an error if they are in the reader.
	if n := brw.Reader.Buffered(); n > 0 { // the Writer has one too
		early, _ := brw.Peek(n)
		h.sock.early = bytes.Clone(early)
	}
	h.reader = bufio.NewReaderSize(h.sock, readBuffer)
	return h.sock, bufio.NewReadWriter(h.reader, bufio.NewWriterSize(h.sock, readBuffer)), nil
}

// socket is the connection as gorilla sees it. It reads from it; what it writes after the handshake are whole control frames, each in one
// call, and they take the way that all frames take.
type socket struct {
	*net.TCPConn
	early []byte         // came with the handshake
	out   *fanout.Client // nil during the handshake
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

// Write implements net.Conn.
func (s *socket) Write(p []byte) (int, error) {
	if s.out == nil {
		return s.TCPConn.Write(p)
	}
	if code, ok := wire.CloseFrameCode(p); ok {
		s.out.SendClose(bytes.Clone(p), code)
	}
	return len(p), nil
}

// SetWriteDeadline implements net.Conn. After the handshake deadlines are the fan-out's business.
func (s *socket) SetWriteDeadline(t time.Time) error {
	if s.out == nil {
		return s.TCPConn.SetWriteDeadline(t)
	}
	return nil
}

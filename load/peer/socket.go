package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Bounds of a connection.
const (
	dialTime  = 20 * time.Second // of a handshake, until the client is in its room
	writeTime = 10 * time.Second // of a message
	bufSize   = 4096             // bytes for reading and for writing, per client
)

// socket is a WebSocket.
type socket struct {
	conn *websocket.Conn
	// silence is how long the server may send nothing; 0: forever. Set before
	// the first read of Next.
	silence time.Duration

	buf     bytes.Buffer // owned by the reader
	writing sync.Mutex   // frames of the publisher and answers to pings
}

// writeBuffers are shared, because few clients write at a time.
var writeBuffers sync.Pool

// open opens a WebSocket. It says no Origin, as programs that are no page.
func open(ctx context.Context, o Options) (*socket, error) {
	d := websocket.Dialer{ReadBufferSize: bufSize, WriteBufferSize: bufSize, WriteBufferPool: &writeBuffers,
		TLSClientConfig: o.TLS,
		NetDialContext:  (&net.Dialer{LocalAddr: o.LocalAddr}).DialContext}
	conn, answer, err := d.DialContext(ctx, o.URL, nil)
	if answer != nil {
		_ = answer.Body.Close()
		if err != nil {
			err = fmt.Errorf("%w: it answered %s", err, answer.Status)
		}
	}
	if err != nil {
		return nil, err
	}
	return &socket{conn: conn}, nil
}

// read returns the next text frame. It is valid until the next call.
func (s *socket) read() ([]byte, error) {
	if s.silence > 0 {
		_ = s.conn.SetReadDeadline(time.Now().Add(s.silence))
	}
	_, reader, err := s.conn.NextReader()
	if err != nil {
		return nil, err
	}
	s.buf.Reset()
	if _, err := s.buf.ReadFrom(reader); err != nil {
		return nil, err
	}
	return s.buf.Bytes(), nil
}

// write sends a text frame.
func (s *socket) write(text string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTime))
	return s.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// CloseCode returns the code of a connection that ended with an error of Next.
// It is 1006 if the server said none.
func CloseCode(err error) int {
	if end, ok := errors.AsType[*websocket.CloseError](err); ok {
		return end.Code
	}
	return websocket.CloseAbnormalClosure
}

// Close closes the connection without a handshake.
func (s *socket) Close() error { return s.conn.Close() }

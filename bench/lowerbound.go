package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// The bare loop is the lower bound of what a delivery costs. After the
// handshake it does one write(2) of a finished frame per socket and message,
// and nothing else: no parsing, no ordering, no storage, no waiting.

// lowerBound serves on addr. spec, "size@rate", says how large its frames are
// in bytes, and how many it sends a second.
func lowerBound(addr, spec string) error {
	var size, rate int
	if _, err := fmt.Sscanf(spec, "%d@%d", &size, &rate); err != nil {
		return fmt.Errorf("read %q: %w", spec, err)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var conns []syscall.RawConn
	go func() { // ends with the process
		frame := lowerBoundFrame(size)
		write := func(fd uintptr) bool {
			_, _ = syscall.Write(int(fd), frame) // a full socket misses the frame
			return true
		}
		for range time.Tick(time.Second / time.Duration(rate)) {
			mu.Lock()
			for _, c := range conns {
				_ = c.Write(write)
			}
			mu.Unlock()
		}
	}()
	return http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// RFC 6455 section 4.2.2
		accept := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		nc, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		fmt.Fprintf(
			nc,
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "+
				"Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			base64.StdEncoding.EncodeToString(accept[:]),
		)
		raw, err := nc.(*net.TCPConn).SyscallConn()
		if err != nil {
			return
		}
		mu.Lock()
		conns = append(conns, raw)
		mu.Unlock()
	}))
}

// lowerBoundFrame returns a message frame of size bytes.
func lowerBoundFrame(size int) []byte {
	payload := append([]byte(`{"type":"message","seq":1,"id":"`), bytes.Repeat([]byte{'x'}, size-4-34)...)
	payload = append(payload, `"}`...)
	return append(binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(payload))), payload...)
}

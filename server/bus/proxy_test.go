package bus

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy sits between a bus and its Redis, and fails as networks do.
type proxy struct {
	url string
	to  *backend

	listener net.Listener
	running  sync.WaitGroup // all goroutines
	trickle  atomic.Bool    // replies arrive one byte at a time
	accepted atomic.Int64   // links so far
	pings    atomic.Int64   // requests with a PING so far
	shut     atomic.Bool    // new links are refused

	mu     sync.Mutex
	links  map[*proxied]struct{} // guarded by mu
	marker []byte                // guarded by mu: see cutReplyTo
}

// proxied is one connection through the proxy.
type proxied struct {
	client, server net.Conn
	dark           atomic.Bool // nothing is forwarded any more, silently
	cut            atomic.Bool // the next reply is dropped and the link closed
}

func newProxy(t testing.TB, to *backend) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{url: "redis://" + l.Addr().String(), to: to, listener: l, links: make(map[*proxied]struct{})}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.each(func(l *proxied) { l.close() })
		p.running.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		if p.shut.Load() {
			_ = client.Close()
			continue
		}
		server, err := net.Dial(p.to.network, p.to.addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &proxied{client: client, server: server}
		p.mu.Lock()
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.running.Go(func() { p.forward(l, client, server, p.request) })
		p.running.Go(func() { p.forward(l, server, client, p.answer) })
	}
}

func (p *proxy) forward(l *proxied, from io.Reader, to io.Writer,
	pass func(*proxied, io.Writer, []byte) error) {
	defer l.close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if l.dark.Load() {
			continue
		}
		if pass(l, to, buf[:n]) != nil {
			return
		}
	}
}

func (p *proxy) request(l *proxied, to io.Writer, data []byte) error {
	if bytes.Contains(data, []byte("\r\nping\r\n")) {
		p.pings.Add(1)
	}
	p.mu.Lock()
	if p.marker != nil && bytes.Contains(data, p.marker) {
		p.marker = nil
		l.cut.Store(true)
	}
	p.mu.Unlock()
	_, err := to.Write(data)
	return err
}

func (p *proxy) answer(l *proxied, to io.Writer, data []byte) error {
	if l.cut.Load() {
		return io.ErrClosedPipe
	}
	step := len(data)
	if p.trickle.Load() {
		step = 1
	}
	for len(data) > 0 {
		n, err := to.Write(data[:min(step, len(data))])
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// blackhole makes all present links silent. New ones work.
func (p *proxy) blackhole() { p.each(func(l *proxied) { l.dark.Store(true) }) }

// cutReplyTo forwards the next request that contains marker, and closes its
// link instead of returning the reply.
func (p *proxy) cutReplyTo(marker string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marker = []byte(marker)
}

// cutAll closes all present links.
func (p *proxy) cutAll() { p.each((*proxied).close) }

func (p *proxy) each(f func(*proxied)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		f(l)
	}
}

func (l *proxied) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

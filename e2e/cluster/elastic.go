package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Further servers come and go while everything runs, as with compose's --scale: HAProxy asks a DNS server for their addresses. Here that server is a few
// lines that know one name, and the addresses are loopback ones that differ in everything but the port.

const elasticName = "elastic.livechat.internal"

// nameServer answers questions for the addresses of one name.
type nameServer struct {
	conn    net.PacketConn
	serving sync.WaitGroup

	mu    sync.Mutex
	addrs []netip.Addr // guarded by mu
}

// newNameServer starts a name server on a free port of host. The caller closes it.
func newNameServer(host string) (*nameServer, error) {
	conn, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("start the name server: %w", err)
	}
	s := &nameServer{conn: conn}
	s.serving.Go(s.serve)
	return s, nil
}

func (s *nameServer) set(addrs []netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addrs = addrs
}

func (s *nameServer) close() {
	_ = s.conn.Close()
	s.serving.Wait()
}

func (s *nameServer) serve() {
	question := make([]byte, 4096)
	for {
		n, from, err := s.conn.ReadFrom(question)
		if err != nil {
			return // closed
		}
		if a := s.answer(question[:n]); a != nil {
			_, _ = s.conn.WriteTo(a, from) // who asks, asks again
		}
	}
}

// answer answers one question (RFC 1035 section 4): with all addresses if it asks for those of IPv4, else with none.
func (s *nameServer) answer(question []byte) []byte {
	const header, typeA, classIN, ttl = 12, 1, 1, 1
	if len(question) < header {
		return nil
	}
	end := header // of the question: labels up to an empty one, type, class
	for end < len(question) && question[end] != 0 {
		end += 1 + int(question[end])
	}
	end += 5
	if end > len(question) {
		return nil
	}
	s.mu.Lock()
	addrs := slices.Clone(s.addrs)
	s.mu.Unlock()
	if binary.BigEndian.Uint16(question[end-4:]) != typeA {
		addrs = nil
	}
	a := slices.Clone(question[:2])
	a = append(a, 0x81, 0x80, 0, 1, 0, byte(len(addrs)), 0, 0, 0, 0) // an answer without error, to one question
	a = append(a, question[header:end]...)
	for _, addr := range addrs {
		a = append(a, 0xC0, header, 0, typeA, 0, classIN, 0, 0, 0, ttl, 0, 4) // the name is that of the question
		a = append(a, addr.AsSlice()...)
	}
	return a
}

// planElastic chooses addresses for the servers that Scale can start.
func (c *Cluster) planElastic() error {
	if c.options.Elastic == 0 {
		return nil
	}
	var err error
	if c.names, err = newNameServer(c.host); err != nil {
		return err
	}
	_, ports, err := FreePorts(2)
	if err != nil {
		return err
	}
	for i := range c.options.Elastic {
		host := loopback()
		addr, metrics := net.JoinHostPort(host, ports[0]), net.JoinHostPort(host, ports[1])
		if err := errors.Join(checkFree("server", addr), checkFree("metrics", metrics)); err != nil {
			return err
		}
		server, err := c.serverPart(c.options.Servers+i, addr, metrics)
		if err != nil {
			return err
		}
		c.Elastic = append(c.Elastic, server)
	}
	return nil
}

// elasticEnv tells HAProxy where to ask for further servers.
func (c *Cluster) elasticEnv() []string {
	if c.names == nil {
		return []string{"ELASTIC="}
	}
	_, port, _ := net.SplitHostPort(c.Elastic[0].Addr)
	return []string{"ELASTIC=" + net.JoinHostPort(elasticName, port), "RESOLVER=" + c.names.conn.LocalAddr().String()}
}

// Scale sees to it that the first n of the elastic servers run and the others do not. It returns when those that have been started are ready, and those
// that have been stopped have drained; HAProxy hears of it within about two seconds.
func (c *Cluster) Scale(ctx context.Context, n int) error {
	if n < 0 || n > len(c.Elastic) {
		return fmt.Errorf("scale to %d: there can be 0 to %d", n, len(c.Elastic))
	}
	var all sync.WaitGroup
	problems := make([]error, len(c.Elastic))
	for i, p := range c.Elastic {
		all.Go(func() {
			_, ended, _ := p.running()
			runs := ended != nil && !isClosed(ended)
			switch {
			case i < n && !runs:
				problems[i] = p.Start(ctx)
			case i >= n && runs:
				problems[i] = p.Stop(ctx)
			}
		})
	}
	all.Wait()
	var addrs []netip.Addr
	for _, p := range c.Elastic[:n] {
		addrs = append(addrs, netip.MustParseAddrPort(p.Addr).Addr())
	}
	c.names.set(addrs)
	return errors.Join(problems...)
}

package localcluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Elastic servers come and go while everything runs, as with compose's --scale,
// and several servers have the API. HAProxy asks a DNS server for the addresses
// of both. Here that is a small server that knows two names; the addresses are
// loopback ones with the same ports.

const (
	elasticName = "elastic.livechat.internal"
	apiName     = "api.livechat.internal"
)

// MaxElastic is how many elastic servers haproxy.cfg has room for by default.
const MaxElastic = 32

// elasticSlot is the beginning of their names in haproxy.cfg.
const elasticSlot = "ws-"

// nameServer answers DNS queries.
type nameServer struct {
	conn    net.PacketConn
	serving sync.WaitGroup

	mu    sync.Mutex
	addrs map[string][]netip.Addr // guarded by mu
}

// newNameServer starts a name server on a free port of host. The caller closes
// it.
func newNameServer(host string) (*nameServer, error) {
	conn, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("start the name server: %w", err)
	}
	s := &nameServer{conn: conn, addrs: make(map[string][]netip.Addr)}
	s.serving.Go(s.serve)
	return s, nil
}

// set sets the parts whose addresses a name resolves to.
func (s *nameServer) set(name string, parts []*Part) {
	var addrs []netip.Addr
	for _, p := range parts {
		addrs = append(addrs, netip.MustParseAddrPort(p.Addr).Addr())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addrs[name] = addrs
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
			_, _ = s.conn.WriteTo(a, from) // the client will ask again
		}
	}
}

// answer answers one query (RFC 1035 section 4): with all addresses if it asks
// for IPv4, else with none.
func (s *nameServer) answer(question []byte) []byte {
	const header, typeA, classIN, ttl = 12, 1, 1, 1
	if len(question) < header {
		return nil
	}
	var labels []string
	end := header // the question: labels up to an empty one, type, class
	for end < len(question) && question[end] != 0 {
		next := end + 1 + int(question[end])
		labels = append(labels, string(question[end+1:min(next, len(question))]))
		end = next
	}
	end += 5
	if end > len(question) {
		return nil
	}
	s.mu.Lock()
	addrs := slices.Clone(s.addrs[strings.ToLower(strings.Join(labels, "."))])
	s.mu.Unlock()
	if binary.BigEndian.Uint16(question[end-4:]) != typeA {
		addrs = nil
	}
	a := slices.Clone(question[:2])
	// a response without error, to one question
	a = append(a, 0x81, 0x80, 0, 1, 0, byte(len(addrs)), 0, 0, 0, 0)
	a = append(a, question[header:end]...)
	for _, addr := range addrs {
		// the name, by reference to the question
		a = append(a, 0xC0, header, 0, typeA, 0, classIN, 0, 0, 0, ttl, 0, 4)
		a = append(a, addr.AsSlice()...)
	}
	return a
}

// planNamed chooses addresses for the servers that HAProxy finds by name: the
// elastic ones and, if there are several, those with the API.
func (c *Cluster) planNamed() (err error) {
	if c.options.Elastic == 0 && c.options.API < 2 {
		return nil
	}
	if c.names, err = newNameServer(c.host); err != nil {
		return err
	}
	if c.Elastic, err = planEach(c.options.Elastic, func(i int, addr, metrics string) (*Part, error) {
		return c.serverPart(c.options.Servers+i, addr, metrics)
	}); err != nil {
		return err
	}
	if c.options.API < 2 {
		return nil
	}
	if c.APIs, err = planEach(c.options.API, c.apiPart); err != nil {
		return err
	}
	c.names.set(apiName, c.APIs)
	return nil
}

// planEach chooses for each of n parts an address with the same two ports.
func planEach(n int, plan func(i int, addr, metrics string) (*Part, error)) (parts []*Part, err error) {
	_, ports, err := FreePorts(2)
	if err != nil {
		return nil, err
	}
	for i := range n {
		host := loopback()
		addr, metrics := net.JoinHostPort(host, ports[0]), net.JoinHostPort(host, ports[1])
		if err := errors.Join(checkFree("server", addr), checkFree("metrics", metrics)); err != nil {
			return nil, err
		}
		p, err := plan(i, addr, metrics)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// namesEnv returns HAProxy's settings for DNS.
func (c *Cluster) namesEnv() []string {
	api := ""
	if len(c.APIs) == 1 {
		api = c.APIs[0].Addr
	}
	if c.names == nil {
		return []string{"ELASTIC=", "API=" + api}
	}
	port := func(parts []*Part) string {
		if len(parts) == 0 {
			return "1" // the name has no address
		}
		_, port, _ := net.SplitHostPort(parts[0].Addr)
		return port
	}
	if len(c.APIs) > 1 {
		api = net.JoinHostPort(apiName, port(c.APIs))
	}
	return []string{
		"ELASTIC=" + net.JoinHostPort(elasticName, port(c.Elastic)),
		"API=" + api,
		"RESOLVER=" + c.names.conn.LocalAddr().String(),
	}
}

// Scale starts the first n elastic servers and stops the others. It returns
// when the started ones are ready and the stopped ones have drained. HAProxy
// notices within about two seconds.
func (c *Cluster) Scale(ctx context.Context, n int) error {
	if n < 0 || n > len(c.Elastic) {
		return fmt.Errorf("scale to %d: want 0 to %d", n, len(c.Elastic))
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
	c.names.set(elasticName, c.Elastic[:n])
	return errors.Join(problems...)
}

// WaitElastic waits until HAProxy sends clients to exactly n elastic servers.
func (c *Cluster) WaitElastic(ctx context.Context, n int) error {
	return Poll(ctx, func(ctx context.Context) error {
		statuses, err := c.Statuses(ctx)
		if err != nil {
			return err
		}
		found := 0
		for name, status := range statuses {
			if strings.HasPrefix(name, elasticSlot) && status == "UP" {
				found++
			}
		}
		if found != n {
			return fmt.Errorf("HAProxy has %d elastic servers, want %d: %v", found, n, statuses)
		}
		return nil
	})
}

package haproxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

// shipped starts the cluster of docker-compose.yml with some settings. It
// listens on every address of this machine, at the returned port.
func shipped(t *testing.T, env map[string]string) (c *localcluster.Cluster, port string) {
	t.Helper()
	for _, program := range []string{"redis-server", "haproxy"} {
		need.Program(t, program)
	}
	binary, err := localcluster.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	ports, err := localcluster.OwnPorts(1)
	if err != nil {
		t.Fatal(err)
	}
	c, err = localcluster.Start(t.Context(), localcluster.Options{
		API: 2, DB: testpg.New(t).Database(), Binary: binary, Env: env, Room: net.JoinHostPort("0.0.0.0", ports[0]),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, ports[0]
}

// requests repeats a request to the API, n at a time.
func (s *outsider) requests(ctx context.Context, t *testing.T, n int, method, url, body string) {
	dial := func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		s.run(t, func() { conn, err = new(net.Dialer).DialContext(ctx, network, addr) })
		return conn, err
	}
	transport := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: n}
	defer transport.CloseIdleConnections()
	hc := http.Client{Transport: transport, Timeout: 10 * time.Second}
	var running sync.WaitGroup
	for range n {
		running.Go(func() {
			for ctx.Err() == nil {
				r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/json")
				if res, err := hc.Do(r); err == nil {
					res.Body.Close()
				}
				// No wait for anything: without it the test itself would use up
				// the machine.
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	running.Wait()
}

// attack does everything from one public address that costs the cluster
// something, until ctx ends. It closes began when all of it is under way.
func (s *outsider) attack(ctx context.Context, t *testing.T, port string, began chan<- struct{}) {
	target := net.JoinHostPort(s.host, port)
	api := "http://" + target + "/api/v1"
	var running sync.WaitGroup
	running.Go(func() { s.requests(ctx, t, 230, "GET", api+"/search/?q=ever+never", "") })
	running.Go(func() {
		s.requests(ctx, t, 300, "POST", api+"/login/", `{"name":"victim","password":"not the password"}`)
	})
	running.Go(func() { s.occupy(ctx, t, target, began) })
	running.Wait()
}

// One public address does everything at once that costs the cluster something:
// connections, unfinished handshakes, searches, logins. Meanwhile others join,
// publish, log in and search; all of it has to succeed. The test logs how long
// it takes.
func TestManyClientsAtOneAddressDoNotSlowOthers(t *testing.T) {
	s := newOutsider(t)
	c, port := shipped(t, nil)
	home := func() string { return "http://127.0.0.1:" + port }
	must := func(p *testapi.Person, method, path string, body any, want int) time.Duration {
		t.Helper()
		began := time.Now()
		status, answer, err := p.Do(t.Context(), method, path, body)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d, %v, %v", method, path, status, answer, err)
		}
		return time.Since(began)
	}
	ann := testapi.New(t, home)
	right := map[string]string{"name": "ann", "password": testapi.Password}
	must(ann, "POST", "/accounts/", right, http.StatusCreated)

	ctx, stop := context.WithCancel(t.Context())
	var attack sync.WaitGroup
	began := make(chan struct{})
	attack.Go(func() { s.attack(ctx, t, port, began) })
	defer attack.Wait()
	defer stop()
	<-began

	took := map[string][]time.Duration{}
	for i := range 100 {
		note := func(what string, d time.Duration) { took[what] = append(took[what], d) }
		began := time.Now()
		conn, err := client.Dial(t.Context(),
			client.Options{URL: "ws://127.0.0.1:" + port, Name: "guest-" + strconv.Itoa(i)})
		if err != nil {
			t.Fatalf("another client cannot join: %v", err)
		}
		note("join", time.Since(began))
		began = time.Now()
		if err := speaks(t.Context(), conn); err != nil {
			t.Fatalf("another client cannot publish: %v", err)
		}
		note("speak", time.Since(began))
		if i%3 == 0 { // a single client may not do this more often
			note("log in", must(testapi.New(t, home), "POST", "/login/", right, http.StatusOK))
		}
		if i%2 == 0 {
			note("search", must(ann, "GET", "/search/?q=ever+never", nil, http.StatusOK))
		}
		began = time.Now()
		if _, err := c.Statuses(t.Context()); err != nil {
			t.Fatalf("the statistics: %v", err)
		}
		note("statistics", time.Since(began))
	}
	for what, d := range took {
		slices.Sort(d)
		t.Logf("%-10s p50 %v, p99 %v", what, d[len(d)/2].Round(time.Millisecond),
			d[len(d)*99/100].Round(time.Millisecond))
	}
}

// Rooms opened by others cannot keep a client from opening its own: the
// connections of one public address, which MAX_PER_IP limits, are too few for
// MAX_ROOMS of every server.
func TestRoomsOfOneAddress(t *testing.T) {
	s := newOutsider(t)
	_, port := shipped(t, map[string]string{"MAX_PER_IP": "10", "MAX_ROOMS": "8"})
	opened := 0
	s.run(t, func() {
		for i := range 40 { // more than four servers may open
			conn, err := client.Dial(t.Context(),
				client.Options{URL: fmt.Sprintf("ws://%s:%s/?room=outsider-%d", s.host, port, i)})
			if err != nil {
				continue
			}
			opened++
			t.Cleanup(func() { _ = conn.Close() })
		}
	})
	if opened == 0 || opened > 10 {
		t.Errorf("one address has opened %d rooms, want 1 to 10", opened)
	}
	for i := range 8 { // two on each server
		conn, err := client.Dial(t.Context(),
			client.Options{URL: fmt.Sprintf("ws://127.0.0.1:%s/?room=ours-%d", port, i)})
		if err != nil {
			t.Fatalf("another client cannot open a room: %v", err)
		}
		if err := speaks(t.Context(), conn); err != nil {
			t.Fatalf("another client cannot publish: %v", err)
		}
	}
}

// speaks publishes a text, waits for the ack, and closes conn.
func speaks(ctx context.Context, conn *client.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		for {
			if _, err := conn.Next(ctx); err != nil {
				return
			}
		}
	}()
	defer func() { _ = conn.Close(); <-reading }()
	_, err := conn.Send(ctx, "there?")
	return err
}

package accounts

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// from returns a client whose connections come from 127.0.0.last.
func from(t *testing.T, last byte) *http.Client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, last)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// registers requests an account and returns the status of the response.
func registers(t *testing.T, c *http.Client, base, name string, header ...string) int {
	t.Helper()
	body := fmt.Sprintf(`{"name":%q,"password":"a good long one"}`, name)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"api/v1/accounts/",
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// The servers see the addresses of clients that come through the page (Nginx
// and HAProxy) and of those that come to the room's port (HAProxy).
// X-Forwarded-For from a client counts for nothing.
func TestClientAddressPassesThroughProxies(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{
		Servers: 1,
		API:     1,
		Nginx:   true,
		Env:     map[string]string{"REGISTER_RATE": "0.0001", "REGISTER_BURST": "1"},
	})
	room := strings.Replace(c.RoomURL(), "ws://", "http://", 1)
	for i, base := range []string{c.PageURL(), room} {
		one, other := byte(70+2*i), byte(71+2*i)
		if status := registers(t, from(t, one), base, fmt.Sprint("ann", i)); status != http.StatusCreated {
			t.Errorf("%s: the first account of an address: %d, want 201", base, status)
		}
		for n := range 3 {
			said := fmt.Sprint("203.0.113.", n)
			if status := registers(t, from(t, one), base, fmt.Sprintf("eve%d%d", i, n), "X-Forwarded-For",
				said); status != http.StatusTooManyRequests {
				t.Errorf("%s: another one, claiming to be %s: %d, want 429", base, said, status)
			}
		}
		if status := registers(t, from(t, other), base, fmt.Sprint("bob", i)); status != http.StatusCreated {
			t.Errorf("%s: another address: %d, want 201", base, status)
		}
	}
}

// A request that lacks one byte does not delay a server that is told to stop,
// whether the client is connected to the server itself or to HAProxy.
func TestStopDoesNotWaitForHalfARequest(t *testing.T) {
	c := harness.Start(t, localcluster.Options{Servers: 1, API: 1})
	for _, addr := range []string{c.Servers[0].Addr, c.APIs[0].Addr, c.HAProxy.Addr} {
		for _, path := range []string{"/x", "/api/v1/login/"} {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn,
				"POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "+
					"9\r\n\r\n{"); err != nil {
				t.Fatal(err)
			}
		}
	}
	harness.Dial(t, client.Options{URL: c.RoomURL()}) // by now the servers have read the others
	for _, p := range []*localcluster.Part{c.Servers[0], c.APIs[0]} {
		if err := p.Stop(harness.Within(t, 8*time.Second)); err != nil || p.ExitCode() != 0 {
			t.Errorf("%s: status %d, %v", p.Name, p.ExitCode(), err)
		}
	}
}

// Nginx refuses a body that is too long in the same form as a server does.
func TestNginxRefusesLongBodyAsServerDoes(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1, API: 1, Nginx: true})
	for path, kind := range map[string]string{
		"api/v1/login/": "application/problem+json", "nothing": "text/html",
	} {
		body := strings.NewReader(strings.Repeat(" ", 100_000))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.PageURL()+path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := from(t, 1).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if res.Body.Close(); err != nil || res.StatusCode != http.StatusRequestEntityTooLarge ||
			!strings.HasPrefix(res.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s %s, %v; want 413 and %s", path, res.StatusCode,
				res.Header.Get("Content-Type"), text, err, kind)
		}
	}
}

// HAProxy's checks detect a frozen API server, and reads go to the
// other one before HAProxy's timeout.
func TestReadsAvoidFrozenAPIServer(t *testing.T) {
	c := harness.Start(t,
		localcluster.Options{Servers: 1, API: 2, Env: map[string]string{"CHECK_TIMEOUT": "500ms"}})
	if err := c.APIs[0].Pause(); err != nil {
		t.Fatal(err)
	}
	ctx := harness.Within(t, 8*time.Second)
	url := strings.Replace(c.RoomURL(), "ws://", "http://", 1) + "api/v1/rooms/livechat/messages/"
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			if status, body, err := localcluster.Get(ctx, url); err != nil || status != http.StatusOK {
				t.Errorf("%d %s, %v", status, body, err)
			}
		})
	}
	asking.Wait()
	if err := c.APIs[0].Resume(); err != nil {
		t.Error(err)
	}
}

package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestHealthcheck(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // must not be used
	server := httptest.NewServer(newSite(t, nil))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	for _, host := range []string{"", "0.0.0.0", "::", "127.0.0.1", "localhost"} {
		if err := Healthcheck(t.Context(), address(host, port)); err != nil {
			t.Errorf("host %q: %v", host, err)
		}
	}
}

func TestHealthcheckFails(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asks for %s", r.URL.Path)
		}
		// another service: following the redirect would find a page
		http.Redirect(w, r, "/", http.StatusFound)
	}))
	defer broken.Close()
	port := broken.Listener.Addr().(*net.TCPAddr).Port
	if err := Healthcheck(t.Context(), address("", port)); err == nil ||
		!strings.Contains(err.Error(), "302") {
		t.Errorf("302 is healthy: %v", err)
	}

	closed := httptest.NewServer(http.NotFoundHandler())
	gone := closed.Listener.Addr().(*net.TCPAddr).Port
	closed.Close()
	if err := Healthcheck(t.Context(), address("", gone)); err == nil {
		t.Error("nobody listens, and that is healthy")
	}
	if err := Healthcheck(t.Context(), "8080"); err == nil {
		t.Error("8080 is no address")
	}
}

// A server that accepts the connection and does not answer is unhealthy.
func TestHealthcheckGivesUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Healthcheck(ctx, silent.Addr().String()); err == nil {
		t.Error("silence is healthy")
	}
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

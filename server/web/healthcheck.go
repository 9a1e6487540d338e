package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthcheckTimeout limits one health check; a slower server counts as dead.
const healthcheckTimeout = 3 * time.Second

// Healthcheck asks the server that listens on addr (as in ADDR: host:port,
// where the host may be empty or a wildcard) whether it is alive. It serves the
// image's HEALTHCHECK, because the image has no shell and no curl.
func Healthcheck(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read the address to check: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(
		ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	// Not the default transport: it would use a proxy from the environment and
	// keep the connection open.
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("check health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("check health: http://%s answers %s", net.JoinHostPort(host, port), response.Status)
	}
	return nil
}

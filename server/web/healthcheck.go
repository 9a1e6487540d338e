package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthcheckTimeout bounds one health check; a server that takes longer is as good as dead.
const healthcheckTimeout = 3 * time.Second

// Healthcheck asks the server that listens on addr (as in ADDR: host:port, the host may be empty or a wildcard) whether it is
// alive. It is for the image's HEALTHCHECK, where there is no shell and no curl.
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	// A transport of its own: the default one would ask a proxy where the environment names one, and keep the connection.
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask for health: http://%s answers %s", net.JoinHostPort(host, port), response.Status)
	}
	return nil
}

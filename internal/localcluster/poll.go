package localcluster

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// final marks an error that further attempts cannot fix.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// Poll calls try every few milliseconds until it returns nil. When ctx ends it
// returns the last error.
func Poll(ctx context.Context, try func(ctx context.Context) error) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try(ctx)
		var last final
		if err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
	}
}

// one is an HTTP client that opens a connection per request, so that a leak
// check finds none.
var one = &http.Client{
	Timeout:   5 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true},
}

// Get returns the status and body of a URL.
func Get(ctx context.Context, url string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := one.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(all), err
}

// answers200 returns a readiness check by HTTP.
func answers200(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		status, body, err := Get(ctx, url)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%s answers %d %s", url, status, strings.TrimSpace(body))
		}
		return err
	}
}

// answersPing returns a readiness check of Redis.
func answersPing(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
			return err
		}
		answer := make([]byte, 7)
		if _, err := io.ReadFull(conn, answer); err != nil {
			return err
		}
		if string(answer) != "+PONG\r\n" { // while Redis loads its file it answers -LOADING
			return fmt.Errorf("redis answers %q", answer)
		}
		return nil
	}
}

// Statuses returns HAProxy's view of each server, by its name in haproxy.cfg
// (ws1 …): UP, DOWN, NOLB while it drains, or one of these with a fraction
// during a change.
func (c *Cluster) Statuses(ctx context.Context) (map[string]string, error) {
	return c.statuses(ctx, "servers")
}

func (c *Cluster) statuses(ctx context.Context, backend string) (map[string]string, error) {
	_, body, err := Get(ctx, c.StatsURL()+";csv")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "# "))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("read HAProxy's statistics: %w", err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	statuses := map[string]string{}
	for _, row := range rows[1:] {
		if name := row[column["svname"]]; row[column["pxname"]] == backend && name != "BACKEND" {
			statuses[name] = row[column["status"]]
		}
	}
	return statuses, nil
}

// WaitReady waits until HAProxy sends clients to exactly n servers.
func (c *Cluster) WaitReady(ctx context.Context, n int) error { return c.WaitStatus(ctx, "UP", n) }

// WaitStatus waits until exactly n servers have the status in HAProxy.
func (c *Cluster) WaitStatus(ctx context.Context, status string, n int) error {
	return c.waitStatus(ctx, "servers", status, n)
}

// waitAPI waits until HAProxy has found every API server. A single one
// fills all slots.
func (c *Cluster) waitAPI(ctx context.Context) error {
	if len(c.APIs) < 2 {
		return nil
	}
	return c.waitStatus(ctx, "api", "UP", len(c.APIs))
}

func (c *Cluster) waitStatus(ctx context.Context, backend, status string, n int) error {
	return Poll(ctx, func(ctx context.Context) error {
		statuses, err := c.statuses(ctx, backend)
		if err != nil {
			return err
		}
		found := 0
		for _, s := range statuses {
			if s == status {
				found++
			}
		}
		if found != n {
			return fmt.Errorf("HAProxy has %d servers with status %s, want %d: %v", found, status, n,
				statuses)
		}
		return nil
	})
}

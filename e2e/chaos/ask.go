package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// must repeats a request until it succeeds: API processes, the database and the
// balancer may be down.
func (p *user) must(ctx context.Context, method, path string, body, answer any) error {
	for {
		status, err := p.do(ctx, method, path, body, answer)
		switch {
		case err == nil && status < 300:
			return nil
		case err == nil && status < 500 && status != http.StatusTooManyRequests:
			return fmt.Errorf("%s %s: %d", method, path, status)
		}
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return fmt.Errorf("%s %s: %d, %w", method, path, status, errors.Join(err, context.Cause(ctx)))
		}
	}
}

// do sends one request to a path below /api/v1.
func (p *user) do(ctx context.Context, method, path string, body, answer any) (status int, err error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		in = bytes.NewReader(text)
	}
	base := "http://" + p.address
	r, err := http.NewRequestWithContext(ctx, method, base+"/api/v1"+path, in)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Origin", base)
	r.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && answer != nil && resp.StatusCode < 300 {
		err = json.Unmarshal(text, answer)
	}
	return resp.StatusCode, err
}

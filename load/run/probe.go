package run

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/go-json-experiment/json"

	"livechat/client"
	"livechat/load/plan"
)

// probe asks the server how many messages a second a connection may send; 0: as many as it likes.
func probe(ctx context.Context, s *plan.Settings) (limit float64, err error) {
	for _, url := range s.URLs {
		conn, err := client.Dial(ctx, client.Options{URL: url, Name: "load", Room: s.Room(0), History: &none})
		if err != nil {
			return 0, err
		}
		event, err := conn.Next(ctx)
		conn.Close()
		if err != nil {
			return 0, fmt.Errorf("wait for the welcome of %s: %w", url, err)
		}
		w, ok := event.(*client.Welcome)
		if !ok {
			return 0, fmt.Errorf("%s does not begin with a welcome: is it a livechat server?", url)
		}
		var limits struct {
			Rate float64 `json:"rate"`
		}
		if err := json.Unmarshal(w.Limits, &limits); err != nil {
			return 0, fmt.Errorf("read the limits of %s: %w", url, err)
		}
		if limits.Rate > 0 && (limit == 0 || limits.Rate < limit) {
			limit = limits.Rate
		}
	}
	return limit, nil
}

// explain adds what to do about an error of the kernel.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: no port is left for this target; name more source addresses, for instance -source 127.0.0.1,127.0.0.2", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: raise the limit of open files (ulimit -n), or take fewer -clients", err)
	}
	return err
}

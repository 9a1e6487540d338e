package run

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"livechat/client"
	"livechat/load/plan"
)

// probe returns how many messages a second the server allows a connection; 0
// means no limit.
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
			return 0, fmt.Errorf("%s sent no welcome: is it a livechat server?", url)
		}
		if rate := w.Limits.Rate; rate > 0 && (limit == 0 || rate < limit) {
			limit = rate
		}
	}
	return limit, nil
}

// explain adds advice to an error of the kernel.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: no port left for this target; give more addresses with -source", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: raise the limit of open files (ulimit -n), or use fewer -clients", err)
	}
	return err
}

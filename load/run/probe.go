package run

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"syscall"
	"time"

	"livechat/client"
	"livechat/load/plan"
)

// welcomeTime is how long a server may take to send its welcome.
const welcomeTime = 10 * time.Second

// Probe returns how many messages a second the server allows a connection; 0
// means no limit.
func Probe(ctx context.Context, s *plan.Settings) (limit float64, err error) {
	if s.Target != "" {
		return 0, probePeer(ctx, s)
	}
	for _, url := range s.URLs {
		w, err := greet(ctx, url, s.RoomNamed(0), s.TLS(), welcomeTime)
		if err != nil {
			return 0, err
		}
		if rate := w.Limits.Rate; rate > 0 && (limit == 0 || rate < limit) {
			limit = rate
		}
	}
	return limit, probeAPI(ctx, s)
}

// greet connects to a room and returns the welcome.
func greet(ctx context.Context, url, room string, secure *tls.Config, patience time.Duration) (
	*client.Welcome, error,
) {
	conn, err := client.Dial(ctx, client.Options{URL: url, Name: "load", Room: room, History: &none,
		TLS: secure})
	if refusal, ok := errors.AsType[*client.RefusedError](err); ok {
		return nil, refused(refusal, url, room)
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	event, err := conn.Next(waiting)
	switch e := event.(type) {
	case *client.Welcome:
		return e, nil
	case *client.Error:
		return nil, refused(&client.RefusedError{Code: e.Code, Message: e.Message}, url, room)
	}
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil, fmt.Errorf("%s opened a WebSocket, but sent no welcome within %s: it does not speak "+
			"livechat's protocol; is the address right?", url, patience)
	}
	if err != nil {
		return nil, fmt.Errorf("wait for the welcome of %s: %w", url, err)
	}
	return nil, fmt.Errorf("%s sent no welcome: it does not speak livechat's protocol", url)
}

// refused explains why a server lets nobody in.
func refused(e *client.RefusedError, url, room string) error {
	switch {
	case e.Code == codeUnknownRoom:
		return fmt.Errorf("%s has no room %q, and lets none spring up (ROOMS=made): make it, choose one "+
			"with -room, or take the default room with -room ''", url, room)
	case e.Code == "" && e.Status != 0:
		return fmt.Errorf("%s answered %d %s and opened no WebSocket: is it a livechat server?", url,
			e.Status, e.Message)
	}
	return fmt.Errorf("%s: %w", url, e)
}

const codeUnknownRoom = "unknown_room"

// explain adds advice to an error of the kernel.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: no port left for this target; give more addresses with -source", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: raise the limit of open files (ulimit -n), or use fewer -clients", err)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("%w: if it is a certificate of your own, accept any with -insecure", err)
	}
	return err
}

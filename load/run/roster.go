package run

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"livechat/client"
)

// rosterTime bounds a handshake, and how long the servers may be silent, who
// report once a second.
const rosterTime = 5 * time.Second

// rosterPause is the time between two connections.
const rosterPause = 300 * time.Millisecond

// roster knows which servers take clients: it watches the cluster, as the page
// cluster.html does.
type roster struct {
	url     string
	tls     *tls.Config
	running sync.WaitGroup
	stop    context.CancelFunc

	mu       sync.Mutex
	ready    []string // by APPID, sorted; also those that Redis is lost to for a while
	received time.Time
	problem  error // of the last connection
}

// newRoster watches the cluster of a room's address until close.
func newRoster(ctx context.Context, room string, secure *tls.Config) (*roster, error) {
	u, err := url.Parse(room)
	if err != nil {
		return nil, fmt.Errorf("find the cluster of %s: %w", room, err)
	}
	u.RawQuery = ""
	if u.Path == "" {
		u.Path = "/"
	}
	ctx, stop := context.WithCancel(ctx)
	r := &roster{url: u.ResolveReference(&url.URL{Path: "cluster"}).String(), tls: secure, stop: stop,
		problem: errors.New("no answer yet")}
	r.running.Go(func() {
		for ctx.Err() == nil {
			err := r.watch(ctx)
			r.mu.Lock()
			r.problem = err
			r.mu.Unlock()
			pause := time.NewTimer(rosterPause)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
			}
		}
	})
	return r, nil
}

func (r *roster) close() {
	r.stop()
	r.running.Wait()
}

// watch reads a connection to its end.
func (r *roster) watch(ctx context.Context) error {
	conn, err := client.Dial(ctx, client.Options{URL: r.url, TLS: r.tls, HandshakeTimeout: rosterTime,
		IdleTimeout: rosterTime})
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			return err
		}
		cluster, ok := event.(*client.Cluster)
		if !ok {
			return errors.New("it is not the /cluster of a livechat server")
		}
		r.take(cluster)
	}
}

// take takes over what a server says.
func (r *roster) take(cluster *client.Cluster) {
	var ready []string
	for _, s := range cluster.Servers {
		switch s.State {
		case "unknown":
			return // the server that answers knows nothing of the others
		case "ready", "read-only", "deaf":
			ready = append(ready, s.App)
		}
	}
	slices.Sort(ready)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready, r.received = slices.Compact(ready), time.Now()
}

// servers returns the servers that take clients, by APPID. An error means that
// nobody has said so lately.
func (r *roster) servers() ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.received) > rosterTime {
		return nil, fmt.Errorf("%s does not say which servers there are: %w", r.url, r.problem)
	}
	return r.ready, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"livechat/internal/localcluster"
)

// A running cluster takes orders on a Unix socket, so that only its own user
// can scale it. The room's port is in the socket's name: it tells clusters
// apart, and a user knows it.

const (
	// scaleTime bounds one change of the number of servers.
	scaleTime = 2 * time.Minute
	// answerTime is how long the command waits for the cluster: longer, so that
	// the cluster says what went wrong.
	answerTime = scaleTime + 10*time.Second
)

// socketPath returns where the cluster with that room port takes orders. The
// directory is ours alone.
func socketPath(room int) (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("livechat-control-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make a directory for the cluster's socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("look at the directory of the cluster's socket: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ok || int(owner.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s must be a directory that only you can enter: remove it", dir)
	}
	return filepath.Join(dir, strconv.Itoa(room)+".sock"), nil
}

// scaler is what takes orders; *localcluster.Cluster is one.
type scaler interface {
	Scale(ctx context.Context, n int) error
	WaitElastic(ctx context.Context, n int) error
}

// control takes orders for a cluster.
type control struct {
	server  http.Server
	serving sync.WaitGroup
	cancel  context.CancelFunc // of orders under way

	cluster scaler
	out     io.Writer
	one     sync.Mutex // held during an order
}

// startControl takes orders on the socket at path until close. What a killed
// cluster has left there is replaced: its room's port is ours now.
func startControl(path string, cluster scaler, out io.Writer) (*control, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replace the cluster's socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for `cluster scale`: %w; TMPDIR chooses another directory", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &control{cluster: cluster, out: out, cancel: cancel}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /scale/{n}", c.scale)
	c.server = http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	c.serving.Go(func() { _ = c.server.Serve(l) }) // ends with ErrServerClosed
	return c, nil
}

// close takes no more orders, ends the one under way and waits for its end.
func (c *control) close() error {
	c.cancel()
	err := c.server.Close()
	c.serving.Wait()
	c.one.Lock() // Close does not wait for handlers
	defer c.one.Unlock()
	c.cluster = nil
	return err
}

func (c *control) scale(w http.ResponseWriter, r *http.Request) {
	c.one.Lock()
	defer c.one.Unlock()
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || c.cluster == nil {
		http.Error(w, "no such order", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), scaleTime)
	defer cancel()
	began := time.Now()
	if err = c.cluster.Scale(ctx, n); err == nil {
		err = c.cluster.WaitElastic(ctx, n)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	text := fmt.Sprintf("%d elastic servers, after %s", n, time.Since(began).Round(100*time.Millisecond))
	fmt.Fprintln(c.out, "\nscaled:", text)
	fmt.Fprintln(w, text)
}

// scale is the command `cluster scale N`: it scales a cluster that runs, and
// returns when the servers are there or gone.
func scale(ctx context.Context, room int, count string, out io.Writer) error {
	if n, err := strconv.Atoi(count); err != nil || n < 0 || n > localcluster.MaxElastic {
		return fmt.Errorf("scale %q: want how many servers more than those at the start, 0 to %d", count,
			localcluster.MaxElastic)
	}
	path, err := socketPath(room)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}}
	order, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://cluster/scale/"+count, nil)
	if err != nil {
		return fmt.Errorf("scale the cluster: %w", err)
	}
	answer, err := (&http.Client{Transport: transport}).Do(order)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no cluster of yours runs with its room on port %d: start one with "+
			"`make cluster`, or name another port with -room", room)
	case ctx.Err() != nil:
		return fmt.Errorf("the cluster did not scale within %s: look at what it prints", answerTime)
	case err != nil:
		return fmt.Errorf("scale the cluster: it may have ended meanwhile: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return fmt.Errorf("read the cluster's answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("scale to %s: %s", count, text)
	}
	_, err = out.Write(text)
	return err
}

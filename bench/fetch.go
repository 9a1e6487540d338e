package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fetchLimit bounds how long everybody may fetch.
const fetchLimit = 3 * time.Minute

// fetches is what came of many fetches.
type fetches struct {
	Took    []time.Duration // of each that was answered, sorted
	Failed  int
	Failure string        // the first one
	Length  time.Duration // of all together
}

// fetchElsewhere is fetchAll in a process of its own with the lowest priority:
// it stands for many machines that are not the servers', and what it does must
// not delay what this process measures.
func fetchElsewhere(ctx context.Context, host string, clients int, paths []string) (*fetches, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.CommandContext(ctx, "nice", "-n", "19", self, "fetch", host, strconv.Itoa(clients))
	child.Stdin, child.Stderr = strings.NewReader(strings.Join(paths, "\n")), os.Stderr
	out, err := child.Output()
	if err != nil {
		return nil, fmt.Errorf("fetch in another process: %w", err)
	}
	f := new(fetches)
	return f, json.Unmarshal(out, f)
}

// fetchFor is that process: the paths come from standard input, and what came of
// them goes to standard output.
func fetchFor(host, clients string) error {
	n, err := strconv.Atoi(clients)
	if err != nil {
		return fmt.Errorf("%q is not a number of clients", clients)
	}
	paths, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	f, err := fetchAll(context.Background(), host, n, strings.Fields(string(paths)))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}

// fetchAll lets each client fetch all paths, over a few connections of its own,
// and returns after the last answer. A connection that fails makes no further
// fetches.
func fetchAll(ctx context.Context, host string, clients int, paths []string) (*fetches, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	var requests [pictureConns][]string // of each connection of a client
	for i, path := range paths {
		c := i % pictureConns
		requests[c] = append(requests[c], "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
	}
	var mu sync.Mutex
	all := &fetches{}
	var fetching sync.WaitGroup
	begin := time.Now()
	for range clients {
		for _, those := range requests {
			fetching.Go(func() {
				took, err := fetchOver(ctx, host, those)
				mu.Lock()
				defer mu.Unlock()
				all.Took = append(all.Took, took...)
				all.Failed += len(those) - len(took)
				if all.Failure == "" && err != nil {
					all.Failure = err.Error()
				}
			})
		}
	}
	fetching.Wait()
	all.Length = time.Since(begin)
	slices.Sort(all.Took)
	if len(all.Took) == 0 {
		return nil, fmt.Errorf("nothing was fetched: %s", all.Failure)
	}
	return all, ctx.Err()
}

// fetchOver sends requests over one connection, each after the last answer, and
// returns how long each took. net/http's client would cost more than what is
// measured.
func fetchOver(ctx context.Context, host string, requests []string) (took []time.Duration, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline() // of fetchAll
	_ = conn.SetDeadline(deadline)
	in := bufio.NewReaderSize(conn, 16<<10)
	for _, request := range requests {
		begin := time.Now()
		if _, err := io.WriteString(conn, request); err != nil {
			return took, err
		}
		if err := skipAnswer(in); err != nil {
			return took, err
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// skipAnswer reads an answer with the status 200 and a known length.
func skipAnswer(in *bufio.Reader) error {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read a status: %w", err)
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answer %q", bytes.TrimSpace(status))
	}
	for length := 0; ; {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read headers: %w", err)
		}
		if len(line) <= 2 {
			_, err := in.Discard(length)
			return err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return fmt.Errorf("read the length: %w", err)
			}
		}
	}
}

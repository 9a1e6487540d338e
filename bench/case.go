package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"livechat/internal/localcluster"
	"livechat/internal/procstat"
)

// instance is a running case.
type instance struct {
	url string // for listeners
	pub string // for publishers; empty: it publishes by itself
	end func()

	cpu    func() (time.Duration, error) // used so far
	memory func() (int64, error)         // resident, bytes
}

// benchCase is one of the servers that are compared.
type benchCase struct {
	name  string
	start func(context.Context) (*instance, error)
	most  int // upper limit of the offered messages a second; 0: none
}

// Names of the cases, in tables.
const (
	nameBare     = "bare loop"
	nameLivechat = "livechat"
	nameGorilla  = "gorilla's chat example"
	nameRedis    = "plain Redis rebroadcaster"
)

// servers returns the cases that are servers and were asked for.
func (b *bench) servers() []benchCase {
	all := []benchCase{
		{name: nameLivechat, start: func(ctx context.Context) (*instance, error) {
			cl, server, err := b.start(ctx)
			if err != nil {
				return nil, err
			}
			return &instance{
				url:    cl.ServerURL(0),
				pub:    cl.ServerURL(0),
				cpu:    server.CPU,
				memory: server.Memory,
				end:    func() { _ = cl.Close() },
			}, nil
		}},
		{name: nameGorilla, start: func(ctx context.Context) (*instance, error) {
			return startInstance(ctx, "/pub", nil, "baseline", baselineGorilla, "")
		}},
		// Its backlog waits in Redis, which keeps no more than this for a
		// subscriber (client-output-buffer-limit).
		{name: nameRedis, most: 1000, start: func(ctx context.Context) (*instance, error) {
			// for its Redis
			cl, err := localcluster.Start(ctx, localcluster.Options{Servers: 1, Binary: b.binary})
			if err != nil {
				return nil, err
			}
			return startInstance(ctx, "/pub", func() { _ = cl.Close() }, "baseline", baselineRedis,
				cl.Redis.Addr)
		}},
	}
	return slices.DeleteFunc(
		all,
		func(k benchCase) bool { return b.cases != "" && !slices.Contains(strings.Split(b.cases, ","), k.name) },
	)
}

// bare returns the bare loop at a rate of messages a second.
func bare(rate int) benchCase {
	return benchCase{name: nameBare, start: func(ctx context.Context) (*instance, error) {
		return startInstance(ctx, "", nil, "lower-bound", strconv.Itoa(frameBytes)+"@"+strconv.Itoa(rate))
	}}
}

// startInstance starts this program as a case and waits until it accepts
// connections.
func startInstance(ctx context.Context, pub string, also func(), as ...string) (*instance, error) {
	cmd, url, err := startSelf(as...)
	if err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	a := &instance{
		url: url, cpu: func() (time.Duration, error) { return procstat.CPU(pid) },
		memory: func() (int64, error) { return procstat.Memory(pid) },
		end: func() {
			kill(cmd)
			if also != nil {
				also()
			}
		},
	}
	if pub != "" {
		a.pub = url[:len(url)-1] + pub
	}
	var c *crowd
	if err := localcluster.Poll(ctx,
		func(ctx context.Context) (err error) { c, err = gather(ctx, url, 1); return err }); err != nil {
		a.end()
		return nil, err
	}
	c.leave()
	return a, nil
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// compare prints the median of each case and its ratio to that of the first
// case.
func (b *bench) compare(what string, kinds []benchCase, of map[string][]float64) error {
	if err := b.out.Flush(); err != nil {
		return err
	}
	first := median(of[kinds[0].name])
	for _, k := range kinds {
		m := median(of[k.name])
		fmt.Printf("median %s, %s: %.2f, ratio %.2f\n", what, k.name, m, m/first)
	}
	return nil
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

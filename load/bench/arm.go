package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"livechat/e2e/cluster"
)

// arm is one of the things that are compared: a server, running.
type arm struct {
	url string // for those who listen
	pub string // for who speaks; empty: nobody is to, it speaks by itself
	end func()

	cpu    func() (time.Duration, error) // that it has used so far
	memory func() (int64, error)         // resident, bytes
}

// kind is a sort of arm.
type kind struct {
	name  string
	start func(context.Context) (*arm, error)
	most  int // messages a second that it is offered at most; 0: as many as the others
}

// Names of the arms, in tables.
const (
	isBare     = "bare loop"
	isLivechat = "livechat"
	isGorilla  = "gorilla's chat example"
	isRedis    = "plain Redis rebroadcaster"
)

// servers are the arms that are servers, as far as they were asked for.
func (b *bench) servers() []kind {
	all := []kind{
		{name: isLivechat, start: func(ctx context.Context) (*arm, error) {
			cl, server, err := b.start(ctx)
			if err != nil {
				return nil, err
			}
			return &arm{url: cl.ServerURL(0), pub: cl.ServerURL(0), cpu: server.CPU, memory: server.Memory, end: func() { _ = cl.Close() }}, nil
		}},
		{name: isGorilla, start: func(ctx context.Context) (*arm, error) { return startArm(ctx, "/pub", nil, "rival", wayGorilla, "") }},
		// What it is behind waits in Redis, which keeps no more than that for a subscriber (client-output-buffer-limit).
		{name: isRedis, most: 1000, start: func(ctx context.Context) (*arm, error) {
			cl, err := cluster.Start(ctx, cluster.Options{Servers: 1, Binary: b.binary}) // for its Redis
			if err != nil {
				return nil, err
			}
			return startArm(ctx, "/pub", func() { _ = cl.Close() }, "rival", wayRedis, cl.Redis.Addr)
		}},
	}
	return slices.DeleteFunc(all, func(k kind) bool { return b.arms != "" && !slices.Contains(strings.Split(b.arms, ","), k.name) })
}

// bare is the bare loop at a rate of messages a second.
func bare(rate int) kind {
	return kind{name: isBare, start: func(ctx context.Context) (*arm, error) {
		return startArm(ctx, "", nil, "floor", strconv.Itoa(frameBytes)+"@"+strconv.Itoa(rate))
	}}
}

// startArm starts this program as an arm, and waits until it takes connections.
func startArm(ctx context.Context, pub string, also func(), as ...string) (*arm, error) {
	cmd, url, err := startSelf(as...)
	if err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	a := &arm{
		url: url, cpu: func() (time.Duration, error) { return cluster.ProcessCPU(pid) }, memory: func() (int64, error) { return cluster.ProcessMemory(pid) },
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
	if err := cluster.Poll(ctx, func(ctx context.Context) (err error) { c, err = gather(ctx, url, 1); return err }); err != nil {
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

// compare prints the median of what was measured of each arm, and how often the first one's it is.
func (b *bench) compare(what string, kinds []kind, of map[string][]float64) error {
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

package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"livechat/e2e/faultproxy"
	"livechat/internal/localcluster"
)

// patience is how long a part may take to start or to stop on a busy machine.
const patience = 20 * time.Second

// recovery is how long all may take to work again, or to catch up. It claims
// nothing about speed: it ends the wait of a run that is stuck. With eight
// clusters at a time on two cores, it took 20 s to over a minute.
const recovery = 3 * time.Minute

// wait waits for d, or until the run is interrupted.
func (r *run) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
}

// Redis.

func (r *run) redisKill(s Step) error { return r.restartRedis(s.For, nil) }

// restartRedis kills Redis and starts it again after a while. between changes
// its files in the meantime.
func (r *run) restartRedis(down time.Duration, between func() error) error {
	if err := r.cluster.Redis.Kill(); err != nil {
		return err
	}
	defer r.lostData()
	r.wait(down)
	if between != nil {
		if err := between(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return r.cluster.Redis.Start(ctx)
}

// redisRewind restarts Redis with its files of a moment ago, as after the crash
// of a machine that had not synced the last writes.
func (r *run) redisRewind(s Step) error {
	dir := r.cluster.RedisDir()
	older := dir + ".older"
	defer os.RemoveAll(older)
	// Files are copied while Redis writes them: it accepts a truncated end. A
	// file that it replaces meanwhile is skipped.
	err := os.CopyFS(older, os.DirFS(dir))
	for n := 0; err != nil && n < 5; n++ {
		if err := os.RemoveAll(older); err != nil {
			return err
		}
		err = os.CopyFS(older, os.DirFS(dir))
	}
	if err != nil {
		return fmt.Errorf("copy Redis' files: %w", err)
	}
	r.wait(s.For)
	return r.restartRedis(0, func() error {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		return os.Rename(older, dir)
	})
}

// redisClock restarts Redis with a clock that is wrong by up to five minutes.
// With more it would forget the ids of messages, which it keeps for 20 minutes.
func (r *run) redisClock(s Step) error {
	return r.restartRedis(s.For, func() error { return r.setClock(wrongBy(s)) })
}

// redisStep steps the clock of a running Redis.
func (r *run) redisStep(s Step) error { return r.setClock(wrongBy(s)) }

func wrongBy(s Step) int64 { return int64(s.Draw%601) - 300 }

// redisFull leaves Redis no memory for new data.
func (r *run) redisFull(s Step) error {
	if err := r.command("CONFIG SET maxmemory 1mb"); err != nil {
		return err
	}
	r.wait(s.For)
	return r.command("CONFIG SET maxmemory 0")
}

func (r *run) redisPause(s Step) error { return r.freeze(r.cluster.Redis, s.For) }

func (r *run) freeze(p *localcluster.Part, length time.Duration) error {
	if err := p.Pause(); err != nil {
		return err
	}
	r.wait(length)
	return p.Resume()
}

func (r *run) redisFlush(Step) error { defer r.lostData(); return r.command("FLUSHALL") }

func (r *run) redisDel(s Step) error {
	defer r.lostData()
	return r.command(
		"DEL " + []string{"{livechat}:head", "{livechat}:log", "{livechat}:head {livechat}:log"}[s.Draw%3],
	)
}

func (r *run) scriptFlush(Step) error { return r.command("SCRIPT FLUSH") }

func (r *run) pubsubKill(Step) error { return r.command("CLIENT KILL TYPE pubsub") }

// command sends a command to Redis.
func (r *run) command(line string) error {
	conn, err := net.DialTimeout("tcp", r.cluster.Redis.Addr, patience)
	if err != nil {
		return fmt.Errorf("send %s to Redis: %w", line, err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
		return fmt.Errorf("send %s to Redis: %w", line, err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && strings.HasPrefix(answer, "-") {
		err = errors.New(strings.TrimSpace(answer))
	}
	if err != nil {
		return fmt.Errorf("send %s to Redis: %w", line, err)
	}
	return nil
}

// Servers.

func (r *run) serverKill(s Step) error {
	victim := r.cluster.Servers[s.Target]
	if err := victim.Kill(); err != nil {
		return err
	}
	r.died(victim)
	r.wait(s.For)
	return victim.Launch(r.ctx)
}

func (r *run) serverPause(s Step) error { return r.freeze(r.cluster.Servers[s.Target], s.For) }

func (r *run) serverRestart(s Step) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	server := r.cluster.Servers[s.Target]
	if err := server.Stop(ctx); err != nil {
		return err
	}
	r.died(server)
	return server.Launch(r.ctx)
}

// API servers, and the database.

func (r *run) apiKill(s Step) error {
	victim := r.cluster.APIs[s.Target]
	if err := victim.Kill(); err != nil {
		return err
	}
	r.wait(s.For)
	return victim.Launch(r.ctx)
}

func (r *run) apiPause(s Step) error { return r.freeze(r.cluster.APIs[s.Target], s.For) }

func (r *run) apiLinkCut(s Step) error { r.links[localcluster.MaxServers+s.Target].Cut(); return nil }

func (r *run) postgresKill(s Step) error {
	r.postgres.Kill()
	r.wait(s.For)
	return r.postgres.Start()
}

func (r *run) postgresPause(s Step) error {
	if err := r.postgres.Pause(); err != nil {
		return err
	}
	r.wait(s.For)
	return r.postgres.Resume()
}

// Links between a server and Redis.

func (r *run) link(s Step) *faultproxy.Proxy { return r.links[s.Target] }

// direction draws one of the directions, or both.
func direction(s Step) faultproxy.Direction { return faultproxy.Direction(1 + s.Draw%3) }

func (r *run) linkBlackhole(s Step) error { return r.blackhole(r.link(s), s) }

func (r *run) blackhole(p *faultproxy.Proxy, s Step) error {
	p.Blackhole(direction(s))
	r.wait(s.For)
	p.Heal()
	return nil
}

func (r *run) linkStrand(s Step) error { r.link(s).Strand(); return nil }

func (r *run) linkCut(s Step) error { r.link(s).Cut(); return nil }

// linkFlap cuts the link repeatedly, each time shortly after the server has
// restored it.
func (r *run) linkFlap(s Step) error {
	for end := time.Now().Add(s.For); time.Now().Before(end) && r.ctx.Err() == nil; {
		r.link(s).Cut()
		r.wait(time.Duration(100+s.Draw%300) * time.Millisecond)
	}
	return nil
}

func (r *run) linkDelay(s Step) error { return r.delay(r.link(s), s) }

func (r *run) delay(p *faultproxy.Proxy, s Step) error {
	p.Delay(direction(s), time.Duration(5+s.Draw%60)*time.Millisecond)
	r.wait(s.For)
	p.Heal()
	return nil
}

// linkDrop drops the reply to the server's next publish.
func (r *run) linkDrop(s Step) error { return r.drop(r.link(s), "evalsha", s) }

func (r *run) drop(p *faultproxy.Proxy, request string, s Step) error {
	before := p.Dropped()
	p.DropReply(request)
	for end := time.Now().Add(s.For); time.Now().Before(end) && p.Dropped() == before; {
		r.wait(5 * time.Millisecond)
	}
	p.Heal()
	return nil
}

func (r *run) linkHalfClose(s Step) error { r.link(s).HalfClose(direction(s)); return nil }

func (r *run) linkDrip(s Step) error { return r.drip(r.link(s), s) }

func (r *run) drip(p *faultproxy.Proxy, s Step) error {
	p.Dribble(direction(s))
	r.wait(s.For)
	p.Heal()
	return nil
}

// Doors: proxies between clients and HAProxy.

func (r *run) door(s Step) *faultproxy.Proxy { return r.doors[s.Target] }

func (r *run) doorBlackhole(s Step) error { return r.blackhole(r.door(s), s) }

func (r *run) doorCut(s Step) error { r.door(s).Cut(); return nil }

func (r *run) doorDelay(s Step) error { return r.delay(r.door(s), s) }

// doorDrop cuts off all clients and drops the response to the next handshake.
func (r *run) doorDrop(s Step) error {
	r.door(s).Cut()
	return r.drop(r.door(s), "GET ", s)
}

func (r *run) doorHalfClose(s Step) error { r.door(s).HalfClose(direction(s)); return nil }

func (r *run) doorDrip(s Step) error { return r.drip(r.door(s), s) }

// HAProxy.

func (r *run) haproxyReload(Step) error { return r.cluster.HAProxy.Reload() }

func (r *run) haproxyKill(s Step) error {
	if err := r.cluster.HAProxy.Kill(); err != nil {
		return err
	}
	r.wait(s.For)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return r.cluster.HAProxy.Start(ctx)
}

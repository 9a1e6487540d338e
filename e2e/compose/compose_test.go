package compose

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/client"
	"livechat/e2e/harness"
)

// fixed are the APPIDs of the servers that always run.
var fixed = []string{"1000", "2000", "3000", "4000"}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCompose starts the real file once. The subtests use the same cluster, in
// this order.
func TestCompose(t *testing.T) {
	s := up(t)
	t.Run("page", s.servesThePage)
	t.Run("round robin", s.goesRound)
	t.Run("between servers", s.carriesMessages)
	t.Run("notice", s.carriesNotices)
	t.Run("hardened", s.isHardened)
	t.Run("statistics", s.countsOnLoopback)
	t.Run("accounts and chats", s.hasAccounts)
	t.Run("files", s.keepsFiles)
	t.Run("reload", s.keepsSocketsOverAReload)
	t.Run("scale", s.scales)
	t.Run("Redis restarts", s.keepsTheLog)
}

// goesRound: 40 connections, 10 to each server.
func (s *stack) goesRound(t *testing.T) {
	count := map[string]int{}
	for i := range 40 {
		_, welcome := s.dial(t, client.Options{Name: fmt.Sprintf("round-%d", i)})
		count[welcome.App]++
	}
	if want := map[string]int{"1000": 10, "2000": 10, "3000": 10, "4000": 10}; !maps.Equal(count, want) {
		t.Errorf("40 connections were distributed as %v, want 10 to each of %v", count, fixed)
	}
}

// onEach opens connections until each of the given servers has one.
func (s *stack) onEach(t *testing.T, apps []string) map[string]*client.Conn {
	t.Helper()
	conns := map[string]*client.Conn{}
	none := 0
	for i := range 20 * len(apps) {
		conn, welcome := s.dial(t, client.Options{Name: fmt.Sprintf("each-%d", i), History: &none})
		if conns[welcome.App] != nil || !slices.Contains(apps, welcome.App) {
			conn.Close()
			continue
		}
		if conns[welcome.App] = conn; len(conns) == len(apps) {
			return conns
		}
	}
	t.Fatalf("only %v of %v have a connection", slices.Sorted(maps.Keys(conns)), apps)
	return nil
}

// carriesMessages: a message published on one server reaches the clients of
// all.
func (s *stack) carriesMessages(t *testing.T) {
	conns := s.onEach(t, fixed)
	for _, app := range fixed {
		allHear(t, conns, app, "hello from "+app)
	}
}

// carriesNotices: a text that is published by hand on the channel reaches all
// clients.
func (s *stack) carriesNotices(t *testing.T) {
	conns := s.onEach(t, fixed)
	if got := s.run(t,
		s.compose("exec", "-T", "rds", "redis-cli", "PUBLISH", "livechat", "hello by hand")...); got != "4" {
		t.Errorf("PUBLISH reached %s servers, want 4", got)
	}
	for _, conn := range conns {
		await(t, conn, func(n *client.Notice) bool { return n.Text == "hello by hand" })
	}
}

// keepsSocketsOverAReload: HAProxy reloads its configuration, and no client
// notices.
func (s *stack) keepsSocketsOverAReload(t *testing.T) {
	conns := s.onEach(t, fixed)
	s.run(t, s.compose("kill", "-s", "HUP", "lb")...)
	allHear(t, conns, "2000", "after the reload")
	eventually(t, 20*time.Second, "new sockets after the reload", func(ctx context.Context) error {
		conn, err := client.Dial(ctx, client.Options{URL: "ws://" + s.room})
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// scales: four more servers are found, take clients, and leave again without a
// client missing anything.
func (s *stack) scales(t *testing.T) {
	s.scale(t, 4)
	started := time.Now()
	apps := slices.Clone(fixed)
	for _, c := range s.inspect(t, s.containers(t, "ws")...) {
		apps = append(apps, c.Config.Hostname) // the default APPID
	}
	if len(apps) != 8 {
		t.Fatalf("--scale ws=4 makes these servers: %v", apps)
	}
	s.reaches(t, 30*time.Second, apps)
	t.Logf("all eight take clients %v after compose returned",
		time.Since(started).Round(100*time.Millisecond))
	allHear(t, s.onEach(t, apps), apps[7], "hello from "+apps[7])

	members := make([]*harness.Member, 24)
	for i := range members {
		members[i] = s.join(t, fmt.Sprintf("stays-%d", i))
	}
	eventually(t, 20*time.Second, "all members join",
		func(context.Context) error { return settled(members, apps) })
	if settled(members, fixed) == nil {
		t.Fatal("no member is on an elastic server")
	}

	// A member publishes all the while.
	talking, stop := context.WithCancel(t.Context())
	said := make(chan uint64, 1)
	go func() {
		var last uint64
		for i := 0; talking.Err() == nil; i++ {
			ack, err := members[0].Send(t.Context(), fmt.Sprintf("while it shrinks %d", i))
			if err != nil {
				t.Errorf("send: %v", err)
				break
			}
			last = ack.Seq
			select {
			case <-talking.Done():
			case <-time.After(300 * time.Millisecond): // below the rate limit
			}
		}
		said <- last
	}()
	s.scale(t, 0)
	s.reaches(t, 30*time.Second, fixed)
	eventually(t, 30*time.Second, "all members move to a server that stays",
		func(context.Context) error { return settled(members, fixed) })
	stop()
	last := <-said
	for i, m := range members {
		eventually(
			t,
			20*time.Second,
			fmt.Sprintf("member %d receives the last message", i),
			func(context.Context) error {
				got := m.Received()
				if len(got) == 0 || got[len(got)-1].Seq < last {
					return fmt.Errorf("not there yet: %d", len(got))
				}
				return nil
			},
		)
		if err := unbroken(m); err != nil {
			t.Errorf("member %d on %v: %v", i, m.App(), err)
		}
	}
}

// settled reports whether every member is connected to one of apps.
func settled(members []*harness.Member, apps []string) error {
	for i, m := range members {
		if app := m.App(); !slices.Contains(apps, app) {
			return fmt.Errorf("member %d is on %q", i, app)
		}
	}
	return nil
}

// unbroken returns an error if a member missed a message, received it twice or
// out of order, or was told of a problem.
func unbroken(m *harness.Member) error {
	if problems, resets := m.Problems(), m.Resets(); len(problems) > 0 || resets > 0 {
		return fmt.Errorf("%d new epochs; %s", resets, strings.Join(problems, "; "))
	}
	got := m.Received()
	for i, e := range got {
		if want := got[0].Seq + uint64(i); e.Seq != want {
			return fmt.Errorf("received seq %d, want %d", e.Seq, want)
		}
	}
	return nil
}

// reaches waits until three rounds of new connections reach exactly the given
// servers, and each of them.
func (s *stack) reaches(t *testing.T, d time.Duration, apps []string) {
	t.Helper()
	want := slices.Sorted(slices.Values(apps))
	eventually(t, d, "the servers that new connections reach", func(ctx context.Context) error {
		seen := map[string]bool{}
		for range 3 * len(apps) {
			conn, err := client.Dial(ctx, client.Options{URL: "ws://" + s.room, Name: "looks"})
			if err != nil {
				return err
			}
			event, err := conn.Next(ctx)
			conn.Close()
			welcome, ok := event.(*client.Welcome)
			if !ok {
				return fmt.Errorf("no welcome: %T %v", event, err)
			}
			seen[welcome.App] = true
		}
		if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
			return fmt.Errorf("they are %v, want %v", got, want)
		}
		return nil
	})
}

// keepsTheLog: Redis stops and starts again. No client is disconnected. The log
// continues where it was, but in a new epoch, since the servers cannot know
// what a restarted Redis has lost.
func (s *stack) keepsTheLog(t *testing.T) {
	conns := s.onEach(t, fixed)
	allHear(t, conns, "1000", "before the restart")
	_, before := s.dial(t, client.Options{})
	s.run(t, s.compose("restart", "rds")...)
	allHear(t, conns, "4000", "after the restart") // on the old connections
	_, after := s.dial(t, client.Options{})
	if after.Epoch == before.Epoch || after.Seq != before.Seq+1 {
		t.Errorf("one message later the log is at %s:%d, and was at %s:%d", after.Epoch, after.Seq,
			before.Epoch, before.Seq)
	}
}

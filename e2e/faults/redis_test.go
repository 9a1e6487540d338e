package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/client"
	"livechat/e2e/failover"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A Redis that crashes and comes back pauses the room and disconnects no
// client.
func TestRedisCrash(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	members := harness.JoinAll(t, 12, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	var sent harness.Acked
	stop := harness.Talk(t, members[:4], &sent)
	harness.Eventually(t, time.Minute, "messages flow",
		func() error { return harness.ErrIf(len(sent.Sorted()) < 100) })
	if err := c.Redis.Kill(); err != nil {
		t.Fatal(err)
	}
	down := time.Now()
	harness.Eventually(t, time.Minute, "time passes",
		func() error { return harness.ErrIf(time.Since(down) < 2*time.Second) })
	for _, s := range c.Servers {
		wantReadyWithoutRedis(t, s)
	}
	if err := c.Redis.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	before := len(sent.Sorted())
	harness.Eventually(t, time.Minute, "messages flow again",
		func() error { return harness.ErrIf(len(sent.Sorted()) < before+100) })
	stop()
	harness.CheckHistory(t, members, &sent, 1) // the crash begins an epoch
	for i, m := range members {
		if _, lost := m.Connections(); lost != 0 {
			t.Errorf("member %d lost %d connections", i, lost)
		}
	}
}

// wantReadyWithoutRedis checks that a server says that Redis is down and is
// ready as long as its subscription has received something in the last 3 s.
func wantReadyWithoutRedis(t *testing.T, s *localcluster.Part) {
	t.Helper()
	status, body, err := localcluster.Get(t.Context(), "http://"+s.Addr+"/readyz")
	if err != nil {
		t.Fatal(err)
	}
	var r failover.Readiness
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("readyz of %s answers %s: %v", s.Name, body, err)
	}
	want := http.StatusOK
	if r.FeedAge >= 3000 { // a busy machine may take that long to ask
		want = http.StatusNotFound
	}
	if status != want || r.Redis != "down" {
		t.Errorf("readyz of %s answers %d %s, want %d and Redis down", s.Name, status, body, want)
	}
}

// Redis cuts the subscription of a server that reads too slowly. Nothing is
// lost.
func TestCutSubscriptionsLoseNothing(t *testing.T) {
	c := harness.Start(t, localcluster.Options{})
	admin := redis.NewClient(&redis.Options{Addr: c.Redis.Addr})
	defer admin.Close()
	members := harness.JoinAll(t, 12, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	var sent harness.Acked
	stop := harness.Talk(t, members[:4], &sent)
	for range 5 {
		from := len(sent.Sorted())
		harness.Eventually(t, time.Minute, "messages flow",
			func() error { return harness.ErrIf(len(sent.Sorted()) < from+50) })
		if n, err := admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", "pubsub").Int(); err != nil ||
			n != len(c.Servers) {
			t.Errorf("cut %d subscriptions, %v, want those of %d servers", n, err, len(c.Servers))
		}
		harness.Eventually(t, time.Minute, "the servers subscribe again", func() error {
			n, err := admin.PubSubNumSub(t.Context(), "livechat").Result()
			if err == nil && n["livechat"] != int64(len(c.Servers)) {
				err = fmt.Errorf("%v", n)
			}
			return err
		})
	}
	stop()
	harness.CheckHistory(t, members, &sent, 0)
}

// A log that was flushed is a new log: all clients are told, none confuses its
// numbers with the old ones, and it continues.
func TestFlushedRedis(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	admin := redis.NewClient(&redis.Options{Addr: c.Redis.Addr})
	defer admin.Close()
	members := harness.JoinAll(t, 8, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	say := func(m *harness.Member, text string) {
		t.Helper()
		if _, err := m.Send(harness.Within(t, time.Minute), text); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		say(members[0], fmt.Sprint("before ", i))
	}
	before, _ := members[0].Position()
	if err := admin.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("after ", i))
		say(members[i], want[i])
	}
	harness.Eventually(t, time.Minute, "all clients receive the new log", func() error {
		for i, m := range members {
			var got []string
			for _, e := range m.Received() {
				if strings.HasPrefix(e.Text, "after") {
					got = append(got, e.Text)
				}
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("member %d received %q", i, got)
			}
			if at, _ := m.Position(); at.Epoch == before.Epoch {
				return fmt.Errorf("member %d is still in epoch %s", i, at.Epoch)
			}
			if m.Resets() == 0 {
				return fmt.Errorf("member %d was not told of the reset", i)
			}
		}
		return nil
	})
}

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/client"
	"livechat/e2e/cluster"
)

// A Redis that crashes and comes back pauses the room and disconnects nobody.
func TestRedisCrash(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{})
	members := joinAll(t, 12, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	var sent acked
	stop := talk(t, members[:4], &sent)
	eventually(t, 10*time.Second, "messages flow", func() error { return errIf(len(sent.sorted()) < 100) })
	if err := c.Redis.Kill(); err != nil {
		t.Fatal(err)
	}
	down := time.Now()
	eventually(t, 10*time.Second, "time passes", func() error { return errIf(time.Since(down) < 2*time.Second) })
	for _, s := range c.Servers {
		if status, body, err := cluster.Get(t.Context(), "http://"+s.Addr+"/readyz"); err != nil || status != http.StatusOK || !strings.Contains(body, `"down"`) {
			t.Errorf("readyz of %s says %d %s, %v, want ready with Redis down", s.Name, status, body, err)
		}
	}
	if err := c.Redis.Start(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	before := len(sent.sorted())
	eventually(t, 20*time.Second, "messages flow again", func() error { return errIf(len(sent.sorted()) < before+100) })
	stop()
	checkHistory(t, members, &sent, 1) // the crash begins an epoch
	for i, m := range members {
		if _, lost := m.connections(); lost != 0 {
			t.Errorf("member %d lost %d connections", i, lost)
		}
	}
}

// A subscription that Redis cuts, as it does with a server that reads too slowly, loses nothing.
func TestCutSubscriptionsLoseNothing(t *testing.T) {
	c := start(t, cluster.Options{})
	admin := redis.NewClient(&redis.Options{Addr: c.Redis.Addr})
	defer admin.Close()
	members := joinAll(t, 12, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	var sent acked
	stop := talk(t, members[:4], &sent)
	for range 5 {
		from := len(sent.sorted())
		eventually(t, 10*time.Second, "messages flow", func() error { return errIf(len(sent.sorted()) < from+50) })
		if n, err := admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", "pubsub").Int(); err != nil || n != len(c.Servers) {
			t.Errorf("cut %d subscriptions, %v, want those of %d servers", n, err, len(c.Servers))
		}
		eventually(t, 10*time.Second, "the servers subscribe again", func() error {
			n, err := admin.PubSubNumSub(t.Context(), "livechat").Result()
			if err == nil && n["livechat"] != int64(len(c.Servers)) {
				err = fmt.Errorf("%v", n)
			}
			return err
		})
	}
	stop()
	checkHistory(t, members, &sent, 0)
}

// A log that is gone is another log: everybody is told, nobody takes its numbers for the old ones, and it goes on.
func TestFlushedRedis(t *testing.T) {
	c := start(t, cluster.Options{})
	admin := redis.NewClient(&redis.Options{Addr: c.Redis.Addr})
	defer admin.Close()
	members := joinAll(t, 8, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	say := func(m *member, text string) {
		t.Helper()
		if _, err := m.Send(within(t, 20*time.Second), text); err != nil {
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
	eventually(t, 20*time.Second, "everybody hears the new log", func() error {
		for i, m := range members {
			var got []string
			for _, e := range m.heard() {
				if strings.HasPrefix(e.Text, "after") {
					got = append(got, e.Text)
				}
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("member %d heard %q", i, got)
			}
			if at, _ := m.Position(); at.Epoch == before.Epoch {
				return fmt.Errorf("member %d still is in epoch %s", i, at.Epoch)
			}
			m.mu.Lock()
			told := m.resets > 0
			m.mu.Unlock()
			if !told {
				return fmt.Errorf("member %d was not told of the reset", i)
			}
		}
		return nil
	})
}

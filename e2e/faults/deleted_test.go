package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/client"
	"livechat/e2e/faultproxy"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A server is cut off from Redis while a message is deleted, and comes back after
// Redis has lost its data: it has the text in its ring, but nobody gets it.
func TestDeleteWhileAServerIsCutOff(t *testing.T) {
	t.Parallel()
	for _, loses := range []bool{false, true} {
		t.Run(fmt.Sprint("loses data: ", loses), func(t *testing.T) {
			t.Parallel()
			c, proxy := harness.StartBehindProxy(t, 1)
			witness := harness.Join(t, client.Options{URL: c.ServerURL(0), Name: "witness"})
			ann := harness.Join(t, client.Options{URL: c.ServerURL(1), Name: "ann", GuestKey: client.NewGuestKey()})
			redisClient := redis.NewClient(&redis.Options{Addr: c.Redis.Addr})
			t.Cleanup(func() { redisClient.Close() })

			id := harness.NewID()
			said, err := ann.SendAs(harness.Within(t, time.Minute), id, "the secret walrus")
			if err != nil {
				t.Fatal(err)
			}
			harness.Eventually(t, time.Minute, "the server has the message", func() error {
				if n := len(witness.Received()); n != 1 {
					return fmt.Errorf("%d messages", n)
				}
				return nil
			})
			proxy.Blackhole(faultproxy.Both)
			message := client.Target{Seq: said.Seq, ID: id}
			if _, err := ann.Delete(harness.Within(t, time.Minute), message); err != nil {
				t.Fatal(err)
			}
			if loses {
				if err := redisClient.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
			}
			last, err := ann.Send(harness.Within(t, time.Minute), "next")
			if err != nil {
				t.Fatal(err)
			}
			proxy.Heal()
			harness.Eventually(t, time.Minute, "the server has the rest", func() error {
				if at, _ := witness.Position(); at.Seq < last.Seq {
					return fmt.Errorf("it is at %v", at)
				}
				return nil
			})
			for i := range c.Servers {
				all := everythingOf(t, c, i, last.Seq)
				if strings.Contains(all, "secret") || !strings.Contains(all, "*client.Tombstone") {
					t.Errorf("server %d sends %s", i, all)
				}
			}
			if all := everythingIn(t, redisClient); strings.Contains(all, "secret") {
				t.Errorf("Redis has %s", all)
			}
		})
	}
}

// everythingOf returns what a server sends to a newcomer, up to seq.
func everythingOf(t *testing.T, c *localcluster.Cluster, server int, seq uint64) (all string) {
	t.Helper()
	history := 100
	conn := harness.Dial(t, client.Options{
		URL: c.ServerURL(server), Name: "newcomer", History: &history, Load: client.LoadOptions{Skim: true},
	})
	for {
		event, err := conn.Next(harness.Within(t, time.Minute))
		if err != nil {
			t.Fatalf("after %s: %v", all, err)
		}
		if m, ok := event.(*client.Message); ok {
			if all += string(m.Raw) + "\n"; m.Seq >= seq {
				return all
			}
		} else {
			all += fmt.Sprintf("%T %+v\n", event, event)
		}
	}
}

// everythingIn returns all values in Redis.
func everythingIn(t *testing.T, r *redis.Client) (all string) {
	t.Helper()
	keys, err := r.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		for _, read := range [][]any{
			{"GET", key}, {"HGETALL", key}, {"ZRANGE", key, 0, -1}, {"XRANGE", key, "-", "+"}, {"SMEMBERS", key},
		} {
			value, _ := r.Do(context.WithoutCancel(t.Context()), read...).Result() // of another type: none
			all += fmt.Sprintln(key, value)
		}
	}
	return all
}

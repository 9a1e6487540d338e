package accounts

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// closedKicked is the close code of a socket whose client is kicked.
const closedKicked = 4506

// An admin mutes a guest by HTTP, again and again, while others talk: each time
// the next message on each server is refused, and taken when the mute is over.
// Then the guest is kicked, and its messages go, one by a command.
func TestModeratorAtWork(t *testing.T) {
	t.Parallel()
	database := testpg.New(t).Database()
	c := harness.Start(t, localcluster.Options{API: 2, DB: database})
	ann := register(t, c.APIs, "ann")
	command(t, database, "admin", "user", "role", "ann", "admin")
	gus := client.Options{Name: "gus", GuestKey: client.NewGuestKey()}
	sockets := onEachServer(t, c, gus)
	harness.Say(t, sockets[0], "buy a walrus")
	said := harness.Await(t, sockets[1], func(m *client.Message) bool { return m.Text == "buy a walrus" })
	over := talk(t, c)

	const room = "/rooms/livechat/"
	slips := 0
	for range 50 {
		ann.must("POST", room+"mutes/", map[string]any{"author": said.Author, "reason": "spam"})
		for _, socket := range sockets {
			if code := answer(t, socket); code != "muted" {
				slips++
			}
		}
		ann.must("DELETE", room+"mutes/guest:"+said.Author+"/", nil)
		for i, socket := range sockets {
			if code := answer(t, socket); code != "" {
				t.Errorf("server %d: after the mute: %s", i, code)
			}
		}
	}
	if slips > 0 {
		t.Errorf("%d messages were taken from somebody who was muted", slips)
	}
	over()

	ann.must("POST", room+"kick/", map[string]any{"author": said.Author})
	for i, socket := range sockets {
		if err := harness.UntilClosed(t, socket); !closedWith(err, closedKicked) {
			t.Errorf("server %d: the socket has ended with %v", i, err)
		}
	}
	late := harness.Dial(t, client.Options{URL: c.ServerURL(2), Name: "late"})
	command(t, database, "admin", "message", "delete", "livechat", fmt.Sprint(said.Seq), said.ID)
	harness.Await(t, late, func(d *client.Deleted) bool { return d.Target.ID == said.ID && d.By == "moderator" })
	gone := ann.must("DELETE", room+"messages/?author="+said.Author, nil)
	// The message of the guest between the mutes; the archive may not know of
	// the command yet.
	if n := gone["deleted"]; n != 200.0 && n != 201.0 {
		t.Errorf("deleted: %v", gone)
	}
	harness.Eventually(t, time.Minute, "the archive has forgotten", func() error {
		all := fmt.Sprint(ann.must("GET", "/search/?room=livechat&from=gus&q=hello", nil)["results"])
		return harness.ErrIf(all != "[]")
	})
	log := command(t, database, "admin", "audit", "-json", "-n", "5")
	for _, action := range []string{"room.kick", "message.delete", "messages.delete"} {
		if !strings.Contains(log, `"action":"`+action+`"`) {
			t.Errorf("no %s in the audit log: %s", action, log)
		}
	}
}

// talk has somebody talk on each server until over is called.
func talk(t *testing.T, c *localcluster.Cluster) (over func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i, eve := range onEachServer(t, c, client.Options{Name: "eve"}) {
		all.Go(func() {
			for {
				if _, err := eve.Next(ctx); err != nil { // what others say does not matter
					return
				}
			}
		})
		all.Go(func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				select {
				case <-ctx.Done():
				case <-tick.C:
					if err := eve.Post("", "and so on"); err != nil && ctx.Err() == nil {
						t.Errorf("eve on server %d: %v", i, err)
						return
					}
				}
			}
		})
	}
	return func() { stop(); all.Wait() }
}

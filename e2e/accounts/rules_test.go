package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// closedBanned is the close code of a socket whose client is banned.
const closedBanned = 4503

// A guest misbehaves, and the operator bans whoever wrote under that name. The
// sockets are closed on all servers, the guest's key gets in nowhere, and when
// the ban is taken back it does. The command has the database and nothing else.
func TestBanByCommand(t *testing.T) {
	t.Parallel()
	database := testpg.New(t).Database()
	c := harness.Start(t, localcluster.Options{Servers: 2, API: 2, DB: database})
	gus := client.Options{Name: "gus", GuestKey: client.NewGuestKey()}
	sockets := onEachServer(t, c, gus)
	eve := harness.Dial(t, client.Options{URL: c.ServerURL(1), Name: "eve"})
	harness.Say(t, sockets[0], "buy something")
	untilArchived(t, c, "buy something")

	command(t, database, "admin", "ban", "add", "livechat", "gus", "-for", "1h", "-reason", "spam")
	for i, socket := range sockets {
		if err := harness.UntilClosed(t, socket); !closedWith(err, closedBanned) {
			t.Errorf("server %d: the socket has ended with %v", i, err)
		}
		gus.URL, gus.Name = c.ServerURL(i), "somebody else"
		if err := enter(t, gus); !closedWith(err, closedBanned) {
			t.Errorf("server %d: the same key gets %v", i, err)
		}
	}
	harness.Say(t, eve, "I am still here")
	list := command(t, database, "admin", "ban", "list", "-json")
	if !strings.Contains(list, `"kind":"ban","subject":"guest:`) || !strings.Contains(list, `"name":"gus"`) {
		t.Errorf("list: %s", list)
	}

	command(t, database, "admin", "ban", "remove", "livechat", "gus")
	for i := range 2 {
		gus.URL = c.ServerURL(i)
		harness.Eventually(t, time.Minute, "the guest is let in", func() error { return enter(t, gus) })
	}
	log := command(t, database, "admin", "audit", "-json")
	if !strings.Contains(log, `"action":"room.ban"`) || !strings.Contains(log, `"action":"room.unban"`) ||
		!strings.Contains(log, `"reason":"spam"`) || strings.Contains(log, "buy something") {
		t.Errorf("audit log: %s", log)
	}
}

// The operator puts a room into slow mode: the second message of one guest is
// refused, on whatever server, and another guest's first one is not.
func TestSlowModeByCommand(t *testing.T) {
	t.Parallel()
	database := testpg.New(t).Database()
	c := harness.Start(t, localcluster.Options{Servers: 2, API: 2, DB: database})
	eve := client.Options{Name: "eve", GuestKey: client.NewGuestKey()}
	sockets := onEachServer(t, c, eve)
	harness.Say(t, sockets[0], "hello")
	command(t, database, "admin", "room", "set", "livechat", "-slow", "1h")
	n := 0
	harness.Eventually(t, time.Minute, "the room is in slow mode", func() error {
		n++
		code := answer(t, sockets[n%2])
		return harness.ErrIf(code != "slow_mode")
	})
	for i, socket := range sockets {
		if code := answer(t, socket); code != "slow_mode" {
			t.Errorf("server %d: a later message gets %q", i, code)
		}
	}
	harness.Say(t, harness.Dial(t, client.Options{URL: c.ServerURL(0), Name: "zoe"}), "my first one")
}

// onEachServer joins the default room on each of the servers.
func onEachServer(t *testing.T, c *localcluster.Cluster, o client.Options) (all []*client.Conn) {
	t.Helper()
	for i := range c.Servers {
		o.URL = c.ServerURL(i)
		all = append(all, harness.Dial(t, o))
	}
	return all
}

// untilArchived waits until a message is in the archive of the default room.
func untilArchived(t *testing.T, c *localcluster.Cluster, text string) {
	t.Helper()
	ann := register(t, c.APIs, "ann")
	harness.Eventually(t, time.Minute, "the archive has the message", func() error {
		all := ann.must("GET", "/rooms/livechat/messages/", nil)
		return harness.ErrIf(!strings.Contains(fmt.Sprint(all["messages"]), text))
	})
}

// enter joins a room and leaves it. The error says why it was not let in.
func enter(t *testing.T, o client.Options) error {
	t.Helper()
	conn, err := client.Dial(harness.Within(t, time.Minute), o)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			return err
		}
		if _, in := event.(*client.Welcome); in {
			return nil
		}
	}
}

// answer sends a message and returns the code of the refusal; empty for an ack.
func answer(t *testing.T, conn *client.Conn) (code string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	id := harness.NewID()
	if err := conn.Post(id, "hello again"); err != nil {
		t.Fatal(err)
	}
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.(type) {
		case *client.Ack:
			if e.ID == id {
				return ""
			}
		case *client.Error:
			if e.ID == id {
				return e.Code
			}
		}
	}
}

func closedWith(err error, code int) bool {
	closed, ok := errors.AsType[*client.CloseError](err)
	return ok && closed.Code == code
}

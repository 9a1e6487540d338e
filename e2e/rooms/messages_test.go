package rooms

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// texts are texts that must come out as they went in.
var texts = []string{
	"hello", "Grüße, 你好, مرحبا, שלום, नमस्ते", "👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301", "two\nlines\tand a tab",
	`"quotes" \back\slashes\ </script> & {"type":"message"}`,
	"\u2028\u2029 line separators", " spaces around ",
}

// HAProxy gives each of four servers 100 of 400 clients. 100 messages from 20
// of them reach all, once and in one order.
func TestFourHundredClientsReceiveAllMessagesInOrder(t *testing.T) {
	const clients, senders, each = 400, 20, 5
	c := harness.Start(t, localcluster.Options{})
	members := harness.JoinAll(t, clients, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprintf("client-%d", i), History: new(0)}
	})

	perApp := map[string]int{}
	for _, m := range members {
		perApp[m.App()]++
	}
	for _, app := range []string{"1000", "2000", "3000", "4000"} {
		if n := perApp[app]; n < clients/4-1 || n > clients/4+1 {
			t.Errorf("server %s has %d clients of %d: %v", app, n, clients, perApp)
		}
	}

	var sent harness.Acked
	var sending sync.WaitGroup
	for i := range senders {
		sending.Go(func() {
			for n := range each {
				text := fmt.Sprintf("%d.%d %s", i, n, texts[(i*each+n)%len(texts)])
				ack, err := members[i*(clients/senders)].Send(harness.Within(t, time.Minute), text)
				if err != nil {
					t.Errorf("send %q: %v", text, err)
					return
				}
				sent.Add(ack, text)
			}
		})
	}
	sending.Wait()
	if t.Failed() {
		return
	}
	harness.CheckHistory(t, members, &sent, 0)
	if n := len(sent.Sorted()); n != senders*each {
		t.Errorf("%d messages are in the log, want %d", n, senders*each)
	}
	for i, m := range members {
		if welcomed, lost := m.Connections(); welcomed != 1 || lost != 0 {
			t.Errorf("member %d was welcomed %d times and lost %d connections", i, welcomed, lost)
		}
	}
}

func TestRoomsAreSeparate(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 2})
	tea := harness.Dial(t, client.Options{URL: c.ServerURL(0), Room: "tea"})
	coffee := harness.Dial(t, client.Options{URL: c.ServerURL(1), Room: "coffee"})
	if w := harness.Await[*client.Welcome](t, tea, nil); w.Room != "tea" || w.Seq != 0 || w.Epoch == "" {
		t.Errorf("welcomed with %+v", w)
	}
	harness.Say(t, tea, "in tea")
	if seq := harness.Say(t, coffee, "in coffee"); seq != 1 {
		t.Errorf("the first message in coffee has seq %d", seq)
	}
	for _, room := range []string{"tea", "coffee"} {
		late := harness.Dial(t, client.Options{URL: c.RoomURL(), Room: room})
		m := harness.Await[*client.Message](t, late, nil)
		if m.Text != "in "+room || m.Seq != 1 {
			t.Errorf("%s has %+v", room, m)
		}
	}
}

func TestHistoryOnJoin(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 2})
	writer := harness.Dial(t, client.Options{URL: c.ServerURL(0), Name: "writer"})
	const written = 230
	for i := range written {
		harness.Say(t, writer, fmt.Sprint("message ", i+1))
	}
	for _, asked := range []struct {
		history *int
		want    int
	}{{nil, 50}, {new(0), 0}, {new(7), 7}, {new(200), 200}} {
		// From the other server, which opens this room for the first of these.
		late := harness.Dial(t, client.Options{URL: c.ServerURL(1), Name: "late", History: asked.history})
		// It may be a message behind: the writer has its ack from the first one.
		w := harness.Await[*client.Welcome](t, late, nil)
		if w.Seq < written/2 || w.Recovered != nil {
			t.Errorf("welcomed with %+v after %d messages", w, written)
		}
		live := harness.Say(t, writer, "live")
		var got []uint64
		for len(got) == 0 || got[len(got)-1] != live {
			m := harness.Await[*client.Message](t, late, nil)
			got = append(got, m.Seq)
			if m.App != "1000" || m.Name != "writer" || m.ID == "" || m.Session == "" ||
				time.Since(m.Time()).Abs() > time.Minute {
				t.Errorf("message %+v", m)
			}
		}
		var want []uint64
		for seq := w.Seq + 1 - uint64(asked.want); seq <= live; seq++ {
			want = append(want, seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("asked for %v at %d: got %d to %d, %d of them, want %d to %d", asked.history, w.Seq, got[0],
				got[len(got)-1], len(got), want[0], live)
		}
	}
}

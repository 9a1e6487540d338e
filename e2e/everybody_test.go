package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
)

// texts are what people write: every one must come out as it went in.
var texts = []string{
	"hello", "Grüße, 你好, مرحبا, שלום, नमस्ते", "👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301", "two\nlines\tand a tab", `"quotes" \back\slashes\ </script> & {"type":"message"}`,
	"\u2028\u2029 line separators", " spaces around ",
}

// The bar of the issue: HAProxy gives each of four servers 100 of 400 clients; 100 messages of 20 of them reach everybody, once, in one order.
func TestFourHundredClients(t *testing.T) {
	const clients, senders, each = 400, 20, 5
	c := start(t, cluster.Options{})
	members := joinAll(t, clients, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprintf("client-%d", i), History: new(0)}
	})

	perApp := map[string]int{}
	for _, m := range members {
		perApp[m.app()]++
	}
	for _, app := range []string{"1000", "2000", "3000", "4000"} {
		if n := perApp[app]; n < clients/4-1 || n > clients/4+1 {
			t.Errorf("server %s has %d clients of %d: %v", app, n, clients, perApp)
		}
	}

	var sent acked
	var sending sync.WaitGroup
	for i := range senders {
		sending.Go(func() {
			for n := range each {
				text := fmt.Sprintf("%d.%d %s", i, n, texts[(i*each+n)%len(texts)])
				ack, err := members[i*(clients/senders)].Send(within(t, 30*time.Second), text)
				if err != nil {
					t.Errorf("send %q: %v", text, err)
					return
				}
				sent.add(ack, text)
			}
		})
	}
	sending.Wait()
	if t.Failed() {
		return
	}
	checkHistory(t, members, &sent, 0)
	if n := len(sent.sorted()); n != senders*each {
		t.Errorf("%d messages are in the log, want %d", n, senders*each)
	}
	for i, m := range members {
		if welcomed, lost := m.connections(); welcomed != 1 || lost != 0 {
			t.Errorf("member %d was welcomed %d times and lost %d connections", i, welcomed, lost)
		}
	}
}

func TestRoomsAreSeparate(t *testing.T) {
	c := start(t, cluster.Options{Servers: 2})
	tea := dial(t, client.Options{URL: c.ServerURL(0), Room: "tea"})
	coffee := dial(t, client.Options{URL: c.ServerURL(1), Room: "coffee"})
	if w := await[*client.Welcome](t, tea, nil); w.Room != "tea" || w.Seq != 0 || w.Epoch == "" {
		t.Errorf("welcomed with %+v", w)
	}
	say(t, tea, "in tea")
	if seq := say(t, coffee, "in coffee"); seq != 1 {
		t.Errorf("the first message in coffee has seq %d", seq)
	}
	for _, room := range []string{"tea", "coffee"} {
		late := dial(t, client.Options{URL: c.RoomURL(), Room: room})
		m := await[*client.Message](t, late, nil)
		if m.Text != "in "+room || m.Seq != 1 {
			t.Errorf("%s has %+v", room, m)
		}
	}
}

func TestHistoryOnJoin(t *testing.T) {
	c := start(t, cluster.Options{Servers: 2})
	writer := dial(t, client.Options{URL: c.ServerURL(0), Name: "writer"})
	const written = 230
	for i := range written {
		say(t, writer, fmt.Sprint("message ", i+1))
	}
	for _, asked := range []struct {
		history *int
		want    int
	}{{nil, 50}, {new(0), 0}, {new(7), 7}, {new(200), 200}} {
		// On the other server, which has not had this room open before the first of these.
		late := dial(t, client.Options{URL: c.ServerURL(1), Name: "late", History: asked.history})
		if w := await[*client.Welcome](t, late, nil); w.Seq < written || w.Recovered != nil {
			t.Errorf("welcomed with %+v, want seq %d at least", w, written)
		}
		live := say(t, writer, "live")
		var got []uint64
		for len(got) == 0 || got[len(got)-1] != live {
			m := await[*client.Message](t, late, nil)
			got = append(got, m.Seq)
			if m.App != "1000" || m.Name != "writer" || m.ID == "" || m.Session == "" || time.Since(m.Time()).Abs() > time.Minute {
				t.Errorf("message %+v", m)
			}
		}
		var want []uint64
		for seq := live - uint64(asked.want); seq <= live; seq++ {
			want = append(want, seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("asked for %v: got %d to %d, %d of them, want %d to %d", asked.history, got[0], got[len(got)-1], len(got), want[0], live)
		}
	}
}

// A client that does not read costs the others nothing, and is told what it missed when it comes back.
func TestAClientThatDoesNotRead(t *testing.T) {
	c := start(t, cluster.Options{Servers: 1, Env: map[string]string{"RING_SIZE": "256", "WRITE_TIMEOUT": "2s"}})
	frozen := dialRaw(t, c.RoomURL()+"?history=0&name=frozen")
	members := joinAll(t, 10, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	long := strings.Repeat("x", 3900)
	var sent acked
	for n := range 1000 {
		text := fmt.Sprint(n, long)
		ack, err := members[n%len(members)].Send(within(t, 20*time.Second), text)
		if err != nil {
			t.Fatal(err)
		}
		sent.add(ack, text)
	}
	checkHistory(t, members, &sent, 0)
	for i, m := range members {
		if _, lost := m.connections(); lost != 0 {
			t.Errorf("member %d lost %d connections", i, lost)
		}
	}

	// It wakes up, finds the beginning in order, and then the end of the connection.
	last := uint64(0)
	for {
		op, payload, err := frozen.receive()
		if err != nil || op == opClose {
			t.Logf("the frozen client was cut off behind message %d: opcode %d, %v", last, op, err)
			break
		}
		if seq, _, ok := client.Skim(payload); ok {
			if seq != last+1 {
				t.Fatalf("the frozen client got %d after %d", seq, last)
			}
			last = seq
		}
	}
	if last == 0 || last == 1000 {
		t.Fatalf("the frozen client was cut off behind message %d", last)
	}
	at, _ := members[0].Position()
	again := join(t, client.Options{URL: c.RoomURL(), Name: "frozen", After: &client.Position{Epoch: at.Epoch, Seq: last}})
	eventually(t, 20*time.Second, "the frozen client catches up", func() error {
		now, _ := again.Position()
		return errIf(now.Seq < 1000)
	})
	again.mu.Lock()
	defer again.mu.Unlock()
	first := again.messages[0].Seq
	if len(again.messages) != int(1000-first+1) {
		t.Errorf("it heard %d messages from %d on", len(again.messages), first)
	}
	if told := fmt.Sprintf("*client.Gap&{From:%d To:%d}", last+1, first-1); first != last+1 && !slices.Contains(again.trouble, told) {
		t.Errorf("it was told %q, want %s", again.trouble, told)
	}
}

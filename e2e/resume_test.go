package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
)

func TestResumeOnAnotherServer(t *testing.T) {
	c := start(t, cluster.Options{})
	reader := dial(t, client.Options{URL: c.ServerURL(0), Name: "reader"})
	epoch := await[*client.Welcome](t, reader, nil).Epoch
	writer := dial(t, client.Options{URL: c.ServerURL(1), Name: "writer"})
	first := say(t, writer, "seen")
	await(t, reader, func(m *client.Message) bool { return m.Seq == first })
	reader.Close()

	var want []uint64
	for i := range 10 {
		want = append(want, say(t, writer, fmt.Sprint("missed ", i)))
	}
	// Also on a server that has to open the room for it.
	for _, server := range []int{1, 2, 3, 0} {
		again := dial(t, client.Options{URL: c.ServerURL(server), Name: "reader", After: &client.Position{Epoch: epoch, Seq: first}})
		if w := await[*client.Welcome](t, again, nil); w.Recovered == nil || !*w.Recovered || w.Epoch != epoch {
			t.Errorf("welcomed with %+v, want recovered", w)
		}
		var got []uint64
		for range want {
			got = append(got, await[*client.Message](t, again, nil).Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("server %d resumed with %v, want %v", server, got, want)
		}
		again.Close()
	}
}

// Somebody who heard nothing yet resumes too, and nobody is told that nothing was lost when something was.
func TestResumeFromTheWelcome(t *testing.T) {
	c := start(t, cluster.Options{Servers: 2})
	w := await[*client.Welcome](t, dial(t, client.Options{URL: c.ServerURL(0), Room: "new"}), nil)
	if w.Seq != 0 {
		t.Fatalf("welcomed in a new room with %+v", w)
	}
	writer := dial(t, client.Options{URL: c.ServerURL(0), Room: "new"})
	say(t, writer, "the very first")
	again := dial(t, client.Options{URL: c.ServerURL(1), Room: "new", After: &client.Position{Epoch: w.Epoch}})
	if w := await[*client.Welcome](t, again, nil); w.Recovered == nil || !*w.Recovered {
		t.Errorf("welcomed with %+v, want recovered", w)
	}
	if m := await[*client.Message](t, again, nil); m.Seq != 1 {
		t.Errorf("resumed with %+v", m)
	}

	other := dial(t, client.Options{URL: c.ServerURL(1), Room: "new", After: &client.Position{Epoch: "0123456789abcdef", Seq: 1}})
	if w := await[*client.Welcome](t, other, nil); w.Recovered == nil || *w.Recovered {
		t.Errorf("welcomed with %+v, want not recovered: the epoch is of another log", w)
	}
}

// What the log no longer has is named, and the rest follows without a hole.
func TestResumeBehindTheEndOfTheLog(t *testing.T) {
	c := start(t, cluster.Options{Servers: 2, Env: map[string]string{"RING_SIZE": "256", "HISTORY_LENGTH": "300"}})
	writer := join(t, client.Options{URL: c.ServerURL(0), History: new(0)})
	const written = 800
	for i := range written {
		if _, err := writer.Send(within(t, 30*time.Second), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	at, _ := writer.Position()
	for server := range 2 {
		late := dial(t, client.Options{URL: c.ServerURL(server), After: &client.Position{Epoch: at.Epoch, Seq: 5}})
		if w := await[*client.Welcome](t, late, nil); w.Recovered == nil || *w.Recovered {
			t.Errorf("welcomed with %+v, want not recovered", w)
		}
		gap := await[*client.Gap](t, late, nil)
		if gap.From != 6 || gap.To < written-400 || gap.To >= written {
			t.Errorf("server %d: told of a gap %+v", server, gap)
		}
		for seq := gap.To + 1; seq <= written; seq++ {
			if m := await[*client.Message](t, late, nil); m.Seq != seq {
				t.Fatalf("server %d: got %d, want %d", server, m.Seq, seq)
			}
		}
	}
}

// Two servers are killed one after the other while everybody talks. Every message that was acked, and no other, reaches everybody once and in one order.
func TestKilledServersLoseNothing(t *testing.T) {
	const clients, senders = 40, 8
	c := start(t, cluster.Options{})
	members := joinAll(t, clients, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprintf("client-%d", i), History: new(0)}
	})

	var sent acked
	stop := talk(t, pick(members, senders), &sent)
	grow := func(n int) {
		t.Helper()
		from := len(sent.sorted())
		eventually(t, 20*time.Second, "messages flow", func() error {
			if now := len(sent.sorted()); now < from+n {
				return fmt.Errorf("%d acks after %d", now, from)
			}
			return nil
		})
	}
	for _, victim := range []int{0, 2} {
		grow(100)
		if err := c.Servers[victim].Kill(); err != nil {
			t.Error(err)
		}
		grow(100)
		if err := c.Servers[victim].Start(within(t, 20*time.Second)); err != nil {
			t.Error(err)
		}
	}
	grow(100)
	stop()
	if t.Failed() {
		return
	}
	checkHistory(t, members, &sent, 0)

	moved := 0
	for _, m := range members {
		if welcomed, lost := m.connections(); welcomed > 1 && lost > 0 {
			moved++
		}
	}
	if moved < clients/4 {
		t.Errorf("%d of %d clients lost a connection, want those of the killed servers: did the kills miss?", moved, clients)
	}
	t.Logf("%d messages, %d of %d clients moved", len(sent.sorted()), moved, clients)
}

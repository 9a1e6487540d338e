package protocol

import (
	"fmt"
	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"slices"
	"strings"
	"testing"
	"time"
)

// A client that does not read costs the others nothing, and is told what it
// missed when it comes back.
func TestClientThatDoesNotReadCostsOthersNothing(t *testing.T) {
	c := harness.Start(t,
		localcluster.Options{Servers: 1, Env: map[string]string{"RING_SIZE": "256", "WRITE_TIMEOUT": "2s"}})
	frozen := dialRaw(t, c.RoomURL()+"?history=0&name=frozen")
	members := harness.JoinAll(t, 10, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client-", i), History: new(0)}
	})
	long := strings.Repeat("x", 3900)
	var sent harness.Acked
	for n := range 1000 {
		text := fmt.Sprint(n, long)
		ack, err := members[n%len(members)].Send(harness.Within(t, time.Minute), text)
		if err != nil {
			t.Fatal(err)
		}
		sent.Add(ack, text)
	}
	harness.CheckHistory(t, members, &sent, 0)
	for i, m := range members {
		if _, lost := m.Connections(); lost != 0 {
			t.Errorf("member %d lost %d connections", i, lost)
		}
	}

	// It reads again and finds the first messages in order, and then the end of
	// the connection.
	last := uint64(0)
	for {
		op, payload, err := frozen.receive()
		if err != nil || op == opClose {
			t.Logf("the frozen client was cut off after message %d: opcode %d, %v", last, op, err)
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
		t.Fatalf("the frozen client was cut off after message %d", last)
	}
	at, _ := members[0].Position()
	again := harness.Join(t,
		client.Options{URL: c.RoomURL(), Name: "frozen", After: &client.Position{Epoch: at.Epoch, Seq: last}})
	harness.Eventually(t, time.Minute, "the frozen client catches up", func() error {
		now, _ := again.Position()
		return harness.ErrIf(now.Seq < 1000)
	})
	got := again.Received()
	first := got[0].Seq
	if len(got) != int(1000-first+1) {
		t.Errorf("it received %d messages from %d on", len(got), first)
	}
	if told := fmt.Sprintf("*client.Gap&{From:%d To:%d}", last+1, first-1); first != last+1 &&
		!slices.Contains(again.Problems(), told) {
		t.Errorf("it was told %q, want %s", again.Problems(), told)
	}
}

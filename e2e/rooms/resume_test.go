package rooms

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

func TestResumeOnAnotherServer(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	reader := harness.Dial(t, client.Options{URL: c.ServerURL(0), Name: "reader"})
	epoch := harness.Await[*client.Welcome](t, reader, nil).Epoch
	writer := harness.Dial(t, client.Options{URL: c.ServerURL(1), Name: "writer"})
	first := harness.Say(t, writer, "seen")
	harness.Await(t, reader, func(m *client.Message) bool { return m.Seq == first })
	reader.Close()

	var want []uint64
	for i := range 10 {
		want = append(want, harness.Say(t, writer, fmt.Sprint("missed ", i)))
	}
	// Also on a server that has to open the room first.
	for _, server := range []int{1, 2, 3, 0} {
		again := harness.Dial(t, client.Options{
			URL:   c.ServerURL(server),
			Name:  "reader",
			After: &client.Position{Epoch: epoch, Seq: first},
		})
		if w := harness.Await[*client.Welcome](t, again, nil); w.Recovered == nil || !*w.Recovered ||
			w.Epoch != epoch {
			t.Errorf("welcomed with %+v, want recovered", w)
		}
		var got []uint64
		for range want {
			got = append(got, harness.Await[*client.Message](t, again, nil).Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("server %d resumed with %v, want %v", server, got, want)
		}
		again.Close()
	}
}

// A client that has received nothing yet can resume, too, and a client is not
// told that nothing was lost if something was.
func TestResumeFromTheWelcome(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 2})
	w := harness.Await[*client.Welcome](t,
		harness.Dial(t, client.Options{URL: c.ServerURL(0), Room: "new"}), nil)
	if w.Seq != 0 {
		t.Fatalf("welcomed in a new room with %+v", w)
	}
	writer := harness.Dial(t, client.Options{URL: c.ServerURL(0), Room: "new"})
	harness.Say(t, writer, "the very first")
	again := harness.Dial(t,
		client.Options{URL: c.ServerURL(1), Room: "new", After: &client.Position{Epoch: w.Epoch}})
	if w := harness.Await[*client.Welcome](t, again, nil); w.Recovered == nil || !*w.Recovered {
		t.Errorf("welcomed with %+v, want recovered", w)
	}
	if m := harness.Await[*client.Message](t, again, nil); m.Seq != 1 {
		t.Errorf("resumed with %+v", m)
	}

	other := harness.Dial(t, client.Options{
		URL:   c.ServerURL(1),
		Room:  "new",
		After: &client.Position{Epoch: "0123456789abcdef", Seq: 1},
	})
	if w := harness.Await[*client.Welcome](t, other, nil); w.Recovered == nil || *w.Recovered {
		t.Errorf("welcomed with %+v, want not recovered: the epoch is of another log", w)
	}
}

// A gap is reported for what the log no longer has, and the rest follows
// without a gap.
func TestResumeFromBeforeTheLogReportsGap(t *testing.T) {
	t.Parallel()
	c := harness.Start(t,
		localcluster.Options{Servers: 2, Env: map[string]string{"RING_SIZE": "256", "HISTORY_LENGTH": "300"}})
	writer := harness.Join(t, client.Options{URL: c.ServerURL(0), History: new(0)})
	const written = 800
	for i := range written {
		if _, err := writer.Send(harness.Within(t, time.Minute), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	at, _ := writer.Position()
	for server := range 2 {
		late := harness.Dial(t,
			client.Options{URL: c.ServerURL(server), After: &client.Position{Epoch: at.Epoch, Seq: 5}})
		if w := harness.Await[*client.Welcome](t, late, nil); w.Recovered == nil || *w.Recovered {
			t.Errorf("welcomed with %+v, want not recovered", w)
		}
		gap := harness.Await[*client.Gap](t, late, nil)
		if gap.From != 6 || gap.To < written-400 || gap.To >= written {
			t.Errorf("server %d: gap %+v", server, gap)
		}
		for seq := gap.To + 1; seq <= written; seq++ {
			if m := harness.Await[*client.Message](t, late, nil); m.Seq != seq {
				t.Fatalf("server %d: got %d, want %d", server, m.Seq, seq)
			}
		}
	}
}

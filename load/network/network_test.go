package network

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"livechat/load/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// over runs a test with the two ends of a connection over a network, in a world
// whose clock stands still while anybody can act.
func over(t *testing.T, like string, test func(t *testing.T, client, server net.Conn)) {
	t.Helper()
	network, err := plan.ParseNetwork(like)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		n := New(network)
		far, server := net.Pipe()
		client := n.through(far)
		test(t, client, server)
		client.Close()
		server.Close()
		n.Close()
	})
}

// took returns how long it takes until so many bytes that one end sends are at
// the other one.
func took(t *testing.T, from, to net.Conn, size int) time.Duration {
	t.Helper()
	began, sent := time.Now(), make(chan error, 1)
	text := bytes.Repeat([]byte("x"), size)
	go func() {
		_, err := from.Write(text)
		sent <- err
	}()
	got := make([]byte, size)
	if _, err := io.ReadFull(to, got); err != nil || !bytes.Equal(got, text) {
		t.Errorf("received %d bytes: %v", size, err)
	}
	if err := <-sent; err != nil {
		t.Errorf("send: %v", err)
	}
	return time.Since(began)
}

// A delay is that of one way and of each piece, and does not limit how much is
// on its way.
func TestDelay(t *testing.T) {
	over(t, "delay=150ms", func(t *testing.T, client, server net.Conn) {
		for range 3 {
			if d := took(t, client, server, 100); d != 150*time.Millisecond {
				t.Errorf("up took %s, want 150ms", d)
			}
			if d := took(t, server, client, 20*segment); d != 150*time.Millisecond {
				t.Errorf("down took %s, want 150ms", d)
			}
		}
	})
}

// With jitter everything comes within it, and in order.
func TestJitter(t *testing.T) {
	over(t, "delay=150ms±50ms", func(t *testing.T, client, server net.Conn) {
		different := false
		first := took(t, client, server, 100)
		for range 20 {
			d := took(t, client, server, 100)
			if d < 100*time.Millisecond || d > 200*time.Millisecond {
				t.Errorf("it took %s, want 100ms to 200ms", d)
			}
			different = different || d != first
		}
		if !different {
			t.Error("there is no jitter")
		}
	})
}

func TestRate(t *testing.T) {
	over(t, "rate=10KB/s,delay=100ms", func(t *testing.T, client, server net.Conn) {
		if d := took(t, server, client, 100_000); d != 10*time.Second+100*time.Millisecond {
			t.Errorf("100 KB took %s, want 10.1s", d)
		}
	})
}

// A lost segment comes later, by a retransmission timeout at least.
func TestLoss(t *testing.T) {
	over(t, "loss=20%,delay=50ms", func(t *testing.T, client, server net.Conn) {
		late := 0
		for range 200 {
			switch d := took(t, client, server, 100); {
			case d == 50*time.Millisecond:
			case d >= 350*time.Millisecond && (d-50*time.Millisecond)%(300*time.Millisecond) == 0:
				late++
			default:
				t.Errorf("it took %s, want 50ms and a multiple of 300ms", d)
			}
		}
		if late < 10 || late > 80 {
			t.Errorf("%d of 200 were lost, want about 40", late)
		}
	})
}

// A reader that does not read stops the sender, after what fits on the way.
func TestWindow(t *testing.T) {
	over(t, "delay=1ms", func(t *testing.T, client, server net.Conn) {
		_ = server.SetWriteDeadline(time.Now().Add(time.Minute))
		sent, err := server.Write(make([]byte, 10*window))
		if err == nil || sent < window/2 || sent > 2*window {
			t.Errorf("%d bytes were sent, %v, want about %d", sent, err, window)
		}
	})
}

// Data written before the end still arrives, and then the end does.
func TestEnds(t *testing.T) {
	over(t, "delay=150ms", func(t *testing.T, client, server net.Conn) {
		go func() {
			_, _ = client.Write([]byte("bye"))
			client.Close()
		}()
		if got, err := io.ReadAll(server); string(got) != "bye" || err != nil {
			t.Errorf("the server received %q, %v", got, err)
		}
	})
	over(t, "delay=150ms", func(t *testing.T, client, server net.Conn) {
		server.Close()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the client received %v, want EOF", err)
		}
	})
}

// Once the network is eased, all arrives at once: also what is on its way.
func TestEase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(plan.Network{Delay: time.Hour, Rate: 1000})
		far, server := net.Pipe()
		client := n.through(far)
		if _, err := client.Write([]byte("late")); err != nil {
			t.Error(err)
		}
		began := time.Now()
		n.Ease()
		got := make([]byte, 4)
		if _, err := io.ReadFull(server, got); err != nil || string(got) != "late" {
			t.Errorf("the server received %q, %v", got, err)
		}
		if took(t, server, client, 10*window); time.Since(began) != 0 {
			t.Errorf("it took %s", time.Since(began))
		}
		n.Close()
		client.Close()
		server.Close()
	})
}

// The end of the network ends its connections, whatever is on its way.
func TestCloseEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(plan.Network{Delay: time.Hour})
		far, server := net.Pipe()
		client := n.through(far)
		if _, err := client.Write([]byte("late")); err != nil {
			t.Error(err)
		}
		n.Close()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the client received %v, want EOF", err)
		}
		if _, err := server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the server received %v, want EOF", err)
		}
	})
}

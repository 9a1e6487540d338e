package faults

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A server that is told to stop first gets no new clients, serves the ones that
// it has, then closes them with 1012, and exits with 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	c := harness.Start(t,
		localcluster.Options{Servers: 2, Env: map[string]string{"DRAIN_DELAY": "3s", "DRAIN_PERIOD": "1s"}})
	leaving, staying := c.Servers[0], c.Servers[1]
	var old []*client.Conn // on the leaving server, through HAProxy
	for len(old) < 5 {
		conn := harness.Dial(t, client.Options{URL: c.RoomURL(), History: new(0)})
		if harness.Await[*client.Welcome](t, conn, nil).App == leaving.Name {
			old = append(old, conn)
		}
	}
	session := harness.Join(t, client.Options{URL: c.RoomURL(), History: new(0)})
	harness.Eventually(t, time.Minute, "the session joins",
		func() error { return harness.ErrIf(session.App() == "") })

	asked := time.Now()
	if err := leaving.Terminate(); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, 3*time.Second, "readyz answers 404", func() error {
		status, body, err := localcluster.Get(t.Context(), "http://"+leaving.Addr+"/readyz")
		if err == nil && status != http.StatusNotFound {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	if status, _, err := localcluster.Get(t.Context(), "http://"+leaving.Addr+"/healthz"); err != nil ||
		status != http.StatusOK {
		t.Errorf("healthz answers %d, %v, though the process is well", status, err)
	}
	if err := c.WaitStatus(harness.Within(t, 3*time.Second), "NOLB", 1); err != nil {
		t.Error(err)
	}
	for range 10 {
		conn := harness.Dial(t, client.Options{URL: c.RoomURL()})
		if app := harness.Await[*client.Welcome](t, conn, nil).App; app != staying.Name {
			t.Errorf("a new client was sent to %s, which is leaving", app)
		}
	}
	// Its clients are served as before, in both directions.
	seq := harness.Say(t, old[0], "still here")
	harness.Await(t, old[1], func(m *client.Message) bool { return m.Seq == seq })

	if early := time.Since(asked); early > 3*time.Second {
		t.Logf("the machine is slow: %v after the signal", early)
	}
	for i, conn := range old {
		var end *client.CloseError
		if err := harness.UntilClosed(t, conn); !errors.As(err, &end) ||
			end.Code != websocket.CloseServiceRestart {
			t.Errorf("client %d: %v, want 1012", i, err)
		}
	}
	if took := time.Since(asked); took < 3*time.Second {
		t.Errorf("the connections were closed after %v, before HAProxy had its 3 s to notice", took)
	}
	select {
	case <-leaving.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("the server does not end")
	}
	if code := leaving.ExitCode(); code != 0 {
		t.Errorf("it ended with %d: %s", code, leaving.Output())
	}

	// The session has moved, if it had to, and continues.
	if _, err := session.Send(harness.Within(t, time.Minute), "moved"); err != nil {
		t.Errorf("send: %v", err)
	}
	if app := session.App(); app != staying.Name {
		t.Errorf("the session is on %s", app)
	}
}

package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"livechat/client"
	"livechat/e2e/history"
)

// desk is an admin who moderates a room while the crowd talks: one rule after
// the other is set, holds for a moment, and is taken back. The history of the
// crowd knows when each was confirmed, and checks that nobody wrote against it.
type desk struct {
	admin   *user
	crowd   *Crowd
	done    int // rules that were set and taken back
	enough  context.CancelFunc
	working sync.WaitGroup
}

// order is a rule that somebody sets.
type order struct {
	rule    string // the code with which messages are refused
	of      string // the name of the member; empty: everybody
	method  string // to set it; to take it back it is a DELETE, or a PATCH
	path    string // below the room, to set it
	body    any
	back    string // below the room, to take it back
	restore any    // the body of the PATCH that takes it back; nil: it is a DELETE
}

// holdsFor is how long a rule holds, about.
const holdsFor = time.Second

// openDesk makes an admin of a new account, and moderates from then on.
func (r *run) openDesk(ctx context.Context, c *Crowd, name string) (*desk, error) {
	admin, err := register(ctx, name, r.cluster.HAProxy.Addr)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, r.Binary, "admin", "user", "role", name, "admin")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+r.database)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make %s an admin: %w: %s", name, err, out)
	}
	working, enough := context.WithCancel(context.Background())
	d := &desk{admin: admin, crowd: c, enough: enough}
	d.working.Go(func() { d.work(working) })
	return d, nil
}

// close ends the moderating. No rule is left.
func (d *desk) close() {
	d.enough()
	d.working.Wait()
	d.admin.http.CloseIdleConnections()
}

// closeDesk ends the moderating and counts what was done. It may be called
// again.
func (r *run) closeDesk() {
	if r.desk != nil {
		r.desk.close()
		r.rules += r.desk.done
		r.desk = nil
	}
}

func (d *desk) work(ctx context.Context) {
	for ctx.Err() == nil {
		if err := d.carryOut(ctx, d.draw()); err != nil {
			d.crowd.fail(fmt.Errorf("moderate: %w", err))
			return
		}
		d.done++
		pause(ctx, rand.N(holdsFor))
	}
}

// draw draws a rule: mostly a talker is muted.
func (d *desk) draw() order {
	rules := func(rule, field string) order {
		return order{rule: rule, method: http.MethodPatch, path: "rules/", body: map[string]bool{field: true},
			back: "rules/", restore: map[string]bool{field: false}}
	}
	i := d.crowd.talker(rand.IntN(d.crowd.size.Talkers))
	author, known := d.crowd.author(i)
	switch chance := rand.IntN(8); {
	case chance == 0 || !known:
		return rules("paused", "paused")
	case chance == 1:
		return rules("registered_only", "registered")
	}
	return order{rule: "muted", of: memberName(i), method: http.MethodPost, path: "mutes/",
		body: map[string]string{"author": author, "reason": "chaos"}, back: "mutes/guest:" + author + "/"}
}

// carryOut sets a rule, lets it hold and takes it back, and tells the history.
func (d *desk) carryOut(ctx context.Context, o order) error {
	s := history.Silence{Name: o.of, Rule: o.rule, Asked: time.Now()}
	if err := d.must(o.method, o.path, o.body); err != nil {
		return err
	}
	s.Holds = time.Now()
	pause(ctx, holdsFor/2+rand.N(holdsFor))
	s.Lifting = time.Now()
	back := http.MethodDelete
	if o.restore != nil {
		back = http.MethodPatch
	}
	if err := d.must(back, o.back, o.restore); err != nil {
		return err
	}
	s.Lifted = time.Now()
	d.crowd.History.Silenced(s)
	return nil
}

// must repeats a request until it is answered that all servers go by it. What it
// takes back may have been taken back by an attempt whose answer was lost.
func (d *desk) must(method, path string, body any) error {
	ctx, cancel := context.WithTimeout(context.Background(), d.crowd.size.Patience)
	defer cancel()
	path = "/rooms/" + cmp.Or(d.crowd.size.Room, "livechat") + "/" + path
	for {
		status, err := d.admin.do(ctx, method, path, body, nil)
		switch {
		case err == nil && (status == http.StatusNotFound && method == http.MethodDelete ||
			status < 300 && status != http.StatusAccepted):
			return nil
		case err == nil && status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			return fmt.Errorf("%s %s: %d", method, path, status)
		case ctx.Err() != nil:
			return fmt.Errorf("%s %s: %d, %w", method, path, status, errors.Join(err, context.Cause(ctx)))
		}
		pause(ctx, 100*time.Millisecond)
	}
}

func (c *Crowd) setAuthor(name, author string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.authors[name] = author
}

// author returns the author of the messages of the i-th session, once the first
// session has received one.
func (c *Crowd) author(i int) (author string, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	author, known = c.authors[memberName(i)]
	return author, known
}

// ruled returns the rule of the room by which a message was refused.
func ruled(err error) (rule string, ok bool) {
	var refusal *client.Error
	if !errors.As(err, &refusal) {
		return "", false
	}
	switch refusal.Code {
	case "muted", "paused", "registered_only":
		return refusal.Code, true
	}
	return "", false
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

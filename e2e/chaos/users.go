package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"github.com/google/uuid"

	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// Users have accounts. Pairs of them have a private chat: both write over HTTP,
// and each reads a feed in two browsers. Both must receive what the API has
// confirmed, once and in order, and the store must have it.
type Users struct {
	all      []*user
	pause    time.Duration
	patience time.Duration
	leave    context.CancelFunc
	enough   context.CancelFunc
	calm     chan struct{}
	calming  sync.Once
	sending  sync.WaitGroup
	running  sync.WaitGroup
	mu       sync.Mutex
	failures []error // guarded by mu
}

// user is one of the Users. What it receives is a history of its own, as in a
// room.
type user struct {
	name    string
	address string // host:port of the balancer or of a door to it
	http    http.Client
	history *history.History
	other   *user
	chat    string
	readers []*rawReader
}

// awayFrom is how long a user's second browser is open, on average, and then
// closed: longer than most faults last.
const awayFrom, awayFor = 8 * time.Second, 6 * time.Second

// Meet creates that many pairs of users and opens their feeds. address returns
// the address for the i-th user; names begin with prefix. The caller calls
// Leave.
func Meet(
	ctx context.Context,
	address func(i int) string,
	prefix string,
	pairs int,
	size Size,
) (*Users, error) {
	lasting, leave := context.WithCancel(context.Background())
	p := &Users{
		pause:    size.Pause,
		patience: size.Patience,
		leave:    leave,
		enough:   func() {},
		calm:     make(chan struct{}),
	}
	for i := range 2 * pairs {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return p, err
		}
		one := &user{name: fmt.Sprintf("%s%d", prefix, i), address: address(i), history: history.New()}
		one.http = http.Client{
			Jar:       jar,
			Timeout:   10 * time.Second,
			Transport: &http.Transport{MaxIdleConns: 4},
		}
		p.all = append(p.all, one)
		account := map[string]string{"name": one.name, "password": "correct horse battery staple"}
		if err := one.must(ctx, http.MethodPost, "/accounts/", account, nil); err != nil {
			return p, err
		}
	}
	for i := 0; i < len(p.all); i += 2 {
		a, b := p.all[i], p.all[i+1]
		a.other, b.other = b, a
		var chat struct{ ID string }
		if err := a.must(ctx, http.MethodPost, "/chats/", map[string]string{"with": b.name}, &chat); err != nil {
			return p, err
		}
		a.chat, b.chat = chat.ID, chat.ID
	}
	for _, one := range p.all {
		for browser := range 2 {
			r := &rawReader{
				dial: one.feed,
				log:  one.history.RawReader(fmt.Sprintf("%s, browser %d", one.name, browser+1)),
				calm: p.calm,
				ask:  one.stored,
			}
			if browser == 1 {
				r.stay, r.away = awayFrom, awayFor
			}
			p.running.Go(func() {
				if err := r.run(lasting); lasting.Err() == nil {
					p.fail(fmt.Errorf("the feed of %s ended: %w", one.name, err))
				}
			})
			one.readers = append(one.readers, r)
		}
	}
	return p, localcluster.Poll(ctx, func(context.Context) error {
		for _, one := range p.all {
			for _, r := range one.readers {
				if !r.isConnected() {
					return fmt.Errorf("a feed of %s is not open", one.name)
				}
			}
		}
		return nil
	})
}

func (p *Users) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, err)
}

// Talk makes all users write.
func (p *Users) Talk() {
	talking, enough := context.WithCancel(context.Background())
	p.enough = enough
	for _, one := range p.all {
		p.sending.Go(func() {
			ticker := time.NewTicker(p.pause)
			defer ticker.Stop()
			for n := 0; ; n++ {
				select {
				case <-talking.Done():
					return
				case <-ticker.C:
				}
				if err := one.say(fmt.Sprintf("%s writes %d", one.name, n), p.patience); err != nil {
					p.fail(err)
					return
				}
			}
		})
	}
}

// say writes one message, with the same id until the API confirms it.
func (p *user) say(text string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	send := history.Send{ID: uuid.NewString(), Name: p.name, Text: text, Sent: time.Now()}
	for _, h := range []*history.History{p.history, p.other.history} {
		h.SendingContent(send)
	}
	body := map[string]string{"id": send.ID, "text": text}
	if err := p.must(ctx, http.MethodPost, "/chats/"+p.chat+"/messages/", body, nil); err != nil {
		return err
	}
	for _, h := range []*history.History{p.history, p.other.history} {
		h.Acked(send.ID, history.Position{}, time.Now())
	}
	return nil
}

// Finish stops the writing, waits until ctx ends at most for all users to
// receive everything, and returns what is wrong.
func (p *Users) Finish(ctx context.Context, gaps history.Gaps) error {
	p.enough()
	p.sending.Wait()
	p.calming.Do(func() { close(p.calm) })
	p.mu.Lock()
	errs := p.failures
	p.mu.Unlock()
	for _, one := range p.all {
		// Check names what a user lacks
		_ = localcluster.Poll(ctx, func(context.Context) error { return one.history.Lagging() })
		kept, err := one.stored(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the chat of %s: %w", one.name, err))
		} else {
			one.history.SetStored(kept)
		}
		if err := one.history.Check(gaps); err != nil {
			errs = append(errs, fmt.Errorf("the feed of %s: %w", one.name, err))
		}
	}
	return errors.Join(errs...)
}

// stored returns the chat as the store has it. Its numbers are those of the
// chat, not of the feed.
func (p *user) stored(ctx context.Context) (all []history.Entry, err error) {
	for n := uint64(0); ; {
		var page struct {
			Messages []struct {
				ID, Name, Text string
				N              uint64
			}
		}
		if err := p.must(ctx, http.MethodGet, fmt.Sprintf("/chats/%s/messages/?limit=100&after=%d", p.chat, n),
			nil, &page); err != nil {
			return nil, err
		}
		for _, m := range page.Messages {
			if n++; m.N != n {
				return nil, fmt.Errorf("message %d follows %d", m.N, n-1)
			}
			all = append(all,
				history.Entry{At: history.Position{Seq: n}, ID: m.ID, Name: m.Name, Text: m.Text})
		}
		if len(page.Messages) < 100 {
			return all, nil
		}
	}
}

// Leave closes every connection and waits for that. It may be called again.
func (p *Users) Leave() {
	p.enough()
	p.leave()
	p.sending.Wait()
	p.running.Wait()
	for _, one := range p.all {
		one.http.CloseIdleConnections()
	}
}

// must repeats a request until it succeeds: API processes, the database and the
// balancer may be down.
func (p *user) must(ctx context.Context, method, path string, body, answer any) error {
	for {
		status, err := p.do(ctx, method, path, body, answer)
		switch {
		case err == nil && status < 300:
			return nil
		case err == nil && status < 500 && status != http.StatusTooManyRequests:
			return fmt.Errorf("%s %s: %d", method, path, status)
		}
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return fmt.Errorf("%s %s: %d, %w", method, path, status, errors.Join(err, context.Cause(ctx)))
		}
	}
}

// do sends one request to a path below /api/v1.
func (p *user) do(ctx context.Context, method, path string, body, answer any) (status int, err error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		in = bytes.NewReader(text)
	}
	base := "http://" + p.address
	r, err := http.NewRequestWithContext(ctx, method, base+"/api/v1"+path, in)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Origin", base)
	r.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && answer != nil && resp.StatusCode < 300 {
		err = json.Unmarshal(text, answer)
	}
	return resp.StatusCode, err
}

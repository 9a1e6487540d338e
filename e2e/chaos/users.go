package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"github.com/google/uuid"

	"livechat/client"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// Users have accounts. Pairs of them have a private chat: both write over HTTP,
// and each reads a feed in two browsers. Both must receive what the API has
// confirmed, once and in order, and the store must have it.
type Users struct {
	all      []*user
	files    int // percentage of the messages that have a file
	filed    filed
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
	filed   *filed // of all users
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
		files:    size.Files,
		pause:    size.Pause,
		patience: size.Patience,
		leave:    leave,
		enough:   func() {},
		calm:     make(chan struct{}),
	}
	for i := range 2 * pairs {
		one, err := register(ctx, fmt.Sprintf("%s%d", prefix, i), address(i))
		if err != nil {
			return p, err
		}
		one.history, one.filed = history.New(), &p.filed
		p.all = append(p.all, one)
	}
	for i := 0; i < len(p.all); i += 2 {
		if err := openChat(ctx, p.all[i], p.all[i+1]); err != nil {
			return p, err
		}
	}
	for _, one := range p.all {
		for browser := range 2 {
			p.openFeed(lasting, one, browser)
		}
	}
	return p, localcluster.Poll(ctx, func(context.Context) error { return p.areConnected() })
}

// openChat opens the private chat of two users.
func openChat(ctx context.Context, a, b *user) error {
	a.other, b.other = b, a
	var chat struct{ ID string }
	with := map[string]string{"with": b.name}
	if err := a.must(ctx, http.MethodPost, "/chats/", with, &chat); err != nil {
		return err
	}
	a.chat, b.chat = chat.ID, chat.ID
	return nil
}

// openFeed reads the feed of a user in one of their two browsers until ctx ends.
// The second one is closed now and then.
func (p *Users) openFeed(ctx context.Context, one *user, browser int) {
	r := &rawReader{
		dial: one.feed,
		log:  one.history.RawReader(fmt.Sprintf("%s, browser %d", one.name, browser+1)),
		calm: p.calm,
		ask:  one.stored,
		seen: func(m *client.Message) {
			if err := p.filed.check(m); err != nil {
				p.fail(fmt.Errorf("the feed of %s: %w", one.name, err))
			}
		},
	}
	if browser == 1 {
		r.stay, r.away = awayFrom, awayFor
	}
	p.running.Go(func() {
		if err := r.run(ctx); ctx.Err() == nil {
			p.fail(fmt.Errorf("the feed of %s ended: %w", one.name, err))
		}
	})
	one.readers = append(one.readers, r)
}

// areConnected returns an error while a feed is not open.
func (p *Users) areConnected() error {
	for _, one := range p.all {
		for _, r := range one.readers {
			if !r.isConnected() {
				return fmt.Errorf("a feed of %s is not open", one.name)
			}
		}
	}
	return nil
}

// register creates an account, and is logged in then.
func register(ctx context.Context, name, address string) (*user, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	one := &user{name: name, address: address, http: http.Client{
		Jar:       jar,
		Timeout:   10 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 4},
	}}
	account := map[string]string{"name": name, "password": "correct horse battery staple"}
	return one, one.must(ctx, http.MethodPost, "/accounts/", account, nil)
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
				withFile := rand.IntN(100) < p.files
				text := fmt.Sprintf("%s writes %d", one.name, n)
				if err := one.say(text, withFile, p.patience); err != nil {
					p.fail(err)
					return
				}
			}
		})
	}
}

// say writes one message, with the same id until the API confirms it.
func (p *user) say(text string, withFile bool, patience time.Duration) error {
	send := history.Send{ID: uuid.NewString(), Name: p.name, Text: text}
	body := map[string]any{"id": send.ID, "text": text}
	if withFile {
		file, err := p.attach(send.ID, patience)
		if err != nil {
			return err
		}
		body["files"] = []string{file.ID}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	send.Sent = time.Now()
	for _, h := range []*history.History{p.history, p.other.history} {
		h.SendingContent(send)
	}
	if err := p.must(ctx, http.MethodPost, "/chats/"+p.chat+"/messages/", body, nil); err != nil {
		return err
	}
	p.filed.acked(send.ID)
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
		if err := p.checkFiles(ctx, one, kept); err != nil {
			errs = append(errs, fmt.Errorf("the files of %s: %w", one.name, err))
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
				Files          []client.File
			}
		}
		path := fmt.Sprintf("/chats/%s/messages/?limit=100&after=%d", p.chat, n)
		if err := p.must(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		for _, m := range page.Messages {
			if n++; m.N != n {
				return nil, fmt.Errorf("message %d follows %d", m.N, n-1)
			}
			if err := p.filed.check(&client.Message{ID: m.ID, Files: m.Files}); err != nil {
				return nil, err
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

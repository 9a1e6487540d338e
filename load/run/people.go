package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"livechat/client"
	"livechat/load/plan"
	"livechat/load/rest"
)

const (
	// feedPause is the mean time before a feed that has ended is opened again.
	feedPause = 500 * time.Millisecond
	// deleteTime bounds the end of all accounts.
	deleteTime = 10 * time.Second
	// maxPrivate is the most text of a private message in bytes, besides its id.
	maxPrivate = 3900
)

// person is somebody with an account, a chat with another one and an open feed.
type person struct {
	*rest.Person
	chat string
	peer *person
	open chan struct{} // closed when the feed is open for the first time

	mu  sync.Mutex
	due map[uint64]bool // private messages by number: whether the feed has had it, of those that are stored
	got map[uint64]bool // those that came before the answer did
}

// meet makes the accounts that the mix needs, and opens their feeds, which stay
// open until part is called.
func (r *run) meet(ctx context.Context) error {
	b, n := r.besides, r.settings.Accounts()
	for i := range n {
		name := fmt.Sprintf("load-%s-%x", r.ids.run, r.numbers.Load()/perPart*plan.MaxAccounts+uint64(i))
		account, err := b.sites[i%len(b.sites)].Register(ctx, name, client.NewGuestKey())
		if err != nil {
			return err
		}
		b.people = append(b.people, &person{Person: account, open: make(chan struct{}),
			due: make(map[uint64]bool), got: make(map[uint64]bool)})
	}
	if r.settings.Mix[plan.Private] == 0 {
		return nil
	}
	for i := 0; i < n; i += 2 {
		one, other := b.people[i], b.people[i+1]
		chat, err := one.Chat(ctx, other.Person)
		if err != nil {
			return fmt.Errorf("open a private chat: %w", err)
		}
		one.peer, other.peer, one.chat, other.chat = other, one, chat, chat
	}
	for _, p := range b.people {
		r.readers.Go(func() { r.follows(r.reading, p) })
	}
	limit := time.NewTimer(joinTimeout)
	defer limit.Stop()
	for _, p := range b.people {
		select {
		case <-p.open:
		case <-limit.C:
			return fmt.Errorf("the feed of %s is not open within %s", p.Name, joinTimeout)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// part deletes the accounts. What they wrote stays.
func (r *run) part() {
	ctx, cancel := context.WithTimeout(context.Background(), deleteTime)
	defer cancel()
	left := 0
	for _, p := range r.besides.people {
		if p.Delete(ctx) != nil {
			left++
		}
	}
	if left > 0 {
		r.mark(fmt.Sprintf("%d accounts of the run could not be deleted", left))
	}
	r.besides.close()
}

// follows reads a person's feed, and opens it again where it was when it ends.
func (r *run) follows(ctx context.Context, p *person) {
	var at *client.Position
	opened := sync.OnceFunc(func() { close(p.open) })
	for ctx.Err() == nil {
		if conn, err := p.Feed(ctx, at); err == nil {
			at = r.readFeed(ctx, p, conn, at, opened)
			conn.Close()
		}
		pause := time.NewTimer(rand.N(2 * feedPause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// readFeed reads a connection to its end, and returns how far it came.
func (r *run) readFeed(ctx context.Context, p *person, conn *client.Conn, at *client.Position,
	opened func(),
) *client.Position {
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			return at
		}
		switch e := event.(type) {
		case *client.Welcome:
			if at == nil || at.Epoch != e.Epoch {
				at = &client.Position{Epoch: e.Epoch, Seq: e.Seq}
			}
			opened()
		case *client.Reset:
			at = &client.Position{Epoch: e.Epoch, Seq: e.Seq}
		case *client.Message:
			at.Seq = e.Seq
			number, _ := r.ids.parse([]byte(e.Text[:min(len(e.Text), idSize)]))
			if number > 0 && p.receive(number) {
				r.acts.received(plan.Private)
			}
		case *client.Entry:
			at.Seq = e.Seq
		}
	}
}

// writePrivately posts a message of somebody to the other one of the chat. Its
// text begins with its id. It is due in the feeds of both.
func (r *run) writePrivately(ctx context.Context, random *rand.Rand, after time.Duration) error {
	p := r.besides.people[random.IntN(len(r.besides.people))]
	number := r.numbers.Add(1)
	id := r.ids.id(number, after, false)
	text := filler(min(r.settings.Bytes, maxPrivate))
	err := repeat(ctx, func() error { return p.Post(ctx, p.chat, id, id+" "+text) })
	if err == nil {
		p.expect(number)
		p.peer.expect(number)
	}
	return err
}

// expect says that the message is stored, so that the feed must have it.
func (p *person) expect(number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due[number] = p.got[number]
	delete(p.got, number)
}

// receive records that the feed has the message, and returns whether it is the
// first time.
func (p *person) receive(number uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	had, stored := p.due[number]
	if had || p.got[number] {
		return false
	}
	if stored {
		p.due[number] = true
	} else {
		p.got[number] = true
	}
	return true
}

// missing returns how many stored messages the feed has not had.
func (p *person) missing() (n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, had := range p.due {
		if !had {
			n++
		}
	}
	return n
}

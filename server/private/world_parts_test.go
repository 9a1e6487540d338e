package private

import (
	"context"
	"fmt"
	"slices"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// This file has the database and the Redis of a world, as a process uses them.

// waiting returns the events to be published.
func (w *world) waiting() []store.Event {
	return slices.DeleteFunc(slices.Clone(w.box), func(e store.Event) bool {
		_, sent := w.sent[e.Seq]
		return sent && !w.resent[e.Seq]
	})
}

// epochBefore returns the epoch in which the last published event of the same
// user before e was published.
func (w *world) epochBefore(e store.Event) (epoch string) {
	for _, other := range w.box {
		if _, sent := w.sent[other.Seq]; sent && !w.resent[other.Seq] && other.User == e.User && other.Seq < e.Seq {
			epoch = w.epochs[other.Seq]
		}
	}
	return epoch
}

func (p *process) Outbox(ctx context.Context, limit int) (events []store.Event, err error) {
	err = p.call(ctx, "read", 0, func() error {
		p.reads++
		waiting := p.waiting()
		events = waiting[:min(limit, len(waiting))]
		for i := range events {
			events[i].Epoch = p.epochBefore(events[i])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

func (p *process) Published(ctx context.Context, epochs map[int64]string) error {
	return p.call(ctx, "note", 0, func() error {
		p.marks++
		for _, e := range p.box {
			epoch, ok := epochs[e.Seq]
			_, sent := p.sent[e.Seq]
			if !ok || sent && !p.resent[e.Seq] {
				continue
			}
			if !sent {
				p.sent[e.Seq] = time.Now()
			}
			p.epochs[e.Seq] = epoch
			delete(p.resent, e.Seq)
		}
		return nil
	})
}

func (p *process) Resend(ctx context.Context, users []int64) error {
	return p.call(ctx, "resend", 0, func() error {
		for _, e := range p.box {
			if _, sent := p.sent[e.Seq]; sent && slices.Contains(users, e.User) {
				p.resent[e.Seq] = true
			}
		}
		return nil
	})
}

func (p *process) ResendAll(ctx context.Context) error {
	return p.call(ctx, "resend", 0, func() error {
		for seq := range p.sent {
			p.resent[seq] = true
		}
		return nil
	})
}

func (p *process) ForgetPublished(ctx context.Context, age time.Duration, limit int) (n int64, err error) {
	err = p.call(ctx, "forget", 0, func() error {
		p.box = slices.DeleteFunc(p.box, func(e store.Event) bool {
			sent, ok := p.sent[e.Seq]
			old := ok && !p.resent[e.Seq] && time.Since(sent) > age && n < int64(limit)
			if old {
				delete(p.sent, e.Seq)
				delete(p.epochs, e.Seq)
				n++
			}
			return old
		})
		return nil
	})
	return n, err
}

// lose makes the log of a user lose all but the first n events. It goes on in
// another epoch.
func (w *world) lose(user int64, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	room := chat.FeedRoom(user)
	for _, id := range w.feeds[room][n:] {
		delete(w.ids, id)
	}
	w.feeds[room] = w.feeds[room][:n]
	w.losses[room]++
}

func (p *process) TryLock(ctx context.Context, _ string, ttl time.Duration) (ok bool, err error) {
	err = p.call(ctx, "lock", 0, func() error {
		p.locks++
		if now := time.Now(); p.holder == p || p.holder == nil || now.After(p.ends) {
			p.holder, p.ends, ok = p, now.Add(ttl), true
		}
		return nil
	})
	return ok && err == nil, err
}

func (p *process) Unlock(ctx context.Context, _ string) error {
	return p.call(ctx, "unlock", 0, func() error {
		if p.holder == p {
			p.holder = nil
		}
		return nil
	})
}

// PublishEvent behaves like the Redis script: an id is in a log only once, and
// a log in another epoch refuses everything.
func (p *process) PublishEvent(ctx context.Context, room string, e chat.Message, epoch string) (
	now string, err error) {
	id := e.ID
	var user int64
	if _, err := fmt.Sscanf(room, "user:%d", &user); err != nil {
		return "", err
	}
	err = p.call(ctx, "publish", user, func() error {
		now = fmt.Sprint("epoch", p.losses[room])
		if epoch != "" && epoch != now {
			return chat.ErrLogClosed
		}
		p.publications++
		if !p.ids[id] {
			if next := len(p.feeds[room]); next >= len(p.posted[user]) || p.posted[user][next] != id {
				p.violations = append(p.violations,
					fmt.Sprintf("%s is published as number %d of %s", id, next+1, room))
			}
			p.ids[id] = true
			p.feeds[room] = append(p.feeds[room], id)
		}
		return nil
	})
	return now, err
}

package bus

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"livechat/server/chat"
)

// Republish queues messages that the log of a room has lost, oldest first, to
// be published again. A message whose key the log has is not added twice. It
// returns at once. What cannot be published now is tried again until it can.
func (b *Bus) Republish(room string, payloads [][]byte) {
	b.queueRepublish(room, RestoredOf(room, payloads))
}

func (b *Bus) queueRepublish(room string, lost []Restored) {
	if len(lost) > 0 {
		b.repairs.queueRepublish(room, lost)
	}
}

// republishAll republishes what is queued, for several rooms at a time, until
// ctx is done.
func (b *Bus) republishAll(ctx context.Context, h RepairSource) {
	for {
		rooms, next := b.repairs.republishDue()
		sideBySide(rooms, func(room string) {
			if err := b.republishRoom(ctx, h, room); err != nil {
				b.logger.Debug("log repair: cannot republish yet", "room", room, "error", err)
				b.repairs.putOff(room)
			}
		})
		if len(rooms) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-b.repairs.republish:
		case <-time.After(next):
		}
	}
}

// republishRoom republishes what is queued for a room.
func (b *Bus) republishRoom(ctx context.Context, h RepairSource, room string) error {
	for lost := b.repairs.firstPending(room); len(lost) > 0; lost = b.repairs.firstPending(room) {
		var batch []queued
		for _, k := range lost {
			if m, err := chat.DecodePayload(k.Payload); err == nil {
				p := publicationOf(room, &m)
				p.ID, p.Digest = k.ID, k.Digest
				batch = append(batch, queued{Publication: p})
			}
		}
		if err := b.republishPage(ctx, h, room, batch); err != nil {
			return err
		}
		b.logger.Info("log repair: republished messages missing from Redis", "room", room,
			"messages", len(batch))
		b.options.Metrics.Republished.Add(float64(len(batch)))
		b.repairs.republished(room, len(lost))
	}
	return nil
}

// republishPage publishes once. After an error all of it has to be tried again,
// which is harmless for what was appended.
func (b *Bus) republishPage(ctx context.Context, h RepairSource, room string, batch []queued) error {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	var emptied []queued
	for i, cmd := range b.pipeline(ctx, batch) {
		if refused(cmd) {
			err := b.openToPublish(ctx, room, h.Known(room).Head, isNoScript(cmd.Err()))
			return errors.Join(chat.ErrLogClosed, err)
		}
		r, err := readReceipt(cmd)
		switch {
		case err != nil && chat.AsError(err).Retryable:
			return err
		case err == nil && !r.Duplicate:
			// it may be lost again
			b.recent.add(batch[i].Publication, r.Position, b.logs.get(room))
		case err != nil:
			if p, ok := unquoted(batch[i].Publication); ok {
				emptied = append(emptied, queued{Publication: p})
			}
		}
	}
	if len(emptied) == 0 {
		return nil
	}
	return b.republishPage(ctx, h, room, emptied)
}

// unquoted returns a reply that the log refuses because its message is deleted,
// without what it quotes of that. ok is false for anything else.
func unquoted(p Publication) (_ Publication, ok bool) {
	m, err := receipt{Publication: p, at: anyPosition}.message()
	if err != nil || m.Type != "" {
		return p, false
	}
	if m.Extra, ok = chat.ForgetReply(m.Extra, p.About.ID); !ok {
		return p, false
	}
	without := publicationOf(p.Room, &m)
	without.ID = p.ID
	return without, true
}

// unreceived returns what this server has put into a room's log and not
// received: what the room knows, and what is remembered here of logs of rooms to
// which it is not subscribed. received is the newest message that it has
// received.
func (b *Bus) unreceived(h RepairSource, room string, received chat.Position) []Restored {
	list := h.Unreceived(room)
	for _, k := range b.recent.after(room, received) {
		if !slices.ContainsFunc(list, func(other Restored) bool { return other.Position == k.Position }) {
			list = append(list, k)
		}
	}
	return list
}

// republishRecent republishes what this server has put into the log of a room to
// which it is not subscribed, if the log was found open without it: it was lost,
// and maybe no server has received it.
//
// Not so in feeds: each process knows only the events that it has published
// itself, so those of two would come out of order. The relay publishes all of
// them again, from the database.
func (b *Bus) republishRecent(room string, l chat.Log) {
	if chat.IsFeed(room) {
		return
	}
	if h, ok := b.source.Load().(RepairSource); ok && h.Known(room).Head.Epoch == "" {
		b.queueRepublish(room, b.recent.takeLost(room, l))
	}
}

// recent remembers the newest messages that this server has put into logs. A
// Redis that dies may have acknowledged one that no server has received: then
// it is in no ring, only here. An open room remembers its own
// (RepairSource.Unreceived).
type recent struct {
	mu   sync.Mutex
	next int          // guarded by mu
	list [256]receipt // guarded by mu
}

// receipt is an acknowledged publication.
type receipt struct {
	Publication
	at     chat.Position
	epochs chat.EpochHistory // before at.Epoch, as far as known
	when   time.Time
}

// restored returns the message as the log had it, but with the time of this
// server instead of Redis'.
func (r receipt) restored() Restored {
	payload := chat.AppendPayload(nil, r.Type, r.at, r.Body, r.when.UnixMilli())
	return Restored{Position: r.at, Payload: payload, ID: r.ID, Digest: r.Digest}
}

// has reports whether a recent message of a room's log is remembered. After
// that time the log may have left Redis because it was not used.
func (r *recent) has(room string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.list[:], func(p receipt) bool {
		return p.Room == room && time.Since(p.when) < chat.RepublishAge
	})
}

// takeLost removes and returns what is remembered of a room's log and is not
// part of l, oldest first. Messages too old to be republished are only removed.
func (r *recent) takeLost(room string, l chat.Log) (list []Restored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, p := range r.list {
		if p.Room != room || l.Has(p.at) {
			continue
		}
		if time.Since(p.when) < chat.RepublishAge {
			list = append(list, p.restored())
		}
		r.list[i] = receipt{}
	}
	slices.SortFunc(list, func(a, b Restored) int { return cmp.Compare(a.Position.Seq, b.Position.Seq) })
	return list
}

// log returns a room's log as the newest remembered message has it; zero if
// there is none. An old one does not count: others may have published much
// since, which a log that is restored from it would seem not to have lost.
func (r *recent) log(room string) (l chat.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.list {
		if p.Room == room && p.at.Seq > l.Head.Seq && time.Since(p.when) < chat.RepublishAge {
			l = chat.Log{Head: p.at, Epochs: p.epochs}
		}
	}
	return l
}

// add notes that p is in the log, which was found as l. A summary is not noted:
// it is made again of what is remembered of the reactions.
func (r *recent) add(p Publication, at chat.Position, l openLog) {
	if p.Type == chat.TypeReactions {
		return
	}
	p.Done, p.Said = nil, nil
	if p.Type == chat.TypeDelete || chat.IsFeed(p.Room) && chat.MayDelete(p.Body) {
		r.forget(p)
	}
	var past chat.EpochHistory
	if at.Epoch == l.epoch {
		past = l.epochs
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list[r.next%len(r.list)] = receipt{p, at, past, time.Now()}
	r.next++
}

// forget leaves tombstones of what the delete d deletes.
func (r *recent) forget(d Publication) {
	by, err := receipt{Publication: d, at: anyPosition}.message()
	if err != nil {
		return
	}
	id := []byte(d.About.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, p := range r.list {
		if p.Room != d.Room || !bytes.Contains(p.Body, id) {
			continue
		}
		m, err := p.message()
		if err != nil {
			continue
		}
		if m, ok := m.After(&by); ok {
			r.list[i].Publication = publicationOf(p.Room, &m)
			r.list[i].ID = p.ID
		}
	}
}

// anyPosition is that of a receipt of which only the entry matters.
var anyPosition = chat.Position{Epoch: "0", Seq: 1}

// message returns the entry as the log had it.
func (r receipt) message() (chat.Message, error) { return chat.DecodePayload(r.restored().Payload) }

// after returns what is remembered of a room's log after at, in its epoch,
// oldest first; of all epochs if at is zero.
func (r *recent) after(room string, at chat.Position) (list []Restored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.list {
		if p.Room == room && (p.at.Epoch == at.Epoch || at.Epoch == "") && p.at.Seq > at.Seq {
			list = append(list, p.restored())
		}
	}
	slices.SortFunc(list, func(a, b Restored) int { return cmp.Compare(a.Position.Seq, b.Position.Seq) })
	return list
}

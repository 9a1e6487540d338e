package bus

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"livechat/server/chat"
)

// Republish says messages again that were in the log once and are not any more, oldest first: each is added unless the log has its id. It
// returns at once; what cannot be said now is tried again until it can.
func (b *Bus) Republish(room string, kept []Kept) {
	if len(kept) > 0 {
		b.mends.owe(room, kept)
	}
}

// sayAllAgain publishes what is owed to rooms, side by side, until ctx is done.
func (b *Bus) sayAllAgain(ctx context.Context, h Handler) {
	for {
		rooms, next := b.mends.owing()
		sideBySide(rooms, func(room string) {
			if err := b.sayAgain(ctx, h, room); err != nil {
				b.log.Debug("cannot say lost messages again yet", "room", room, "error", err)
				b.mends.putOff(room)
			}
		})
		if len(rooms) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-b.mends.again:
		case <-time.After(next):
		}
	}
}

// sayAgain publishes what is owed to a room.
func (b *Bus) sayAgain(ctx context.Context, h Handler, room string) error {
	for kept := b.mends.firstOwed(room); len(kept) > 0; kept = b.mends.firstOwed(room) {
		var batch []queued
		for _, k := range kept {
			if body, ok := bodyOf(k.Payload); ok {
				batch = append(batch, queued{Publication: Publication{Room: room, ID: k.ID, Body: body, Digest: k.Digest}})
			}
		}
		if err := b.publishPage(ctx, h, room, batch); err != nil {
			return err
		}
		b.log.Info("lost messages were said again", "room", room, "messages", len(batch))
		b.options.Metrics.SaidAgain.Add(float64(len(batch)))
		b.mends.said(room, len(kept))
	}
	return nil
}

// publishPage publishes once. Any error means that all of it has to be tried again, which changes nothing about what was taken.
func (b *Bus) publishPage(ctx context.Context, h Handler, room string, batch []queued) error {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	for i, cmd := range b.pipeline(ctx, batch) {
		if refused(cmd) {
			return errors.Join(chat.ErrLogClosed, b.openToPublish(ctx, room, h.Known(room).Head, isNoScript(cmd.Err())))
		}
		r, err := readReceipt(cmd)
		switch {
		case err != nil && chat.AsError(err).Retryable:
			return err
		case err == nil && !r.Duplicate:
			// it may get lost once more
			b.recent.add(batch[i].Publication, r.Position, b.logs.get(room))
		}
	}
	return nil
}

// bodyOf cuts the body out of a payload: see Publication. What a body says cannot look like its end, since quotes in it are escaped.
func bodyOf(payload []byte) ([]byte, bool) {
	from, to := bytes.Index(payload, []byte(`"id":`)), bytes.LastIndex(payload, []byte(`,"at":`))
	if from < 0 || to < from {
		return nil, false
	}
	return payload[from:to], true
}

// unheard returns what this server has put into a room's log and not heard: what the room knows, and what is known here of logs that are not
// followed. heard is the newest message that it has heard.
func (b *Bus) unheard(h Handler, room string, heard chat.Position) []Kept {
	list := h.Unheard(room)
	for _, k := range b.recent.after(room, heard) {
		if !slices.ContainsFunc(list, func(other Kept) bool { return other.Position == k.Position }) {
			list = append(list, k)
		}
	}
	return list
}

// sayRecentAgain is for what this server has put into a room's log that it does
// not follow, when the log was found open and has not got it: it was lost, and
// maybe nobody has heard it.
func (b *Bus) sayRecentAgain(room string, l chat.Log) {
	if h, ok := b.handler.Load().(Handler); ok && h.Known(room).Head.Epoch == "" {
		b.Republish(room, b.recent.takeLost(room, l))
	}
}

// recent remembers the newest messages that this server has put into logs. A Redis that dies may have acknowledged one that no server
// has heard: then it is in no ring, only here. A room that is open here remembers its own (Handler.Unheard).
type recent struct {
	mu   sync.Mutex
	next int          // guarded by mu
	list [256]receipt // guarded by mu
}

// receipt is a publication that was acknowledged.
type receipt struct {
	Publication
	at   chat.Position
	past chat.Lineage // of at.Epoch, as far as it is known
	when time.Time
}

// kept returns the message as the log had it; its time is ours and not Redis'.
func (r receipt) kept() Kept {
	payload := fmt.Appendf(nil, `{"type":"message","seq":%d,%s,"at":%d,"epoch":"%s"}`, r.at.Seq, r.Body, r.when.UnixMilli(), r.at.Epoch)
	return Kept{Position: r.at, Payload: payload, ID: r.ID, Digest: r.Digest}
}

// has says whether anything is remembered of a room's log that is young: a log
// may also have left Redis because nobody came for long.
func (r *recent) has(room string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.list[:], func(p receipt) bool { return p.Room == room && time.Since(p.when) < chat.SayAgainAge })
}

// takeLost returns what is remembered of a room's log and is no part of l,
// oldest first, and forgets it. What is too old to be said again is only
// forgotten.
func (r *recent) takeLost(room string, l chat.Log) (list []Kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, p := range r.list {
		if p.Room != room || l.Has(p.at) {
			continue
		}
		if time.Since(p.when) < chat.SayAgainAge {
			list = append(list, p.kept())
		}
		r.list[i] = receipt{}
	}
	slices.SortFunc(list, func(a, b Kept) int { return cmp.Compare(a.Position.Seq, b.Position.Seq) })
	return list
}

// log returns a room's log as the newest of what is remembered of it has it;
// zero if there is nothing.
func (r *recent) log(room string) (l chat.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.list {
		if p.Room == room && p.at.Seq > l.Head.Seq {
			l = chat.Log{Head: p.at, Past: p.past}
		}
	}
	return l
}

// add notes that p is in the log, which was found as l.
func (r *recent) add(p Publication, at chat.Position, l openLog) {
	p.Done = nil
	var past chat.Lineage
	if at.Epoch == l.epoch {
		past = l.past
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list[r.next%len(r.list)] = receipt{p, at, past, time.Now()}
	r.next++
}

// after returns what is remembered of a room's log behind at, in its epoch, oldest first; of all epochs if at is zero.
func (r *recent) after(room string, at chat.Position) (list []Kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.list {
		if p.Room == room && (p.at.Epoch == at.Epoch || at.Epoch == "") && p.at.Seq > at.Seq {
			list = append(list, p.kept())
		}
	}
	slices.SortFunc(list, func(a, b Kept) int { return cmp.Compare(a.Position.Seq, b.Position.Seq) })
	return list
}

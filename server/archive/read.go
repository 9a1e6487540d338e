package archive

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// Shelf is where archived messages are read from.
type Shelf interface {
	LogPage(ctx context.Context, room, epoch string, after, before int64, limit int) ([]store.RoomMessage, error)
	CountLog(ctx context.Context, room, epoch string, after, before int64) (int64, error)
	RoomMessages(ctx context.Context, room, epoch string, before, after int64, limit int) ([]store.RoomMessage, error)
	Epochs(ctx context.Context, room string, limit int) ([]store.EpochEnd, error)
}

// How long the store may take for a page, for counting, and for the newest message. A client waits for each, so they are short where the store hangs.
const (
	pageTimeout   = 4 * time.Second
	countTimeout  = 1500 * time.Millisecond
	newestTimeout = 1500 * time.Millisecond
)

// Reader gives back what has left the rooms' logs, for clients that come from further behind. Who asks for the same at the same time, as after an
// outage all do, shares one answer. All methods may be called from any goroutine.
type Reader struct {
	shelf  Shelf
	pages  singleflight.Group
	counts singleflight.Group
	turn   chan struct{} // held by who counts: counting may not take all the store's connections
}

// NewReader returns a Reader of what is on a shelf.
func NewReader(s Shelf) *Reader { return &Reader{shelf: s, turn: make(chan struct{}, 1)} }

// Between returns the payloads of the messages of l behind after and before before, as the log had them, oldest first, at most limit. If they are
// fewer it has no others; what is missing between them it does not have. The payloads are shared: they must not be changed.
func (r *Reader) Between(ctx context.Context, room string, l chat.Log, after, before uint64, limit int) ([][]byte, error) {
	key := fmt.Sprintf("%s %s:%d %d %d", room, l.Head.Epoch, after, before, limit)
	pages := r.pages.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTimeout) // others wait for it, too
		defer cancel()
		var payloads [][]byte
		for _, s := range spans(l, after, before) {
			found, err := r.shelf.LogPage(ctx, room, s.epoch, int64(s.after), int64(s.before), limit-len(payloads))
			if err != nil {
				return nil, fmt.Errorf("read the archive of room %s after %d: %w", room, after, err)
			}
			for _, m := range found {
				payloads = append(payloads, payloadOf(m))
			}
			if len(payloads) >= limit {
				break
			}
		}
		return payloads, nil
	})
	select {
	case page := <-pages:
		if page.Err != nil {
			return nil, page.Err
		}
		return page.Val.([][]byte), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("read the archive of room %s after %d: %w", room, after, ctx.Err())
	}
}

// Count returns how many of the messages of l behind after and before before are archived.
func (r *Reader) Count(ctx context.Context, room string, l chat.Log, after, before uint64) (uint64, error) {
	key := fmt.Sprintf("%s %s:%d %d", room, l.Head.Epoch, after, before)
	n, err, _ := r.counts.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTimeout)
		defer cancel()
		select {
		case r.turn <- struct{}{}:
			defer func() { <-r.turn }()
		case <-ctx.Done():
			return nil, fmt.Errorf("count what the archive of room %s has: %w", room, ctx.Err())
		}
		total := int64(0)
		for _, s := range spans(l, after, before) {
			n, err := r.shelf.CountLog(ctx, room, s.epoch, int64(s.after), int64(s.before))
			if err != nil {
				return nil, fmt.Errorf("count what the archive of room %s has: %w", room, err)
			}
			total += n
		}
		return uint64(total), nil
	})
	if err != nil {
		return 0, err
	}
	return n.(uint64), nil
}

// epochs is how many epochs of an archived log are known to one that begins
// behind it: as many as any log remembers.
const epochs = 16

// Log returns the log of a room as far as it is archived; zero if nothing is.
func (r *Reader) Log(ctx context.Context, room string) (chat.Log, error) {
	ctx, cancel := context.WithTimeout(ctx, newestTimeout)
	defer cancel()
	newest, err := r.shelf.RoomMessages(ctx, room, "", 0, 0, 1)
	if err != nil {
		return chat.Log{}, fmt.Errorf("look for the end of the archive of room %s: %w", room, err)
	}
	if len(newest) == 0 {
		return chat.Log{}, nil
	}
	last := newest[len(newest)-1]
	l := chat.Log{Head: chat.Position{Epoch: last.Epoch, Seq: uint64(last.Seq)}}
	ends, err := r.shelf.Epochs(ctx, room, epochs)
	if err != nil {
		return chat.Log{}, fmt.Errorf("look for the epochs of the archive of room %s: %w", room, err)
	}
	for _, e := range slices.Backward(ends) {
		if at := (chat.Position{Epoch: e.Epoch, Seq: uint64(e.Seq)}); at.Epoch != l.Head.Epoch && at.Seq <= l.Head.Seq {
			l.Past = append(l.Past, at)
		}
	}
	return l, nil
}

// span is a part of a log within one epoch: what is behind after and before before.
type span struct {
	epoch         string
	after, before uint64
}

// spans cuts a part of a log at the ends of its epochs. So nothing is read that an epoch had behind its end: that is not in the log, and its numbers
// are other messages'.
func spans(l chat.Log, after, before uint64) (list []span) {
	for _, end := range l.Past {
		if after+1 < before && end.Seq > after {
			s := span{end.Epoch, after, min(before, end.Seq+1)}
			list, after = append(list, s), s.before-1
		}
	}
	if after+1 < before {
		list = append(list, span{l.Head.Epoch, after, before})
	}
	return list
}

// payloadOf returns what decode has read a message from.
func payloadOf(m store.RoomMessage) []byte {
	return wire.MessagePayload(&chat.Message{
		Seq: uint64(m.Seq), Epoch: m.Epoch, ID: m.ID, App: m.App, Session: m.Session, Author: m.Author, Name: m.Name, Text: m.Text, At: m.At.UnixMilli(),
	})
}

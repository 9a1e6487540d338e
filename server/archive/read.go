package archive

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"livechat/server/chat"
	"livechat/server/store"
)

// ReadStore is where archived messages are read from.
type ReadStore interface {
	LogPage(ctx context.Context, room, epoch string, after, before int64, limit int) (
		[]store.RoomMessage, error)
	CountLog(ctx context.Context, room, epoch string, after, before int64) (int64, error)
	LastEntry(ctx context.Context, room string) (epoch string, seq int64, err error)
	Epochs(ctx context.Context, room string, limit int) ([]store.EpochEnd, error)
	Reactions(ctx context.Context, room, target string) ([]chat.Reaction, error)
}

// Limits of the store for reading a page, for counting, and for finding the
// newest message. A client waits for each, so they are short in case the store
// hangs.
const (
	pageTimeout   = 4 * time.Second
	countTimeout  = 1500 * time.Millisecond
	newestTimeout = 1500 * time.Millisecond
)

// Reader returns messages that have left the rooms' logs, for clients that were
// away for long. Calls for the same at the same time, as after an outage, share
// one answer. All methods may be called from any goroutine.
type Reader struct {
	archive   ReadStore
	pages     singleflight.Group
	counts    singleflight.Group
	reactions singleflight.Group
	// held while counting, which may not occupy all of the store's connections
	counting chan struct{}
}

// NewReader returns a Reader of the archive in s.
func NewReader(s ReadStore) *Reader { return &Reader{archive: s, counting: make(chan struct{}, 1)} }

// Between returns the payloads of the archived messages of l with after < seq <
// before, as they were in the log, oldest first, at most limit. Fewer than
// limit means that the archive has no others; it may have gaps. The payloads
// are shared and must not be changed.
func (r *Reader) Between(ctx context.Context, room string, l chat.Log, after, before uint64, limit int) (
	[][]byte, error) {
	key := fmt.Sprintf("%s %s:%d %d %d", room, l.Head.Epoch, after, before, limit)
	pages := r.pages.DoChan(key, func() (any, error) {
		// other callers wait for it, too
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTimeout)
		defer cancel()
		var payloads [][]byte
		for _, s := range spans(l, after, before) {
			found, err := r.archive.LogPage(ctx, room, s.epoch, int64(s.after), int64(s.before),
				limit-len(payloads))
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

// Count returns how many messages of l with after < seq < before are archived.
func (r *Reader) Count(ctx context.Context, room string, l chat.Log, after, before uint64) (uint64, error) {
	key := fmt.Sprintf("%s %s:%d %d", room, l.Head.Epoch, after, before)
	n, err, _ := r.counts.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTimeout)
		defer cancel()
		select {
		case r.counting <- struct{}{}:
			defer func() { <-r.counting }()
		case <-ctx.Done():
			return nil, fmt.Errorf("count the archive of room %s: %w", room, ctx.Err())
		}
		total := int64(0)
		for _, s := range spans(l, after, before) {
			n, err := r.archive.CountLog(ctx, room, s.epoch, int64(s.after), int64(s.before))
			if err != nil {
				return nil, fmt.Errorf("count the archive of room %s: %w", room, err)
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

// epochs is how many earlier epochs of an archived log are read for a log that
// continues it: as many as any log keeps.
const epochs = 16

// Log returns the archived log of a room; zero if nothing is archived.
func (r *Reader) Log(ctx context.Context, room string) (chat.Log, error) {
	ctx, cancel := context.WithTimeout(ctx, newestTimeout)
	defer cancel()
	epoch, seq, err := r.archive.LastEntry(ctx, room)
	if err != nil {
		return chat.Log{}, fmt.Errorf("find the end of the archive of room %s: %w", room, err)
	}
	if seq == 0 {
		return chat.Log{}, nil
	}
	l := chat.Log{Head: chat.Position{Epoch: epoch, Seq: uint64(seq)}}
	ends, err := r.archive.Epochs(ctx, room, epochs)
	if err != nil {
		return chat.Log{}, fmt.Errorf("read the epochs of the archive of room %s: %w", room, err)
	}
	for _, e := range slices.Backward(ends) {
		if at := (chat.Position{Epoch: e.Epoch, Seq: uint64(e.Seq)}); at.Epoch != l.Head.Epoch &&
			at.Seq <= l.Head.Seq {
			l.Epochs = append(l.Epochs, at)
		}
	}
	return l, nil
}

// span is a part of a log within one epoch: after < seq < before.
type span struct {
	epoch         string
	after, before uint64
}

// spans splits a part of a log at the ends of its epochs. So messages past the
// end of an epoch are not read: they are not in the log, and other messages
// have their numbers.
func spans(l chat.Log, after, before uint64) (list []span) {
	for _, end := range l.Epochs {
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

// payloadOf returns the payload from which decode reads the message, with the
// time of its last edit and the counts of its reactions.
func payloadOf(m store.RoomMessage) []byte {
	if m.Deleted {
		m.Type = chat.TypeTombstone
	}
	var extra []string
	if m.Extra != "" {
		extra = append(extra, m.Extra)
	}
	if !m.Edited.IsZero() {
		extra = append(extra, `"edited":`+strconv.FormatInt(m.Edited.UnixMilli(), 10))
	}
	if m.Reactions != "" {
		extra = append(extra, `"reactions":`+m.Reactions)
	}
	return chat.MessagePayload(&chat.Message{
		Type: m.Type, Seq: uint64(m.Seq), Epoch: m.Epoch, ID: m.ID, App: m.App, Session: m.Session,
		Author: m.Author, Name: m.Name, Text: m.Text, Extra: strings.Join(extra, ","), At: m.At.UnixMilli(),
	})
}

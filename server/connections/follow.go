package connections

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"livechat/server/wire"
)

// Following: the process that has the connection notes what is written to it and
// read from it, without what somebody has written, and adds it to a list in
// Redis, from which any process with the API reads. It ends when the connection
// does, when nobody has looked for wantedTime, after followTime, or when the list
// is full; both keys end by themselves. What comes too fast is counted.
//
//	{livechat:follow:ID}:frames  list of Followed
//	{livechat:follow:ID}:wanted  is there while somebody looks

// Limits of following.
const (
	FollowTime   = 5 * time.Minute
	wantedTime   = 15 * time.Second
	keptTime     = 2 * time.Minute // of the list, after the last frames
	flushEvery   = 500 * time.Millisecond
	askEvery     = 5 * time.Second // whether somebody looks, if there is nothing to add
	maxFollowing = 8               // connections of one process at the same time
	maxFollowed  = 3000            // elements of a list
	maxWaiting   = 1024            // frames between two flushes; more are counted
	mergeFrom    = 20              // frames of a flush from which on those alike are merged
	giveUp       = 10 * time.Second
)

// follower notes frames of one connection. It implements socket.Follower.
type follower struct {
	waiting chan noted
	lost    atomic.Int64 // frames that did not fit
}

// noted is a frame: what is known of it or, if that is nothing, the frame as it
// was written, which run decodes.
type noted struct {
	what  Followed
	frame []byte
}

func newFollower() *follower { return &follower{waiting: make(chan noted, maxWaiting)} }

func (f *follower) note(n noted) {
	n.what.At = time.Now().UnixMilli()
	select {
	case f.waiting <- n:
	default:
		f.lost.Add(1)
	}
}

// In implements socket.Follower.
func (f *follower) In(op byte, payload []byte) {
	f.note(noted{what: FollowPayload(FollowedIn, op, payload)})
}

// Out implements socket.Follower.
func (f *follower) Out(frames [][]byte) {
	for _, frame := range frames {
		f.note(noted{frame: frame})
	}
}

// End implements socket.Follower.
func (f *follower) End(code wire.CloseCode, byClient bool) {
	by := "server"
	switch {
	case byClient:
		by = "client"
	case code == 0:
		by = "network"
	}
	what := Followed{Dir: FollowedEnd, Type: by}
	if code != 0 {
		what.Code = code.Label()
	}
	// There is space for it: it must not be lost.
	for end := (noted{what: what}); ; {
		end.what.At = time.Now().UnixMilli()
		select {
		case f.waiting <- end:
			return
		default:
		}
		select {
		case <-f.waiting:
			f.lost.Add(1)
		default:
		}
	}
}

// take returns what was noted since the last call, and whether the connection
// is over.
func (f *follower) take() (all []Followed, over bool) {
	for waiting := true; waiting && !over; {
		select {
		case n := <-f.waiting:
			if what, ok := n.decode(); ok {
				all = append(all, what)
				over = what.Dir == FollowedEnd
			}
		default:
			waiting = false
		}
	}
	if lost := f.lost.Swap(0); lost > 0 {
		what := Followed{At: time.Now().UnixMilli(), Dir: FollowedLost, Count: int(lost)}
		at := len(all)
		if over {
			at-- // before the end
		}
		all = slices.Insert(all, at, what)
	}
	if len(all) >= mergeFrom {
		all = merge(all)
	}
	return all, over
}

// decode returns what is known of a frame; ok is false for the rest of one.
func (n noted) decode() (what Followed, ok bool) {
	if n.frame == nil {
		return n.what, true
	}
	what, ok = FollowFrame(n.frame)
	what.At = n.what.At
	return what, ok
}

// merge makes one of frames alike in a row.
func merge(all []Followed) (some []Followed) {
	for _, f := range all {
		if len(some) > 0 {
			last := &some[len(some)-1]
			if last.Dir == f.Dir && last.Type == f.Type && last.Event == f.Event && last.Code == f.Code {
				last.Count = max(last.Count, 1) + max(f.Count, 1)
				last.Size += f.Size
				last.Last, last.ID = cmp.Or(f.Seq, last.Last), ""
				continue
			}
		}
		some = append(some, f)
	}
	return some
}

// follow begins to follow a connection of this process, if it has it, and there
// is space for one more.
func (h *Hub) follow(ctx context.Context, session, id string) (begun bool) {
	if h.following.Add(1) > maxFollowing {
		h.following.Add(-1)
		return false
	}
	f := newFollower()
	stop, ok := h.o.Sockets.Follow(session, f)
	if !ok {
		h.following.Add(-1)
		return false
	}
	h.followers.Go(func() {
		defer h.following.Add(-1)
		defer stop()
		h.run(ctx, f, id)
	})
	return true
}

// run adds what a follower notes to the list, until there is a reason to end.
func (h *Hub) run(ctx context.Context, f *follower, id string) {
	ctx, cancel := context.WithTimeout(ctx, FollowTime)
	defer cancel()
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	added, last := 0, time.Now() // when Redis answered last
	var unsent []Followed
	for over := false; len(unsent) > 0 || !over && added < maxFollowed; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if !over {
			var more []Followed
			more, over = f.take()
			unsent = append(unsent, more...)
		}
		if len(unsent) == 0 && time.Since(last) < askEvery {
			continue
		}
		wanted, err := h.list.add(ctx, id, unsent)
		switch {
		case err != nil && time.Since(last) < giveUp && len(unsent) < maxWaiting:
			continue // once more
		case err != nil || !wanted:
			return
		}
		added, last, unsent = added+len(unsent), time.Now(), nil
	}
}

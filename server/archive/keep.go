package archive

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"livechat/server/store"
)

// Between two attempts to store, with jitter: all archivers have lost the store at the same moment.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// maxPast is of how many rooms it is known what the store was told of their past.
const maxPast = 10_000

const (
	siftEvery  = 4    // so many attempts fail before the messages are tried one by one
	asideTimes = 10   // so often a message is tried that fails while others do not, and the store does not say why
	maxAside   = 1000 // of so many it is known how often
	siftTries  = 8    // if so many fail, and none does not, it is the store and not the messages
)

// keep stores the load and acknowledges it. It tries until that has been done, or until ctx has ended, which it answers with false; the
// load then is dropped, and handed out again by Redis. The ends of epochs come first, so that no page has both what was behind one and what came in
// its place.
func (a *Archiver) keep(ctx context.Context) (ok bool) {
	defer func() { a.load = load{} }()
	held := time.Now()
	insist := func(ctx context.Context, try func(attempt int) bool) bool {
		return insist(ctx, func(attempt int) bool {
			if time.Since(held) > a.opts.Idle/3 {
				a.hold(ctx)
				held = time.Now()
			}
			return try(attempt)
		})
	}
	if !insist(ctx, func(int) bool { return len(a.load.past) == 0 || a.end(ctx) == nil }) {
		return false
	}
	stored := insist(ctx, func(attempt int) bool {
		return len(a.load.messages) == 0 || a.put(ctx, a.load.messages) || attempt%siftEvery == 0 && a.sift(ctx)
	})
	if !stored {
		return false
	}
	for _, batch := range a.load.batches {
		a.failed(ctx, &a.source, a.opts.Source.Ack(ctx, batch)) // if it fails they come again, and the store has them
	}
	return ctx.Err() == nil
}

// hold tells the other archivers that the load is in good hands: they need not
// claim it, nor count as lost what meanwhile has left the log.
func (a *Archiver) hold(ctx context.Context) {
	for _, batch := range a.load.batches {
		a.failed(ctx, &a.source, a.opts.Source.Hold(ctx, batch, a.opts.Consumer))
	}
}

// insist tries until it is done, or until ctx has ended, which it answers with false.
func insist(ctx context.Context, try func(attempt int) (done bool)) bool {
	pause := firstPause
	for attempt := 1; !try(attempt); attempt++ {
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return false
		}
		pause = min(2*pause, maxPause)
	}
	return true
}

// end makes one attempt to tell the store where epochs have ended. One at 0 says only that the log has nothing of that epoch, as when it began
// anew (see adopt.lua), and not that the archive has not: what is archived of it stays.
func (a *Archiver) end(ctx context.Context) error {
	attempt, cancel := context.WithTimeout(ctx, a.opts.StoreTimeout)
	defer cancel()
	var ends []store.EpochEnd
	for room, past := range a.load.past {
		for _, p := range past {
			if p.Seq > 0 {
				ends = append(ends, store.EpochEnd{Room: room, Epoch: p.Epoch, Seq: int64(p.Seq)})
			}
		}
	}
	if err := a.stored(ctx, a.opts.Store.EndEpochs(attempt, ends)); err != nil {
		return err
	}
	if len(a.past) > maxPast {
		clear(a.past) // they are told again
	}
	maps.Copy(a.past, a.load.past)
	return nil
}

// add makes one attempt to store messages.
func (a *Archiver) add(ctx context.Context, list []store.RoomMessage) error {
	attempt, cancel := context.WithTimeout(ctx, a.opts.StoreTimeout)
	defer cancel()
	added, err := a.opts.Store.AddRoomMessages(attempt, list)
	if store.IsRefused(err) { // it is there, and has answered
		a.store.ended()
		a.counts.failures.Add(1)
		return err
	}
	if err := a.stored(ctx, err); err != nil {
		return err
	}
	a.counts.stored.Add(added)
	a.counts.again.Add(int64(len(list)) - added)
	a.good = list[0]
	return nil
}

// put stores messages. Those that the store says it can never take are skipped:
// halves of halves, so that one among many costs a few attempts. ok is false if
// the store is to be asked again.
func (a *Archiver) put(ctx context.Context, list []store.RoomMessage) (ok bool) {
	err := a.add(ctx, list)
	switch {
	case err == nil:
		return true
	case !store.IsRefused(err) || ctx.Err() != nil:
		return false
	case len(list) == 1:
		a.skip(list[0], err)
		return true
	}
	half := len(list) / 2
	return a.put(ctx, list[:half]) && a.put(ctx, list[half:])
}

// place is where a message is.
type place struct {
	room, epoch string
	seq         int64
}

func placeOf(m store.RoomMessage) place { return place{m.Room, m.Epoch, m.Seq} }

// skip gives a message of the load up. It is said once, however often the load is tried.
func (a *Archiver) skip(m store.RoomMessage, reason error) {
	if _, known := a.load.skipped[placeOf(m)]; known {
		return
	}
	if a.load.skipped == nil {
		a.load.skipped = make(map[place]struct{})
	}
	a.load.skipped[placeOf(m)] = struct{}{}
	delete(a.aside, placeOf(m))
	a.counts.skipped.Add(1)
	a.opts.Log.Error("the store cannot take a message, which is not archived", "room", m.Room, "epoch", m.Epoch, "seq", m.Seq, "error", reason)
}

// stored counts an attempt that failed, and returns why.
func (a *Archiver) stored(ctx context.Context, err error) error {
	if a.failed(ctx, &a.store, err) && ctx.Err() == nil {
		a.counts.failures.Add(1)
	}
	return err
}

// sift stores the messages of the load one by one. Those that the store refuses, while it takes others, are put aside: they are not
// acknowledged, so they come again after Options.Idle, and meanwhile hold up nobody; after asideTimes they are skipped. ok is false if it looks as if the store takes nothing at all.
func (a *Archiver) sift(ctx context.Context) (ok bool) {
	if a.good.Seq != 0 && a.add(ctx, []store.RoomMessage{a.good}) != nil { // it has that already
		return false
	}
	list := a.load.messages
	var refused []store.RoomMessage
	var reason error
	for n, i := range rand.Perm(len(list)) { // in any order, so that a few at the front do not look like a store that is full
		if n == siftTries && len(refused) == n {
			return false
		}
		if err := a.add(ctx, list[i:i+1]); err != nil {
			refused, reason = append(refused, list[i]), err
		}
		if ctx.Err() != nil {
			return false
		}
	}
	if a.good.Seq == 0 { // it has never taken any
		return false
	}
	if len(a.aside) > maxAside {
		clear(a.aside)
	}
	refused = slices.DeleteFunc(refused, func(m store.RoomMessage) bool {
		if a.aside[placeOf(m)]++; a.aside[placeOf(m)] < asideTimes {
			a.putAside(m)
			return false
		}
		a.skip(m, reason)
		return true
	})
	if len(refused) > 0 {
		a.opts.Log.Error("the store refuses messages that are tried again later", "messages", len(refused),
			"room", refused[0].Room, "epoch", refused[0].Epoch, "seq", refused[0].Seq, "error", reason)
	}
	return true
}

// putAside takes a message out of what will be acknowledged.
func (a *Archiver) putAside(m store.RoomMessage) {
	for i := range a.load.batches {
		if batch := &a.load.batches[i]; batch.Room == m.Room {
			batch.Entries = slices.DeleteFunc(batch.Entries, func(e Entry) bool { return e.ID == entryID(m.Seq) })
		}
	}
}

// entryID returns the id that the publish script gives an entry.
func entryID(seq int64) string { return strconv.FormatInt(seq, 10) + "-0" }

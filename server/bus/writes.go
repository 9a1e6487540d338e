package bus

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// A Redis that is full, a replica, or unable to write to its disk still answers
// reads: clients keep receiving, and no one can send. So each server writes a
// small key now and then, and looks at the answers to it and to publications:
//
//	livechat:write:<n>   string: a server has tested whether Redis accepts writes; expires

const (
	writeEvery = time.Second
	writeTTL   = 10 * time.Second
	// wellTime is how long nothing must have been refused before an outage is
	// over. A Redis at its limit accepts some writes and refuses others.
	wellTime = 3 * time.Second
	// staleRefusal is how long a refusal is believed if Redis no longer
	// answers.
	staleRefusal = 5 * time.Second
	// writeKeys is the number of keys to choose from, so that each node of a
	// cluster has one.
	writeKeys = 64
)

// refusalOf returns the reason for which Redis refused a write.
func refusalOf(err error) chat.Refusal {
	switch {
	case redis.HasErrorPrefix(err, "OOM"):
		return chat.Full
	case redis.HasErrorPrefix(err, "READONLY"):
		return chat.ReadOnly
	case redis.HasErrorPrefix(err, "MISCONF"), redis.HasErrorPrefix(err, "NOREPLICAS"):
		return chat.RefusesWrites
	}
	return chat.NoRefusal
}

// writes tracks whether Redis accepts writes, as far as this server has seen.
type writes struct {
	log *slog.Logger

	mu      sync.Mutex
	refusal chat.Refusal // guarded by mu
	since   time.Time    // guarded by mu
	last    time.Time    // guarded by mu: of the newest refusal
}

// note notes the answer of Redis to a write. It logs once when an outage
// begins.
func (w *writes) note(err error) {
	why := refusalOf(err)
	if why == chat.NoRefusal {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Now()
	if w.refusal == chat.NoRefusal {
		w.since = w.last
		w.log.Error("redis: refuses writes, no messages can be sent", "redis", string(why), "error", err)
	}
	w.refusal = why
}

// well notes that Redis has accepted a write. It logs once when an outage ends.
func (w *writes) well() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refusal == chat.NoRefusal || time.Since(w.last) < wellTime {
		return
	}
	w.log.Info("redis: accepts writes again", "after", time.Since(w.since).Round(time.Millisecond))
	w.refusal = chat.NoRefusal
}

// Refusal returns why Redis refuses writes; NoRefusal if it accepts them or
// does not answer at all.
func (b *Bus) Refusal() chat.Refusal {
	b.writes.mu.Lock()
	defer b.writes.mu.Unlock()
	if time.Since(b.writes.last) > staleRefusal {
		return chat.NoRefusal
	}
	return b.writes.refusal
}

// tryWrites tests whether Redis accepts writes, until ctx is done.
func (b *Bus) tryWrites(ctx context.Context) {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		errs := b.tryWrite(ctx)
		taken := len(errs) > 0
		for _, err := range errs {
			b.writes.note(err)
			taken = taken && err == nil
		}
		if taken {
			b.writes.well()
		}
	}
}

// tryWrite writes to each Redis, and returns the answers.
func (b *Bus) tryWrite(ctx context.Context) (errs []error) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	if b.nodes == nil {
		return []error{b.client.Set(ctx, b.writeKey(0), "", writeTTL).Err()}
	}
	byNode, lost := b.nodes.group(ctx, writeKeys, b.writeKey)
	for _, err := range lost {
		errs = append(errs, err)
	}
	for node, keys := range byNode {
		errs = append(errs, node.Set(ctx, b.writeKey(keys[0]), "", writeTTL).Err())
	}
	return errs
}

func (b *Bus) writeKey(n int) string { return b.options.Channel + ":write:" + strconv.Itoa(n) }

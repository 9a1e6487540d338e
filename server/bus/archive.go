package bus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

var (
	//go:embed lua/archive.lua
	archiveSource string
	archiveScript = redis.NewScript(archiveSource)
)

const (
	scanPage      = 1000      // keys that Redis scans in one step of Rooms
	lagPage       = 200       // rooms in one pipeline
	idleConsumers = time.Hour // consumers idle for so long are deleted
)

// Archive hands out the logs of rooms to archivers: each entry to one consumer,
// and to another one if the first does not acknowledge it. So each entry is
// handed out at least once while it is in the stream. It does not need Run. All
// methods may be called from any goroutine and by any number of processes. An
// error means that Redis did not answer, or not as expected.
//
// In Redis that is a consumer group on each stream, `archive:<epoch>`;
// archive.lua says why the epoch is in the name.
type Archive struct{ bus *Bus }

// Archive returns the access to the logs for archivers.
func (b *Bus) Archive() *Archive { return &Archive{b} }

// ArchiveBatch is entries of one room's log that were handed out together. It
// and its entries are unnamed structs, so that package archive can name them
// without importing this one.
type ArchiveBatch = struct {
	Room    string
	Group   string         // consumer group, for Ack
	Entries []ArchiveEntry // oldest first
	// messages that left the stream before they were archived, as far as is
	// known
	Lost    int64
	Epochs  chat.EpochHistory // earlier epochs of the log; nil if the batch is empty
	Pending int64             // entries, these included, that are not acknowledged
}

// ArchiveEntry is one entry of a stream.
type ArchiveEntry = struct {
	ID      string // `<seq>-0` if publish.lua has written it
	Payload []byte // empty if publish.lua has not written it
}

// Rooms returns the rooms that have a stream. It scans all keys of Redis, which
// takes seconds where there are millions.
func (a *Archive) Rooms(ctx context.Context) ([]string, error) {
	var found roomSet
	pattern := "{" + escapeGlob(a.bus.options.Channel) + "*}:log"
	err := a.bus.eachNode(ctx, func(ctx context.Context, node redis.UniversalClient) error {
		for cursor := uint64(0); ; {
			keys, next, err := node.ScanType(ctx, cursor, pattern, scanPage, "stream").Result()
			if err != nil {
				return err
			}
			for _, key := range keys {
				found.add(a.bus.roomOf(strings.TrimSuffix(strings.TrimPrefix(key, "{"), "}:log")))
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("scan for the streams of rooms: %w", err)
	}
	return found.sorted(), nil
}

// Behind returns those of some rooms whose logs are not fully archived.
func (a *Archive) Behind(ctx context.Context, rooms []string) (behind []string, err error) {
	for page := range slices.Chunk(rooms, lagPage) {
		pipe := a.bus.client.Pipeline()
		cmds := make([]*redis.Cmd, len(page))
		for i, room := range page {
			cmds[i] = archiveScript.EvalSha(ctx, pipe, a.bus.lastingKeys(room), a.lagArgs()...)
		}
		_, err := pipe.Exec(ctx)
		if isNoScript(err) {
			if err := archiveScript.Load(ctx, a.bus.client).Err(); err != nil {
				return nil, fmt.Errorf("load archive.lua: %w", err)
			}
			return append(behind, rooms...), nil // not known for these
		}
		if err != nil {
			return nil, fmt.Errorf("read the archive lag: %w", err)
		}
		for i, room := range page {
			reply, err := cmds[i].Int64Slice()
			if err != nil {
				return nil, fmt.Errorf("read the archive lag of room %s: %w", room, err)
			}
			if len(reply) == 2 && (reply[0] > 0 || reply[1] > 0) {
				behind = append(behind, room)
			}
		}
		rooms = rooms[len(page):]
	}
	return behind, nil
}

// Read hands the consumer up to limit entries that have not been handed out, or
// that were handed out more than a second ago and will soon be trimmed from the
// stream. It does not wait. A log that has none, or does not exist, gives an
// empty batch.
func (a *Archive) Read(ctx context.Context, room, consumer string, limit int) (ArchiveBatch, error) {
	return a.hand(ctx, room, "read", consumer, limit, 0)
}

// Claim hands the consumer up to limit entries that were handed out at least
// idle ago, maybe to itself, and are not acknowledged.
func (a *Archive) Claim(
	ctx context.Context, room, consumer string, idle time.Duration, limit int,
) (ArchiveBatch, error) {
	return a.hand(ctx, room, "claim", consumer, limit, idle)
}

func (a *Archive) hand(
	ctx context.Context, room, mode, consumer string, limit int, idle time.Duration,
) (ArchiveBatch, error) {
	batch := ArchiveBatch{Room: room}
	if limit <= 0 {
		return batch, nil
	}
	reply, err := archiveScript.Run(ctx, a.bus.client, a.bus.lastingKeys(room),
		mode, consumer, limit, idle.Milliseconds(), idleConsumers.Milliseconds(), a.bus.options.HistoryLength,
		a.bus.options.RoomTTL.Milliseconds()).StringSlice()
	if err == nil && len(reply) == 0 {
		return batch, nil
	}
	if err == nil && len(reply)%2 != 0 {
		err = errors.New("unknown reply")
	}
	if err == nil {
		batch.Group = reply[0]
		batch.Lost, err = strconv.ParseInt(reply[1], 10, 64)
	}
	if err == nil {
		batch.Epochs, err = chat.ParseEpochHistory(reply[2])
	}
	if err == nil {
		batch.Pending, err = strconv.ParseInt(reply[3], 10, 64)
	}
	if err != nil {
		return batch, fmt.Errorf("%s entries of room %s for the archive: %w", mode, room, err)
	}
	for pair := range slices.Chunk(reply[4:], 2) {
		batch.Entries = append(batch.Entries, ArchiveEntry{ID: pair[0], Payload: []byte(pair[1])})
	}
	return batch, nil
}

// Hold says that the consumer is alive and still has a batch that it cannot
// archive yet. For the next while no other consumer may claim it.
func (a *Archive) Hold(ctx context.Context, batch ArchiveBatch, consumer string) error {
	if len(batch.Entries) == 0 {
		return nil
	}
	err := a.bus.client.XClaimJustID(ctx, &redis.XClaimArgs{
		Stream: a.bus.key(batch.Room, "log"), Group: batch.Group, Consumer: consumer,
		Messages: entryIDs(batch),
	}).Err()
	if err != nil {
		return fmt.Errorf("hold entries of room %s: %w", batch.Room, err)
	}
	return nil
}

// Ack says that a batch is archived. It is no error if the log has gone back
// since: then the entries are handed out again.
func (a *Archive) Ack(ctx context.Context, batch ArchiveBatch) error {
	if len(batch.Entries) == 0 {
		return nil
	}
	err := a.bus.client.XAck(ctx, a.bus.key(batch.Room, "log"), batch.Group, entryIDs(batch)...).Err()
	if err != nil {
		return fmt.Errorf("acknowledge entries of room %s: %w", batch.Room, err)
	}
	return a.archivedReactions(ctx, batch)
}

func entryIDs(batch ArchiveBatch) []string {
	ids := make([]string, len(batch.Entries))
	for i, e := range batch.Entries {
		ids[i] = e.ID
	}
	return ids
}

// Lag returns how many entries of a room's log are not archived yet, as far as
// is known, and how many the log can hold. New entries in a full log push out
// the oldest, archived or not.
func (a *Archive) Lag(ctx context.Context, room string) (behind, length int64, err error) {
	reply, err := archiveScript.Run(ctx, a.bus.client, a.bus.lastingKeys(room), a.lagArgs()...).Int64Slice()
	if err != nil {
		return 0, 0, fmt.Errorf("read the archive lag of room %s: %w", room, err)
	}
	if len(reply) > 0 {
		behind = reply[0]
	}
	return behind, int64(a.bus.options.HistoryLength), nil
}

func (a *Archive) lagArgs() []any {
	return []any{"lag", "", 0, 0, 0, 0, a.bus.options.RoomTTL.Milliseconds()}
}

// roomOf returns the room of a channel. ok is false for the gossip channel, for
// feeds, and for all other names that no guest can join: those are not
// archived.
func (b *Bus) roomOf(channel string) (room string, ok bool) {
	if channel == b.options.Channel {
		return chat.DefaultRoom, true
	}
	room, ok = strings.CutPrefix(channel, b.options.Channel+":room:")
	return room, ok && chat.CheckRoom(room) == nil && room != chat.DefaultRoom
}

// eachNode calls f for each master of a cluster, several at once, or once where
// there is no cluster.
func (b *Bus) eachNode(ctx context.Context, f func(context.Context, redis.UniversalClient) error) error {
	if b.nodes == nil {
		return f(ctx, b.client)
	}
	return b.nodes.client.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		return f(ctx, node)
	})
}

// roomSet is a set of rooms.
type roomSet struct {
	mu    sync.Mutex
	rooms map[string]struct{} // guarded by mu
}

func (s *roomSet) add(room string, ok bool) {
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms == nil {
		s.rooms = make(map[string]struct{})
	}
	s.rooms[room] = struct{}{}
}

func (s *roomSet) sorted() []string { return slices.Sorted(maps.Keys(s.rooms)) }

var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`)

// escapeGlob returns a glob pattern that matches only s.
func escapeGlob(s string) string { return globEscaper.Replace(s) }

package node

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// TestUnreceivedAckedMessagesSurviveRedisLoss: a room's clients do not keep up,
// so the server has not yet taken in messages that it published and
// acknowledged. Redis dies and comes back empty. The server restores every
// message that it acknowledged, and the room works again.
func TestUnreceivedAckedMessagesSurviveRedisLoss(t *testing.T) {
	t.Parallel()
	r := testredis.New(t, "--appendonly", "no")
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "MESSAGE_RATE=0", "RING_SIZE=512")
	ann, other := dial(t, n, "name=ann", "history=0"), dial(t, n, "name=bob", "history=0", "room=other")
	room := n.rooms.Get("livechat")
	f := room.Follow() // a shard that does not keep up
	defer f.Leave()
	held := uint64(n.cfg.Room.RingSize / 2)
	for seq := range held {
		ann.send(fmt.Sprint("before ", seq))
	}
	for room.Position().Seq < held {
		ann.next("message")
	}
	ids := map[string]bool{}
	const late = 200
	for i := range late {
		id := uuid.NewString()
		ids[id] = true
		ann.send(fmt.Sprintf(`{"type":"message","id":"%s","text":"late %d"}`, id, i))
	}
	for range late {
		ann.next("ack")
	}
	for i := range 300 { // another room must not make the server forget them
		id := uuid.NewString()
		other.send(fmt.Sprintf(`{"type":"message","id":"%s","text":"%d"}`, id, i))
		other.next("ack")
	}
	if got := room.Position().Seq; got != held {
		t.Fatalf("the room has taken in %d messages, want %d", got, held)
	}
	r.Kill()
	f.Leave()
	r.Start()
	poll.Until(t, "all that was acked is in the log", func() bool {
		log := r.CLI("--raw", "xrange", "{livechat}:log", "-", "+")
		for id := range ids {
			if !strings.Contains(log, id) {
				return false
			}
		}
		return true
	})
	bob := dial(t, n, "name=bob", "history=0")
	id := uuid.NewString()
	bob.send(fmt.Sprintf(`{"type":"message","id":"%s","text":"are you there"}`, id))
	bob.next("ack")
}

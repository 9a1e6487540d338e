package bus

import (
	"errors"
	"testing"

	"livechat/server/chat"
)

// A log without messages is recognized by servers that have received none.
func TestRepairOfAnEmptyLog(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
		old := opened(t, b, room)
		h.known = map[string]chat.Log{room: {Head: old}}
		r.raw.FlushAll(t.Context())
		first := mustSay(t, b, room, "x", "hello")
		log, err := b.OpenLog(t.Context(), room, old)
		if err != nil || first.Position.Seq != 1 || !log.Has(old) {
			t.Errorf("the log is %+v, %v", log, err)
		}
	})
}

// A log may go back without a restart: a key is restored by hand. A server that
// has seen more closes it, and the numbering continues above.
func TestRepairAfterLogIsSetBackInPlace(t *testing.T) {
	r := realRedis(t)
	b, h, old := pair(t, r)
	r.raw.XDel(t.Context(), "{livechat}:log", "4-0", "5-0")
	r.raw.HSet(t.Context(), "{livechat}:head", "seq", 3)
	if _, err := b[0].OpenLog(t.Context(), room, h[0].Known(room).Head); !errors.Is(err, chat.ErrLogClosed) {
		t.Errorf("OpenLog: %v", err)
	}
	six := mustSay(t, b[1], room, "6", "hello")
	wantLog(t, b[0], []string{"1", "2", "3", "4", "5", "6"}, func(seq uint64) string {
		if seq <= 5 {
			return old
		}
		return six.Position.Epoch
	})
}

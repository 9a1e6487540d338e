package bus

import (
	"context"
	"slices"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

func TestArchiveRooms(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room, other, "user:7", "still")
		a := b.Archive()
		for _, room := range []string{room, other, "user:7"} {
			mustSay(t, b, room, "x", "hello")
		}
		r.raw.Set(t.Context(), "{livechat:room:text}:log", "x", 0)
		r.raw.XAdd(t.Context(), xadd("{livechat:room:Not a room}:log"))
		r.raw.XAdd(t.Context(), xadd("{livechat:room:livechat}:log"))
		r.raw.XAdd(t.Context(), xadd("{livechatter}:log"))
		r.raw.XAdd(t.Context(), xadd("{livechat:room:left}:log"))
		rooms, err := a.Rooms(t.Context())
		if want := []string{other, "left", room}; err != nil || !slices.Equal(rooms, want) {
			t.Errorf("rooms %v, %v; want %v", rooms, err, want)
		}
		rooms, err = a.OpenRooms(t.Context())
		if want := []string{other, room, "still"}; err != nil || !slices.Equal(rooms, want) {
			t.Errorf("open rooms %v, %v; want %v", rooms, err, want)
		}
	})
}

func TestEscapeGlob(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		const odd = `a*b?[c]^\d`
		o := Options{URL: r.url, Channel: odd}
		b, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = b.Close() }()
		if _, err := b.OpenLog(t.Context(), room, chat.Position{}); err != nil {
			t.Fatal(err)
		}
		r.raw.XAdd(t.Context(), xadd("{"+odd+"}:log"))
		r.raw.XAdd(t.Context(), xadd(`{axbxc^\d}:log`))
		if rooms, err := b.Archive().Rooms(t.Context()); err != nil || !slices.Equal(rooms, []string{room}) {
			t.Errorf("rooms %v, %v", rooms, err)
		}
	})
}

// In a cluster the rooms are found on all nodes, and the script's keys lie in one slot.
func TestArchiveInCluster(t *testing.T) {
	port := freePort(t)
	node := tcpRedis(t, port, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the cluster is ready", func() bool { return node.Set(t.Context(), "probe", "x", 0).Err() == nil })
	b, _ := start(t, "redis://127.0.0.1:"+port+",127.0.0.1:"+port, Options{}, room, other)
	a := b.Archive()
	for _, r := range []string{room, other} {
		mustSay(t, b, r, "1", "hello")
		batch, err := a.Read(t.Context(), r, "one", 10)
		wantTaken(t, r, taken(t, batch, err), "1-0")
		if err := a.Ack(t.Context(), batch); err != nil {
			t.Error(err)
		}
		if behind, _, err := a.Lag(t.Context(), r); err != nil || behind != 0 {
			t.Errorf("lag %d, %v", behind, err)
		}
	}
	for name, list := range map[string]func(context.Context) ([]string, error){"all": a.Rooms, "open": a.OpenRooms} {
		if rooms, err := list(t.Context()); err != nil || !slices.Equal(rooms, []string{other, room}) {
			t.Errorf("%s rooms: %v, %v", name, rooms, err)
		}
	}
}

package bus

import (
	"crypto/rand"
	"slices"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
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
		for range 2 { // the first time Redis may not know the script
			rooms, err = a.Behind(t.Context(), []string{"nowhere", "left", other, room})
			if err != nil {
				t.Fatal(err)
			}
		}
		if want := []string{"left", other, room}; !slices.Equal(rooms, want) {
			t.Errorf("behind %v, want %v", rooms, want)
		}
		archiveAll(t, b, room)
		if rooms, err = a.Behind(t.Context(), []string{other, room}); err != nil ||
			!slices.Equal(rooms, []string{other}) {
			t.Errorf("behind %v, %v; want %v", rooms, err, other)
		}
	})
}

// News returns each room that had a new message, or whose log was found in
// another epoch, and no others.
func TestArchiveNews(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{})
		a := b.Archive()
		heard := make(map[string]int)
		mark := int64(0)
		hear := func() {
			t.Helper()
			rooms, next, err := a.News(t.Context(), mark)
			if err != nil {
				t.Fatal(err)
			}
			for _, room := range rooms {
				heard[room]++
			}
			mark = next
		}
		want := func(rooms ...string) {
			t.Helper()
			poll.Until(t, "the news come", func() bool { hear(); return len(heard) >= len(rooms) })
			for _, room := range rooms {
				if heard[room] == 0 {
					t.Errorf("no news of %s: %v", room, heard)
				}
			}
			clear(heard)
		}
		for _, room := range []string{room, other, chat.FeedRoom(7)} {
			mustSay(t, b, room, "1", "hello")
		}
		want(room, other)
		mustSay(t, b, other, "2", "hello")
		want(other)
		r.raw.Del(t.Context(), b.newsKey()) // numbered from 1 again
		mustSay(t, b, room, "3", "hello")
		want(room)
		if left := r.raw.PTTL(t.Context(), b.newsKey()).Val(); left <= 0 || left > newsTTL {
			t.Errorf("the news stay for %v", left)
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

// In a cluster the rooms are found on all nodes, and the keys of the script are
// in one slot.
func TestArchiveInCluster(t *testing.T) {
	t.Parallel()
	b, _ := start(t, testredis.NewOneNodeCluster(t), Options{}, room, other)
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
	rooms, err := a.Rooms(t.Context())
	if err != nil || !slices.Equal(rooms, []string{other, room}) {
		t.Errorf("rooms: %v, %v", rooms, err)
	}
	for range 2 {
		mustSay(t, b, room, rand.Text(), "hello")
		behind, err := a.Behind(t.Context(), rooms)
		if err != nil || !slices.Contains(behind, room) {
			t.Errorf("behind %v, %v", behind, err)
		}
	}
	poll.Until(t, "the news come", func() bool {
		rooms, _, err := a.News(t.Context(), 0)
		return err == nil && len(rooms) == 2
	})
}

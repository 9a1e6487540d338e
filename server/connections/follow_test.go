package connections

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// fakeRedis does what follow.lua and the commands of this package do.
type fakeRedis struct {
	mu     sync.Mutex
	down   bool                 // guarded by mu
	lists  map[string][]any     // guarded by mu
	wanted map[string]time.Time // until when; guarded by mu
}

var errDown = errors.New("redis is down")

func (r *fakeRedis) Eval(_ context.Context, _ string, keys []string, args ...any) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return nil, errDown
	}
	if time.Now().After(r.wanted[keys[1]]) {
		return int64(0), nil
	}
	if r.lists == nil {
		r.lists = map[string][]any{}
	}
	r.lists[keys[0]] = append(r.lists[keys[0]], args[1:]...)
	return int64(1), nil
}

func (r *fakeRedis) Do(_ context.Context, command string, args ...any) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := args[0].(string)
	switch {
	case r.down:
		return nil, errDown
	case command == "SET":
		if r.wanted == nil {
			r.wanted = map[string]time.Time{}
		}
		r.wanted[key] = time.Now().Add(time.Duration(args[3].(int64)) * time.Millisecond)
	case command == "DEL":
		delete(r.wanted, key)
	default:
		all := r.lists[key]
		from := min(args[1].(int), len(all))
		return all[from:min(len(all), args[2].(int)+1)], nil
	}
	return "OK", nil
}

func (r *fakeRedis) set(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// following is a process with the API, which follows ann on another one.
type following struct {
	*cluster
	sockets *fakeSockets
	hub     *Hub
	id      string
}

func testFollowing(t *testing.T, run func(t *testing.T, f *following)) {
	synctest.Test(t, func(t *testing.T) {
		f := &following{cluster: &cluster{}}
		f.sockets = f.add("1", person("ann", "den"))
		f.add("2")
		f.hub = f.hubs["node2"]
		f.test(t, func(t *testing.T) {
			var err error
			if f.id, err = f.hub.Follow(t.Context(), "s-annden"); err != nil {
				t.Fatal(err)
			}
			run(t, f)
		})
	})
}

// seen returns what was noted after the first so many.
func (f *following) seen(t *testing.T, after int) (said []string) {
	t.Helper()
	frames, err := f.hub.Frames(t.Context(), f.id, after)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range frames {
		said = append(said,
			fmt.Sprintf("%s %s%s %d-%d %d", one.Dir, one.Type, one.Code, one.Seq, one.Last, one.Count))
	}
	return said
}

func wantSeen(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("seen %q\nwant %q", got, want)
	}
}

func frameOf(seq int) []byte {
	return wire.TextFrame(fmt.Appendf(nil, `{"type":"message","seq":%d,"text":"a secret","name":"gus"}`, seq))
}

func TestFollow(t *testing.T) {
	testFollowing(t, func(t *testing.T, f *following) {
		if _, err := f.hub.Follow(t.Context(), "s-annden"); chat.AsError(err).Code != chat.CodeNotFound {
			t.Errorf("followed twice: %v", err)
		}
		if _, err := f.hub.Follow(t.Context(), "nobody"); chat.AsError(err).Code != chat.CodeNotFound {
			t.Errorf("nobody is followed: %v", err)
		}
		to := f.sockets.follower()
		to.In(wire.OpText, []byte(`{"type":"message","id":"0b9d5a5e-6f83-4a53-9c9d-7f0b1c1d2e3f","text":"a secret"}`))
		to.Out([][]byte{frameOf(7), frameOf(8)[20:], wire.Ping()})
		time.Sleep(2*flushEvery + flushEvery/2) // between two flushes: what follows is in one
		wantSeen(t, f.seen(t, 0), "in message 0-0 0", "out message 7-0 0", "out ping 0-0 0")
		for seq := range 100 {
			to.Out([][]byte{frameOf(100 + seq)})
		}
		to.End(wire.CloseTooSlow, false)
		time.Sleep(2 * flushEvery)
		wantSeen(t, f.seen(t, 3), "out message 100-199 100", "end server4008 0-0 0")
		if f.sockets.follower() != nil {
			t.Error("it is followed after it is over")
		}
		f.redis.mu.Lock()
		defer f.redis.mu.Unlock()
		if text := fmt.Sprint(f.redis.lists); strings.Contains(text, "secret") || strings.Contains(text, "gus") {
			t.Errorf("the list has what somebody wrote: %s", text)
		}
	})
}

// Following ends when nobody looks, and not before; and after its time.
func TestFollowEnds(t *testing.T) {
	testFollowing(t, func(t *testing.T, f *following) {
		for range 10 {
			time.Sleep(wantedTime / 2)
			f.seen(t, 0)
		}
		if f.sockets.follower() == nil {
			t.Fatal("it has ended while somebody looks")
		}
		time.Sleep(wantedTime + askEvery + flushEvery)
		if f.sockets.follower() != nil {
			t.Error("it goes on, and nobody looks")
		}
	})
	testFollowing(t, func(t *testing.T, f *following) {
		if err := f.hub.Unfollow(t.Context(), f.id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(askEvery + flushEvery)
		if f.sockets.follower() != nil {
			t.Error("it goes on, and was ended")
		}
	})
	testFollowing(t, func(t *testing.T, f *following) {
		for range int(FollowTime / time.Second) {
			time.Sleep(time.Second)
			f.seen(t, 0)
		}
		time.Sleep(flushEvery)
		if f.sockets.follower() != nil {
			t.Error("it goes on for ever")
		}
	})
}

// A short outage of Redis costs nothing; a long one ends it.
func TestFollowWithoutRedis(t *testing.T) {
	testFollowing(t, func(t *testing.T, f *following) {
		f.redis.set(true)
		f.sockets.follower().Out([][]byte{frameOf(1)})
		time.Sleep(giveUp / 2)
		f.redis.set(false)
		f.sockets.follower().End(0, true)
		time.Sleep(2 * flushEvery)
		wantSeen(t, f.seen(t, 0), "out message 1-0 0", "end client 0-0 0")
	})
	testFollowing(t, func(t *testing.T, f *following) {
		f.redis.set(true)
		f.sockets.follower().Out([][]byte{frameOf(1)})
		time.Sleep(2 * giveUp)
		if f.sockets.follower() != nil {
			t.Error("it goes on without Redis")
		}
		if _, err := f.hub.Frames(t.Context(), f.id, 0); !errors.Is(err, errBusy) {
			t.Errorf("without Redis: %v", err)
		}
	})
}

// Events that come too fast are counted, nothing waits, and the end is not
// lost.
func TestFollowTooFast(t *testing.T) {
	f := newFollower()
	for seq := range maxWaiting + 50 {
		f.Out([][]byte{frameOf(seq)})
	}
	f.End(0, false)
	all, over := f.take()
	last := all[len(all)-1]
	if !over || last.Dir != FollowedEnd || last.Type != "network" {
		t.Errorf("the last of %d is %+v", len(all), last)
	}
	f = newFollower()
	for seq := range maxWaiting + 50 {
		f.Out([][]byte{frameOf(seq)})
	}
	all, over = f.take()
	if over || len(all) != 2 || all[0].Count != maxWaiting || all[0].Last != maxWaiting-1 ||
		all[1].Dir != FollowedLost || all[1].Count != 50 {
		t.Errorf("%+v", all)
	}
}

// Whatever a client sends, nothing of it is told that could be a text.
func TestFollowPayload(t *testing.T) {
	for payload, want := range map[string]string{
		`{"type":"message","id":"0B9D5A5E-6F83-4A53-9C9D-7F0B1C1D2E3F"}`:               "message 0b9d5a5e-6f83-4a53-9c9d-7f0b1c1d2e3f",
		`{"type":"a secret","id":"a secret","code":"A Secret","event":"secret stuff"}`: "unreadable ",
		`{"type":7}`: "unreadable ", `secret`: "unreadable ", ``: "unreadable ", `[]`: "unreadable ",
		`{"type":"typing"}`: "typing ",
	} {
		f := FollowPayload(FollowedIn, wire.OpText, []byte(payload))
		if got := f.Type + " " + f.ID; got != want || f.Size != len(payload) ||
			strings.Contains(strings.ToLower(fmt.Sprintf("%+v", f)), "secret") {
			t.Errorf("%s: %+v, want %s", payload, f, want)
		}
	}
	reason := append(binary.BigEndian.AppendUint16(nil, 1001), "a secret"...)
	if f := FollowPayload(FollowedIn, wire.OpClose, reason); f.Type != "close" || f.Code != "1001" {
		t.Errorf("close: %+v", f)
	}
	for size, frame := range map[int][]byte{
		0: wire.Ping(), 125: wire.TextFrame(make([]byte, 125)), 126: wire.TextFrame(make([]byte, 126)),
		65535: wire.TextFrame(make([]byte, 65535)), 65536: wire.TextFrame(make([]byte, 65536)),
	} {
		if f, ok := FollowFrame(frame); !ok || f.Size != size {
			t.Errorf("a frame of %d bytes: %+v, %t", size, f, ok)
		}
		if _, ok := FollowFrame(frame[:len(frame)-1]); ok {
			t.Errorf("a part of a frame of %d bytes is taken for a whole one", size)
		}
	}
	for _, frame := range [][]byte{nil, {0x81}, []byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"), {0x01, 0}} {
		if f, ok := FollowFrame(frame); ok {
			t.Errorf("%q: %+v", frame, f)
		}
	}
}

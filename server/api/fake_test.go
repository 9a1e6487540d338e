package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"livechat/server/store"
)

// fakes are all services in memory, small, but with the rules that matter to
// the API: another user's data is not found. One error can replace all answers.
type fakes struct {
	mu       sync.Mutex // guards everything below
	broken   error      // returned by every method if set
	cut      error      // of an export, after it has begun
	block    bool       // methods wait until their context is done
	users    []store.User
	password map[int64]string
	sessions map[string]int64
	chats    []*fakeChat
	room     []store.RoomMessage
	others   []store.Range
	reacted  []store.Reacted
	since    int64            // what RoomSince finds
	closed   map[string]int64 // rooms that one account may read, 0: none
	// returned by what moderates, if set
	moderation error
	asked      []string // the calls, one line each
}

type fakeChat struct {
	id       string
	members  [2]int64
	messages []store.Message
	read     map[int64]int64
}

// startTime is the time of everything in these tests.
var startTime = time.UnixMilli(1763770000123).UTC()

func newFakes() *fakes {
	return &fakes{password: map[int64]string{}, sessions: map[string]int64{}}
}

// enter records a call and locks.
func (f *fakes) enter(ctx context.Context, what string, args ...any) (leave func(), err error) {
	f.mu.Lock()
	f.asked = append(f.asked, fmt.Sprintln(append([]any{what}, args...)...))
	if f.block {
		f.mu.Unlock()
		<-ctx.Done()
		return func() {}, fmt.Errorf("ask the database: %w", ctx.Err())
	}
	return f.mu.Unlock, f.broken
}

func (f *fakes) userLocked(id int64) store.User { return f.users[id-1] }

func (f *fakes) byNameLocked(name string) (store.User, bool) {
	i := slices.IndexFunc(f.users, func(u store.User) bool { return u.Name == name })
	if i < 0 {
		return store.User{}, false
	}
	return f.users[i], true
}

var (
	_ Accounts = (*fakes)(nil)
	_ Chats    = (*fakes)(nil)
	_ Archive  = (*fakes)(nil)
	_ Search   = (*fakes)(nil)
	_ Tickets  = (*fakes)(nil)
)

package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store that can fail and can be interrupted.
// TestAccountLifecycleOnSQLite shows that the real store behaves like it.
type memory struct {
	mu        sync.Mutex
	users     map[int64]*row       // guarded by mu
	skeletons map[string]bool      // guarded by mu
	sessions  map[[32]byte]*ticket // guarded by mu
	// All strings and bytes received except names; guarded by mu.
	seen []string
	err  error // returned by every method; guarded by mu

	// Called by CreateSession before anything else.
	beforeSession func()
}

type row struct {
	User
	hash string
}

type ticket struct {
	user    int64
	expires time.Time
}

var _ Store = (*memory)(nil)

func newMemory() *memory {
	return &memory{users: make(map[int64]*row), skeletons: make(map[string]bool),
		sessions: make(map[[32]byte]*ticket)}
}

func (m *memory) lock(seen ...string) (unlock func(), err error) {
	m.mu.Lock()
	m.seen = append(m.seen, seen...)
	return m.mu.Unlock, m.err
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) CreateUser(_ context.Context, name, skeleton, hash string) (User, error) {
	unlock, err := m.lock(hash)
	defer unlock()
	if err != nil {
		return User{}, err
	}
	if m.skeletons[skeleton] {
		return User{}, store.ErrTaken
	}
	m.skeletons[skeleton] = true
	u := User{ID: int64(len(m.skeletons)), Name: name, Created: time.Now().UTC().Truncate(time.Millisecond)}
	m.users[u.ID] = &row{u, hash}
	return u, nil
}

func (m *memory) UserByName(_ context.Context, name string) (User, string, error) {
	unlock, err := m.lock()
	defer unlock()
	if err != nil {
		return User{}, "", err
	}
	for _, r := range m.users {
		if r.Name == name {
			return r.User, r.hash, nil
		}
	}
	return User{}, "", store.ErrNotFound
}

func (m *memory) PasswordHash(_ context.Context, user int64) (string, error) {
	unlock, err := m.lock()
	defer unlock()
	if err != nil {
		return "", err
	}
	if r, ok := m.users[user]; ok {
		return r.hash, nil
	}
	return "", store.ErrNotFound
}

func (m *memory) SetPassword(_ context.Context, user int64, hash string) error {
	unlock, err := m.lock(hash)
	defer unlock()
	if err != nil {
		return err
	}
	r, ok := m.users[user]
	if !ok {
		return store.ErrNotFound
	}
	r.hash = hash
	m.endLocked(user)
	return nil
}

func (m *memory) RenewHash(_ context.Context, user int64, old, hash string) error {
	unlock, err := m.lock(hash)
	defer unlock()
	if r, ok := m.users[user]; err == nil && ok && r.hash == old {
		r.hash = hash
	}
	return err
}

func (m *memory) UserByID(_ context.Context, user int64) (User, error) {
	unlock, err := m.lock()
	defer unlock()
	if err != nil {
		return User{}, err
	}
	if r, ok := m.users[user]; ok {
		return r.User, nil
	}
	return User{}, store.ErrNotFound
}

func (m *memory) DeleteUser(_ context.Context, user int64) error {
	unlock, err := m.lock()
	defer unlock()
	if err != nil {
		return err
	}
	if _, ok := m.users[user]; !ok {
		return store.ErrNotFound
	}
	delete(m.users, user)
	m.endLocked(user)
	return nil
}

func (m *memory) EraseUser(ctx context.Context, user int64) error { return m.DeleteUser(ctx, user) }

func (m *memory) endLocked(user int64) {
	for key, s := range m.sessions {
		if s.user == user {
			delete(m.sessions, key)
		}
	}
}

func (m *memory) NameReserved(_ context.Context, skeleton string) (bool, error) {
	unlock, err := m.lock()
	defer unlock()
	return m.skeletons[skeleton], err
}

func (m *memory) CreateSession(_ context.Context, tokenHash []byte, user int64, hash string,
	expires time.Time) error {
	if m.beforeSession != nil {
		m.beforeSession()
	}
	unlock, err := m.lock(string(tokenHash))
	defer unlock()
	if err != nil {
		return err
	}
	if r, ok := m.users[user]; !ok || r.hash != hash {
		return store.ErrNotFound
	}
	m.sessions[[32]byte(tokenHash)] = &ticket{user, expires}
	return nil
}

func (m *memory) Session(_ context.Context, tokenHash []byte, now time.Time) (store.Session, error) {
	unlock, err := m.lock(string(tokenHash))
	defer unlock()
	if err != nil {
		return store.Session{}, err
	}
	s, ok := m.sessions[[32]byte(tokenHash)]
	if !ok || !s.expires.After(now) {
		return store.Session{}, store.ErrNotFound
	}
	return store.Session{User: m.users[s.user].User, Ends: s.expires}, nil
}

func (m *memory) DeleteSession(_ context.Context, tokenHash []byte) error {
	unlock, err := m.lock(string(tokenHash))
	defer unlock()
	delete(m.sessions, [32]byte(tokenHash))
	return err
}

func (m *memory) DeleteSessions(_ context.Context, user int64) error {
	unlock, err := m.lock()
	defer unlock()
	m.endLocked(user)
	return err
}

func (m *memory) DeleteExpired(_ context.Context, now time.Time) (n int64, err error) {
	unlock, err := m.lock()
	defer unlock()
	for key, s := range m.sessions {
		if !s.expires.After(now) {
			delete(m.sessions, key)
			n++
		}
	}
	return n, err
}

// count returns the number of sessions.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sessions)
}

// quick replaces Argon2id where a test does not depend on it. It is fast.
func quick(password, salt []byte, c cost, n int) []byte {
	sum := sha256.Sum256(append(append([]byte{byte(c.passes), byte(c.memory)}, salt...), password...))
	return sum[:n]
}

// quickService returns a Service on a memory, with a fast hash function.
// Attempts are unlimited unless o sets limits.
func quickService(o Options) (*Service, *memory) {
	m := newMemory()
	o.Store = m
	if o.PerAccount == (limit.Rate{}) {
		o.PerAccount.Burst = -1
	}
	if o.PerAddress == (limit.Rate{}) {
		o.PerAddress.Burst = -1
	}
	if o.Register == (limit.Rate{}) {
		o.Register.Burst = -1
	}
	return newService(o, quick), m
}

const (
	secret = "correct horse"
	other  = "battery staple"
	home   = "192.0.2.7:51234"
)

// must fails the test unless err is nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants fails the test unless err is a chat.Error with this code.
func wants(t *testing.T, what string, err error, code chat.Code) {
	t.Helper()
	if e, ok := errors.AsType[*chat.Error](err); !ok || e.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func register(t *testing.T, s *Service, name string) User {
	t.Helper()
	u, err := s.Register(t.Context(), name, secret, home)
	if err != nil {
		t.Fatalf("register %s: %v", name, err)
	}
	return u
}

func login(t *testing.T, s *Service, name string) string {
	t.Helper()
	token, _, err := s.Login(t.Context(), name, secret, home)
	if err != nil {
		t.Fatalf("log in as %s: %v", name, err)
	}
	return token
}

// Package account is who people are: their names, their passwords, and the sessions in which they are logged in.
//
// It knows no HTTP and no SQL. What it keeps, it keeps in a Store; whoever calls it brings tokens in from cookies and takes them out.
//
// # What must hold
//
//   - A name is one person's for ever: no other account and no guest can use it, nor one that looks like it (Skeleton). That of a
//     deleted account stays taken, because its messages stay.
//   - A password is known to nobody: what is stored is its Argon2id hash, as a PHC string. Whoever reads the store cannot log in
//     either: of a session's token it has only the SHA-256.
//   - Whether an account exists cannot be learned by logging in: an unknown name gets the answer of a wrong password, after the same
//     work. Registering does tell, as it must.
//   - Guessing is slow (throttle), and guessing or registering in bulk cannot take the memory of the machine (hasher).
//   - Passwords, tokens and their hashes are in no log and in no error.
package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// User is an account as others may know it.
type User = store.User

// Users is what a Service needs of the store about accounts. store.ErrNotFound says that there is none, store.ErrTaken that the
// name or a look-alike of it is there.
type Users interface {
	CreateUser(ctx context.Context, name, skeleton, hash string) (User, error)
	UserByName(ctx context.Context, name string) (u User, hash string, err error)
	UserByID(ctx context.Context, user int64) (User, error)
	PasswordHash(ctx context.Context, user int64) (string, error)
	// RenewHash puts another hash of the same password in the place of old, and ends no session. If the hash is not old any more it does nothing.
	RenewHash(ctx context.Context, user int64, old, hash string) error
	// SetPassword also ends all sessions of the user.
	SetPassword(ctx context.Context, user int64, hash string) error
	// DeleteUser also ends all sessions of the user, and keeps the skeleton of its name reserved.
	DeleteUser(ctx context.Context, user int64) error
	NameReserved(ctx context.Context, skeleton string) (bool, error)
}

// Sessions is what a Service needs of the store about sessions. Of a token it is shown the SHA-256.
type Sessions interface {
	// CreateSession fails with store.ErrNotFound if the hash of the user's password is another one by now. What ends sessions ends those that are being
	// begun, too.
	CreateSession(ctx context.Context, tokenHash []byte, user int64, hash string, expires time.Time) error
	Session(ctx context.Context, tokenHash []byte, now time.Time) (store.Session, error)
	DeleteSession(ctx context.Context, tokenHash []byte) error
	DeleteSessions(ctx context.Context, user int64) error
	DeleteExpired(ctx context.Context, now time.Time) (int64, error)
}

// Store is where accounts and sessions are kept.
type Store interface {
	Users
	Sessions
}

// Options are what a Service is made of. Store must be set; a zero value of the others means its default.
type Options struct {
	Store    Store
	Now      func() time.Time // default time.Now
	Logger   *slog.Logger     // default: none
	Lifetime time.Duration    // of a session, from its login; default 30 days

	Hashings int // passwords hashed at once, each in 19 MiB; default 2
	// Waiting is how many more may wait for that, before others are sent away as
	// unavailable; default 64, three quarters of them from one address
	Waiting int

	PerAccount Limit // wrong passwords for one account; default 10, and one more each 30 s
	PerAddress Limit // attempts to log in from one address (IPv6: from one /64); default 30, and one more each 2 s
	Register   Limit // attempts to register from one address; default 30, and one more each 10 s
}

// Limit is how often something may happen: Burst times at once (1 or more), and then once each Every. A negative Burst is no limit.
type Limit struct {
	Burst int
	Every time.Duration
}

// NewLimit is rate times a second in the long run, and burst times at once; a rate of 0 is no limit.
func NewLimit(rate float64, burst int) Limit {
	if rate == 0 {
		return Limit{Burst: -1}
	}
	return Limit{Burst: burst, Every: time.Duration(float64(time.Second) / rate)}
}

// Service registers people and logs them in. All methods may be called from any goroutine.
//
// Errors that users may see are a *chat.Error; others, such as those of the store, are wrapped.
type Service struct {
	store    Store
	now      func() time.Time
	log      *slog.Logger
	lifetime time.Duration
	hasher   *hasher
	accounts *Throttle
	addrs    *Throttle
	comers   *Throttle // addresses that register
}

// errWrong answers both a wrong password and an unknown name: which of the two it was, is nobody's business.
var errWrong = chat.Errorf(chat.CodeUnauthorized, "the name or the password is wrong")

// New makes a Service. It has nothing to close.
func New(o Options) *Service { return newService(o, argon2id) }

// newService is New with a hash function of the caller's, so that tests can count and hold hashings.
func newService(o Options, hash hashFunc) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	waiting := cmp.Or(o.Waiting, 64)
	return &Service{
		store: o.Store, now: o.Now, log: o.Logger,
		lifetime: cmp.Or(o.Lifetime, 30*24*time.Hour),
		hasher:   newHasher(hash, cmp.Or(o.Hashings, 2), waiting, max(1, waiting*3/4)),
		accounts: NewThrottle(cmp.Or(o.PerAccount, Limit{Burst: 10, Every: 30 * time.Second})),
		addrs:    NewThrottle(cmp.Or(o.PerAddress, Limit{Burst: 30, Every: 2 * time.Second})),
		comers:   NewThrottle(cmp.Or(o.Register, Limit{Burst: 30, Every: 10 * time.Second})),
	}
}

// Register makes an account. Its name is in lower case, whatever case it was
// given in. addr is where the client is, with or without a port. What can be no
// name or password, or is nobody's to have, does not count against the limit,
// but a name that is taken does: names are not for asking about in bulk. Codes:
// bad_name, bad_password, name_reserved, name_taken, rate_limited, unavailable.
func (s *Service) Register(ctx context.Context, name, password, addr string) (User, error) {
	name, err := CheckName(name)
	if err != nil {
		return User{}, err
	}
	password, err = checkPassword(password)
	if err != nil {
		return User{}, err
	}
	if err := checkCommon(password, name); err != nil {
		return User{}, err
	}
	if Kept(name) {
		return User{}, errKept
	}
	if wait := s.comers.Take(s.now(), AddressKey(addr)); wait > 0 {
		return User{}, tooMany(wait)
	}
	skeleton := Skeleton(name)
	// asked before hashing, which is dear; CreateUser decides
	taken, err := s.store.NameReserved(ctx, skeleton)
	switch {
	case err != nil:
		return User{}, fmt.Errorf("look for the name: %w", err)
	case taken:
		return User{}, errTaken
	}
	hash, err := s.hasher.create(ctx, AddressKey(addr), password)
	if err != nil {
		return User{}, err
	}
	u, err := s.store.CreateUser(ctx, name, skeleton, hash)
	switch {
	case errors.Is(err, store.ErrTaken):
		return User{}, errTaken
	case err != nil:
		return User{}, fmt.Errorf("create the user: %w", err)
	}
	s.log.InfoContext(ctx, "user registered", "user", u.ID)
	return u, nil
}

var errKept = chat.Errorf(chat.CodeNameReserved, "this name, or one that looks like it, is reserved: choose another one")

var errTaken = chat.Errorf(chat.CodeNameTaken, "this name, or one that looks like it, is taken")

// ChangePassword sets another password and ends all of the user's sessions, that of the caller as well: NewSession begins another
// for him. Codes: bad_password (the new one), forbidden (the old one is wrong), rate_limited, unavailable, unauthorized (the account is gone).
func (s *Service) ChangePassword(ctx context.Context, user int64, old, next string) error {
	next, err := checkPassword(next)
	if err != nil {
		return err
	}
	u, err := s.store.UserByID(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errNoSession
	case err != nil:
		return fmt.Errorf("find the user: %w", err)
	}
	if err := checkCommon(next, u.Name); err != nil {
		return err
	}
	if err := s.confirm(ctx, user, old); err != nil {
		return err
	}
	hash, err := s.hasher.create(ctx, userKey(user), next)
	if err != nil {
		return err
	}
	switch err := s.store.SetPassword(ctx, user, hash); {
	case errors.Is(err, store.ErrNotFound):
		return errNoSession
	case err != nil:
		return fmt.Errorf("set the password: %w", err)
	}
	s.log.InfoContext(ctx, "password changed, sessions ended", "user", user)
	return nil
}

// Delete deletes the account and ends all of its sessions. Its name stays reserved. Codes: forbidden (the password is wrong),
// rate_limited, unavailable, unauthorized (the account is gone).
func (s *Service) Delete(ctx context.Context, user int64, password string) error {
	if err := s.confirm(ctx, user, password); err != nil {
		return err
	}
	switch err := s.store.DeleteUser(ctx, user); {
	case errors.Is(err, store.ErrNotFound):
		return errNoSession
	case err != nil:
		return fmt.Errorf("delete the user: %w", err)
	}
	s.log.InfoContext(ctx, "user deleted", "user", user)
	return nil
}

// userKey is what a user who is logged in is counted under. No name or address has
// a #.
func userKey(user int64) string { return "#" + strconv.FormatInt(user, 10) }

// confirm asks a user who is logged in for the password once more. A session that was left open or stolen is no way to try passwords
// fast, so it counts against a limit like that of logging in.
func (s *Service) confirm(ctx context.Context, user int64, password string) (err error) {
	key := userKey(user) // people who guess at the login do not lock out who is logged in
	if wait := s.accounts.Take(s.now(), key); wait > 0 {
		return tooMany(wait)
	}
	defer func() {
		if err != nil && !errors.Is(err, errWrongOld) {
			s.accounts.giveBack(s.now(), key)
		}
	}()
	hash, err := s.store.PasswordHash(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errNoSession
	case err != nil:
		return fmt.Errorf("find the password: %w", err)
	}
	ok, err := s.hasher.verify(ctx, key, password, hash)
	switch {
	case err != nil:
		return err
	case !ok:
		return errWrongOld
	}
	s.accounts.forget(key)
	return nil
}

var errWrongOld = chat.Errorf(chat.CodeForbidden, "the password is wrong")

// Package account holds accounts: names, passwords and login sessions.
//
// It knows neither HTTP nor SQL. It keeps its data in a Store. Callers carry
// tokens in and out of cookies.
//
// # Invariants
//
//   - A name belongs to one account for ever. No other account and no guest can
//     use it, or a name that looks like it (Skeleton). The name of a deleted
//     account stays taken, because its messages stay.
//   - Nobody knows a password. The store has its Argon2id hash, as a PHC
//     string. Read access to the store is not enough to log in: of a session's
//     token it has only the SHA-256.
//   - A login does not reveal whether an account exists. An unknown name gets
//     the same answer as a wrong password, after the same work. A registration
//     has to reveal it.
//   - Guessing is slow (limit.Throttle). Guessing or registering in bulk cannot
//     use up the machine's memory (hasher).
//   - No log line and no error contains a password, a token or a hash of one.
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
	"livechat/server/limit"
	"livechat/server/store"
)

// User is the public part of an account.
type User = store.User

// Users is what a Service needs of the store for accounts. store.ErrNotFound
// means that there is no such account, store.ErrTaken that the name or a
// look-alike exists.
type Users interface {
	CreateUser(ctx context.Context, name, skeleton, hash string) (User, error)
	UserByName(ctx context.Context, name string) (u User, hash string, err error)
	UserByID(ctx context.Context, user int64) (User, error)
	PasswordHash(ctx context.Context, user int64) (string, error)
	// RenewHash replaces old by another hash of the same password and ends no
	// session. It does nothing if the stored hash is not old.
	RenewHash(ctx context.Context, user int64, old, hash string) error
	// SetPassword also ends all sessions of the user.
	SetPassword(ctx context.Context, user int64, hash string) error
	// DeleteUser also ends all sessions of the user. The skeleton of the name
	// stays reserved. EraseUser also has the user's messages erased.
	DeleteUser(ctx context.Context, user int64) error
	EraseUser(ctx context.Context, user int64) error
	NameReserved(ctx context.Context, skeleton string) (bool, error)
}

// Sessions is what a Service needs of the store for sessions. The store never
// receives a token, only its SHA-256.
type Sessions interface {
	// CreateSession fails with store.ErrNotFound if hash is not the user's
	// password hash any more. So whatever ends sessions also ends those being
	// created.
	CreateSession(ctx context.Context, tokenHash []byte, user int64, hash string, expires time.Time) error
	Session(ctx context.Context, tokenHash []byte, now time.Time) (store.Session, error)
	DeleteSession(ctx context.Context, tokenHash []byte) error
	DeleteSessions(ctx context.Context, user int64) error
	DeleteExpired(ctx context.Context, now time.Time) (int64, error)
}

// Store keeps accounts and sessions.
type Store interface {
	Users
	Sessions
}

// Options configure a Service. Store is required; the zero value of every other
// field means its default.
type Options struct {
	Store    Store
	Now      func() time.Time // default time.Now
	Logger   *slog.Logger     // default: none
	Lifetime time.Duration    // of a session, from its login; default SessionLifetime

	Hashings int // passwords hashed at once, each in 19 MiB; default 2
	// Waiting is how many hashings may wait for a place; further ones fail as
	// unavailable. Default 64, of which one address may have three quarters.
	Waiting int

	PerAccount limit.Rate // wrong passwords for one account; default 10, then one each 30 s
	PerAddress limit.Rate // logins from one address (IPv6: one /64); default 30, then one each 2 s
	Register   limit.Rate // registrations from one address; default 30, then one each 10 s
}

// Service registers accounts and logs them in. Its methods are safe for
// concurrent use.
//
// Errors for users are a *chat.Error. Other errors, such as those of the store,
// are wrapped and internal.
type Service struct {
	store         Store
	now           func() time.Time
	logger        *slog.Logger
	lifetime      time.Duration
	hasher        *hasher
	accounts      *limit.Throttle
	addrs         *limit.Throttle
	registrations *limit.Throttle // by address
}

// errWrong answers both a wrong password and an unknown name, so that a login
// does not reveal which names exist.
var errWrong = chat.Errorf(chat.CodeUnauthorized, "The name or the password is wrong.")

// New returns a Service. It needs no closing.
func New(o Options) *Service { return newService(o, argon2id) }

// newService is New with a replaceable hash function: tests count and block
// hashings.
func newService(o Options, hash hashFunc) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	waiting := cmp.Or(o.Waiting, 64)
	return &Service{
		store: o.Store, now: o.Now, logger: o.Logger,
		lifetime:      cmp.Or(o.Lifetime, SessionLifetime),
		hasher:        newHasher(hash, cmp.Or(o.Hashings, 2), waiting, max(1, waiting*3/4)),
		accounts:      limit.NewThrottle(cmp.Or(o.PerAccount, limit.Rate{Burst: 10, Every: 30 * time.Second})),
		addrs:         limit.NewThrottle(cmp.Or(o.PerAddress, limit.Rate{Burst: 30, Every: 2 * time.Second})),
		registrations: limit.NewThrottle(cmp.Or(o.Register, limit.Rate{Burst: 30, Every: 10 * time.Second})),
	}
}

// Register creates an account. The name is stored in lower case. addr is the
// client's address, with or without a port. Invalid names and passwords and
// system names do not count against the limit. A taken name does, so that
// nobody can probe names in bulk. Codes: bad_name, bad_password, name_reserved,
// name_taken, rate_limited, unavailable.
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
	if IsSystemName(name) {
		return User{}, errSystemName
	}
	if wait := s.registrations.Take(s.now(), limit.AddressKey(addr)); wait > 0 {
		return User{}, tooMany(wait)
	}
	skeleton := Skeleton(name)
	// Check before the expensive hash. CreateUser decides.
	taken, err := s.store.NameReserved(ctx, skeleton)
	switch {
	case err != nil:
		return User{}, fmt.Errorf("look up the name: %w", err)
	case taken:
		return User{}, errTaken
	}
	hash, err := s.hasher.create(ctx, limit.AddressKey(addr), password)
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
	s.logger.InfoContext(ctx, "account: registered", "user", u.ID)
	return u, nil
}

var errSystemName = chat.Errorf(chat.CodeNameReserved,
	"This name, or one that looks like it, is reserved. Choose another name.")

var errTaken = chat.Errorf(chat.CodeNameTaken,
	"This name, or one that looks like it, belongs to an account. Log in, or choose another name.")

// ChangePassword sets a new password and ends all of the user's sessions, the
// caller's included; NewSession starts another. Codes: bad_password (the new
// one), forbidden (the old one is wrong), rate_limited, unavailable,
// unauthorized (the account is gone).
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
		return fmt.Errorf("look up the user: %w", err)
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
	s.logger.InfoContext(ctx, "account: password changed, sessions ended", "user", user)
	return nil
}

// Delete deletes the account and ends all of its sessions. The name stays
// reserved. Its messages stay without it if keep is set, and are erased if not,
// both later. Codes: forbidden (the password is wrong), rate_limited,
// unavailable, unauthorized (the account is gone).
func (s *Service) Delete(ctx context.Context, user int64, password string, keep bool) error {
	if err := s.confirm(ctx, user, password); err != nil {
		return err
	}
	remove := s.store.EraseUser
	if keep {
		remove = s.store.DeleteUser
	}
	switch err := remove(ctx, user); {
	case errors.Is(err, store.ErrNotFound):
		return errNoSession
	case err != nil:
		return fmt.Errorf("delete the user: %w", err)
	}
	s.logger.InfoContext(ctx, "account: deleted", "user", user, "keep", keep)
	return nil
}

// userKey is the throttle key of a logged-in user. No name and no address
// contains a #.
func userKey(user int64) string { return "#" + strconv.FormatInt(user, 10) }

// confirm checks the password of a user who is logged in. It is limited like a
// login: an unattended or stolen session must not be a way to guess passwords
// fast.
func (s *Service) confirm(ctx context.Context, user int64, password string) (err error) {
	// Not the name: guesses at the login must not lock out the logged-in user.
	key := userKey(user)
	if wait := s.accounts.Take(s.now(), key); wait > 0 {
		return tooMany(wait)
	}
	defer func() {
		if err != nil && !errors.Is(err, errWrongOld) {
			s.accounts.Refund(s.now(), key)
		}
	}()
	hash, err := s.store.PasswordHash(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errNoSession
	case err != nil:
		return fmt.Errorf("look up the password: %w", err)
	}
	ok, err := s.hasher.verify(ctx, key, password, hash)
	switch {
	case err != nil:
		return err
	case !ok:
		return errWrongOld
	}
	s.accounts.Forget(key)
	return nil
}

package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// tokenLen is the length of a token in bytes. In text it is base64url without padding: 43 characters.
const tokenLen = 32

// sweepEvery is how often sessions that have expired are deleted. They are good for nothing before that either.
const sweepEvery = time.Hour

// errNoSession answers a token that is none, or no longer one.
var errNoSession = chat.Errorf(chat.CodeUnauthorized, "you are not logged in")

// Login begins a session and returns its token, which is good for the Lifetime. addr is where the client is, with or without a
// port. Codes: unauthorized, rate_limited, unavailable.
func (s *Service) Login(ctx context.Context, name, password, addr string) (token string, u User, err error) {
	name, possible := canonicalName(name)
	if err := s.attempt(ctx, name, possible, addr); err != nil {
		return "", User{}, err
	}
	if !possible || len(password) > maxPasswordBytes {
		return "", User{}, errWrong // so for every account: there is nothing to learn from how long it takes
	}
	defer func() {
		if err != nil && !errors.Is(err, errWrong) {
			// too busy, the database away: no password was found to be wrong
			s.accounts.giveBack(s.now(), name)
		}
	}()
	token, u, err = s.tryLogin(ctx, name, password, addr)
	if errors.Is(err, errNoSession) { // the password was changed meanwhile, or another login has renewed its hash: the hash of now decides
		token, u, err = s.tryLogin(ctx, name, password, addr)
	}
	if errors.Is(err, errNoSession) {
		err = errWrong
	}
	return token, u, err
}

// tryLogin begins a session if the password is right. errNoSession: its hash was replaced while that was looked at.
func (s *Service) tryLogin(ctx context.Context, name, password, addr string) (token string, u User, err error) {
	u, hash, err := s.store.UserByName(ctx, name)
	unknown := errors.Is(err, store.ErrNotFound)
	switch {
	case unknown:
		hash = s.hasher.decoy
	case err != nil:
		return "", User{}, fmt.Errorf("find the user: %w", err)
	}
	ok, err := s.hasher.verify(ctx, AddressKey(addr), password, hash)
	switch {
	case err != nil:
		return "", User{}, err
	case !ok || unknown:
		s.log.DebugContext(ctx, "login refused", "user", u.ID) // not the name as it was given: people type passwords into the wrong field
		return "", User{}, errWrong
	}
	s.accounts.forget(name) // but not the address: whoever has an account could otherwise go on guessing at others for ever
	if token, err = s.newSession(ctx, u.ID, hash); err != nil {
		return "", User{}, err
	}
	s.renew(ctx, u.ID, password, hash)
	return token, u, nil
}

// renew hashes a password anew if new hashes take other work than the one in the store, which can be done only while the password is known. If it fails
// the next login tries it again.
func (s *Service) renew(ctx context.Context, user int64, password, old string) {
	if !outdated(old) {
		return
	}
	prepared, err := preparePassword(password)
	if err == nil {
		var hash string
		if hash, err = s.hasher.create(ctx, userKey(user), prepared); err == nil {
			err = s.store.RenewHash(ctx, user, old, hash)
		}
	}
	if err != nil {
		s.log.WarnContext(ctx, "cannot renew a password's hash", "user", user, "error", err)
		return
	}
	s.log.InfoContext(ctx, "password's hash renewed", "user", user)
}

// attempt counts an attempt to log in, against the account if there can be one of that name and against the address.
// It is asked before anything is looked up or hashed, and answers the same for accounts that do not exist.
func (s *Service) attempt(ctx context.Context, name string, possible bool, addr string) error {
	now := s.now()
	wait := s.addrs.Take(now, AddressKey(addr))
	if wait == 0 && possible {
		wait = s.accounts.Take(now, name)
	}
	if wait > 0 {
		s.log.DebugContext(ctx, "login refused: too many attempts")
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error {
	return &chat.Error{
		Code: chat.CodeRateLimited, Message: "too many attempts; try again later", Retryable: true,
		RetryAfterMS: int64((wait + time.Millisecond - 1) / time.Millisecond),
	}
}

// AddressKey is what attempts from an address, with or without a port, are
// counted under. In IPv6 the last 64 bits are at the client's choice.
func AddressKey(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		withPort, err := netip.ParseAddrPort(addr)
		if err != nil {
			return "" // those that are not to be understood share one
		}
		ip = withPort.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}

// NewSession begins a session for a user who has just shown who he is: after Register and after ChangePassword, without asking for the
// password again. Codes: unauthorized (the account is gone).
func (s *Service) NewSession(ctx context.Context, user int64) (token string, err error) {
	hash, err := s.store.PasswordHash(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", errNoSession
	case err != nil:
		return "", fmt.Errorf("find the password: %w", err)
	}
	return s.newSession(ctx, user, hash)
}

// newSession begins a session on the strength of a password, given by its hash. errNoSession: that is not the password any more.
func (s *Service) newSession(ctx context.Context, user int64, hash string) (token string, err error) {
	raw := make([]byte, tokenLen)
	_, _ = rand.Read(raw) // it never fails: see its documentation
	key := sha256.Sum256(raw)
	expires := s.now().Add(s.lifetime).UTC().Truncate(time.Millisecond)
	switch err := s.store.CreateSession(ctx, key[:], user, hash, expires); {
	case errors.Is(err, store.ErrNotFound):
		return "", errNoSession
	case err != nil:
		return "", fmt.Errorf("create the session: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// tokenKey is what the store knows of a token.
func tokenKey(token string) (key []byte, ok bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenLen) { // the decoder skips line breaks
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenLen {
		return nil, false
	}
	sum := sha256.Sum256(raw)
	return sum[:], true
}

// WhoAmI returns whose session a token is. Codes: unauthorized.
func (s *Service) WhoAmI(ctx context.Context, token string) (User, error) {
	session, err := s.Session(ctx, token)
	return session.User, err
}

// Session returns whose session a token is, and when it ends. Codes: unauthorized.
func (s *Service) Session(ctx context.Context, token string) (store.Session, error) {
	key, ok := tokenKey(token)
	if !ok {
		return store.Session{}, errNoSession
	}
	session, err := s.store.Session(ctx, key, s.now().UTC())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Session{}, errNoSession
	case err != nil:
		return store.Session{}, fmt.Errorf("find the session: %w", err)
	}
	return session, nil
}

// Logout ends a session. One that has ended already is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	key, ok := tokenKey(token)
	if !ok {
		return nil
	}
	if err := s.store.DeleteSession(ctx, key); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("end the session: %w", err)
	}
	return nil
}

// LogoutAll ends all sessions of a user.
func (s *Service) LogoutAll(ctx context.Context, user int64) error {
	if err := s.store.DeleteSessions(ctx, user); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("end the sessions: %w", err)
	}
	s.log.InfoContext(ctx, "all sessions ended", "user", user)
	return nil
}

// Run deletes sessions that have expired, now and each hour, until ctx is done. Several servers may do it at once.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		switch n, err := s.store.DeleteExpired(ctx, s.now().UTC()); {
		case err != nil && ctx.Err() == nil:
			s.log.WarnContext(ctx, "cannot delete expired sessions", "error", err)
		case n > 0:
			s.log.DebugContext(ctx, "expired sessions deleted", "sessions", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/store"
)

// tokenLen is the length of a token in bytes. As text it has 43 characters,
// base64url without padding.
const tokenLen = 32

// SessionLifetime is how long a session lasts after its login.
const SessionLifetime = 30 * 24 * time.Hour

// sweepEvery is how often expired sessions are deleted. They are invalid from
// the moment they expire.
const sweepEvery = time.Hour

// errNoSession answers a token that is not valid, or not any more.
var errNoSession = chat.Errorf(chat.CodeUnauthorized, "You are not logged in. Log in and try again.")

// Login starts a session and returns its token, which is valid for Lifetime.
// addr is the client's address, with or without a port. Codes: unauthorized,
// rate_limited, unavailable.
func (s *Service) Login(ctx context.Context, name, password, addr string) (token string, u User, err error) {
	name, possible := canonicalName(name)
	if err := s.attempt(ctx, name, possible, addr); err != nil {
		return "", User{}, err
	}
	if !possible || len(password) > maxPasswordBytes {
		// The same for every name, so the time it takes reveals nothing.
		return "", User{}, errWrong
	}
	defer func() {
		if err != nil && !errors.Is(err, errWrong) {
			// The server was busy or the database unavailable: no password was
			// found to be wrong.
			s.accounts.Refund(s.now(), name)
		}
	}()
	token, u, err = s.tryLogin(ctx, name, password, addr)
	// The password changed meanwhile, or another login renewed its hash. Try
	// once more with the current hash.
	if errors.Is(err, errNoSession) {
		token, u, err = s.tryLogin(ctx, name, password, addr)
	}
	if errors.Is(err, errNoSession) {
		err = errWrong
	}
	return token, u, err
}

// tryLogin starts a session if the password is right. It fails with
// errNoSession if the hash was replaced meanwhile.
func (s *Service) tryLogin(ctx context.Context, name, password, addr string) (token string, u User,
	err error) {
	u, hash, err := s.store.UserByName(ctx, name)
	unknown := errors.Is(err, store.ErrNotFound)
	switch {
	case unknown:
		hash = s.hasher.decoy
	case err != nil:
		return "", User{}, fmt.Errorf("look up the user: %w", err)
	}
	ok, err := s.hasher.verify(ctx, limit.AddressKey(addr), password, hash)
	switch {
	case err != nil:
		return "", User{}, err
	case !ok || unknown:
		// Without the name as typed: users type passwords into the wrong field.
		s.logger.DebugContext(ctx, "account: login refused", "user", u.ID)
		return "", User{}, errWrong
	}
	// Keep the address' count: an account must not be a way to go on guessing
	// at others.
	s.accounts.Forget(name)
	if token, err = s.newSession(ctx, u.ID, hash); err != nil {
		return "", User{}, err
	}
	s.rehash(ctx, u.ID, password, hash)
	return token, u, nil
}

// rehash stores a hash of the current cost if the stored one is outdated. That
// is possible only while the password is known. After a failure the next login
// tries again.
func (s *Service) rehash(ctx context.Context, user int64, password, old string) {
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
		s.logger.WarnContext(ctx, "account: cannot upgrade a password hash", "user", user, "error", err)
		return
	}
	s.logger.InfoContext(ctx, "account: password hash upgraded", "user", user)
}

// attempt counts a login against the address, and against the account if the
// name is possible. It is called before any look-up or hash, and treats
// accounts that do not exist the same.
func (s *Service) attempt(ctx context.Context, name string, possible bool, addr string) error {
	now := s.now()
	wait := s.addrs.Take(now, limit.AddressKey(addr))
	if wait == 0 && possible {
		wait = s.accounts.Take(now, name)
	}
	if wait > 0 {
		s.logger.DebugContext(ctx, "account: login refused, too many attempts")
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error {
	return chat.RateLimited("Too many attempts. Try again later.", wait)
}

// NewSession starts a session for a user who has just been authenticated, after
// Register and ChangePassword. It does not check the password. Codes:
// unauthorized (the account is gone).
func (s *Service) NewSession(ctx context.Context, user int64) (token string, err error) {
	hash, err := s.store.PasswordHash(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", errNoSession
	case err != nil:
		return "", fmt.Errorf("look up the password: %w", err)
	}
	return s.newSession(ctx, user, hash)
}

// newSession starts a session for a password, given as its hash. It fails with
// errNoSession if the password has changed since.
func (s *Service) newSession(ctx context.Context, user int64, hash string) (token string, err error) {
	raw := make([]byte, tokenLen)
	_, _ = rand.Read(raw) // never fails, see its documentation
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

// tokenKey returns the store's key of a token, or false for an invalid token.
func tokenKey(token string) (key []byte, ok bool) {
	// Compared with the text too: the decoder skips line breaks.
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenLen) {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenLen {
		return nil, false
	}
	sum := sha256.Sum256(raw)
	return sum[:], true
}

// WhoAmI returns the user of a session. Codes: unauthorized.
func (s *Service) WhoAmI(ctx context.Context, token string) (User, error) {
	session, err := s.Session(ctx, token)
	return session.User, err
}

// Session returns the session of a token. Codes: unauthorized.
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
		return store.Session{}, fmt.Errorf("look up the session: %w", err)
	}
	return session, nil
}

// Logout ends a session. It is not an error if the session has ended before.
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
	s.logger.InfoContext(ctx, "account: all sessions ended", "user", user)
	return nil
}

// Run deletes expired sessions, now and each hour, until ctx is done. Several
// servers may run it at the same time.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		switch n, err := s.store.DeleteExpired(ctx, s.now().UTC()); {
		case err != nil && ctx.Err() == nil:
			s.logger.WarnContext(ctx, "account: cannot delete expired sessions", "error", err)
		case n > 0:
			s.logger.DebugContext(ctx, "account: expired sessions deleted", "sessions", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

package account

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
)

func TestLoginIsThrottledPerAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := quickService(Options{PerAccount: limit.Rate{Burst: 3, Every: 10 * time.Second}})
		register(t, s, "ann")
		register(t, s, "bob")
		hashed := 0
		s.hasher.hash = func(password, salt []byte, c cost, n int) []byte {
			hashed++
			return quick(password, salt, c, n)
		}
		for _, name := range []string{"ann", "nobody-here"} { // the same for both, so it reveals nothing
			hashed = 0
			for i := range 3 {
				_, _, err := s.Login(t.Context(), name, other, fmt.Sprintf("192.0.2.%d:1", i))
				wants(t, "a wrong password", err, chat.CodeUnauthorized)
			}
			_, _, err := s.Login(t.Context(), name, secret, home)
			wants(t, "the right one, too late", err, chat.CodeRateLimited)
			if e := chat.AsError(err); e.RetryAfterMS != 10_000 || !e.Retryable {
				t.Errorf("%s gets %+v", name, e)
			}
			_, _, err = s.Login(t.Context(), name, secret, home)
			if e := chat.AsError(err); e.RetryAfterMS != 10_000 {
				t.Errorf("a refused attempt counts: %+v", e)
			}
			if hashed != 3 {
				t.Errorf("%s: hashed %d times", name, hashed)
			}
		}
		login(t, s, "bob")

		time.Sleep(10*time.Second - time.Millisecond)
		_, _, err := s.Login(t.Context(), "ANN", secret, home)
		if e := chat.AsError(err); e.RetryAfterMS != 1 {
			t.Errorf("a millisecond before: %v", err)
		}
		time.Sleep(time.Millisecond)
		login(t, s, "ann")
		for range 3 { // a login resets the count
			_, _, err := s.Login(t.Context(), "ann", other, home)
			wants(t, "after a success", err, chat.CodeUnauthorized)
		}
	})
}

func TestLoginIsThrottledPerAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := quickService(Options{PerAddress: limit.Rate{Burst: 4, Every: time.Second}})
		register(t, s, "ann")
		for _, addrs := range [][]string{
			{"192.0.2.7:1", "192.0.2.7:65535", "192.0.2.7", "::ffff:192.0.2.7"},
			{"2001:db8::1", "[2001:db8::2]:443", "2001:db8:0:0:ffff::", "[2001:db8::1%eth0]:443"},
			{"", "nonsense", "@", "unix"},
		} {
			for i, addr := range addrs {
				_, _, err := s.Login(t.Context(), fmt.Sprintf("user-%d", i), other, addr)
				wants(t, addr, err, chat.CodeUnauthorized)
			}
			for _, addr := range addrs {
				_, _, err := s.Login(t.Context(), "ann", secret, addr)
				wants(t, addr, err, chat.CodeRateLimited)
			}
			_, _, err := s.Login(t.Context(), "no name at all", secret, addrs[0])
			wants(t, "what cannot be a name", err, chat.CodeRateLimited)
		}
		for _, addr := range []string{"192.0.2.8:1", "2001:db8:0:1::1"} {
			for range 4 {
				_, _, err := s.Login(t.Context(), "ann", secret, addr)
				must(t, err)
			}
			_, _, err := s.Login(t.Context(), "ann", secret, addr)
			wants(t, "a success does not reset the limit", err, chat.CodeRateLimited)
		}
		time.Sleep(time.Second)
		login(t, s, "ann")
	})
}

// Names cannot be probed in bulk, and typing errors cost nothing.
func TestRegistrationIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := quickService(Options{Register: limit.NewRate(0.1, 3)})
		for range 10 {
			_, err := s.Register(t.Context(), "a", secret, home)
			wants(t, "no name", err, chat.CodeBadName)
			_, err = s.Register(t.Context(), "ann", "short", home)
			wants(t, "no password", err, chat.CodeBadPassword)
		}
		register(t, s, "ann")
		for range 2 {
			_, err := s.Register(t.Context(), "ann", secret, home)
			wants(t, "a name that is taken", err, chat.CodeNameTaken)
		}
		for _, name := range []string{"ann", "bob"} {
			_, err := s.Register(t.Context(), name, secret, home)
			wants(t, "one more", err, chat.CodeRateLimited)
			if e := chat.AsError(err); !e.Retryable || e.RetryAfterMS != 10_000 {
				t.Errorf("%s gets %+v", name, e)
			}
		}
		_, err := s.Register(t.Context(), "bob", secret, "192.0.2.8:1")
		must(t, err)
		login(t, s, "ann") // has a count of its own
		time.Sleep(10 * time.Second)
		register(t, s, "eve")
	})
}

// An address that is refused does not use up an account's attempts.
func TestAddressLimitIsCheckedBeforeAccountLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := quickService(Options{PerAccount: limit.Rate{Burst: 5, Every: time.Hour},
			PerAddress: limit.Rate{Burst: 4, Every: time.Hour}})
		register(t, s, "ann")
		for range 100 {
			_, _, _ = s.Login(t.Context(), "ann", other, "198.51.100.1:1")
		}
		login(t, s, "ann")
	})
}

func TestPasswordConfirmationIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := quickService(Options{PerAccount: limit.Rate{Burst: 3, Every: 10 * time.Second}})
		ann := register(t, s, "ann")
		for range 3 {
			wants(t, "a wrong password", s.ChangePassword(t.Context(), ann.ID, other, other),
				chat.CodeForbidden)
		}
		wants(t, "the right one, too late", s.ChangePassword(t.Context(), ann.ID, secret, other),
			chat.CodeRateLimited)
		wants(t, "deleting", s.Delete(t.Context(), ann.ID, secret, true), chat.CodeRateLimited)
		login(t, s, "ann") // has a count of its own
		time.Sleep(10 * time.Second)
		must(t, s.ChangePassword(t.Context(), ann.ID, secret, secret))
		for range 3 {
			wants(t, "after a success", s.Delete(t.Context(), ann.ID, other, true), chat.CodeForbidden)
		}
	})
}

// Logins and confirmations that fail because the server is busy or the database
// is unavailable do not count as attempts.
func TestUnavailabilityCountsAsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := quickService(Options{
			PerAccount: limit.Rate{Burst: 3, Every: time.Hour}, Hashings: 1, Waiting: 1,
		})
		ann := register(t, s, "ann")
		wrong := func() {
			t.Helper()
			_, _, err := s.Login(t.Context(), "ann", other, home)
			wants(t, "a wrong password", err, chat.CodeUnauthorized)
			wants(t, "a wrong confirmation", s.Delete(t.Context(), ann.ID, other, true), chat.CodeForbidden)
		}
		wrong()
		ctx, giveUp := context.WithCancel(t.Context())
		leave, err := s.hasher.turns.Enter(ctx, home) // one hashes,
		must(t, err)
		go func() { _, _ = s.hasher.turns.Enter(ctx, home) }() // and one waits
		synctest.Wait()
		for range 10 {
			_, _, err := s.Login(t.Context(), "ann", secret, home)
			wants(t, "too busy", err, chat.CodeUnavailable)
			_, _, err = s.Login(t.Context(), "nobody-here", secret, home)
			wants(t, "too busy for a name that is none", err, chat.CodeUnavailable)
			wants(t, "too busy to confirm", s.Delete(t.Context(), ann.ID, other, true), chat.CodeUnavailable)
		}
		giveUp()
		synctest.Wait()
		leave()
		m.fail(errors.New("no connection"))
		for range 10 {
			if _, _, err := s.Login(t.Context(), "ann", secret, home); err == nil ||
				errors.Is(err, errWrong) {
				t.Errorf("with the database unavailable: %v", err)
			}
		}
		m.fail(nil)
		wrong() // wrong attempts still count
		wrong()
		_, _, err = s.Login(t.Context(), "ann", secret, home)
		wants(t, "after three wrong ones", err, chat.CodeRateLimited)
		wants(t, "after three wrong confirmations", s.Delete(t.Context(), ann.ID, secret, true),
			chat.CodeRateLimited)
	})
}

package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// 70 logins start at once: two are hashed, 64 wait, and four are refused. The
// waiting ones follow when the two are done.
func TestConcurrentHashesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The goroutines that hash, in the bubble; guarded by turn.
		var now, most, all int
		turn := make(chan struct{}, 1)
		count := func(by int) {
			turn <- struct{}{}
			now += by
			most = max(most, now)
			if by > 0 {
				all++
			}
			<-turn
		}
		open := make(chan struct{})
		h := newHasher(func(password, salt []byte, c cost, n int) []byte {
			count(+1)
			defer count(-1)
			<-open
			return quick(password, salt, c, n)
		}, 2, 64, 64)
		errs := make(chan error, 70)
		for i := range 70 {
			go func() {
				_, err := h.create(t.Context(), fmt.Sprint(i), secret)
				errs <- err
			}()
		}
		synctest.Wait()
		if now != 2 || len(errs) != 4 {
			t.Errorf("%d hash and %d were refused, want 2 and 4", now, len(errs))
		}
		for range len(errs) {
			err := <-errs
			wants(t, "sent away", err, chat.CodeUnavailable)
			if e := chat.AsError(err); !e.Retryable || e.RetryAfterMS <= 0 {
				t.Errorf("a refused login is not retryable: %+v", e)
			}
		}
		close(open)
		for range 66 {
			must(t, <-errs)
		}
		if hashing, waiting := h.turns.Count(); most != 2 || all != 66 || waiting != 0 || hashing != 0 {
			t.Errorf("%d hashed at once, %d in all; left: %d waiting, %d hashing", most, all, waiting,
				hashing)
		}
	})
}

// A request that ends while it waits makes room for others and is not hashed.
func TestCanceledRequestLeavesTheHashQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hashed := 0
		open := make(chan struct{})
		h := newHasher(func(password, salt []byte, c cost, n int) []byte {
			hashed++
			<-open
			return quick(password, salt, c, n)
		}, 1, 1, 1)
		first := make(chan error, 1)
		go func() {
			_, err := h.create(t.Context(), home, secret)
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := h.create(ctx, home, secret)
		wants(t, "waited for a second", err, chat.CodeUnavailable)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, err := h.create(ctx, home, secret); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a canceled context: %v", err)
		}
		second := make(chan error, 1)
		go func() { // its place in the queue is free again
			_, err := h.create(t.Context(), home, secret)
			second <- err
		}()
		synctest.Wait()
		close(open)
		must(t, <-first)
		must(t, <-second)
		if _, err := h.create(ctx, home, secret); !errors.Is(err, context.DeadlineExceeded) || hashed != 2 {
			t.Errorf("with a canceled context and no queue: %v; hashed %d times", err, hashed)
		}
	})
}

// Checks the parameters with the real function.
func TestArgon2id(t *testing.T) {
	h := newHasher(argon2id, 2, 64, 64)
	phc, err := h.create(t.Context(), home, secret)
	must(t, err)
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s", phc)
	}
	if again, err := h.create(t.Context(), home, secret); err != nil || again == phc {
		t.Errorf("the same password has the same hash twice (%v): no salt", err)
	}
	for password, want := range map[string]bool{secret: true, other: false, secret + " ": false} {
		if ok, err := h.verify(t.Context(), home, password, phc); err != nil || ok != want {
			t.Errorf("verify %q: %v, %v", password, ok, err)
		}
	}
	// From the reference implementation (argon2 1.3): echo -n password | argon2
	// somesalt -id -t 2 -m 16 -p 1 -l 32
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := h.verify(t.Context(), home, "password", reference); err != nil || !ok {
		t.Errorf("the reference implementation's hash: %v, %v", ok, err)
	}
}

func TestPHC(t *testing.T) {
	const good = "$argon2id$v=19$m=19456,t=2,p=1$c29tc2FsdHNvbWVzYWx0$" +
		"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if r, err := parsePHC(good); err != nil || r.phc() != good || r.cost != currentCost {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, bad := range []string{
		"", "$", "$$$$$", secret, strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=4294967295", 1), strings.Replace(good, "m=19456", "m=0", 1),
		strings.Replace(good, "m=19456", "m=-1", 1), strings.Replace(good, "m=19456", "m=019456", 1),
		strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "t=2", "t=1000000", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=1,x=2", 1),
		strings.Replace(good, "$c29tc2FsdHNvbWVzYWx0", "$", 1),
		strings.Replace(good, "c29t", "c2 t", 1), strings.Replace(good, "c29t", "c29\n", 1),
		good + "=", good + "$", good + "\n", good[:len(good)-30],
	} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("accepted %q", bad)
		} else if bad != "" && len(bad) > 5 && strings.Contains(err.Error(), bad) {
			t.Errorf("the error quotes the hash: %v", err)
		}
	}
}

// A hundred logins from one address delay a login from another by no more than
// the hashing in progress and the next one.
func TestOneAddressCannotDelayOtherLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := quickService(Options{Hashings: 1})
		register(t, s, "ann")
		s.hasher.hash = func(password, salt []byte, c cost, n int) []byte {
			time.Sleep(time.Second)
			return quick(password, salt, c, n)
		}
		busy := make(chan error, 100)
		for range 100 {
			go func() {
				_, _, err := s.Login(t.Context(), "nobody-here", other, "198.51.100.1:1")
				busy <- err
			}()
		}
		synctest.Wait()
		began := time.Now()
		login(t, s, "ann")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("logging in took %v", took)
		}
		for range 100 {
			if err := <-busy; err == nil {
				t.Error("logged in with a wrong password")
			}
		}
	})
}

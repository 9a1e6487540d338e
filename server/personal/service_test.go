package personal

import (
	"io"
	"testing"

	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/store"
)

// Only one download of an address runs, and each account, and the guests of an
// address, have so many in a row.
func TestLimits(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := NewService(&Exporter{Store: db}, db)
	codeOf := func(err error) chat.Code {
		if err == nil {
			return ""
		}
		return chat.AsError(err).Code
	}
	export := func(user int64, addr string) chat.Code {
		return codeOf(s.Export(t.Context(), "gu3st", store.User{ID: user}, addr,
			func() io.Writer { return io.Discard }))
	}
	const home, other = "192.0.2.7:1", "192.0.2.8"
	leave, err := s.turns.Enter(t.Context(), limit.AddressKey(home))
	if err != nil {
		t.Fatal(err)
	}
	if code := export(1, home); code != chat.CodeUnavailable {
		t.Errorf("while another is under way: %q", code)
	}
	leave()
	for range exportLimit.Burst - 1 {
		if code := export(1, home); code != "" {
			t.Errorf("one of an account: %q", code)
		}
	}
	if code := export(1, other); code != chat.CodeRateLimited {
		t.Errorf("one too many of an account: %q", code)
	}
	for range exportLimit.Burst {
		if code := export(0, home); code != "" {
			t.Errorf("one of a guest: %q", code)
		}
	}
	if home, other := export(0, home), export(0, other); home != chat.CodeRateLimited || other != "" {
		t.Errorf("one too many of guests: %q, elsewhere: %q", home, other)
	}

	if _, err := s.Erasure(t.Context(), "gu3st"); codeOf(err) != chat.CodeNotFound {
		t.Errorf("without an order: %v", err)
	}
	for range eraseLimit.Burst {
		if _, err := s.Erase(t.Context(), "gu3st", home, true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Erase(t.Context(), "gu3st", home, true); codeOf(err) != chat.CodeRateLimited {
		t.Errorf("one order too many: %v", err)
	}
	if _, err := s.Erasure(t.Context(), "gu3st"); err != nil {
		t.Errorf("with an order: %v", err)
	}
}

package auth

import (
	"testing"
	"time"

	"livechat/server/chat"
)

func issue(t testing.TB, b *Client, at Moment) string {
	t.Helper()
	ticket, _, err := b.IssueTicket(t.Context(), Ticket{
		User: 7, Name: "ann", Issued: at, Ends: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func now(t testing.TB, b *Client) Moment {
	t.Helper()
	at, err := b.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func revoke(t testing.TB, b *Client, user int64) Revoked {
	t.Helper()
	if err := b.Revoke(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	revoked, err := b.Revoked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return revoked
}

func wantRefused(t testing.TB, b *Client, what, ticket string) {
	t.Helper()
	if got, err := b.RedeemTicket(t.Context(), ticket); chat.AsError(err).Code != chat.CodeUnauthorized {
		t.Errorf("%s is accepted: %+v, %v", what, got, err)
	}
}

func TestTicketsAreGoodOnce(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b := open(t, r.url)
		at := now(t, b)
		ticket := issue(t, b, at)
		got, err := b.RedeemTicket(t.Context(), ticket)
		if err != nil || got.User != 7 || got.Name != "ann" || got.Issued != at ||
			time.Until(got.Ends).Round(time.Minute) != time.Hour {
			t.Errorf("redeemed: %+v, %v", got, err)
		}
		wantRefused(t, b, "a used ticket", ticket)
		wantRefused(t, b, "no ticket", "")
		old, _, err := b.IssueTicket(t.Context(), Ticket{User: 7, Name: "ann", Issued: at, Ends: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		wantRefused(t, b, "a ticket of a session that has ended", old)
	})
}

// TestRevocations: a revocation invalidates what was issued before it and
// nothing else, whichever server makes it and whatever happened to Redis in
// between.
func TestRevocations(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, other := open(t, r.url), open(t, r.url)
		before := now(t, b)
		if revoked := revoke(t, other, 7); !revoked.Ends(7, before) || revoked.Ends(8, before) ||
			revoked.Ends(7, now(t, b)) {
			t.Errorf("after one: %v", revoked)
		}
		between := now(t, other)
		if revoked := revoke(t, b, 7); !revoked.Ends(7, before) || !revoked.Ends(7, between) ||
			revoked.Ends(7, now(t, other)) {
			t.Errorf("after two: %v", revoked)
		}
		latest := now(t, b)
		if err := r.raw.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if revoked := revoke(t, b, 7); !revoked.Ends(7, latest) || !revoked.Ends(7, before) ||
			revoked.Ends(7, now(t, b)) {
			t.Errorf("after FLUSHALL: %v", revoked)
		}
	})
}

// TestTicketsAreVoidAfterRedisRestart: a Redis that restarts from an older
// snapshot has used tickets and old numbers again. Neither is valid.
func TestTicketsAreVoidAfterRedisRestart(t *testing.T) {
	r := realRedis(t, "--appendonly", "no")
	b := open(t, r.url)
	used, unused := issue(t, b, now(t, b)), issue(t, b, now(t, b))
	if err := r.raw.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RedeemTicket(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	revoke(t, b, 7)
	late := now(t, b)
	r.stop(t)
	r.start(t)
	wantRefused(t, b, "a used ticket that came back", used)
	wantRefused(t, b, "a ticket from before the restart", unused)
	if revoked := revoke(t, b, 7); !revoked.Ends(7, late) || revoked.Ends(7, now(t, b)) {
		t.Errorf("a revocation after the restart does not cover what is older: %v", revoked)
	}
}

func TestTicketsLeaveNothing(t *testing.T) {
	r := realRedis(t)
	b := open(t, r.url)
	issue(t, b, now(t, b))
	revoke(t, b, 7)
	if err := b.NamesWhole(t.Context(), wantNames(t, b, false), 0); err != nil {
		t.Fatal(err)
	}
	if err := b.AddNames(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if err := b.NamesWhole(t.Context(), wantNames(t, b, true), 1); err != nil {
		t.Fatal(err)
	}
	for _, key := range r.raw.Keys(t.Context(), "*").Val() {
		if ttl := r.raw.TTL(t.Context(), key).Val(); ttl <= 0 {
			t.Errorf("%s has no expiry", key)
		}
	}
}

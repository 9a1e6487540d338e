package api

import (
	"cmp"
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// fakeModeration allows everything to everybody, and remembers what it was asked.
type fakeModeration struct{ *fakes }

var _ Moderation = fakeModeration{}

// asks records a call.
func (f fakeModeration) asks(ctx context.Context, what string, args ...any) error {
	leave, err := f.enter(ctx, what, args...)
	defer leave()
	return cmp.Or(err, f.moderation)
}

func (f fakeModeration) Bans(ctx context.Context, a moderation.Actor, room, kind string) (
	[]store.Ban, error) {
	err := f.asks(ctx, "bans", a.Name, room, kind)
	return []store.Ban{{Room: room, Kind: kind, Subject: "g:k3y", Name: "gus", Reason: "spam", By: "ann",
		At: startTime, Ends: startTime.Add(time.Minute)}, {Subject: "a:17", By: "ann", At: startTime}}, err
}

func (f fakeModeration) Add(ctx context.Context, a moderation.Actor, room string, s moderation.Sentence) (
	[]store.Ban, error) {
	lasts := "for ever"
	if !s.Ends.IsZero() {
		lasts = time.Until(s.Ends).Round(time.Minute).String()
	}
	err := f.asks(ctx, s.Kind, a.Name, room, wording(s.Who), lasts, s.Reason, s.Address)
	return []store.Ban{{Kind: s.Kind, Subject: "g:k3y", By: a.Name, At: startTime}}, err
}

func (f fakeModeration) Lift(ctx context.Context, a moderation.Actor, room, kind string, w moderation.Who,
	reason string) error {
	return f.asks(ctx, "lift", a.Name, room, kind, wording(w), reason)
}

func (f fakeModeration) Settings(ctx context.Context, a moderation.Actor, room string) (
	store.RoomSettings, error) {
	return store.RoomSettings{Slow: time.Minute, Paused: true}, f.asks(ctx, "settings", a.Name, room)
}

func (f fakeModeration) Set(ctx context.Context, a moderation.Actor, room string,
	change func(*store.RoomSettings), reason string) (store.RoomSettings, error) {
	s := store.RoomSettings{Slow: time.Minute, Paused: true}
	change(&s)
	return s, f.asks(ctx, "set", a.Name, room, reason)
}

func (f fakeModeration) Kick(ctx context.Context, a moderation.Actor, room string, w moderation.Who,
	name, reason string) error {
	return f.asks(ctx, "kick", a.Name, room, wording(w), name, reason)
}

func (f fakeModeration) Delete(ctx context.Context, a moderation.Actor, room string, t chat.Target,
	reason string) error {
	return f.asks(ctx, "delete", a.Name, room, t.Seq, t.ID, reason)
}

func (f fakeModeration) DeleteAll(ctx context.Context, a moderation.Actor, room string, w moderation.Who,
	since time.Time, reason string) (int, bool, error) {
	age := time.Since(since).Round(time.Minute)
	return 3, true, f.asks(ctx, "delete all", a.Name, room, wording(w), age, reason)
}

func (f fakeModeration) Report(ctx context.Context, by moderation.Reporter, room string, t chat.Target,
	reason string) (bool, error) {
	return reason != "again", f.asks(ctx, "report", by.Subject, by.Name, by.Author, room, t.Seq, t.ID, reason)
}

func (f fakeModeration) Reports(ctx context.Context, a moderation.Actor, room string, closed bool,
	before int64, limit int) ([]store.Report, error) {
	return []store.Report{aReport}, f.asks(ctx, "reports", a.Name, room, closed, before, limit)
}

func (f fakeModeration) CloseReport(ctx context.Context, a moderation.Actor, room string, id int64,
	outcome, reason string) (store.Report, error) {
	r := aReport
	r.Closed, r.ClosedBy, r.Outcome = startTime, a.Name, outcome
	return r, f.asks(ctx, "close", a.Name, room, id, outcome, reason)
}

var aReport = store.Report{ID: 7, Room: "hall", Message: chat.Message{Seq: 3, ID: anID, Session: "s",
	Author: "k3y", Name: "gus", Text: "buy"}, Reporter: "a:17", ReporterName: "bob", Reason: "spam",
	At: startTime}

func (f fakeModeration) Pin(ctx context.Context, a moderation.Actor, room string, t chat.Target,
	reason string) error {
	return f.asks(ctx, "pin", a.Name, room, t.Seq, t.ID, reason)
}

func (f fakeModeration) Unpin(ctx context.Context, a moderation.Actor, room, reason string) error {
	return f.asks(ctx, "unpin", a.Name, room, reason)
}

// wording returns whom a Who names.
func wording(w moderation.Who) string {
	if w.Message != nil {
		return "message " + w.Message.ID
	}
	return "account=" + w.Account + " author=" + w.Author + " session=" + w.Session + " subject=" + w.Subject
}

package admin

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// banLine is a mute or a ban for programs. Times are Unix milliseconds.
type banLine struct {
	Room    string `json:"room"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"` // as ban remove takes it
	Name    string `json:"name"`
	By      string `json:"by"`
	Reason  string `json:"reason,omitzero"`
	Since   int64  `json:"since"`
	Until   int64  `json:"until,omitzero"` // absent: for ever
}

func lineOf(b store.Ban) banLine {
	line := banLine{
		Room: b.Room, Kind: b.Kind, Subject: b.Subject.Word(), Name: b.Name, By: b.By, Reason: b.Reason,
		Since: b.At.UnixMilli(),
	}
	if !b.Ends.IsZero() {
		line.Until = b.Ends.UnixMilli()
	}
	return line
}

const banColumns = "%-12s  %-4s  %-24s  %-20s  %-20s  %-20s  %s"

func (j *job) banHead() { j.row(banColumns, "ROOM", "KIND", "SUBJECT", "SINCE", "UNTIL", "BY", "MORE") }

// banRow writes a mute or a ban for people. Names and reasons were typed by
// somebody: they are quoted, so that none acts on a terminal.
func (j *job) banRow(b store.Ban) {
	until, more := "for ever", strconv.Quote(b.Name)
	if !b.Ends.IsZero() {
		until = stamp(b.Ends)
	}
	if b.Reason != "" {
		more += " " + strconv.Quote(b.Reason)
	}
	j.row(banColumns, b.Room, b.Kind, b.Subject.Word(), stamp(b.At), until, b.By, more)
}

// listBans lists the mutes and bans of a room, or of all, newest first in each.
func listBans(ctx context.Context, j *job) error {
	if !j.json {
		j.banHead()
	}
	if len(j.words) > 0 {
		return j.listBansOf(ctx, j.words[0])
	}
	for after := ""; ; {
		rooms, err := j.RoomsWithBans(ctx, after, time.Now(), page)
		if err != nil {
			return err
		}
		for _, room := range rooms {
			after = room
			if err := j.listBansOf(ctx, room); err != nil {
				return err
			}
		}
		if len(rooms) < page {
			return nil
		}
		if err := j.out.Flush(); err != nil { // whoever reads it may have gone
			return err
		}
	}
}

func (j *job) listBansOf(ctx context.Context, room string) error {
	bans, err := j.rules.Bans(ctx, room)
	if err != nil {
		return err
	}
	for _, b := range bans {
		if !j.json {
			j.banRow(b)
		} else if err := j.line(lineOf(b)); err != nil {
			return err
		}
	}
	return nil
}

// addBan bans or mutes whom the second argument means.
func addBan(ctx context.Context, j *job) error {
	room := j.words[0]
	who, err := j.meant(ctx, room, j.words[1])
	if err != nil {
		return err
	}
	o := moderation.Order{Room: room, Subject: who.subject, Name: who.name, By: j.by()}
	until := "for ever"
	if j.lasts > 0 {
		o.Ends = time.Now().Add(j.lasts)
		until = "until " + stamp(o.Ends)
	}
	add, what := j.rules.Ban, "banned from"
	if j.mute {
		add, what = j.rules.Mute, "muted in"
	}
	if err := add(ctx, o); err != nil {
		return err
	}
	j.say("%s is %s room %s %s", who, what, room, until)
	if who.others != "" {
		j.say("%s", who.others)
	}
	return nil
}

// removeBan takes back the ban or the mute of whom the second argument means.
func removeBan(ctx context.Context, j *job) error {
	room := j.words[0]
	of, err := j.listed(ctx, room, j.words[1])
	if err != nil {
		return err
	}
	remove, what := j.rules.Unban, "banned from"
	if j.mute {
		remove, what = j.rules.Unmute, "muted in"
	}
	if err := remove(ctx, room, of, j.by()); err != nil {
		return err
	}
	j.say("%s is no longer %s room %s", of.Word(), what, room)
	return nil
}

// kind is what the flags ask for.
func (j *job) kind() string {
	if j.mute {
		return store.KindMute
	}
	return store.KindBan
}

// listed returns whose ban or mute a word means: a subject, or a name as it was
// when it was banned.
func (j *job) listed(ctx context.Context, room, word string) (chat.Subject, error) {
	if of, ok, err := subjectOf(word); ok {
		return of, err
	}
	bans, err := j.rules.Bans(ctx, room)
	if err != nil {
		return "", err
	}
	var found []chat.Subject
	for _, b := range bans {
		if b.Kind == j.kind() && sameName(b, word) {
			found = append(found, b.Subject)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no %s in room %s of anybody with the name %q; livechat admin ban list %s "+
			"shows all", j.kind(), room, word, room)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d in room %s have a %s under the name %q: %s; name one of these", len(found), room,
		j.kind(), word, words(found))
}

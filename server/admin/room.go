package admin

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"slices"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/rooms"
	"livechat/server/store"
)

// roomFlags are the flags of room set that make a room one that somebody made.
type roomFlags struct {
	title, topic, access, owner string
	listed                      bool
	retention                   time.Duration
}

const (
	titleFlag     = "title"
	topicFlag     = "topic"
	accessFlag    = "access"
	listedFlag    = "listed"
	ownerFlag     = "owner"
	retentionFlag = "retention"
)

var madeFlags = []string{titleFlag, topicFlag, accessFlag, listedFlag, ownerFlag, retentionFlag}

func (f *roomFlags) add(flags *flag.FlagSet) {
	flags.StringVar(&f.title, titleFlag, "", "")
	flags.StringVar(&f.topic, topicFlag, "", "")
	flags.StringVar(&f.access, accessFlag, "", "")
	flags.StringVar(&f.owner, ownerFlag, "", "")
	flags.BoolVar(&f.listed, listedFlag, false, "")
	flags.DurationVar(&f.retention, retentionFlag, 0, "")
}

// roomLine is a room and its rules for programs. Times are Unix milliseconds.
type roomLine struct {
	Room       string    `json:"room"`
	Made       *madeRoom `json:"made,omitzero"` // absent: nobody has made it
	SlowMS     int64     `json:"slow_ms"`
	Registered bool      `json:"registered"`
	Paused     bool      `json:"paused"`
	Words      []string  `json:"words,omitzero"` // blocked ones
	Bans       []banLine `json:"bans"`
}

// madeRoom is what a room has that somebody made.
type madeRoom struct {
	Room        string      `json:"room"`
	Title       string      `json:"title"`
	Topic       string      `json:"topic,omitzero"`
	Access      chat.Access `json:"access"`
	Listed      bool        `json:"listed"`
	Owner       string      `json:"owner,omitzero"` // absent: the operator
	RetentionMS int64       `json:"retention_ms,omitzero"`
	Members     int64       `json:"members,omitzero"` // not in a list
	CreatedAt   int64       `json:"created_at"`
	LastAt      int64       `json:"last_at,omitzero"` // of the newest message
}

func madeRoomOf(r store.RoomView) *madeRoom {
	m := &madeRoom{
		Room: r.Name, Title: r.Title, Topic: r.Topic, Access: r.Access, Listed: r.Listed, Owner: r.Owner,
		RetentionMS: r.Retention.Milliseconds(), Members: r.Members, CreatedAt: r.Created.UnixMilli(),
	}
	if !r.Last.IsZero() {
		m.LastAt = r.Last.UnixMilli()
	}
	return m
}

// listRooms lists the rooms that somebody made, by name. Titles were typed by
// somebody: they are quoted, as in lists of bans.
func listRooms(ctx context.Context, j *job) error {
	const row = "%-32s  %-10s  %-6s  %-20s  %-20s  %s"
	if !j.json {
		j.row(row, "ROOM", "ACCESS", "LISTED", "OWNER", "LAST MESSAGE", "TITLE")
	}
	for q := (store.RoomsQuery{All: true, Limit: page}); ; {
		all, err := j.MadeRooms(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range all {
			q.After = r.Name
			last := "never"
			if !r.Last.IsZero() {
				last = stamp(r.Last)
			}
			if j.json {
				err = j.line(madeRoomOf(r))
			} else {
				j.row(row, r.Name, string(r.Access), strconv.FormatBool(r.Listed), cmp.Or(r.Owner, "-"), last,
					strconv.Quote(r.Title))
			}
			if err != nil {
				return err
			}
		}
		if len(all) < page {
			return nil
		}
		if err := j.out.Flush(); err != nil { // whoever reads it may have gone
			return err
		}
	}
}

// deleteRoom deletes a room, or closes one that nobody has made.
func deleteRoom(ctx context.Context, j *job) error {
	if err := j.rooms.Delete(ctx, rooms.Operator(j.reason), j.words[0]); err != nil {
		return err
	}
	j.say("the room %s is deleted; nobody gets in, its messages go within minutes, and its name stays taken",
		j.words[0])
	return nil
}

// showRoom shows a room and its rules, with its mutes and bans.
func showRoom(ctx context.Context, j *job) error {
	room := j.words[0]
	r, err := j.RoomRules(ctx, room, time.Now())
	if err != nil {
		return err
	}
	made, err := j.MadeRoom(ctx, room, 0)
	isMade := !errors.Is(err, store.ErrNotFound)
	if err != nil && isMade {
		return err
	}
	bans, err := j.rules.Bans(ctx, room)
	if err != nil {
		return err
	}
	if j.json {
		line := roomLine{room, nil, r.Slow.Milliseconds(), r.Registered, r.Paused, r.Words,
			make([]banLine, 0, len(bans))}
		if isMade {
			line.Made = madeRoomOf(made)
		}
		for _, b := range bans {
			line.Bans = append(line.Bans, lineOf(b))
		}
		return j.line(line)
	}
	j.print("room        %s\n", room)
	if isMade {
		j.printMade(made)
	}
	slow := "off"
	if r.Slow > 0 {
		slow = r.Slow.String()
	}
	j.print("slow        %s\nregistered  %t\npaused      %t\nwords       %d\nbans        %d\n", slow,
		r.Registered, r.Paused, len(r.Words), len(bans))
	if len(bans) == 0 {
		return nil
	}
	j.print("\n")
	j.banHead()
	for _, b := range bans {
		j.banRow(b)
	}
	return nil
}

func (j *job) printMade(r store.RoomView) {
	retention := "as all rooms"
	if r.Retention > 0 {
		retention = r.Retention.String()
	}
	j.print("title       %q\ntopic       %q\naccess      %s\nlisted      %t\nowner       %s\n"+
		"members     %d\n"+
		"retention   %s\ncreated     %s\n", r.Title, r.Topic, r.Access, r.Listed, cmp.Or(r.Owner, "-"),
		r.Members,
		retention, stamp(r.Created))
}

// setRoom changes what was given of a room. With a flag of made rooms it makes
// the room, if nobody has.
func setRoom(ctx context.Context, j *job) error {
	if slices.ContainsFunc(madeFlags, j.has) {
		return setMade(ctx, j)
	}
	words, err := j.readWords()
	if err != nil {
		return err
	}
	var now store.RoomSettings
	err = j.rules.SetRules(ctx, j.words[0], func(r *store.RoomSettings) {
		if j.has(slowFlag) {
			r.Slow = j.slow
		}
		if j.has(registeredFlag) {
			r.Registered = j.registered
		}
		if j.has(pausedFlag) {
			r.Paused = j.paused
		}
		if j.has(wordsFlag) {
			r.Words = words
		}
		now = *r
	}, j.by())
	if err != nil {
		return err
	}
	j.say("room %s: slow %v, registered %t, paused %t, blocked words %d", j.words[0], now.Slow,
		now.Registered,
		now.Paused, len(chat.WordsOf(now.Words)))
	return nil
}

func setMade(ctx context.Context, j *job) error {
	room, by := j.words[0], rooms.Operator(j.reason)
	access := chat.Access(j.room.access)
	r, err := j.rooms.Set(ctx, by, room, rooms.Changes{
		Title: given(j, titleFlag, &j.room.title), Topic: given(j, topicFlag, &j.room.topic),
		Access: given(j, accessFlag, &access), Listed: given(j, listedFlag, &j.room.listed),
		Retention: given(j, retentionFlag, &j.room.retention), Slow: given(j, slowFlag, &j.slow),
		Registered: given(j, registeredFlag, &j.registered), Paused: given(j, pausedFlag, &j.paused),
	})
	if err != nil {
		return err
	}
	if j.has(ownerFlag) {
		if err := j.rooms.SetRole(ctx, by, room, j.room.owner, chat.RoleOwner); err != nil {
			return err
		}
		r.Owner = j.room.owner
	}
	j.say("room %s: title %q, access %s, listed %t, owner %s", room, r.Title, r.Access, r.Listed,
		cmp.Or(r.Owner, "-"))
	return nil
}

// given returns a flag's value; nil if the flag was not typed.
func given[T any](j *job, flag string, value *T) *T {
	if !j.has(flag) {
		return nil
	}
	return value
}

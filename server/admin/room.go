package admin

import (
	"context"
	"time"

	"livechat/server/store"
)

// roomLine is the rules of a room for programs. Times are Unix milliseconds.
type roomLine struct {
	Room       string    `json:"room"`
	SlowMS     int64     `json:"slow_ms"`
	Registered bool      `json:"registered"`
	Paused     bool      `json:"paused"`
	Bans       []banLine `json:"bans"`
}

// showRoom shows the rules of a room, with its mutes and bans.
func showRoom(ctx context.Context, j *job) error {
	room := j.words[0]
	r, err := j.RoomRules(ctx, room, time.Now())
	if err != nil {
		return err
	}
	bans, err := j.rules.Bans(ctx, room)
	if err != nil {
		return err
	}
	if j.json {
		line := roomLine{room, r.Slow.Milliseconds(), r.Registered, r.Paused, make([]banLine, 0, len(bans))}
		for _, b := range bans {
			line.Bans = append(line.Bans, lineOf(b))
		}
		return j.line(line)
	}
	slow := "off"
	if r.Slow > 0 {
		slow = r.Slow.String()
	}
	j.print("room        %s\nslow        %s\nregistered  %t\npaused      %t\nbans        %d\n", room, slow,
		r.Registered, r.Paused, len(bans))
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

// setRoom changes the settings of a room that were given.
func setRoom(ctx context.Context, j *job) error {
	var now store.RoomSettings
	err := j.rules.SetRules(ctx, j.words[0], func(r *store.RoomSettings) {
		if j.has(slowFlag) {
			r.Slow = j.slow
		}
		if j.has(registeredFlag) {
			r.Registered = j.registered
		}
		if j.has(pausedFlag) {
			r.Paused = j.paused
		}
		now = *r
	}, j.by())
	if err != nil {
		return err
	}
	j.say("room %s: slow %v, registered %t, paused %t", j.words[0], now.Slow, now.Registered, now.Paused)
	return nil
}

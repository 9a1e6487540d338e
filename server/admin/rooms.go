package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"livechat/server/chat"
	"livechat/server/connections"
)

// maxKnown bounds the rooms of the archive, and those with rules, that are
// listed.
const maxKnown = 5000

// Rooms returns rooms with a text in their name, those with most connections
// first: from a place on, up to limit. total is how many there are. It knows the
// rooms with somebody in them, made ones, those with rules, and those in the
// archive.
func (s *Service) Rooms(ctx context.Context, text string, from, limit int) (
	rooms []connections.RoomOnline, total int, err error) {
	known, err := s.KnownRooms(ctx, maxKnown)
	if err != nil {
		return nil, 0, err
	}
	online := s.o.Online()
	known = append(known, chat.DefaultRoom)
	for room := range online {
		known = append(known, room)
	}
	slices.Sort(known)
	for _, name := range slices.Compact(known) {
		if !strings.Contains(name, strings.ToLower(text)) {
			continue
		}
		rooms = append(rooms, roomOf(name, online))
	}
	slices.SortStableFunc(rooms, func(a, b connections.RoomOnline) int {
		return cmp.Compare(b.Online, a.Online)
	})
	total = len(rooms)
	from = min(from, total)
	return rooms[from:min(total, from+limit)], total, nil
}

// roomOf returns a room with its connections.
func roomOf(name string, online map[string]map[string]int) connections.RoomOnline {
	r := connections.RoomOnline{Room: name, Servers: online[name]}
	for _, n := range r.Servers {
		r.Online += n
	}
	return r
}

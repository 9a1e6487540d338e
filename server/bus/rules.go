package bus

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// The truth about a room's rules is in a database. A working copy is beside the
// room's log, where publish.lua and react.lua check it: rules.lua says what it
// is, rulesload.go how it gets there.

var (
	//go:embed lua/rules.lua
	rulesSource string
	//go:embed lua/set_rules.lua
	setRulesSource string
	//go:embed lua/get_rules.lua
	getRulesSource string

	setRulesScript = redis.NewScript(processSource + setRulesSource)
	getRulesScript = redis.NewScript(processSource + getRulesSource)
)

// rulesGossip begins the gossip that says that the working copy of a room's
// rules has changed.
var rulesGossip = []byte(`{"type":"rules",`)

// RulesRoom returns the room whose rules have changed, if gossip says so; empty
// if it cannot be read.
func RulesRoom(payload []byte) (room string, ok bool) {
	rest, ok := bytes.CutPrefix(payload, rulesGossip)
	if !ok {
		return "", false
	}
	rest, named := bytes.CutPrefix(rest, []byte(`"room":"`))
	rest, ends := bytes.CutSuffix(rest, []byte(`"}`))
	if !named || !ends {
		return "", true
	}
	return string(rest), true
}

// Rules is the working copies of the rules of rooms. All methods may be called
// from any goroutine.
type Rules struct {
	bus     *Bus
	missing *missingRules
}

// Rules returns the access to the rules of rooms.
func (b *Bus) Rules() *Rules { return b.rules }

func newRules(b *Bus) *Rules { return &Rules{bus: b, missing: newMissingRules()} }

func (b *Bus) rulesKey(room string) string { return b.key(room, "rules") }

// lastKey is where it says when the last message of a person was taken.
func (b *Bus) lastKey(room string, w chat.Writer) string {
	return b.key(room, "last", string(w.Person))
}

// needed reports whether nobody may write in a room whose rules are not known.
func (rs *Rules) needed() bool {
	o := &rs.bus.options
	return o.Rules != nil && (o.RulesNeeded == nil || o.RulesNeeded())
}

// ruleRefusal returns the error for an outcome of publish.lua or react.lua, nil
// if that does not come from the rules of the room. ms is for how long.
func ruleRefusal(outcome, ms string) error {
	wait, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		wait = 0
	}
	if e := chat.RuleRefusal(chat.Code(outcome), time.Duration(wait)*time.Millisecond); e != nil {
		return e
	}
	return nil
}

// lacksRules reports that a publication was not appended because the rules of
// its room are not beside the log.
func lacksRules(cmd *redis.Cmd) bool { return hasOutcome(cmd, "rules") }

// lacksWords reports that a publication was not appended because this server has
// looked for other blocked words in it than those of the room.
func lacksWords(cmd *redis.Cmd) bool { return hasOutcome(cmd, "words") }

func hasOutcome(cmd *redis.Cmd, outcome string) bool {
	reply, err := cmd.StringSlice()
	return err == nil && len(reply) == 2 && reply[1] == outcome
}

// Set puts the working copy of a room's rules beside its log, unless there
// is a newer one. When it returns without an error, no server takes anything in
// this room that these rules refuse. While the log is closed there is nothing
// to do: whoever opens it has to load the rules.
func (rs *Rules) Set(ctx context.Context, room string, r chat.RoomRules) error {
	_, err := rs.set(ctx, room, "", r)
	return err
}

// set is Set for rules that were found missing in an epoch; empty: in
// any.
func (rs *Rules) set(ctx context.Context, room, epoch string, r chat.RoomRules) (
	outcome string, err error) {
	b := rs.bus
	if chat.IsFeed(room) {
		return "", errors.New("set the rules of a feed, which has none")
	}
	kind, rest := brief(r)
	args := []any{
		r.Version, epoch, b.gossipChannel(), room, b.lifetime(room).fresh.Milliseconds(), kind, rest,
		"slow", r.Slow.Milliseconds(), "registered", one(r.Registered), "paused", one(r.Paused),
		"access", string(r.Access),
	}
	for kind, ends := range map[string]map[chat.Subject]int64{mutePrefix: r.Muted, banPrefix: r.Banned} {
		for _, s := range slices.Sorted(maps.Keys(ends)) {
			args = append(args, kind+string(s), ends[s])
		}
	}
	for _, s := range slices.Sorted(maps.Keys(r.Roles)) {
		args = append(args, rolePrefix+string(s), string(r.Roles[s]))
	}
	if len(r.Words) > 0 {
		args = append(args, wordsField, chat.WordsText(r.Words))
	}
	if r.Pinned != nil {
		args = append(args, pinnedField, r.Pinned.Text())
	}
	keys := []string{b.key(room, "head"), b.rulesKey(room)}
	outcome, err = setRulesScript.Run(ctx, b.client, keys, args...).Text()
	b.writes.note(err)
	if err != nil {
		return "", fmt.Errorf("set the rules of room %s: %w", room, unavailable(err))
	}
	return outcome, nil
}

const (
	mutePrefix = "mute "
	banPrefix  = "ban "
	rolePrefix = "role "

	pinnedField = "pinned"
	wordsField  = "words"
)

// rulesState is what Redis says of the rules of a room.
type rulesState struct {
	kind  string // known, missing, closed
	epoch string // of missing
	rules chat.RoomRules
}

// Read returns the rules of a room that this server has open, as its working
// copy has them. If that is missing it waits until it has been loaded, at most
// PublishTimeout. On a server that does not need to know them they are then
// those of a room without rules. The error carries a retryable chat.Error.
//
// If the log is closed it opens it: while nobody knows the rules, nobody enters
// the room whose message would.
func (rs *Rules) Read(ctx context.Context, room string) (chat.RoomRules, error) {
	ctx, cancel := context.WithTimeout(ctx, rs.bus.options.PublishTimeout)
	defer cancel()
	for {
		s, err := rs.find(ctx, room)
		switch {
		case err != nil:
			return chat.RoomRules{}, err
		case s.kind == "known":
			return s.rules, nil
		case !rs.needed():
			return chat.RoomRules{}, nil
		case s.kind == "closed" && rs.bus.openAgain(ctx, room) == nil:
			continue
		}
		if err := rs.await(ctx, room); err != nil {
			return chat.RoomRules{}, fmt.Errorf("read the rules of room %s: %w", room, err)
		}
	}
}

// openAgain opens the log of a room that this server has open.
func (b *Bus) openAgain(ctx context.Context, room string) error {
	var seen chat.Position
	if h, ok := b.source.Load().(RepairSource); ok {
		seen = h.Known(room).Head
	}
	_, err := b.OpenLog(ctx, room, seen)
	return err
}

func (rs *Rules) find(ctx context.Context, room string) (rulesState, error) {
	reply, err := getRulesScript.Run(ctx, rs.bus.client,
		[]string{rs.bus.key(room, "head"), rs.bus.rulesKey(room)}).StringSlice()
	if err != nil {
		return rulesState{}, fmt.Errorf("read the rules of room %s: %w", room, unavailable(err))
	}
	s, err := readRules(reply)
	if err != nil {
		return s, fmt.Errorf("read the rules of room %s: %w", room, err)
	}
	return s, nil
}

// readRules parses the reply of get_rules.lua.
func readRules(reply []string) (s rulesState, err error) {
	if len(reply) == 0 {
		return s, errors.New("unknown reply")
	}
	switch s.kind = reply[0]; {
	case s.kind == "closed":
		return s, nil
	case s.kind == "missing" && len(reply) == 2:
		s.epoch = reply[1]
		return s, nil
	case s.kind != "known" || len(reply) < 2 || len(reply)%2 != 0:
		return s, errors.New("unknown reply")
	}
	if s.rules.Version, err = strconv.ParseInt(reply[1], 10, 64); err != nil {
		return s, fmt.Errorf("version %q", reply[1])
	}
	for pair := range slices.Chunk(reply[2:], 2) {
		readRule(&s.rules, pair[0], pair[1])
	}
	return s, nil
}

// readRule reads one field of the hash. It ignores what set_rules.lua has not
// written.
func readRule(r *chat.RoomRules, field, value string) {
	kind, subject, _ := strings.Cut(field, " ")
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case kind == "access":
		r.Access = chat.Access(value)
	case field == wordsField:
		r.Words = chat.WordsOf(value)
	case field == pinnedField:
		r.Pinned = chat.PinOf(value)
	case kind+" " == rolePrefix:
		note(&r.Roles, subject, chat.RoomRole(value))
	case err != nil:
	case kind == "slow":
		r.Slow = time.Duration(n) * time.Millisecond
	case kind == "registered":
		r.Registered = n == 1
	case kind == "paused":
		r.Paused = n == 1
	case kind+" " == mutePrefix:
		note(&r.Muted, subject, n)
	case kind+" " == banPrefix:
		note(&r.Banned, subject, n)
	}
}

func note[V any](of *map[chat.Subject]V, subject string, value V) {
	if *of == nil {
		*of = make(map[chat.Subject]V)
	}
	(*of)[chat.Subject(subject)] = value
}

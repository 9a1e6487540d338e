// Package admin is what whoever runs livechat does: commands on accounts, on
// rooms, on their rules and on the audit log, the same for admins over HTTP
// (Service), and the admin that a setting names.
//
// Commands work on the database alone, beside running servers. They notice:
// each request looks up its session there, and the API servers look
// every second for users whose sockets have to be closed (auth.Revoker) and for
// new rules of rooms (moderation.Service). So the commands need neither Redis
// nor a server that answers.
package admin

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"livechat/server/moderation"
	"livechat/server/rooms"
	"livechat/server/store"
)

// Command is a command as it was typed.
type Command struct {
	verb   string // such as "user passwd"
	words  []string
	json   bool
	end    bool
	count  int
	reason string

	given              []string // flags that were typed
	room               roomFlags
	slow               time.Duration
	registered, paused bool
	blocked            string // file of blocked words
	mute, keep         bool
	user, guest        string
	lasts              time.Duration // 0: for ever
}

// verb is what a command does.
type verb struct {
	usage string   // what follows it
	words int      // how many arguments it has
	flags []string // that it takes
	run   func(context.Context, *job) error
	more  int // arguments that it may have besides
}

// Flags whose names are needed elsewhere.
const (
	countFlag      = "n" // how many entries of the audit log are shown
	slowFlag       = "slow"
	registeredFlag = "registered"
	pausedFlag     = "paused"
	wordsFlag      = "words"
	lastsFlag      = "for"
	userFlag       = "user"
	guestFlag      = "guest"
)

var verbs = map[string]verb{
	"user list":   {"[-json]", 0, []string{"json"}, listUsers, 0},
	"user show":   {"NAME [-json]", 1, []string{"json"}, showUser, 0},
	"user passwd": {"NAME [-reason TEXT]", 1, []string{"reason"}, resetPassword, 0},
	"user sessions": {"NAME [-json] [-end [-reason TEXT]]", 1, []string{"json", "end", "reason"}, sessions,
		0},
	"user role":   {"NAME admin|none [-reason TEXT]", 2, []string{"reason"}, setRole, 0},
	"user delete": {"NAME [-reason TEXT]", 1, []string{"reason"}, deleteUser, 0},
	"room show":   {"ROOM [-json]", 1, []string{"json"}, showRoom, 0},
	"room list":   {"[-json]", 0, []string{"json"}, listRooms, 0},
	"room delete": {"ROOM [-reason TEXT]", 1, []string{"reason"}, deleteRoom, 0},
	"room set": {
		"ROOM [-title TEXT] [-topic TEXT] [-access open|registered|invite] [-listed=true|false] " +
			"[-owner NAME] [-retention 720h|0] [-slow 10s|0] [-registered=true|false] " +
			"[-paused=true|false] [-words FILE] [-reason TEXT]", 1,
		append([]string{slowFlag, registeredFlag, pausedFlag, wordsFlag, "reason"}, madeFlags...), setRoom, 0,
	},
	"ban add": {
		"ROOM NAME|account:ID|guest:KEY [-mute] [-for 24h] [-reason TEXT]", 2,
		[]string{"mute", lastsFlag, "reason"}, addBan, 0,
	},
	"ban list":   {"[ROOM] [-json]", 0, []string{"json"}, listBans, 1},
	"ban remove": {"ROOM SUBJECT|NAME [-mute] [-reason TEXT]", 2, []string{"mute", "reason"}, removeBan, 0},
	"message delete": {
		"ROOM SEQ ID [-reason TEXT]", 3, []string{"reason"}, deleteMessage, 0,
	},
	"erase": {
		"-user NAME | -guest KEY|AUTHOR [-keep] [-reason TEXT]", 0,
		[]string{userFlag, guestFlag, "keep", "reason"}, erase, 0,
	},
	"erasures": {"[-json]", 0, []string{"json"}, listErasures, 0},
	"audit":    {"[-n N] [-json]", 0, []string{countFlag, "json"}, listAudit, 0},
}

// defaultCount is how many entries of the audit log are shown.
const defaultCount = 50

// Is reports whether arguments, those after "admin", are a command of this
// package, right or wrong.
func Is(args []string) bool {
	return len(args) > 0 &&
		(slices.Contains([]string{"user", "room", "ban", "message"}, args[0]) || isAlone(args[0]))
}

// isAlone reports whether a word is a command without a second one.
func isAlone(word string) bool { return slices.Contains([]string{"audit", "erase", "erasures"}, word) }

// Parse reads the arguments after "admin". Flags may stand anywhere. A name that
// begins with a dash follows "--". Errors say what is accepted.
func Parse(args []string) (Command, error) {
	c := Command{verb: strings.Join(args[:min(len(args), 2)], " ")}
	if len(args) > 0 && isAlone(args[0]) {
		c.verb = args[0]
	}
	v, ok := verbs[c.verb]
	if !ok {
		return Command{}, fmt.Errorf("unknown command: admin %s; there are: admin %s", c.verb,
			strings.Join(slices.Sorted(maps.Keys(verbs)), ", admin "))
	}
	if err := c.parse(args[len(strings.Fields(c.verb)):], v); err != nil {
		return Command{}, fmt.Errorf("admin %s: %w; usage: livechat admin %s %s", c.verb, err, c.verb,
			v.usage)
	}
	return c, nil
}

// parse reads what follows the verb.
func (c *Command) parse(args []string, v verb) error {
	flags := flag.NewFlagSet(c.verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&c.json, "json", false, "")
	flags.BoolVar(&c.end, "end", false, "")
	flags.IntVar(&c.count, countFlag, defaultCount, "")
	flags.StringVar(&c.reason, "reason", "", "")
	flags.DurationVar(&c.slow, slowFlag, 0, "")
	flags.BoolVar(&c.registered, registeredFlag, false, "")
	flags.BoolVar(&c.paused, pausedFlag, false, "")
	flags.StringVar(&c.blocked, wordsFlag, "", "")
	c.room.add(flags)
	flags.BoolVar(&c.mute, "mute", false, "")
	flags.DurationVar(&c.lasts, lastsFlag, 0, "")
	flags.BoolVar(&c.keep, "keep", false, "")
	flags.StringVar(&c.user, userFlag, "", "")
	flags.StringVar(&c.guest, guestFlag, "", "")
	for {
		if err := flags.Parse(args); err != nil {
			return err
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		c.words, args = append(c.words, args[0]), args[1:]
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		c.given = append(c.given, f.Name)
		if !slices.Contains(v.flags, f.Name) {
			err = fmt.Errorf("it has no flag -%s", f.Name)
		}
	})
	switch {
	case err != nil:
		return err
	case len(c.words) < v.words || len(c.words) > v.words+v.more:
		return fmt.Errorf("it takes %d arguments, not %d", v.words+v.more, len(c.words))
	}
	return c.check()
}

// check refuses flags and arguments that do not go together.
func (c *Command) check() error {
	switch {
	case c.count < 0:
		return errors.New("-n takes a number of entries, or 0 for all")
	case c.reason != "" && c.verb == "user sessions" && !c.end:
		return errors.New("-reason is for -end")
	case c.verb == "user role":
		_, err := roleOf(c.words[1])
		return err
	case c.verb == "room set" && !slices.ContainsFunc(c.given, func(f string) bool { return f != "reason" }):
		return errors.New("there is nothing to set: give a flag")
	case c.has(wordsFlag) && slices.ContainsFunc(madeFlags, c.has):
		return errors.New("-words does not go with the flags that make a room: use two commands")
	case c.has(lastsFlag) && c.lasts <= 0:
		return errors.New("-for takes a time such as 24h; without it a ban is for ever")
	case c.verb == "erase" && (c.user == "") == (c.guest == ""):
		return errors.New("give -user with the name of an account, or -guest")
	case isOnRooms(c.verb) && len(c.words) > 0:
		return moderation.CheckRoom(c.words[0])
	}
	return nil
}

// has reports whether a flag was typed.
func (c *Command) has(flag string) bool { return slices.Contains(c.given, flag) }

// isOnRooms reports whether the first argument is a room.
func isOnRooms(verb string) bool {
	return strings.HasPrefix(verb, "room ") || strings.HasPrefix(verb, "ban ") ||
		strings.HasPrefix(verb, "message ")
}

// job is a command under way.
type job struct {
	Command
	*store.Store
	rules *moderation.Service
	rooms *rooms.Service
	out   *bufio.Writer
	log   io.Writer // what is for the operator, and not for a program that reads out
}

// Run does it. Lists and passwords go to out, the rest to log.
func (c Command) Run(ctx context.Context, s *store.Store, out, log io.Writer) error {
	j := &job{Command: c, Store: s, out: bufio.NewWriter(out), log: log}
	// Without Apply: the API servers tell Redis.
	j.rules = moderation.New(moderation.Options{Store: s, Audit: moderation.Audit})
	j.rooms = rooms.New(rooms.Options{Store: s})
	if err := verbs[c.verb].run(ctx, j); err != nil {
		return fmt.Errorf("admin %s: %w", c.verb, err)
	}
	if err := j.out.Flush(); err != nil {
		return fmt.Errorf("admin %s: write the result: %w", c.verb, err)
	}
	return nil
}

// String returns the words that name it, such as "admin user passwd".
func (c Command) String() string { return "admin " + c.verb }

// by returns who does it, for the audit log.
func (j *job) by() store.By { return store.By{Name: store.Operator, Reason: j.reason} }

// say tells the operator something.
func (j *job) say(format string, args ...any) {
	_, _ = fmt.Fprintf(j.log, "livechat: "+format+"\n", args...)
}

package chat

import "time"

// TypeReactions is the type of entries that say how often each emoji is under a
// message now: a summary of what persons set and took back one by one.
const TypeReactions = "reactions"

// MaxReactionKinds is how many different emoji a message may have.
const MaxReactionKinds = 20

// Reaction is an emoji that a person set under a message, or took back.
type Reaction struct {
	Person string // who: Author, or else the session
	Author string // empty if unknown
	Name   string // of the person, as it was then
	Emoji  string // see IsEmoji
	At     int64  // of the last change, Unix milliseconds by the clock of Redis
	On     bool   // false: it was taken back

	// By is who does it now, for the rules of the room; zero if it was done
	// before. It is not kept.
	By Writer
}

// ReactionsTo returns the entry that asks publish.lua for the summary of a
// message. The script adds the counts.
func ReactionsTo(t Target, id, app string) Message {
	return Message{Type: TypeReactions, ID: id, App: app, Extra: ExtraOf(t)}
}

// Earlier says what a caller knows of those who reacted earlier.
type Earlier int

// The values of Earlier.
const (
	EarlierAsked   Earlier = iota // nothing: if Redis does not know them either, nothing is done
	EarlierUnknown                // nothing, and nobody can say
	EarlierGiven                  // all of them: they are given, too
)

// Reacted is what Redis has done with reactions.
type Reacted struct {
	Unknown bool          // nothing: it does not know who reacted earlier
	Epoch   string        // of the log then; empty if there was none
	At      int64         // of the reaction, or the last one
	Due     time.Duration // until a summary may be published; negative: there is nothing to tell
}

package chat

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Log is where the log of a room stands: its newest message, and the epochs that it has gone through.
//
// Whenever a log may have lost something it goes on in a new epoch, numbered on. So one log is a chain of epochs, and a seq
// means one message in all of it; a message of an earlier epoch is in the log if that epoch did not end before it.
type Log struct {
	Head Position
	Past Lineage
}

// Has says whether a position is in the log, or has been until the log grew too long to hold it.
func (l Log) Has(p Position) bool {
	if p.Epoch == l.Head.Epoch {
		return true
	}
	end, ok := l.Past.End(p.Epoch)
	return ok && p.Seq <= end
}

// HasEntry says whether what lies in the log's stream at a position is part of it. Of epochs that are no longer remembered that is what is older
// than the end of the oldest that is.
func (l Log) HasEntry(p Position) bool {
	if l.Has(p) {
		return true
	}
	_, ended := l.Past.End(p.Epoch)
	return !ended && len(l.Past) >= MaxLineage && p.Seq <= l.Past[0].Seq
}

// EpochOf returns the epoch that gave seq; the oldest that is remembered if it is older than that.
func (l Log) EpochOf(seq uint64) string {
	for _, end := range l.Past {
		if seq <= end.Seq {
			return end.Epoch
		}
	}
	return l.Head.Epoch
}

// Lineage is where each earlier epoch of a log ended, oldest first.
type Lineage []Position

// MaxLineage is how many epochs a log remembers besides its own, as far as it has messages of them; 16 otherwise. Who comes back from an older
// one starts anew.
const MaxLineage = 256

// SayAgainAge is how old a message may be that a server says again because the
// log has lost it: surely younger than ids are forgotten (ID_TTL), so that the
// log knows it if another server has said it again already.
const SayAgainAge = 10 * time.Minute

// End returns the last seq of an epoch that has ended.
func (l Lineage) End(epoch string) (seq uint64, ok bool) {
	for _, p := range l {
		if p.Epoch == epoch {
			return p.Seq, true
		}
	}
	return 0, false
}

// Before returns the part of the lineage that came before an epoch; all of it if the epoch has not ended.
func (l Lineage) Before(epoch string) Lineage {
	for i, p := range l {
		if p.Epoch == epoch {
			return l[:i]
		}
	}
	return l
}

// String returns the text form: positions with a space between them.
func (l Lineage) String() string {
	words := make([]string, len(l))
	for i, p := range l {
		words[i] = p.String()
	}
	return strings.Join(words, " ")
}

// ParseLineage reads the text form.
func ParseLineage(s string) (l Lineage, err error) {
	for word := range strings.FieldsSeq(s) {
		p, err := ParsePosition(word)
		if err != nil {
			return nil, fmt.Errorf("read lineage %q: %w", s, errors.New("want positions"))
		}
		l = append(l, p)
	}
	return l, nil
}

// ErrLogClosed says that a log takes no messages at the moment, because servers are putting back into it what it has lost. It will not take long.
var ErrLogClosed = &Error{
	Code: CodeUnavailable, Message: "the room is being put in order; try again", Retryable: true, RetryAfterMS: 1000,
}

package bus

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// refused reports that a publication was not appended because its log is not
// open here.
func refused(cmd *redis.Cmd) bool {
	// The head is older than the stream, or there is something else at one of
	// the keys.
	if err := cmd.Err(); isNoScript(err) || err != nil &&
		(strings.Contains(err.Error(), "The ID specified in XADD") ||
			strings.Contains(err.Error(), "WRONGTYPE")) {
		return true
	}
	reply, err := cmd.StringSlice()
	return err == nil && len(reply) == 2 && reply[1] == "closed"
}

// isFinal reports that Redis has refused a command, and would again. A Redis
// that is loading, full or a replica answers with other errors.
func isFinal(err error) bool {
	reply, ok := errors.AsType[redis.Error](err)
	return ok && (strings.HasPrefix(reply.Error(), "ERR ") || redis.HasErrorPrefix(err, "WRONGTYPE"))
}

// isNoScript reports that Redis does not know a script.
func isNoScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }

// readReceipt parses the reply of publish.lua.
func readReceipt(cmd *redis.Cmd) (Receipt, error) {
	reply, err := cmd.StringSlice()
	if err != nil {
		return Receipt{}, unavailable(err)
	}
	if len(reply) != 2 {
		return Receipt{}, fmt.Errorf("read answer of the publish script: %d values", len(reply))
	}
	switch reply[1] {
	case "gone":
		return Receipt{}, chat.Errorf(chat.CodeUnknownMessage, "this message is deleted")
	case "words":
		return Receipt{}, unavailable(errWordsUnknown)
	case "closed":
		return Receipt{}, fmt.Errorf("%w: it was closed again at once", chat.ErrLogClosed)
	case "quiet":
		ms, err := strconv.ParseInt(reply[0], 10, 64)
		if err != nil {
			return Receipt{}, fmt.Errorf("read answer of the publish script: wait %q", reply[0])
		}
		return Receipt{Quiet: true, Again: time.Duration(ms) * time.Millisecond}, nil
	}
	if err := ruleRefusal(reply[1], reply[0]); err != nil {
		return Receipt{}, err
	}
	position, err := chat.ParsePosition(reply[0])
	if err != nil {
		return Receipt{}, fmt.Errorf("read answer of the publish script: position %q", reply[0])
	}
	switch outcome := reply[1]; outcome {
	case "new", "duplicate":
		return Receipt{Position: position, Duplicate: outcome == "duplicate"}, nil
	case "conflict":
		return Receipt{}, chat.Errorf(chat.CodeIDConflict, "another message already has this id")
	default:
		return Receipt{}, fmt.Errorf("read answer of the publish script: outcome %q", outcome)
	}
}

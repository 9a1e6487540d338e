package admin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// deleteMessage notes that an archived message of a room is to be deleted. The
// API servers do it.
func deleteMessage(ctx context.Context, j *job) error {
	room := j.words[0]
	seq, err := strconv.ParseInt(j.words[1], 10, 64)
	id, ok := chat.ParseUUID(j.words[2])
	if err != nil || seq < 1 || !ok {
		return errors.New("a message is named by its number and its id, as the archive has them")
	}
	found, err := j.FindRoomMessage(ctx, room, id, seq)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("the archive has no message of room %s with this number and id", room)
	}
	if err != nil {
		return err
	}
	if found.Deleted {
		j.say("the message is deleted already")
		return nil
	}
	by := j.by()
	m, e, err := moderation.Deleting(by, found)
	if err != nil {
		return err
	}
	deletes := moderation.DeletesOf(room, by.Name, []chat.Message{m})
	if err := j.AddRoomDeletes(ctx, deletes, time.Now(), moderation.Recorded(e)); err != nil {
		return err
	}
	j.say("message %d of room %s by %q is deleted within some seconds, if an API server runs",
		found.Seq, room, found.Name)
	return nil
}

package private

import (
	"context"

	"livechat/server/chat"
	"livechat/server/store"
)

// EditMessage gives one of my messages another text, which may be empty if it
// has files, and returns it as it is then. With an id chosen by the client it
// can be repeated: it is made once, even if other edits came after it. Codes:
// those of Post; forbidden if editing is off, unknown_message, also for a
// deleted one, not_yours, too_old.
func (s *Service) EditMessage(ctx context.Context, me int64, chatID, message, id, text string) (
	store.Message, error) {
	if s.opts.NoEdits {
		return store.Message{}, errNoEdits
	}
	chatID, message, err := parseMessage(chatID, message)
	if err != nil {
		return store.Message{}, err
	}
	if id != "" { // else nobody can send it again, and it need not be remembered
		if id, err = messageID(id); err != nil {
			return store.Message{}, err
		}
	}
	if text != "" { // else the message must have files
		if text, err = chat.CleanText(text, s.opts.MaxText); err != nil {
			return store.Message{}, err
		}
	}
	if err := s.opts.Allow(me); err != nil {
		return store.Message{}, err
	}
	e := store.Edit{ID: id, Chat: chatID, Message: message, Author: me, Text: text, At: s.opts.Now()}
	if s.opts.EditWindow > 0 {
		e.Since = e.At.Add(-s.opts.EditWindow)
	}
	m, changed, err := s.opts.Store.EditMessage(ctx, e)
	if err != nil {
		return store.Message{}, translate("edit message", err)
	}
	if changed {
		s.opts.Wake()
	}
	return m, nil
}

// DeleteMessage deletes one of my messages. Its number stays taken. Deleting it again
// is no error. Codes: not_found, unknown_message, not_yours, rate_limited.
func (s *Service) DeleteMessage(ctx context.Context, me int64, chatID, message string) error {
	chatID, message, err := parseMessage(chatID, message)
	if err != nil {
		return err
	}
	if err := s.opts.Allow(me); err != nil {
		return err
	}
	changed, err := s.opts.Store.DeleteMessage(ctx, chatID, message, me, s.opts.Now())
	if err != nil {
		return translate("delete message", err)
	}
	if changed {
		s.opts.Wake()
	}
	return nil
}

// parseMessage parses the ids of a chat and of a message in it.
func parseMessage(chatID, message string) (string, string, error) {
	chatID, err := parseChat(chatID)
	if err != nil {
		return "", "", err
	}
	id, ok := chat.ParseUUID(message)
	if !ok {
		return "", "", errUnknown
	}
	return chatID, id, nil
}

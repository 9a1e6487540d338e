-- +goose Up
-- An event is written in one transaction with the change it reports, and the
-- rows it refers to are never deleted. The foreign keys cost six look-ups, with
-- locks on users' rows, for each message, and could never fail.
ALTER TABLE outbox
    DROP CONSTRAINT outbox_user_id_fkey,
    DROP CONSTRAINT outbox_chat_fkey,
    DROP CONSTRAINT outbox_author_fkey;

-- +goose Down
ALTER TABLE outbox
    ADD FOREIGN KEY (user_id) REFERENCES users (id),
    ADD FOREIGN KEY (chat) REFERENCES chats (id),
    ADD FOREIGN KEY (author) REFERENCES users (id);

-- +goose Up
-- An event is written with what it tells, in one transaction, and what it names is never deleted: its keys were looked up, and users' rows
-- locked, six times for each message, to find what is always there.
ALTER TABLE outbox
    DROP CONSTRAINT outbox_user_id_fkey,
    DROP CONSTRAINT outbox_chat_fkey,
    DROP CONSTRAINT outbox_author_fkey;

-- +goose Down
ALTER TABLE outbox
    ADD FOREIGN KEY (user_id) REFERENCES users (id),
    ADD FOREIGN KEY (chat) REFERENCES chats (id),
    ADD FOREIGN KEY (author) REFERENCES users (id);

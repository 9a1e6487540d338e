-- How long an upload was, and whose ids stay taken after their bytes are gone.

-- +goose Up
-- Bytes as they were uploaded, with what is not kept of a picture; 0: as many as
-- size.
ALTER TABLE files ADD COLUMN received BIGINT NOT NULL DEFAULT 0;
-- Once the bytes of a deleted file are gone, deleted is the negative time of that,
-- and stored is 0. The row stays for a while, and as long as an archived message
-- names the file: whoever reads the id there must not upload another file under
-- it.
CREATE INDEX files_gone ON files (deleted) WHERE deleted < 0;

-- +goose Down
DELETE FROM files WHERE deleted < 0;
DROP INDEX files_gone;
ALTER TABLE files DROP COLUMN received;

-- +goose Up
-- Work that one process at a time does.
CREATE TABLE leases (
    name   text PRIMARY KEY,
    holder text NOT NULL,
    ends   bigint NOT NULL -- Unix milliseconds, by the database's clock
);

-- +goose Down
DROP TABLE leases;

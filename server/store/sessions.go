package store

import (
	"context"
	"database/sql"
	"time"
)

// Each request asks whose session it is. On PostgreSQL those who ask at the same time ask together; nobody is answered by what was asked before he came,
// so a session that has ended is nobody's at once.

// sessionAt asks for the user of a session at a time, in Unix milliseconds.
type sessionAt struct {
	token string // its hash
	now   int64
}

const selectSessions = `
SELECT s.token, s.expires, u.id, u.name, u.created
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.token = ANY ($1::bytea[]) AND u.deleted IS NULL`

// Session is whose a session is, and until when.
type Session struct {
	User User
	Ends time.Time
}

// sessionRow is what there is of a session.
type sessionRow struct {
	token   string
	expires int64
	user    User
}

func (s *Store) newSessions() *batcher[sessionAt, Session] {
	return &batcher[sessionAt, Session]{most: maxBatch, lanes: batchLanes, timeout: batchTimeout, do: s.findSessions}
}

func (s *Store) findSessions(ctx context.Context, batch []*question[sessionAt, Session], _ bool) (left []*question[sessionAt, Session]) {
	tokens := make([][]byte, len(batch))
	for i, a := range batch {
		tokens[i] = []byte(a.in.token)
	}
	rows, err := list(ctx, s.read, scanSession, selectSessions, tokens)
	found := make(map[string]sessionRow, len(rows))
	for _, r := range rows {
		found[r.token] = r
	}
	for _, a := range batch {
		r, ok := found[a.in.token]
		switch {
		case err != nil:
			a.err = err
		case !ok || r.expires <= a.in.now:
			a.err = sql.ErrNoRows
		default:
			a.out = Session{r.user, fromMS(r.expires)}
		}
	}
	return nil
}

func scanSession(row scanner) (r sessionRow, err error) {
	var token []byte
	var created int64
	err = row.Scan(&token, &r.expires, &r.user.ID, &r.user.Name, &created)
	r.token, r.user.Created = string(token), fromMS(created)
	return r, err
}

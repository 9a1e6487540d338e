package admin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// erasureLine is an erasure for programs.
type erasureLine struct {
	ID         int64  `json:"id"`
	User       int64  `json:"user,omitzero"`
	Author     string `json:"author,omitzero"`
	Messages   string `json:"messages"` // keep, erase
	AskedAt    int64  `json:"asked_at"`
	Done       int64  `json:"done"`
	FinishedAt int64  `json:"finished_at,omitzero"`
}

// erase deletes an account, or names a guest, and has everything erased that it
// has written. The API servers do that.
func erase(ctx context.Context, j *job) error {
	if j.guest != "" {
		return eraseGuest(ctx, j)
	}
	j.words = []string{j.user}
	u, err := j.account(ctx)
	if err != nil {
		return err
	}
	if err := j.RemoveUser(ctx, j.by(), u.ID, !j.keep); err != nil {
		return j.found(err)
	}
	j.say("the account %s is deleted; nobody can have its name again; %s", u.Name, j.soon())
	return nil
}

func eraseGuest(ctx context.Context, j *job) error {
	author, err := chat.GuestAuthor(j.guest)
	if err != nil { // it is no key
		if author = strings.TrimPrefix(j.guest, chat.SubjectGuest+":"); !isGuestAuthor(author) {
			return errors.New("-guest takes the key of a guest, or the author of its messages")
		}
	}
	if err := j.EraseGuest(ctx, j.by(), author, j.keep, time.Now()); err != nil {
		return err
	}
	j.say("guest %s: %s", author, j.soon())
	return nil
}

// isGuestAuthor reports whether messages of a guest can have this author.
func isGuestAuthor(author string) bool {
	b, err := base64.RawURLEncoding.DecodeString(author)
	return err == nil && len(b) == chat.AuthorBytes
}

// soon says what becomes of the messages.
func (j *job) soon() string {
	what := "its messages are being erased"
	if j.keep {
		what = "the name is being taken from its messages"
	}
	return what + " by the API servers; livechat admin erasures shows how far that is"
}

// listErasures shows all that are known, the newest first.
func listErasures(ctx context.Context, j *job) error {
	const row = "%-6s  %-20s  %-8s  %8s  %-20s  %s"
	if !j.json {
		j.row(row, "ID", "ASKED", "MESSAGES", "DONE", "FINISHED", "OF")
	}
	for before := int64(0); ; {
		all, err := j.Erasures(ctx, before, page)
		if err != nil {
			return err
		}
		for _, e := range all {
			before = e.ID
			if err := j.erasure(row, e); err != nil {
				return err
			}
		}
		if len(all) < page {
			return nil
		}
		if err := j.out.Flush(); err != nil {
			return err
		}
	}
}

func (j *job) erasure(row string, e store.Erasure) error {
	l := erasureLine{
		ID: e.ID, User: e.User, Author: e.Author, Messages: "erase", AskedAt: e.Asked.UnixMilli(),
		Done: e.Messages,
	}
	if e.Keep {
		l.Messages = "keep"
	}
	finished, of := "", "guest:"+e.Author
	if !e.Finished.IsZero() {
		finished, l.FinishedAt = stamp(e.Finished), e.Finished.UnixMilli()
	}
	if e.User != 0 {
		of = fmt.Sprintf("account:%d %s", e.User, strings.TrimPrefix(e.Author, chat.AccountAuthor("")))
	}
	if j.json {
		return j.line(l)
	}
	j.row(row, strconv.FormatInt(e.ID, 10), stamp(e.Asked), l.Messages, strconv.FormatInt(e.Messages, 10),
		finished, strings.TrimSpace(of))
	return nil
}

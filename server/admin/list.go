package admin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/account"
	"livechat/server/store"
)

// page is how many rows are read at a time. Tests lower it.
var page = 500

// Lines of output for programs. Times are Unix milliseconds.
type (
	userLine struct {
		ID        int64  `json:"id"`
		Name      string `json:"name"`
		Role      string `json:"role,omitzero"`
		CreatedAt int64  `json:"created_at"`
		Sessions  int64  `json:"sessions"`
	}
	userDetails struct {
		ID        int64  `json:"id"`
		Name      string `json:"name"`
		Role      string `json:"role,omitzero"`
		CreatedAt int64  `json:"created_at"`
		Sessions  int64  `json:"sessions"`
		Chats     int64  `json:"chats"`
		Files     int64  `json:"files"`
		FileBytes int64  `json:"file_bytes"`
	}
	sessionLine struct {
		BeganAt int64 `json:"began_at"`
		EndsAt  int64 `json:"ends_at"`
	}
)

func listUsers(ctx context.Context, j *job) error {
	const row = "%-20s  %-5s  %8s  %s"
	if !j.json {
		j.row(row, "NAME", "ROLE", "SESSIONS", "CREATED")
	}
	for after := ""; ; {
		users, err := j.Users(ctx, after, time.Now(), page)
		if err != nil {
			return err
		}
		for _, u := range users {
			after = u.Name
			if j.json {
				err = j.line(userLine{u.ID, u.Name, u.Role, u.Created.UnixMilli(), u.Sessions})
			} else {
				j.row(row, u.Name, u.Role, strconv.FormatInt(u.Sessions, 10), stamp(u.Created))
			}
			if err != nil {
				return err
			}
		}
		if len(users) < page {
			return nil
		}
		if err := j.out.Flush(); err != nil { // whoever reads it may have gone
			return err
		}
	}
}

func showUser(ctx context.Context, j *job) error {
	u, err := j.UserFigures(ctx, account.Canonical(j.words[0]), time.Now())
	if err != nil {
		return j.found(err)
	}
	if j.json {
		return j.line(userDetails{u.ID, u.Name, u.Role, u.Created.UnixMilli(), u.Sessions, u.Chats, u.Files,
			u.FileBytes})
	}
	role := u.Role
	if role == "" {
		role = noRole
	}
	j.print("name      %s\nid        %d\nrole      %s\ncreated   %s\nsessions  %d\nchats     %d\n"+
		"files     %d, %d bytes\n", u.Name, u.ID, role, stamp(u.Created), u.Sessions, u.Chats, u.Files, u.FileBytes)
	return nil
}

// sessions lists the sessions of an account, or ends them.
func sessions(ctx context.Context, j *job) error {
	u, err := j.account(ctx)
	if err != nil {
		return err
	}
	if j.end {
		return endSessions(ctx, j, u)
	}
	const row = "%-20s  %s"
	if !j.json {
		j.row(row, "BEGAN", "ENDS")
	}
	for after := (store.UserSession{}); ; {
		all, err := j.UserSessions(ctx, u.ID, time.Now(), after, page)
		if err != nil {
			return err
		}
		for _, s := range all {
			after = s
			began := s.Ends.Add(-account.SessionLifetime)
			if j.json {
				err = j.line(sessionLine{began.UnixMilli(), s.Ends.UnixMilli()})
			} else {
				j.row(row, stamp(began), stamp(s.Ends))
			}
			if err != nil {
				return err
			}
		}
		if len(all) < page {
			return nil
		}
	}
}

// account returns the account that the first argument names.
func (j *job) account(ctx context.Context) (store.User, error) {
	u, _, err := j.UserByName(ctx, account.Canonical(j.words[0]))
	return u, j.found(err)
}

// found explains the error of a look-up by the first argument.
func (j *job) found(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no account has the name %q", j.words[0])
	}
	return err
}

// print writes for people. Its errors are those of a later Flush.
func (j *job) print(format string, args ...any) { _, _ = fmt.Fprintf(j.out, format, args...) }

// row writes a row of a table for people.
func (j *job) row(format string, args ...any) {
	j.print("%s\n", strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// line writes a line of JSON.
func (j *job) line(v any) error {
	if err := json.MarshalWrite(j.out, v); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return j.out.WriteByte('\n')
}

// stamp formats a time for people.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

package admin

import (
	"context"
	"fmt"

	"livechat/server/account"
	"livechat/server/store"
)

// noRole is how a command names the role of everybody else.
const noRole = "none"

// roleOf returns the role that a word stands for.
func roleOf(word string) (role string, err error) {
	switch word {
	case store.RoleAdmin:
		return store.RoleAdmin, nil
	case noRole:
		return "", nil
	}
	return "", fmt.Errorf("unknown role %q: want %s or %s", word, store.RoleAdmin, noRole)
}

// resetPassword sets a random password and writes it to out, where nothing else
// is. It is in no log.
func resetPassword(ctx context.Context, j *job) error {
	u, err := j.account(ctx)
	if err != nil {
		return err
	}
	password := account.TemporaryPassword()
	hash, err := account.HashPassword(password)
	if err != nil {
		return err
	}
	ended, err := j.ResetPassword(ctx, j.by(), u.ID, hash)
	if err != nil {
		return j.found(err)
	}
	j.print("%s\n", password)
	j.say("new password of %s, the old one is not valid any more; sessions ended: %d", u.Name, ended)
	return nil
}

func endSessions(ctx context.Context, j *job, u store.User) error {
	ended, err := j.EndSessions(ctx, j.by(), u.ID)
	if err != nil {
		return j.found(err)
	}
	j.say("sessions of %s ended: %d", u.Name, ended)
	return nil
}

func setRole(ctx context.Context, j *job) error {
	u, err := j.account(ctx)
	if err != nil {
		return err
	}
	role, err := roleOf(j.words[1])
	if err != nil {
		return err
	}
	changed, err := j.SetRole(ctx, j.by(), u.ID, role)
	if err != nil {
		return j.found(err)
	}
	if !changed {
		j.say("%s had the role %s before", u.Name, j.words[1])
		return nil
	}
	j.say("%s has the role %s now", u.Name, j.words[1])
	return nil
}

func deleteUser(ctx context.Context, j *job) error {
	u, err := j.account(ctx)
	if err != nil {
		return err
	}
	if err := j.RemoveUser(ctx, j.by(), u.ID, false); err != nil {
		return j.found(err)
	}
	j.say("the account %s is deleted; nobody can have its name again", u.Name)
	return nil
}

package account

import (
	"context"
	"crypto/rand"
	"strings"
)

// TemporaryPassword returns a random password of 80 bits, for an operator to
// hand to a user. It has no characters that are easily confused when they are
// read out.
func TemporaryPassword() string {
	const groups, size = 4, 4
	text := strings.ToLower(rand.Text()) // a-z and 2-7
	var parts []string
	for i := range groups {
		parts = append(parts, text[i*size:(i+1)*size])
	}
	return strings.Join(parts, "-")
}

// HashPassword returns what the store keeps of a password that is set without
// the old one. It takes 19 MiB and is not bounded: it is for a process of its
// own. Codes: bad_password.
func HashPassword(password string) (phc string, err error) {
	prepared, err := checkPassword(password)
	if err != nil {
		return "", err
	}
	r := newRecord()
	r.key = argon2id([]byte(prepared), r.salt, r.cost, keyLen)
	return r.phc(), nil
}

// NewPassword returns a temporary password for a user and what the store keeps
// of it. It waits for a place, as registrations do. Codes: unavailable.
func (s *Service) NewPassword(ctx context.Context, user int64) (password, hash string, err error) {
	password = TemporaryPassword()
	hash, err = s.hasher.create(ctx, userKey(user), password)
	return password, hash, err
}

package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"livechat/server/chat"
)

// The length of a password in characters (code points, after NFC).
const (
	MinPassword = 8
	MaxPassword = 256

	// Checked first: the other checks take longer for longer input.
	maxPasswordBytes = 4 * MaxPassword
)

// preparePassword returns the password in the form of RFC 8265 (OpaqueString):
// keyboards encode the same ä in different ways. It fails for characters that
// users cannot reliably type again, such as control characters.
//
// OpaqueString also refuses joiners in emoji and emoji that are newer than its
// tables. Keyboards encode those the same everywhere, so they are replaced for
// the check. The result has the same form with and without emoji.
func preparePassword(password string) (string, error) {
	if !utf8.ValidString(password) {
		return "", errNotUTF8 // precis would map all invalid bytes to the same character
	}
	prepared, err := precis.OpaqueString.String(password)
	if err == nil {
		return prepared, nil
	}
	if _, err := precis.OpaqueString.String(withoutEmoji(password)); err != nil {
		return "", err
	}
	return norm.NFC.String(strings.Map(plainSpace, password)), nil
}

// plainSpace is the mapping of OpaqueString (RFC 8265, section 4.2.1).
func plainSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

var errNotUTF8 = errors.New("invalid UTF-8")

// checkPassword returns password in the form that is hashed, or an error with
// code bad_password.
func checkPassword(password string) (string, error) {
	if len(password) > maxPasswordBytes {
		return "", errPasswordLength
	}
	if len(password) < MinPassword { // too few bytes are too few characters
		return "", errPasswordLength
	}
	prepared, err := preparePassword(password)
	if err != nil {
		// The error of precis could quote the password.
		return "", chat.Errorf(chat.CodeBadPassword,
			"A password must be valid UTF-8 without control characters.")
	}
	if n := utf8.RuneCountInString(prepared); n < MinPassword || n > MaxPassword {
		return "", errPasswordLength
	}
	return prepared, nil
}

var errWrongOld = chat.Errorf(chat.CodeForbidden, "The password is wrong.")

var errPasswordLength = chat.Errorf(chat.CodeBadPassword, "A password has %d to %d characters.",
	MinPassword, MaxPassword)

// cost is the work that a hash takes.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// currentCost is used for new hashes. It is what OWASP recommends for Argon2id
// (Password Storage Cheat Sheet).
var currentCost = cost{memory: 19 * 1024, passes: 2, lanes: 1}

// maxCost bounds what a stored hash may ask for: a damaged one must not use up
// the memory.
var maxCost = cost{memory: 256 * 1024, passes: 16, lanes: 16}

const (
	saltLen = 16
	keyLen  = 32
)

// hashFunc derives a key of n bytes.
type hashFunc func(password, salt []byte, c cost, n int) []byte

func argon2id(password, salt []byte, c cost, n int) []byte {
	return argon2.IDKey(password, salt, c.passes, c.memory, c.lanes, uint32(n))
}

// record is a hashed password.
type record struct {
	cost      cost
	salt, key []byte
}

// phc returns the PHC string: $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>. It
// is not called String, so that no log line contains it by accident.
func (r record) phc() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, r.cost.memory, r.cost.passes,
		r.cost.lanes,
		base64.RawStdEncoding.EncodeToString(r.salt), base64.RawStdEncoding.EncodeToString(r.key))
}

// errNotPHC does not quote the hash.
var errNotPHC = errors.New("the stored password is not a PHC string of Argon2id")

// parsePHC parses a PHC string. If it accepts s, then phc returns s.
func parsePHC(s string) (r record, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return record{}, errNotPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &r.cost.memory, &r.cost.passes,
		&r.cost.lanes); err != nil {
		return record{}, errNotPHC
	}
	r.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(r.salt) < 8 || len(r.salt) > 64 {
		return record{}, errNotPHC
	}
	r.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(r.key) < 16 || len(r.key) > 64 {
		return record{}, errNotPHC
	}
	if r.phc() != s || !r.cost.sane() {
		return record{}, errNotPHC
	}
	return r, nil
}

// outdated reports whether a hash has another cost than new ones.
func outdated(phc string) bool {
	r, err := parsePHC(phc)
	return err == nil && r.cost != currentCost
}

func (c cost) sane() bool {
	return c.lanes >= 1 && c.lanes <= maxCost.lanes && c.passes >= 1 && c.passes <= maxCost.passes &&
		c.memory >= 8*uint32(c.lanes) && c.memory <= maxCost.memory
}

// newRecord returns a record with a new salt and no key.
func newRecord() record {
	r := record{cost: currentCost, salt: make([]byte, saltLen)}
	_, _ = rand.Read(r.salt) // it never fails
	return r
}

// decoy returns a PHC string that no password matches: its key is random.
// Comparing with it takes as much work as with a real one.
func decoy() string {
	r := newRecord()
	r.key = make([]byte, keyLen)
	_, _ = rand.Read(r.key)
	return r.phc()
}

// sameKey compares in constant time.
func sameKey(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

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

// How long a password is, in characters (code points, after NFC).
const (
	MinPassword = 8
	MaxPassword = 256

	maxPasswordBytes = 4 * MaxPassword // looked at before anything that takes longer with longer input
)

// preparePassword brings a password into the form of RFC 8265 (OpaqueString),
// since other keyboards write the same ä in other ways, and fails for what nobody
// can be relied on to type again, such as control characters.
//
// OpaqueString also refuses what holds emoji together, and emoji that are newer
// than its tables. Keyboards write those the same everywhere, so emoji are left
// out of that question. The form is the same for both kinds of password.
func preparePassword(password string) (string, error) {
	if !utf8.ValidString(password) {
		return "", errNotUTF8 // precis would take every bad byte for the same one
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

var errNotUTF8 = errors.New("no UTF-8")

// checkPassword says whether password can be one, and returns it in the form that is hashed.
func checkPassword(password string) (string, error) {
	if len(password) > maxPasswordBytes {
		return "", errPasswordLength
	}
	if len(password) < MinPassword { // as bytes: then also as characters
		return "", errPasswordLength
	}
	prepared, err := preparePassword(password)
	if err != nil {
		return "", chat.Errorf(chat.CodeBadPassword, "a password must be valid UTF-8 without control characters") // err could quote it
	}
	if n := utf8.RuneCountInString(prepared); n < MinPassword || n > MaxPassword {
		return "", errPasswordLength
	}
	return prepared, nil
}

var errPasswordLength = chat.Errorf(chat.CodeBadPassword, "a password has %d to %d characters", MinPassword, MaxPassword)

// cost is how much work a hash is.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// standard is what OWASP recommends for Argon2id (Password Storage Cheat Sheet), for new hashes.
var standard = cost{memory: 19 * 1024, passes: 2, lanes: 1}

// most is what is still believed of a hash in the store: a damaged one must not take all memory.
var most = cost{memory: 256 * 1024, passes: 16, lanes: 16}

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

// phc returns the PHC string: $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>. It is no String method, so that no log writes it by accident.
func (r record) phc() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, r.cost.memory, r.cost.passes, r.cost.lanes,
		base64.RawStdEncoding.EncodeToString(r.salt), base64.RawStdEncoding.EncodeToString(r.key))
}

// errNoPHC says that a hash is not in the form. It does not quote it.
var errNoPHC = errors.New("the stored password is no PHC string of Argon2id")

// parsePHC reads a PHC string. What it accepts, phc writes back unchanged.
func parsePHC(s string) (r record, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return record{}, errNoPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &r.cost.memory, &r.cost.passes, &r.cost.lanes); err != nil {
		return record{}, errNoPHC
	}
	r.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(r.salt) < 8 || len(r.salt) > 64 {
		return record{}, errNoPHC
	}
	r.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(r.key) < 16 || len(r.key) > 64 {
		return record{}, errNoPHC
	}
	if r.phc() != s || !r.cost.sane() {
		return record{}, errNoPHC
	}
	return r, nil
}

// outdated says whether a hash took other work than new ones do.
func outdated(phc string) bool {
	r, err := parsePHC(phc)
	return err == nil && r.cost != standard
}

func (c cost) sane() bool {
	return c.lanes >= 1 && c.lanes <= most.lanes && c.passes >= 1 && c.passes <= most.passes &&
		c.memory >= 8*uint32(c.lanes) && c.memory <= most.memory
}

// newRecord is a record with a salt and without a key.
func newRecord() record {
	r := record{cost: standard, salt: make([]byte, saltLen)}
	_, _ = rand.Read(r.salt) // it never fails
	return r
}

// decoy is the PHC string of no password: to compare with it is as much work as with a real one. Its key is not that of a password that
// anybody has had, but random.
func decoy() string {
	r := newRecord()
	r.key = make([]byte, keyLen)
	_, _ = rand.Read(r.key)
	return r.phc()
}

// sameKey compares in constant time.
func sameKey(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

package account

import (
	"context"
	"fmt"
	"strings"

	"livechat/server/chat"
)

// The length of a name in characters, which are all ASCII.
const (
	MinName = 3
	MaxName = 20
)

// guestSkeleton is the prefix of the skeletons of names that the server
// generates for guests (guest-1a2b). No account's name has it: it would take a
// guest's name, or look like a guest.
const guestSkeleton = "guest"

// systemNames are taken for the site or those who run it, or stand for nobody:
// messages of a deleted account are shown as by "deleted". Neither an account
// nor a guest can have one, or a look-alike. Names that only contain one
// ("admin-team") are free.
var systemNames = []string{
	"admin", "admins", "administrator", "anonymous", "api", "bot", "deleted", "everybody", "everyone",
	"here", "help", "livechat", "mod",
	"moderator", "moderators", "mods", "nobody", "notice", "null", "official", "operator", "owner",
	"root",
	"security", "server", "staff", "superuser",
	"support", "system", "undefined", "unknown", "webmaster",
	"me", "you", // the page calls its user "you"
}

var systemSkeletons = func() map[string]bool {
	m := make(map[string]bool, len(systemNames))
	for _, name := range systemNames {
		m[Skeleton(name)] = true
	}
	return m
}()

// canonicalName returns the canonical form of an account's name, and whether
// name is valid: [a-z0-9_-]{3,20} after A-Z are lowered. It lowers ASCII only:
// strings.ToLower would map the Kelvin sign to k.
func canonicalName(name string) (canonical string, ok bool) {
	if len(name) < MinName || len(name) > MaxName {
		return "", false
	}
	lower := []byte(name)
	for i, c := range lower {
		switch {
		case c >= 'A' && c <= 'Z':
			lower[i] = c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return "", false
		}
	}
	return string(lower), true
}

// Canonical returns the form in which the store has a name, or "" if no account
// can have it.
func Canonical(name string) string {
	canonical, _ := canonicalName(name)
	return canonical
}

// CheckName returns name in lower case, or an error with code bad_name if no
// account can have it. It does not look whether the name is free; Register
// does.
func CheckName(name string) (canonical string, err error) {
	canonical, ok := canonicalName(name)
	if !ok {
		return "", chat.Errorf(chat.CodeBadName, "A name has %d to %d characters: a-z, 0-9, _ and -.",
			MinName, MaxName)
	}
	switch skeleton := Skeleton(canonical); {
	case skeleton == "":
		return "", chat.Errorf(chat.CodeBadName, "A name needs a letter or a digit.")
	case strings.HasPrefix(skeleton, guestSkeleton):
		return "", chat.Errorf(chat.CodeBadName,
			"Names that begin with %q are for guests. Choose another name.", guestSkeleton)
	}
	return canonical, nil
}

// IsSystemName reports whether name is a system name or looks like one. Neither
// an account nor a guest can have it.
func IsSystemName(name string) bool { return systemSkeletons[Skeleton(name)] }

// Reserved reports whether a guest may not use a name, which can be any text:
// it is a system name, or belongs or belonged to an account, or looks like one
// of those. The error says that the store could not be asked; the caller
// decides what follows.
func (s *Service) Reserved(ctx context.Context, guestName string) (bool, error) {
	return Reserved(ctx, s.store.NameReserved, guestName)
}

// Reserved is Service.Reserved for a server without a store. ask reports
// whether an account has or had a name with that skeleton.
func Reserved(ctx context.Context, ask func(ctx context.Context, skeleton string) (bool, error),
	guestName string) (bool, error) {
	skeleton, reserved, known := judge(guestName)
	if known {
		return reserved, nil
	}
	reserved, err := ask(ctx, skeleton)
	if err != nil {
		return false, fmt.Errorf("look up the name: %w", err)
	}
	return reserved, nil
}

// ReservedOf returns those of guestNames that are Reserved. Each call of ask
// gets at most a thousand skeletons.
func ReservedOf(ctx context.Context, ask func(ctx context.Context, skeletons []string) ([]bool, error),
	guestNames []string) (reserved []string, err error) {
	var names, skeletons []string
	for _, name := range guestNames {
		skeleton, is, known := judge(name)
		switch {
		case !known:
			names, skeletons = append(names, name), append(skeletons, skeleton)
		case is:
			reserved = append(reserved, name)
		}
	}
	const page = 1000
	for from := 0; from < len(names); from += page {
		to := min(from+page, len(names))
		has, err := ask(ctx, skeletons[from:to])
		if err != nil {
			return nil, fmt.Errorf("look up names: %w", err)
		}
		for i, is := range has {
			if is {
				reserved = append(reserved, names[from+i])
			}
		}
	}
	return reserved, nil
}

// AccountsOf returns those of names, in lower case, that accounts have or had.
// A name that only looks like one of them counts as well. ask is as in
// ReservedOf.
func AccountsOf(ctx context.Context, ask func(ctx context.Context, skeletons []string) ([]bool, error),
	names []string) ([]string, error) {
	var possible []string
	for _, name := range names {
		if as, err := CheckName(name); err == nil && as == name && !IsSystemName(name) {
			possible = append(possible, name)
		}
	}
	return ReservedOf(ctx, ask, possible)
}

// judge decides whether a guest's name is reserved, if that can be known
// without a look-up.
func judge(guestName string) (skeleton string, reserved, known bool) {
	skeleton = Skeleton(guestName)
	switch {
	case skeleton == "" || strings.HasPrefix(skeleton, guestSkeleton):
		// No account has such a name, so most guests cost nothing.
		return skeleton, false, true
	case systemSkeletons[skeleton]:
		return skeleton, true, true
	}
	return skeleton, false, false
}

package account

import (
	"context"
	"fmt"
	"strings"

	"livechat/server/chat"
)

// The length of a name, in characters, all of which are ASCII.
const (
	MinName = 3
	MaxName = 20
)

// guestSkeleton begins the skeleton of every name that the server gives to guests without one (guest-1a2b). No account's name begins so:
// it would take such a name from a guest, or look like a guest and be none.
const guestSkeleton = "guest"

// reservedNames speak for this place or for those who run it, or stand for nobody (what a deleted account wrote is shown as by "deleted").
// Neither an account nor a guest can have one, nor a look-alike. The skeletons of others beside them ("admin-team") are free.
var reservedNames = []string{
	"admin", "admins", "administrator", "anonymous", "api", "bot", "deleted", "everybody", "everyone", "here", "help", "livechat", "mod",
	"moderator", "moderators", "mods", "nobody", "notice", "null", "official", "owner", "root", "security", "server", "staff", "superuser",
	"support", "system", "undefined", "unknown", "webmaster",
	"you", // as the page calls its reader
}

var reservedSkeletons = func() map[string]bool {
	m := make(map[string]bool, len(reservedNames))
	for _, name := range reservedNames {
		m[Skeleton(name)] = true
	}
	return m
}()

// canonicalName returns an account's name in the one form that it has, and whether it has the form of one: [a-z0-9_-]{3,20} after A-Z have become a-z.
// Only those: strings.ToLower would make a k of the Kelvin sign.
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

// CheckName says whether name can be that of an account, and returns it in lower case. Whether it is free, Register finds out. Code: bad_name.
func CheckName(name string) (canonical string, err error) {
	canonical, ok := canonicalName(name)
	if !ok {
		return "", chat.Errorf(chat.CodeBadName, "a name is %d to %d characters of a-z, 0-9, _ and -", MinName, MaxName)
	}
	switch skeleton := Skeleton(canonical); {
	case skeleton == "":
		return "", chat.Errorf(chat.CodeBadName, "a name needs a letter or a digit")
	case strings.HasPrefix(skeleton, guestSkeleton):
		return "", chat.Errorf(chat.CodeBadName, "names that begin with %q are for guests", guestSkeleton)
	}
	return canonical, nil
}

// Kept says whether nobody can have a name, account or guest, because it speaks for
// this place or for those who run it, or looks like one that does.
func Kept(name string) bool { return reservedSkeletons[Skeleton(name)] }

// Reserved says whether a guest may not use a name, which can be any text: because it is an account's, or was, or looks like one, or speaks for
// this place. An error says that the store could not be asked; what then is the caller's to decide.
func (s *Service) Reserved(ctx context.Context, guestName string) (bool, error) {
	return Reserved(ctx, s.store.NameReserved, guestName)
}

// Reserved is Service.Reserved for a server without a store: ask says whether an account has, or had, a name of that skeleton.
func Reserved(ctx context.Context, ask func(ctx context.Context, skeleton string) (bool, error), guestName string) (bool, error) {
	skeleton, reserved, known := judge(guestName)
	if known {
		return reserved, nil
	}
	reserved, err := ask(ctx, skeleton)
	if err != nil {
		return false, fmt.Errorf("look for the name: %w", err)
	}
	return reserved, nil
}

// ReservedOf returns those of many names that are Reserved. ask is given some skeletons at a time, at most a thousand.
func ReservedOf(ctx context.Context, ask func(ctx context.Context, skeletons []string) ([]bool, error), guestNames []string) (reserved []string, err error) {
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
			return nil, fmt.Errorf("look for names: %w", err)
		}
		for i, is := range has {
			if is {
				reserved = append(reserved, names[from+i])
			}
		}
	}
	return reserved, nil
}

// judge says whether a guest's name is reserved, as far as that is known without asking.
func judge(guestName string) (skeleton string, reserved, known bool) {
	skeleton = Skeleton(guestName)
	switch {
	case skeleton == "" || strings.HasPrefix(skeleton, guestSkeleton):
		return skeleton, false, true // no account has such a name: most guests cost nothing
	case reservedSkeletons[skeleton]:
		return skeleton, true, true
	}
	return skeleton, false, false
}

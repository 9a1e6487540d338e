package testpg

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
	"testing"
)

// credential is who PostgreSQL shall run as: nil for whoever runs the test, unless that is root.
func credential(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	var err error
	for _, name := range []string{"postgres", "nobody"} {
		var u *user.User
		if u, err = user.Lookup(name); err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatalf("PostgreSQL does not run as root, and there is no other user: %v", err)
	return nil
}

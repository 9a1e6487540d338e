package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"livechat/server/store"
)

// Storage is what files use. Limits of 0 are none.
type Storage struct {
	Away       bool          `json:"away"` // the store of the bytes does not answer
	Files      int64         `json:"files"`
	Bytes      int64         `json:"bytes"` // with previews, and what is reserved for uploads
	GuestFiles int64         `json:"guest_files"`
	GuestBytes int64         `json:"guest_bytes"`
	Limits     StorageLimits `json:"limits"`
	Kinds      []FileKind    `json:"kinds"`
}

// StorageLimits are the limits of files, in bytes.
type StorageLimits struct {
	File     int64 `json:"file"`      // one file
	All      int64 `json:"all"`       // all files
	Guests   int64 `json:"guests"`    // those of all guests
	User     int64 `json:"user"`      // those of one account
	GuestDay int64 `json:"guest_day"` // what one address uploads as a guest in a day
}

// FileKind is what files of a kind use, such as image.
type FileKind struct {
	Kind  string `json:"kind"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

// KindsOf adds up media types by what is before their slash, the largest first.
func KindsOf(types []store.FileType) []FileKind {
	kinds := []FileKind{}
	for _, t := range types {
		name, _, _ := strings.Cut(t.Type, "/")
		i := slices.IndexFunc(kinds, func(k FileKind) bool { return k.Kind == name })
		if i < 0 {
			i = len(kinds)
			kinds = append(kinds, FileKind{Kind: name})
		}
		kinds[i].Files += t.Files
		kinds[i].Bytes += t.Bytes
	}
	slices.SortFunc(kinds, func(a, b FileKind) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Kind, b.Kind))
	})
	return kinds
}

func (a *api) adminStorage(w http.ResponseWriter, r *http.Request, _ store.User) error {
	s, err := a.Admin.Storage(r.Context())
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, s)
}

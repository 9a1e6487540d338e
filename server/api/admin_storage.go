package api

import (
	"net/http"

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

func (a *api) adminStorage(w http.ResponseWriter, r *http.Request, _ store.User) error {
	s, err := a.Admin.Storage(r.Context())
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, s)
}

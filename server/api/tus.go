package api

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"livechat/server/chat"
	"livechat/server/files"
)

// Resumable uploads speak tus 1.0 (https://tus.io/protocols/resumable-upload):
// its core and the extensions below.
//
//	POST   /files/       Upload-Length, Upload-Metadata: filename; Location says where
//	HEAD   /files/{id}/  Upload-Offset says how much there is
//	PATCH  /files/{id}/  Upload-Offset and the bytes from there on
//	DELETE /files/{id}/  gives it up
//
// The id of the upload becomes that of the file, at the last PATCH.
const (
	tusHeader     = "Tus-Resumable"
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination"
	tusBody       = "application/offset+octet-stream"
)

// isTus reports whether a client speaks tus.
func isTus(r *http.Request) bool { return len(r.Header.Values(tusHeader)) > 0 }

// tus returns the handler of a tus request. Its answers, errors too, say the
// version.
func (a *api) tus(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(tusHeader, tusVersion)
		if r.Header.Get(tusHeader) != tusVersion {
			w.Header().Set("Tus-Version", tusVersion)
			return chat.Errorf(chat.CodeTusVersion, "This server speaks version %s of tus.", tusVersion)
		}
		return next(w, r)
	}
}

// tusOptions says what this server can do.
func (a *api) tusOptions(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set(tusHeader, tusVersion)
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", tusExtensions)
	h.Set("Tus-Max-Size", strconv.FormatInt(a.MaxFile, 10))
	return noContent(w)
}

// tusCreate begins an upload. The body may have its first bytes, or all.
func (a *api) tusCreate(w http.ResponseWriter, r *http.Request) error {
	length, err := tusNumber(r, "Upload-Length")
	if err != nil {
		return err
	}
	if length > a.MaxFile {
		return a.tooLarge()
	}
	u := files.Upload{Size: length}
	if u.Name, err = tusName(r); err != nil {
		return err
	}
	if u.ID, err = uploadKey(r); err != nil {
		return err
	}
	if u.Owner, err = a.uploader(r); err != nil {
		return err
	}
	var id string
	var offset int64
	if err := a.briefly(r, func(ctx context.Context) (err error) {
		id, offset, err = a.Files.Begin(ctx, u)
		return err
	}); err != nil {
		return err
	}
	if r.Header.Get("Content-Type") == tusBody && offset < length {
		// An upload that was begun before has the first bytes already.
		if _, err := io.CopyN(io.Discard, r.Body, offset); err == nil {
			if offset, err = a.append(r, id, u.Owner, offset, length); err != nil {
				return err
			}
		}
	}
	h := w.Header()
	h.Set("Location", base+"/files/"+id+"/")
	h.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	if offset < length {
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusCreated)
		return nil
	}
	f, err := a.Files.Finish(r.Context(), id, u.Owner)
	if err != nil {
		return err
	}
	view := viewFile(f)
	return answer(w, r, http.StatusCreated, uploadView{&view, []fileView{view}})
}

// tusHead says how much there is of an upload.
func (a *api) tusHead(w http.ResponseWriter, r *http.Request) error {
	id, owner, err := a.tusUpload(r)
	if err != nil {
		return err
	}
	offset, length, err := a.offset(r, id, owner)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	h.Set("Upload-Length", strconv.FormatInt(length, 10))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return nil
}

// tusPatch takes the next bytes of an upload. The last ones make a file of it.
func (a *api) tusPatch(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("Content-Type") != tusBody {
		return chat.Errorf(chat.CodeBadMedia, "The Content-Type must be %s.", tusBody)
	}
	at, err := tusNumber(r, "Upload-Offset")
	if err != nil {
		return err
	}
	id, owner, err := a.tusUpload(r)
	if err != nil {
		return err
	}
	offset, length, err := a.offset(r, id, owner)
	switch {
	case err != nil:
		return err
	case at != offset:
		return chat.Errorf(chat.CodeBadOffset, "The upload has %d bytes. Go on from there.", offset)
	case r.ContentLength > length-offset:
		return chat.Errorf(chat.CodeBadRequest, "The upload has a length of %d bytes. These are more.", length)
	}
	if offset, err = a.append(r, id, owner, offset, length); err != nil {
		return err
	}
	if offset == length {
		if _, err := a.Files.Finish(r.Context(), id, owner); err != nil {
			return err
		}
	}
	w.Header().Set("Upload-Offset", strconv.FormatInt(offset, 10))
	return noContent(w)
}

// offset returns how much there is of an upload, and its length.
func (a *api) offset(r *http.Request, id string, o files.Owner) (offset, length int64, err error) {
	err = a.briefly(r, func(ctx context.Context) (err error) {
		offset, length, err = a.Files.Offset(ctx, id, o)
		return err
	})
	return offset, length, err
}

// append adds the body to an upload and returns its offset then.
func (a *api) append(r *http.Request, id string, o files.Owner, offset, length int64) (int64, error) {
	if offset == length {
		return offset, nil
	}
	offset, err := a.Files.Append(r.Context(), id, o, offset, io.LimitReader(r.Body, length-offset))
	if errors.Is(err, files.ErrOffset) {
		err = chat.Errorf(chat.CodeBadOffset, "Another request continues this upload. Ask where it is.")
	}
	return offset, err
}

// tusOverride serves clients that can send nothing but GET and POST.
func (a *api) tusOverride(w http.ResponseWriter, r *http.Request) error {
	switch r.Header.Get("X-HTTP-Method-Override") {
	case http.MethodPatch:
		return a.tus(a.tusPatch)(w, r)
	case http.MethodDelete:
		return a.tus(a.deleteFile)(w, r)
	}
	w.Header().Set("Allow", "DELETE, GET, HEAD, PATCH")
	return chat.Errorf(chat.CodeMethodNotAllowed,
		"A POST to an upload needs X-HTTP-Method-Override: PATCH, or DELETE.")
}

// tusUpload returns the upload of a request, and who asks.
func (a *api) tusUpload(r *http.Request) (id string, o files.Owner, err error) {
	if id, err = fileID(r); err != nil {
		return "", o, err
	}
	o, err = a.uploader(r)
	return id, o, err
}

// tusNumber returns the number in a header.
func tusNumber(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.Header.Get(name), 10, 64)
	if err != nil || n < 0 || len(r.Header.Values(name)) > 1 {
		return 0, chat.Errorf(chat.CodeBadRequest, "%s must be a number of bytes.", name)
	}
	return n, nil
}

// tusName returns the name in Upload-Metadata, which is a list of keys with
// values in base64.
func tusName(r *http.Request) (string, error) {
	for pair := range strings.SplitSeq(r.Header.Get("Upload-Metadata"), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key != "filename" {
			continue
		}
		name, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return "", chat.Errorf(chat.CodeBadRequest, "The filename in Upload-Metadata is not valid base64.")
		}
		return string(name), nil
	}
	return "", nil
}

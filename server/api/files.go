package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/files"
)

// guestHeader has the key of a guest who uploads.
const guestHeader = "Livechat-Guest"

// partHeaders is the most bytes between two files of an upload: headers, and
// what the reader of parts reads ahead.
const partHeaders = 64 << 10

// fileView is what clients see of a file.
type fileView struct {
	chat.File
	URL string `json:"url"`
}

func viewFile(f files.Stored) fileView { return fileView{f.File, fileURL(f.File)} }

// fileURL returns the path of a file's bytes. The name is for people: what they
// save has it.
func fileURL(f chat.File) string {
	name := url.PathEscape(f.Name)
	if name == "" || name == "." || name == ".." {
		name = "file"
	}
	return base + "/files/" + f.ID + "/" + name
}

// uploadView is the answer to an upload. With one file its members are at the
// top as well, which is handy in a shell.
type uploadView struct {
	*fileView
	Files []fileView `json:"files"`
}

// uploader returns who uploads: a guest with a key, else the account of the
// cookie, else nobody in particular. Whoever knows the id of a file that nobody
// in particular uploaded may send it, once.
func (a *api) uploader(r *http.Request) (o files.Owner, err error) {
	o.Addr = a.ClientAddr(r)
	keys := r.Header.Values(guestHeader)
	switch {
	case len(keys) > 1:
		return o, chat.Errorf(chat.CodeBadRequest, "Send one %s header.", guestHeader)
	case len(keys) == 1:
		o.Author, err = chat.GuestAuthor(keys[0])
		return o, err
	case a.token(r) == "":
		return o, nil
	}
	return o, a.briefly(r, func(ctx context.Context) error {
		me, err := a.Accounts.WhoAmI(ctx, a.token(r))
		o.Author, o.User = chat.AccountAuthor(me.Name), me.ID
		return err
	})
}

// uploadKey returns the Idempotency-Key of an upload, which becomes the id of
// the file, or "" if there is none. Whoever has the id may fetch a room's file,
// so it must not be possible to guess it.
func uploadKey(r *http.Request) (string, error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return "", nil
	}
	id, ok := chat.ParseUUID(keys[0])
	if len(keys) > 1 || !ok || uuid.MustParse(id).Version() != 4 {
		return "", chat.Errorf(chat.CodeBadRequest,
			"The Idempotency-Key of an upload must be a random UUID (version 4). It becomes the file's id.")
	}
	return id, nil
}

// needFiles returns a handler that requires a store for files.
func (a *api) needFiles(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if a.Files == nil {
			return chat.Errorf(chat.CodeNotFound, "This server keeps no files.")
		}
		return next(w, r)
	}
}

// upload takes the files of a form, or begins a resumable upload.
func (a *api) upload(w http.ResponseWriter, r *http.Request) error {
	if isTus(r) {
		return a.tus(a.tusCreate)(w, r)
	}
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" || parameters["boundary"] == "" {
		return chat.Errorf(chat.CodeBadMedia,
			"The Content-Type must be multipart/form-data; for a resumable upload send Tus-Resumable.")
	}
	if r.ContentLength > a.MaxFile*chat.MaxFiles+maxBody {
		return a.tooLarge()
	}
	owner, err := a.uploader(r)
	if err != nil {
		return err
	}
	key, err := uploadKey(r)
	if err != nil {
		return err
	}
	taken, isNew, err := a.takeParts(r, parameters["boundary"], files.Upload{ID: key, Size: -1, Owner: owner})
	if err != nil {
		return err
	}
	view := uploadView{Files: viewAll(taken, viewFile)}
	if len(taken) == 1 {
		view.fileView = &view.Files[0]
		w.Header().Set("Location", base+"/files/"+taken[0].ID+"/")
	}
	return answer(w, r, created(isNew), view)
}

// tooLarge is the error for a file that is too large whatever its bytes are.
func (a *api) tooLarge() error {
	return chat.Errorf(chat.CodeTooLarge, "A file may have at most %d bytes.", a.MaxFile)
}

// takeParts stores the files of a form: all, or none.
func (a *api) takeParts(r *http.Request, boundary string, u files.Upload) (
	taken []files.Stored, isNew bool, err error,
) {
	body := &budgetReader{Reader: whole(r.Body)}
	parts := multipart.NewReader(body, boundary)
	var added []string
	defer func() {
		if err != nil {
			a.cancelAll(r.Context(), added, u.Owner)
		}
	}()
	for {
		body.left = partHeaders
		part, err := parts.NextPart()
		if err == io.EOF { // a wrapped one means that the body is cut off
			break
		}
		if err != nil {
			return nil, false, partError(err)
		}
		switch {
		case part.FormName() != "file":
			return nil, false, chat.Errorf(chat.CodeBadRequest,
				"Send each file as a part that is named file.")
		case len(taken) == chat.MaxFiles:
			return nil, false, chat.Errorf(chat.CodeBadRequest, "At most %d files at once.", chat.MaxFiles)
		case len(taken) == 1 && u.ID != "":
			return nil, false, chat.Errorf(chat.CodeBadRequest, "An Idempotency-Key is for one file.")
		}
		body.left = a.MaxFile + partHeaders
		u.Name = partName(part)
		f, isCreated, err := a.Files.Store(r.Context(), u, partReader{part})
		if err != nil {
			return nil, false, err
		}
		// Of a file that is there already nothing was read.
		if _, err := io.Copy(io.Discard, partReader{part}); err != nil {
			return nil, false, err
		}
		taken, isNew = append(taken, f), isNew || isCreated
		if isCreated {
			added = append(added, f.ID)
		}
	}
	if len(taken) == 0 {
		return nil, false, chat.Errorf(chat.CodeBadRequest,
			"Send at least one file, as a part that is named file.")
	}
	return taken, isNew, nil
}

// whole returns the body of a form that fails where it ends. Package multipart
// takes an end in the place of a part's headers for the end of the form, which a
// boundary of its own marks. The line break is for forms that end right after
// that.
func whole(body io.Reader) io.Reader {
	return io.MultiReader(body, strings.NewReader("\r\n"), cutOff{})
}

// cutOff is a reader that has nothing where there should be more.
type cutOff struct{}

// Read implements io.Reader.
func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// cancelAll deletes files of an upload that was refused later. The collector
// removes any that are left after an hour.
func (a *api) cancelAll(ctx context.Context, ids []string, owner files.Owner) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Timeout)
	defer cancel()
	for _, id := range ids {
		if err := a.Files.Cancel(ctx, id, owner); err != nil {
			a.Logger.DebugContext(ctx, "api: part of a refused upload not deleted", "error", err)
		}
	}
}

// partName returns the name that a client gave a file; "" if it gave none.
// Browsers and curl write what a header cannot contain in this way.
func partName(part *multipart.Part) string {
	return strings.NewReplacer("%22", `"`, "%0D", "", "%0A", "").Replace(part.FileName())
}

// partError is the error of a form that cannot be read.
func partError(err error) error {
	if known, ok := errors.AsType[*chat.Error](err); ok {
		return known
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errIncomplete
	}
	return chat.Errorf(chat.CodeBadRequest, "The body is not a valid multipart/form-data.")
}

// partReader is a part whose errors, except io.EOF, are *chat.Error.
type partReader struct{ *multipart.Part }

// Read implements io.Reader.
func (p partReader) Read(b []byte) (int, error) {
	n, err := p.Part.Read(b)
	if err != nil && err != io.EOF {
		err = partError(err)
	}
	return n, err
}

// file answers with what is known of a file. A resumable upload whose bytes are
// all there becomes one, if its uploader asks.
func (a *api) file(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead && isTus(r) {
		return a.tus(a.tusHead)(w, r)
	}
	id, err := fileID(r)
	if err != nil {
		return err
	}
	f, err := a.findFile(r, id)
	if isUnknown(err) {
		var owner files.Owner
		if owner, err = a.uploader(r); err != nil {
			return err
		}
		f, err = a.Files.Finish(r.Context(), id, owner)
	}
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewFile(f))
}

// deleteFile deletes an upload, or a file that is in no message yet.
func (a *api) deleteFile(w http.ResponseWriter, r *http.Request) error {
	if isTus(r) {
		w.Header().Set(tusHeader, tusVersion)
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	id, owner, err := a.tusUpload(r)
	if err != nil {
		return err
	}
	err = a.briefly(r, func(ctx context.Context) error { return a.Files.Cancel(ctx, id, owner) })
	if err != nil {
		return err
	}
	a.rows.forget(id)
	return noContent(w)
}

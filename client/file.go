package client

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// FileLimits are what files a server accepts.
type FileLimits struct {
	Size  int64 `json:"size"`  // bytes of a file
	Count int   `json:"count"` // files of a message
}

// File is a file of a message, as the server knows it.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`     // media type
	Size     int64  `json:"size"`     // bytes
	Width    int    `json:"width"`    // pixels; 0: not a picture
	Height   int    `json:"height"`   //
	Previews []int  `json:"previews"` // pixels of the longer side of each
	Alt      string `json:"alt"`      // what a picture shows, in the sender's words
}

// Path is where a server has the file: an absolute path on its HTTP address.
func (f *File) Path() string { return filesPath + f.ID + "/" + url.PathEscape(f.Name) }

const filesPath = "/api/v1/files/"

// WithFiles gives a message files that its sender has uploaded; its text may be
// empty then. A file can be in one message only. Of a File, ID and Alt count.
func WithFiles(files ...File) More {
	return func(frame []byte) (_ []byte, err error) {
		frame = append(frame, `,"files":[`...)
		for i, file := range files {
			if i > 0 {
				frame = append(frame, ',')
			}
			if frame, err = jsontext.AppendQuote(append(frame, `{"id":`...), file.ID); err != nil {
				return nil, fmt.Errorf("encode the id of a file: %w", err)
			}
			if file.Alt != "" {
				if frame, err = jsontext.AppendQuote(append(frame, `,"alt":`...), file.Alt); err != nil {
					return nil, fmt.Errorf("encode the alt of a file: %w", err)
				}
			}
			frame = append(frame, '}')
		}
		return append(frame, ']'), nil
	}
}

// guestHeader carries a guest key over HTTP.
const guestHeader = "Livechat-Guest"

// Upload is a file to be uploaded.
type Upload struct {
	URL  string // address of an API server; ws and wss are accepted, too
	Name string // of the file
	// GuestKey is that of the guest who will send the file: see
	// Options.GuestKey. It is a secret.
	GuestKey string
	// Key makes it safe to upload again after an error, if it is not empty: the
	// file is stored once. It is a random UUID (version 4), and becomes the id of
	// the file.
	Key    string
	Header http.Header  // added to the request, for instance Cookie and Origin of an account
	Client *http.Client // nil: http.DefaultClient
}

// Do uploads what r has, until its end, in one request. An answer other than 201
// and 200 is a *RefusedError. Nobody sees the file until it is in a message; one
// that is in none after an hour is removed.
func (u Upload) Do(ctx context.Context, r io.Reader) (File, error) {
	body, form := io.Pipe()
	parts := multipart.NewWriter(form)
	written := make(chan struct{})
	go func() {
		defer close(written)
		form.CloseWithError(writePart(parts, u.Name, r))
	}()
	defer func() {
		body.Close() // ends the writer, if the server has answered early
		<-written
	}()
	request, err := u.request(ctx, body)
	if err != nil {
		return File{}, err
	}
	request.Header.Set("Content-Type", parts.FormDataContentType())
	client := u.Client
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return File{}, fmt.Errorf("upload a file: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated && answer.StatusCode != http.StatusOK {
		return File{}, refused(answer)
	}
	var stored struct {
		Files []File `json:"files"`
	}
	if err := json.UnmarshalRead(io.LimitReader(answer.Body, maxFrame), &stored); err != nil ||
		len(stored.Files) != 1 {
		return File{}, fmt.Errorf("read the answer to an upload of %d files: %w", len(stored.Files), err)
	}
	return stored.Files[0], nil
}

func writePart(parts *multipart.Writer, name string, r io.Reader) error {
	part, err := parts.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, r); err != nil {
		return err
	}
	return parts.Close()
}

func (u Upload) request(ctx context.Context, body io.Reader) (*http.Request, error) {
	base := strings.TrimRight(u.URL, "/")
	if rest, ok := strings.CutPrefix(base, "ws"); ok {
		base = "http" + rest
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+filesPath, body)
	if err != nil {
		return nil, fmt.Errorf("upload a file: %w", err)
	}
	for name, values := range u.Header {
		request.Header[name] = values
	}
	if u.GuestKey != "" {
		request.Header.Set(guestHeader, u.GuestKey)
	}
	if u.Key != "" {
		request.Header.Set("Idempotency-Key", u.Key)
	}
	return request, nil
}

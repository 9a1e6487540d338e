package testapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

// Reply is an answer whose body was read.
type Reply struct {
	StatusCode int
	Status     string
	Header     http.Header
	Body       []byte
}

// Ask sends a request without cookies and reads the answer. Headers are names
// and values in turn.
func Ask(ctx context.Context, method, url string, body io.Reader, headers ...string) (Reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return Reply{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return Reply{}, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return Reply{res.StatusCode, res.Status, res.Header, answer}, err
}

// Upload uploads a file in one go, as curl does. base is the http://host:port of
// an API server.
func Upload(ctx context.Context, base, name string, content []byte, headers ...string) (Reply, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return Reply{}, err
	}
	return Ask(ctx, http.MethodPost, base+"/api/v1/files/", &form,
		append(headers, "Content-Type", w.FormDataContentType())...)
}

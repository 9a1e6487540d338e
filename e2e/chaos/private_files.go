package chaos

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"livechat/client"
	"livechat/e2e/history"
)

// attach uploads a file for a message that is about to be sent.
func (p *user) attach(message string, patience time.Duration) (client.File, error) {
	base := "http://" + p.address
	file, sum, err := upload(client.Upload{URL: base, Header: http.Header{"Origin": {base}}, Client: &p.http},
		patience)
	if err == nil {
		p.filed.attach(message, file, sum)
	}
	return file, err
}

// checkFiles fetches the files of all acked messages as one of the users. Those
// of the user's chat, of which kept is what is stored, must have the bytes that
// were sent, and the others must not be there.
func (p *Users) checkFiles(ctx context.Context, one *user, kept []history.Entry) error {
	mine := map[string]bool{}
	for _, m := range kept {
		mine[m.ID] = true
	}
	return p.filed.eachAcked(func(message string, file *sentFile) error {
		status, sum, err := fetch(ctx, &one.http, "http://"+one.address+file.Path())
		switch {
		case err != nil:
			return err
		case mine[message]:
			return file.is(status, sum)
		case status != http.StatusNotFound:
			return fmt.Errorf("file %s of another chat: %d", file.ID, status)
		}
		return nil
	})
}

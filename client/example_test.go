package client_test

import (
	"context"
	"fmt"
	"strings"

	"livechat/client"
)

// An echo bot: it answers what is said while it is there, and nothing older.
func ExampleSession() {
	var session *client.Session
	session = client.NewSession(client.Options{URL: "ws://localhost:8080", Name: "echo"}, func(e client.Event) {
		m, ok := e.(*client.Message)
		if !ok || m.History {
			return
		}
		if text, ok := strings.CutPrefix(m.Text, "!echo "); ok {
			if err := session.Post(text, nil); err != nil {
				fmt.Println("cannot answer:", err)
			}
		}
	})
	fmt.Println(session.Run(context.Background())) // until the server says not to come back
}

package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"livechat/client"
)

// An echo bot. It answers messages that are sent while it is connected, and no
// older ones.
func ExampleSession() {
	url, stop := exampleServer() // or ws://localhost:8080
	defer stop()

	var session *client.Session
	session = client.NewSession(client.Options{URL: url, Name: "echo"}, func(e client.Event) {
		m, ok := e.(*client.Message)
		if !ok || m.History {
			return
		}
		if text, ok := strings.CutPrefix(m.Text, "!echo "); ok {
			fmt.Printf("%s asks for %q\n", m.Name, text)
			if err := session.Post(text, nil); err != nil {
				log.Print("cannot answer: ", err)
			}
		}
	})
	// Run returns when the context ends, or when the server asks not to come
	// back.
	err := session.Run(context.Background())
	var closed *client.CloseError
	fmt.Println("final:", errors.As(err, &closed) && closed.Final())
	// Output:
	// ann asks for "hello"
	// the server received "hello"
	// final: true
}

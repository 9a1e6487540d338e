package worker

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// minSecret is how many characters a secret has at least. The key that follows
// from it is what a worker shows to everybody, so it can be guessed at offline.
const minSecret = 16

// CheckSecret returns an error if a secret is set and too short.
func CheckSecret(secret string) error {
	if secret != "" && len(secret) < minSecret {
		return fmt.Errorf("LOAD_SECRET has %d characters: want at least %d, such as the output of "+
			"`openssl rand -hex 16`", len(secret), minSecret)
	}
	return nil
}

// CheckListen returns an error if an address can be reached from other machines
// and there is no secret: whoever reaches a worker can make load with it.
func CheckListen(address, secret string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("-listen %q: want host:port", address)
	}
	if ip := net.ParseIP(host); secret != "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return CheckSecret(secret)
	}
	return fmt.Errorf("-listen %s can be reached from other machines, and who reaches it can make load "+
		"with it: set LOAD_SECRET here and for the coordinator, or listen on 127.0.0.1", address)
}

// identity returns the TLS configuration for a secret: both sides show the key
// that follows from it, and accept no other. So the connection is encrypted,
// and each side knows that the other one has the secret.
func identity(secret string) (*tls.Config, error) {
	seed, err := pbkdf2.Key(sha256.New, secret, []byte("livechat load worker"), 600_000, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive a key from LOAD_SECRET: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	own := key.Public().(ed25519.PublicKey)
	// Nobody looks at the times: the key is all that counts.
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(10, 0, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, own, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
		ClientAuth:   tls.RequireAnyClientCert,
		// Instead of authorities and names, VerifyConnection checks the key.
		InsecureSkipVerify:     true,
		SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) > 0 && own.Equal(s.PeerCertificates[0].PublicKey) {
				return nil
			}
			return errors.New("the other side has another LOAD_SECRET")
		},
	}, nil
}

// greeting is how the first line of a coordinator begins. A web page can make a
// browser send requests to a port of this machine, but none that begin so.
const greeting = "livechat-load "

// accepted is the line of a worker that takes the run.
const accepted = "accepted"

// maxLine bounds the first lines.
const maxLine = 512

func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// greet opens the conversation as a coordinator.
func greet(ctx context.Context, conn net.Conn, secret *tls.Config, version string) (net.Conn, *bufio.Reader,
	error,
) {
	unwatch := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer unwatch()
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		return nil, nil, err
	}
	if secret != nil {
		secured := tls.Client(conn, secret)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, nil, fmt.Errorf("%w: is LOAD_SECRET the same there?", err)
		}
		conn = secured
	}
	if _, err := fmt.Fprintf(conn, "%s%s\n", greeting, version); err != nil {
		return nil, nil, err
	}
	in := bufio.NewReaderSize(conn, maxLine)
	line, err := readLine(in)
	switch {
	case err != nil && secret == nil:
		return nil, nil, fmt.Errorf("no answer (%w): it may want LOAD_SECRET, which is not set here", err)
	case err != nil:
		return nil, nil, fmt.Errorf("no answer: %w: is LOAD_SECRET the same there?", err)
	case line != accepted:
		return nil, nil, errors.New(line)
	}
	return conn, in, conn.SetDeadline(time.Time{})
}

package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"livechat/server/config"
)

// firstScreen returns what a person at a terminal wants to know about a server
// that has just started. addr is the address it listens on.
func firstScreen(cfg config.Config, addr string) string {
	var text strings.Builder
	text.WriteString("\n  livechat is running; Ctrl-C stops it.\n\n")
	if cfg.Server.Role == config.RoleAPI {
		fmt.Fprintf(&text, "  API        %s/api/v1/docs/\n", link(addr))
	} else {
		fmt.Fprintf(&text, "  page       %s\n", link(addr))
	}
	if place := databasePlace(cfg); place != "" {
		fmt.Fprintf(&text, "  database   %s\n", place)
	}
	if cfg.Redis.URL == "" {
		fmt.Fprintf(&text, "\n  %s\n", standaloneLine(cfg))
	}
	text.WriteString("  livechat help lists commands and settings.\n\n")
	return text.String()
}

// link returns an address to click for a server that listens on addr. A server
// on all interfaces is reached as localhost.
func link(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// databasePlace says where the database is, without a password; empty if this
// server has none.
func databasePlace(cfg config.Config) string {
	raw := cfg.Database.URL
	if raw == "" && cfg.Server.Role != config.RoleWS {
		raw = config.SQLiteFile
	}
	if raw == config.SQLiteMemory {
		return "in memory, lost when the server stops"
	}
	if path, ok := strings.CutPrefix(raw, "sqlite:"); ok {
		if absolute, err := filepath.Abs(path); err == nil {
			return absolute
		}
		return path
	}
	if u, err := url.Parse(raw); err == nil {
		u.User, u.RawQuery = nil, ""
		return u.String()
	}
	return "" // pgx understands URLs that net/url does not; they may hold a password
}

// standaloneLine says in one line what a restart of a standalone server keeps.
func standaloneLine(cfg config.Config) string {
	raw := cfg.Database.URL
	if raw == config.SQLiteMemory || raw == "" && cfg.Server.Role == config.RoleWS {
		return "standalone: embedded Redis, no archive on disk; nothing survives a restart"
	}
	archive := "archive in PostgreSQL"
	if path, ok := strings.CutPrefix(cmp.Or(raw, config.SQLiteFile), "sqlite:"); ok {
		archive = "SQLite archive in " + path
	}
	return "standalone: embedded Redis, " + archive + "; only the archive survives a restart"
}

// withHint adds to the error of a taken port what to do about it.
func withHint(err error, cfg config.Config) error {
	_, port, splitErr := net.SplitHostPort(cfg.Server.Addr)
	n, parseErr := strconv.Atoi(port)
	if !errors.Is(err, syscall.EADDRINUSE) || errors.Join(splitErr, parseErr) != nil {
		return err
	}
	other := n + 1
	if other > 65535 {
		other = 0
	}
	return fmt.Errorf("%w (another program uses this port; set ADDR=:%d to use that one)", err, other)
}

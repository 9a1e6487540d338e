package main

import (
	"context"
	"fmt"
)

// part is something to measure.
type part struct {
	name, what string
	measure    func(context.Context) error
}

// parts returns all parts in the order in which they are measured.
func (b *bench) parts() []part {
	s := b.settings
	return []part{
		{
			"cost",
			fmt.Sprintf("%d clients, 20 messages a second of 100 bytes", s.clients),
			func(ctx context.Context) error { return b.cost(ctx, s.clients, 20) },
		},
		{
			"many",
			fmt.Sprintf("%d clients, 2 messages a second of 100 bytes", s.many),
			func(ctx context.Context) error { return b.cost(ctx, s.many, 2) },
		},
		{"overload", fmt.Sprintf("%d clients, %d messages a second offered", s.clients, s.offer), b.overload},
		{"memory", fmt.Sprintf("%d idle connections", s.idle), b.memory},
		{"handshakes", fmt.Sprintf("%d clients that join, 32 at a time", s.many), b.handshakes},
		{"storm", fmt.Sprintf("%d clients that reconnect to three servers at once", s.many), b.storm},
		{"ingest", "messages into one room of four servers, up to its limit", b.ingest},
		{
			"shards",
			fmt.Sprintf("messages into %d rooms of four servers, with Redis Clusters of one to three shards",
				shardRooms),
			b.shards,
		},
		{
			"posts",
			fmt.Sprintf("private messages between %d pairs of users, and live messages between them",
				postPairs),
			b.posts,
		},
		{
			"store",
			fmt.Sprintf("databases with a million stored messages and with none, each query %d times",
				storeTimes),
			b.store,
		},
		{"haproxy", fmt.Sprintf("%d clients behind HAProxy, %d servers", s.clients, s.nodes), b.haproxy},
		{"grid", "clusters of several sizes behind HAProxy", b.grid},
		{
			"stalled",
			fmt.Sprintf("%d clients, %d messages a second, without and with %d more that do not read",
				s.clients, stalledRate, s.mute),
			b.stalled,
		},
		{
			"neighbour",
			fmt.Sprintf(
				"%d clients, %d messages a second, without and with %d that lag in another room of "+
					"the server",
				s.clients,
				neighbourRate,
				s.mute,
			),
			b.neighbour,
		},
		{
			"pictures",
			fmt.Sprintf(
				"%d clients, %d messages a second, without and with everybody fetching %d previews at once",
				s.clients, pictureRate, pictureCount),
			b.pictures,
		},
		{
			"peers",
			fmt.Sprintf("livechat and other servers by the load tool, %d clients, messages of 100 bytes",
				s.clients),
			b.peers,
		},
	}
}

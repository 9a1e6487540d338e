package bus

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// put queues a publication: in the one queue, or in a cluster in that of its
// node.
func (b *Bus) put(ctx context.Context, q queued) error {
	if b.nodes == nil {
		return b.queue.put(ctx, q)
	}
	return b.lanes.put(ctx, b.nodes.ofKnown(b.channel(q.Room)), q)
}

// publishAll runs the publishers until ctx is done: one, or in a cluster one
// for each node.
func (b *Bus) publishAll(ctx context.Context) {
	if b.nodes == nil {
		b.publish(ctx, b.queue)
		return
	}
	var publishers sync.WaitGroup
	b.lanes.open(func(q *queue) { publishers.Go(func() { b.publish(ctx, q) }) })
	<-ctx.Done()
	b.lanes.close()
	publishers.Wait()
}

// release releases publications that waited for the log of their room.
func (b *Bus) release(room string) {
	if b.nodes == nil {
		b.queue.release(room)
		return
	}
	b.lanes.release(room)
}

// waitForNode holds publications that a node refused because it does not have
// their slot, or may soon not have it, until the topology has been read again.
// That is not worth an error: the sender would only send the same again.
func (b *Bus) waitForNode(rooms []string) {
	if len(rooms) > 0 {
		b.lanes.await(rooms)
		b.nodes.trouble()
	}
}

// pipelineByNode sends each publication to the node of its room, to all nodes
// at once. (The cluster pipeline of go-redis does not do here: it sends
// everything again if the first command was refused.)
func (b *Bus) pipelineByNode(ctx context.Context, batch []queued) []*redis.Cmd {
	cmds := make([]*redis.Cmd, len(batch))
	byNode, lost := b.nodes.group(ctx, len(batch), func(i int) string { return b.channel(batch[i].Room) })
	for i, err := range lost {
		cmds[i] = redis.NewCmd(ctx)
		cmds[i].SetErr(err)
	}
	var pipelines sync.WaitGroup
	for node, places := range byNode {
		pipelines.Go(func() {
			part := make([]queued, len(places))
			for j, i := range places {
				part[j] = batch[i]
			}
			for j, cmd := range b.pipelineTo(ctx, node, part) {
				cmds[places[j]], batch[places[j]].epoch = cmd, part[j].epoch
			}
		})
	}
	pipelines.Wait()
	return cmds
}

// byNode groups logs by their nodes, so that none waits for a node that hangs.
func (b *Bus) byNode(logs []*closedLog) (groups [][]*closedLog) {
	if b.nodes == nil {
		if len(logs) == 0 {
			return nil
		}
		return [][]*closedLog{logs}
	}
	sorted := make(map[*redis.Client][]*closedLog)
	for _, l := range logs {
		node := b.nodes.ofKnown(b.channel(l.room))
		sorted[node] = append(sorted[node], l)
	}
	return slices.Collect(maps.Values(sorted))
}

// rearrange sets up what each master of the cluster needs. It reports whether
// all is well.
func (b *Bus) rearrange(masters []*redis.Client) bool {
	b.lanes.keep(masters)
	if g := b.gossipLink.Load(); g != nil {
		if s := g.active.Load(); s != nil && !slices.ContainsFunc(masters, func(m *redis.Client) bool {
			return s.node == m
		}) {
			s.cancel(errors.New("the node is no longer a master")) // others may not receive its messages
		}
	}
	b.lanes.resume()
	return b.places.arrange(masters, b.nodes)
}

// anyNode returns a function that chooses a node that answers, if possible
// another one than the time before.
func (b *Bus) anyNode() func(context.Context) (redis.UniversalClient, error) {
	var last *redis.Client
	return func(ctx context.Context) (redis.UniversalClient, error) {
		masters := b.nodes.all()
		if len(masters) == 0 {
			if err := b.nodes.read(ctx); err != nil {
				return nil, err
			}
			masters = b.nodes.all()
		}
		slices.SortStableFunc(masters, func(x, y *redis.Client) int {
			switch last {
			case x:
				return 1
			case y:
				return -1
			}
			return 0
		})
		err := errors.New("no node of the cluster is known")
		for _, node := range masters {
			last = node
			if err = ping(ctx, node, b.options.SubscriptionTimeout/3); err == nil {
				return node, nil
			}
		}
		return nil, err
	}
}

// gossipNode returns the Redis on which servers publish gossip: in a cluster,
// whose nodes pass it on, one that answers.
func (b *Bus) gossipNode() redis.UniversalClient {
	if b.nodes == nil {
		return b.client
	}
	if g := b.gossipLink.Load(); g != nil {
		if s := g.active.Load(); s != nil {
			return s.node
		}
	}
	if masters := b.nodes.all(); len(masters) > 0 {
		return masters[0]
	}
	return b.client
}

// subscribedRoom returns the room of a channel, if it is subscribed.
func (b *Bus) subscribedRoom(channel string) (room string, ok bool) {
	if b.nodes == nil {
		return b.topics.roomOf(channel)
	}
	if l := b.places.of(channel); l != nil {
		return l.topics.roomOf(channel)
	}
	return "", false
}

// nodeOf returns the Redis that has a room.
func (b *Bus) nodeOf(ctx context.Context, room string) (redis.UniversalClient, error) {
	if b.nodes == nil {
		return b.client, nil
	}
	return b.nodes.of(ctx, b.channel(room))
}

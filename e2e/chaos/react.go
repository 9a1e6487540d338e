package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"livechat/client"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// reactable is how many of a room's newest messages get reactions.
const reactable = 20

// emojis are what talkers react with.
var emojis = []string{"👍", "❤️", "😂"}

// remember makes a message one to react to.
func (c *Crowd) remember(message client.Target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent = append(c.recent[max(0, len(c.recent)-reactable+1):], message)
}

// toReact draws one of the newest messages that the i-th session has received.
func (c *Crowd) toReact(i int) (client.Target, bool) {
	c.mu.Lock()
	recent := slices.Clone(c.recent)
	c.mu.Unlock()
	recent = slices.DeleteFunc(recent, func(m client.Target) bool { return !c.Received(i, m.ID) })
	if len(recent) == 0 {
		return client.Target{}, false
	}
	return recent[rand.IntN(len(recent))], true
}

// connected records the server of the i-th session.
func (c *Crowd) connected(i int, server string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers[i] = server
}

// server returns the server of the i-th session.
func (c *Crowd) server(i int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.servers[i]
}

// react sets a reaction of the i-th session, or takes it back, and waits for the
// ack. Nothing can be set under a message that someone deletes meanwhile.
func (c *Crowd) react(i int, message client.Target) error {
	patience, cancel := context.WithTimeout(context.Background(), c.size.Patience)
	defer cancel()
	r := history.Reaction{Message: message.ID, Person: memberName(i), Emoji: emojis[rand.IntN(len(emojis))]}
	on := !c.History.HasReacted(r)
	server := c.server(i)
	err := c.members[i].React(patience, message, r.Emoji, on)
	var refusal *client.Error
	if errors.As(err, &refusal) && refusal.Code == "unknown_message" && c.History.IsDeleted(message.ID) {
		return nil
	}
	if _, isRuled := ruled(err); isRuled {
		c.History.RuledReaction(r)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s reacts to %v: %w", r.Person, message, err)
	}
	c.History.Reacted(r, on, server, c.server(i))
	return nil
}

// died records that a server has died.
func (r *run) died(server *localcluster.Part) {
	for _, c := range r.crowds() {
		c.History.Died(server.Name)
	}
}

// lostData records that Redis has lost data.
func (r *run) lostData() {
	for _, c := range r.crowds() {
		c.History.LostData()
	}
}

// asked is for how many messages of a room the API is asked who reacted.
const asked = 50

// reacted compares what the API says of who reacted to messages with what was
// acked: names by emoji, by message. The archive may lag behind until ctx ends.
func (r *run) reacted(ctx context.Context, room string, who map[string]map[string][]string) error {
	messages := slices.Sorted(maps.Keys(who))
	rand.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	for _, message := range messages[:min(asked, len(messages))] {
		if err := localcluster.Poll(ctx, func(context.Context) error {
			// with its own time, so that the last answer says what is wrong
			got, err := r.whoReacted(context.WithoutCancel(ctx), room, message)
			if err == nil && !maps.EqualFunc(got, who[message], slices.Equal) {
				err = fmt.Errorf("%v reacted to %s, says the API, and %v did", got, message, who[message])
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// whoReacted returns the names by emoji, in order, that the API lists.
func (r *run) whoReacted(ctx context.Context, room, message string) (map[string][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	status, body, err := localcluster.Get(ctx,
		"http://"+r.cluster.HAProxy.Addr+"/api/v1/rooms/"+room+"/messages/"+message+"/reactions/")
	if err != nil || status != 200 {
		return nil, fmt.Errorf("ask who reacted to %s: %d, %w", message, status, err)
	}
	names, err := decodeReactions([]byte(body))
	if err != nil {
		return nil, fmt.Errorf("ask who reacted to %s: %w", message, err)
	}
	return names, nil
}

// decodeReactions reads the names by emoji, in order.
func decodeReactions(body []byte) (map[string][]string, error) {
	var answer struct {
		Reactions []struct {
			Emoji  string
			Count  int
			People []struct{ Name string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, one := range answer.Reactions {
		for _, person := range one.People {
			all[one.Emoji] = append(all[one.Emoji], person.Name)
		}
		if len(one.People) != one.Count {
			return nil, fmt.Errorf("%d persons with %s, and the count is %d", len(one.People), one.Emoji, one.Count)
		}
		slices.Sort(all[one.Emoji])
	}
	return all, nil
}

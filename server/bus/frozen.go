package bus

// Servers of several versions share one Redis during a rolling update. So these
// names stay as the first version had them, whatever the code calls the things
// now; scripts spell them out. The same holds for these fields of hashes:
//
//   - `past` of the head: the history of earlier epochs;
//   - `by:…` and `hears:…` of the key repairKey: servers that have staged, and
//     those that receive the channel of the room.

// Keys of a room, and the channel.
const (
	repairKey    = "mend"  // {livechat}:mend: servers that have staged
	stagedKey    = "stage" // {livechat}:mend:stage: what they have staged
	mergedKey    = "built" // {livechat}:mend:built: the log and what was staged
	gossipSuffix = ":side"
)

// Types of notices on the gossip channel.
const (
	noticeSealed   = "mend"
	noticeUnsealed = "mended"
	noticeBegun    = "begun"
	noticeCame     = "came" // see arrivals.go
)

func (b *Bus) gossipChannel() string { return b.options.Channel + gossipSuffix }

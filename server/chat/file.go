package chat

// File is what a message says of a file that was uploaded for it. The server
// fills it in; a client names the file by a FileRef. Whoever has the ID of a
// file in a room may fetch it.
type File struct {
	ID       string `json:"id"`                // random UUID (version 4)
	Name     string `json:"name"`              // see CleanFileName
	Type     string `json:"type"`              // media type, as the server found it in the bytes
	Size     int64  `json:"size"`              // bytes
	Width    int    `json:"width,omitzero"`    // pixels, of a picture the right way up
	Height   int    `json:"height,omitzero"`   //
	Previews []int  `json:"previews,omitzero"` // pixels of the longer side of each preview, ascending
	Alt      string `json:"alt,omitzero"`      // what a picture shows, in the sender's words
}

// FileRef is how a client names a file that it has uploaded.
type FileRef struct {
	ID  string // UUID, lower case
	Alt string // see CleanAlt; "" if the client gave none
}

// Claim binds files to the message that will carry them. The same claim again
// has the same answer, so a message may be sent again.
type Claim struct {
	Room    string // "" for a message of a private chat
	Message string // the message's id
	Author  string // see AccountAuthor and GuestAuthor; "" for a guest without a key
	Session string // of the sender's connection
	Files   []FileRef
}

// FileOwner returns who has the files of a message: its author, or else the
// connection of the guest without a key who sent it, as for editing and deleting.
func FileOwner(author, session string) string {
	if author != "" {
		return author
	}
	return "~" + session
}

// MaxFiles is how many files a message may have.
const MaxFiles = 10

// MaxAlt is the longest Alt in characters.
const MaxAlt = 300

// Codes of refusals that are about files.
const (
	CodeTooLarge        Code = "too_large"        // above the limit for one file
	CodeUnsupportedType Code = "unsupported_type" // not a file that may be uploaded
	CodeQuota           Code = "quota"            // no space left for this sender, or for anybody
	CodeBadImage        Code = "bad_image"        // a picture that cannot be read, or has too many pixels
	CodeUnknownFile     Code = "unknown_file"     // no such file, not the sender's, or in another message
	CodeBadOffset       Code = "bad_offset"       // an upload goes on somewhere else
	CodeTusVersion      Code = "tus_version"      // of the protocol for uploads, not known here
	CodeChanged         Code = "changed"          // not the file that the request asks for by its ETag
	CodeBadRange        Code = "bad_range"        // no such bytes of the file
)

package chat

import "github.com/google/uuid"

// ExampleUUID is shown in errors about ids.
const ExampleUUID = "123e4567-e89b-42d3-a456-426614174000"

// ParseUUID reads a UUID in its usual form of 36 characters and returns it in
// lower case. It refuses the other forms that uuid.Parse accepts: two spellings
// of one UUID would be two ids to code that compares strings.
func ParseUUID(s string) (id string, ok bool) {
	if len(s) != IDLen {
		return "", false
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return "", false
	}
	return u.String(), true
}

package chat

// Refusal says why Redis or the database is up but refuses writes, in the words
// of /readyz.
type Refusal string

// The values of Refusal.
const (
	NoRefusal     Refusal = ""
	Full          Refusal = "full"           // out of memory or disk, or over its quota
	ReadOnly      Refusal = "read-only"      // a replica or standby, or configured so
	RefusesWrites Refusal = "refuses-writes" // it cannot write to its disk, or lacks replicas
)

package chat

// Refusal says why what keeps messages, Redis or the database, answers and takes
// no writes, with the words of /readyz.
type Refusal string

// The values of Refusal.
const (
	NoRefusal     Refusal = ""
	Full          Refusal = "full"           // its memory or disk, or what it may use of it
	ReadOnly      Refusal = "read-only"      // a replica or standby, or set so
	RefusesWrites Refusal = "refuses-writes" // it cannot write to its disk, or lacks replicas
)

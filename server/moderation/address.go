package moderation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"

	"livechat/server/chat"
)

// hashBytes is how many bytes of a hash are used, as for guest keys.
const hashBytes = 12

// Addresses makes subjects of the addresses of clients. They are keyed hashes:
// neither the database nor Redis, nor a backup of them, tells an address. All
// servers need the same secret.
type Addresses struct{ secret []byte }

// NewAddresses returns Addresses with a secret. If it is empty no address has a
// subject.
func NewAddresses(secret string) Addresses { return Addresses{secret: []byte(secret)} }

// Subject returns the subject of an address; empty if it has none. Of IPv6 it
// is that of the /64 network, which is what one customer has. Private addresses
// have none: behind one may be a whole office, or the load balancer.
func (a Addresses) Subject(address string) chat.Subject {
	if len(a.secret) == 0 {
		return ""
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		withPort, err := netip.ParseAddrPort(address)
		if err != nil {
			return ""
		}
		ip = withPort.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return "" // loopback, link-local and the like are not global
	}
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	sum := hmac.New(sha256.New, a.secret)
	sum.Write([]byte("livechat address " + netip.PrefixFrom(ip, bits).Masked().String()))
	return chat.AddressSubject(base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:hashBytes]))
}

// Package e2e tests the product as its users have it: real programs, real configuration files, real clients. Each test starts a cluster of its own
// (package cluster), because most of them break it.
//
// A test whose programs are missing is skipped, and says so; under LIVECHAT_REQUIRE=1 it fails. The servers are built with the race detector where a
// C compiler is there, and a race that one of them reports fails its test; LIVECHAT_RACE=0 builds them without.
package e2e

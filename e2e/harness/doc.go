// Package harness is what the end-to-end tests share. They test the product as
// its users run it: real programs, real configuration files, real clients. Each
// test starts its own cluster (package localcluster), because most tests break
// it.
//
// A test whose programs are missing is skipped and says so; under
// LIVECHAT_REQUIRE=1 it fails. The servers are built with the race detector if
// there is a C compiler, and a data race in a server fails its test.
// LIVECHAT_RACE=0 builds them without it.
package harness

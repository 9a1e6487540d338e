// Package rooms is the rooms that people make: who may make, see, change and
// delete them, their members and the invites to them. The log of a room is in
// package room.
//
// A room that nobody has made springs up by its name, and everybody may be in
// it. A made one has a row in the database, an owner, and an access. Each change
// that says who may be in a room is one of its rules: package moderation tells
// Redis and the sockets of it.
//
// The default room belongs to the operator, with a row or without.
package rooms

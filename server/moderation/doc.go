// Package moderation is how rooms are moderated: mutes, bans, slow mode, rooms
// for accounts only and paused rooms.
//
// The truth is in the database. Redis has a working copy beside the log of each
// room, in which the publish script looks at every message; package bus holds
// that. This package changes the truth and sees to it that Redis gets it
// (Service), and knows on each server the rules of the rooms that are open
// there, for its sockets (Watch). Servers ask each other for rules, and tell each
// other of kicks, on the gossip channel.
package moderation

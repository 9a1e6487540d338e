// Package api is the REST API below /api/v1: accounts, private chats, rooms and
// their archive, search, and tickets for the socket.
//
// openapi.json, served at /api/v1/openapi.json, describes what each route takes
// and answers; a test compares it with the routes. asyncapi.json does the same
// for the WebSockets. /api/v1/docs/ is a page made of openapi.json. Every path
// works with and without a trailing slash.
//
// Every request has an id, its own X-Request-Id or a new one. It is in the
// answer and, by LogHandler, in every log line. Requests that change something
// need an Origin that is this host (origin.go). Their body is JSON of at most
// 64 KiB with known members, each once (body.go). Errors are problem+json with
// the codes of server/chat.
//
// A session is an opaque token in a cookie (cookie.go). Handlers pass the id of
// its user to the services, which decide what that user may see. Another user's
// chat is not_found, like one that does not exist. Answers contain no ids of
// users, except to those who moderate and to admins.
//
// Answers can get lost, so a client must be able to repeat a request:
//
//   - A message has an id chosen by the client. Repeated, it is answered 200
//     with the first message. An Idempotency-Key can replace the id: the id is
//     then made of the user and the key, so every server computes the same one.
//     A key used for another message is id_conflict.
//   - There is one chat per pair of users, and a read mark only moves forward:
//     a repeated request has the same answer.
//   - A repeated registration is name_taken: log in instead. A second ticket
//     does no harm, because the first one expires. A repeated logout is 204.
package api

// Package api is the REST API below /api/v1: accounts, private chats, the rooms' archive, search, tickets for the socket.
//
// openapi.json, embedded here and served at /api/v1/openapi.json, says what each route takes and answers; a test holds it and the routes
// together. asyncapi.json beside it says the same of the WebSockets. /api/v1/docs/ is the first to read. Every path is served with and without the slash at its end.
//
// Every request. It gets an id, its own X-Request-Id or a new one, which is in the answer and, by LogHandler, in every line of the log. What
// changes something needs an Origin that is this host (origin.go) and, if it has a body, one of JSON of at most 64 KiB with known members,
// each once (body.go). Errors are problem+json with the codes of server/chat.
//
// Who is asking. A session is an opaque token in a cookie (cookie.go). Handlers give the id of its user to the services, which
// answer for what that user may see; somebody else's chat is not_found, as one that does not exist. Ids of users never leave.
//
// Doing it twice. Answers get lost, so what a client does not know to be done it does again:
//
//   - A message has an id, given by the client: the same one again is answered 200 with the first message. Instead of it an Idempotency-Key
//     will do: the id is made of user and key, so every server, now and later, makes the same one of it. A key that is used for another
//     message is id_conflict.
//   - A chat is one per pair, and a read mark only moves forward: the same again has the same answer.
//   - A registration again is name_taken: log in. Another ticket does no harm, the first one ends by itself. A logout again is 204.
package api

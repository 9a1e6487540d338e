package wire

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// statuses maps codes to HTTP statuses.
var statuses = map[chat.Code]int{
	chat.CodeBadRequest:         http.StatusBadRequest,
	chat.CodeBadName:            http.StatusBadRequest,
	chat.CodeBadRoom:            http.StatusBadRequest,
	chat.CodeBadHistory:         http.StatusBadRequest,
	chat.CodeBadAfter:           http.StatusBadRequest,
	chat.CodeBadText:            http.StatusBadRequest,
	chat.CodeTooLong:            http.StatusRequestEntityTooLarge,
	chat.CodeIDConflict:         http.StatusConflict,
	chat.CodeUnknownMessage:     http.StatusNotFound,
	chat.CodeNotYours:           http.StatusForbidden,
	chat.CodeTooOld:             http.StatusForbidden,
	chat.CodeTooManyReactions:   http.StatusConflict,
	chat.CodeRateLimited:        http.StatusTooManyRequests,
	chat.CodeMuted:              http.StatusForbidden,
	chat.CodeBanned:             http.StatusForbidden,
	chat.CodeSlowMode:           http.StatusTooManyRequests,
	chat.CodeRegisteredOnly:     http.StatusForbidden,
	chat.CodePaused:             http.StatusForbidden,
	chat.CodeBlockedWords:       http.StatusUnprocessableEntity,
	chat.CodeMembersOnly:        http.StatusForbidden,
	chat.CodeKicked:             http.StatusForbidden,
	chat.CodeUnknownRoom:        http.StatusNotFound,
	chat.CodeRoomTaken:          http.StatusConflict,
	chat.CodeLastOwner:          http.StatusConflict,
	chat.CodeUnknownInvite:      http.StatusNotFound,
	chat.CodeLimitReached:       http.StatusConflict,
	chat.CodeUnavailable:        http.StatusServiceUnavailable,
	chat.CodeForbiddenOrigin:    http.StatusForbidden,
	chat.CodeUpgradeRequired:    http.StatusUpgradeRequired,
	chat.CodeDraining:           http.StatusServiceUnavailable,
	chat.CodeTooSlow:            http.StatusTooManyRequests,
	chat.CodeTooManyRooms:       http.StatusServiceUnavailable,
	chat.CodeTooManyConnections: http.StatusServiceUnavailable,
	chat.CodeNotFound:           http.StatusNotFound,
	chat.CodeUnauthorized:       http.StatusUnauthorized,
	chat.CodeForbidden:          http.StatusForbidden,
	chat.CodeNameTaken:          http.StatusConflict,
	chat.CodeNameReserved:       http.StatusForbidden,
	chat.CodeBadPassword:        http.StatusUnprocessableEntity,
	chat.CodeBadChat:            http.StatusUnprocessableEntity,
	chat.CodeUnknownUser:        http.StatusNotFound,
	chat.CodeAccountDeleted:     http.StatusConflict,
	chat.CodeCannotWrite:        http.StatusForbidden,
	chat.CodeBlocking:           http.StatusForbidden,
	chat.CodeBadMedia:           http.StatusUnsupportedMediaType,
	chat.CodeMethodNotAllowed:   http.StatusMethodNotAllowed,
	chat.CodeTooLarge:           http.StatusRequestEntityTooLarge,
	chat.CodeUnsupportedType:    http.StatusUnsupportedMediaType,
	chat.CodeBadImage:           http.StatusUnprocessableEntity,
	chat.CodeQuota:              http.StatusInsufficientStorage, // see WriteProblem
	chat.CodeUnknownFile:        http.StatusNotFound,
	chat.CodeBadOffset:          http.StatusConflict,
	chat.CodeTusVersion:         http.StatusPreconditionFailed,
	chat.CodeChanged:            http.StatusPreconditionFailed,
	chat.CodeBadRange:           http.StatusRequestedRangeNotSatisfiable,
	chat.CodeInternal:           http.StatusInternalServerError,
}

// Problem is the body of an HTTP error (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // "about:blank": the title is the status' phrase
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

// WriteProblem answers a request with an error: the HTTP status of its code,
// and a problem+json body. An error that is not a *chat.Error is internal; its
// text is not sent.
func WriteProblem(w http.ResponseWriter, err error) {
	e := chat.AsError(err)
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	if e.Code == chat.CodeQuota && e.Retryable { // with time there is space again
		status = http.StatusTooManyRequests
	}
	body, jsonErr := json.Marshal(Problem{Type: "about:blank", Title: http.StatusText(status),
		Status: status, Detail: e.Message, Code: string(e.Code)})
	if jsonErr != nil {
		body = nil // unreachable: strings that were checked, and an int
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusUpgradeRequired {
		h.Set("Upgrade", "websocket") // RFC 9110 section 15.5.22
		h.Set("Connection", "Upgrade")
		h.Set("Sec-WebSocket-Version", "13") // RFC 6455 section 4.4
	}
	if e.Retryable {
		h.Set("Retry-After", strconv.FormatInt(max(1, (e.RetryAfterMS+999)/1000), 10)) // seconds
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // on an error the client has gone
}

package wire

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
)

var errFiles = chat.Errorf(chat.CodeBadRequest,
	`files must be a list of at most %d files that you have uploaded: `+
		`each an id such as "%s", or {"id":…,"alt":…}`,
	chat.MaxFiles, chat.ExampleUUID)

// ParseFiles parses the files of a message as its sender names them: a list of
// ids, or of objects with an id and an alt. None for a missing list. The error
// is a *chat.Error with code bad_request, or that of chat.CleanAlt.
func ParseFiles(v jsontext.Value) (files []chat.FileRef, err error) {
	if v == nil {
		return nil, nil
	}
	var list []jsontext.Value
	if v.Kind() != '[' || json.Unmarshal(v, &list) != nil || len(list) > chat.MaxFiles {
		return nil, errFiles
	}
	for _, one := range list {
		file, err := parseFile(one)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(files, func(f chat.FileRef) bool { return f.ID == file.ID }) {
			return nil, chat.Errorf(chat.CodeBadRequest, "files has %s twice; a message has each file once", file.ID)
		}
		files = append(files, file)
	}
	return files, nil
}

func parseFile(v jsontext.Value) (file chat.FileRef, err error) {
	var in struct {
		ID  string `json:"id"`
		Alt string `json:"alt"`
	}
	switch v.Kind() {
	case '"':
		err = json.Unmarshal(v, &in.ID)
	case '{':
		err = json.Unmarshal(v, &in)
	}
	id, ok := chat.ParseUUID(in.ID)
	if err != nil || !ok {
		return file, errFiles
	}
	file.ID = id
	file.Alt, err = chat.CleanAlt(in.Alt)
	return file, err
}

package store

func scanExportPrivateReaction(row scanner) (exportPrivateReaction, error) {
	r := exportPrivateReaction{Type: typePrivateReaction}
	err := row.Scan(&r.Chat, &r.N, &r.User, &r.Emoji, &r.At)
	r.Emoji = storable(r.Emoji)
	return r, err
}

// scanExportReaction does not call storable: AddReactions has.
func scanExportReaction(row scanner) (exportReaction, error) {
	r := exportReaction{Type: typeReaction}
	err := row.Scan(&r.Room, &r.Target, &r.Person, &r.Emoji, &r.Author, &r.Name, &r.At, &r.On)
	return r, err
}

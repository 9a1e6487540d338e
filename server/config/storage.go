package config

import (
	"path/filepath"
	"strings"
	"time"
)

// Database holds the address of accounts, private chats and the archive.
type Database struct {
	// URL is postgres:// or postgresql://, or sqlite: and the path of a file, or
	// SQLiteMemory. Empty: the file livechat.db, or no database with RoleWS, which
	// only reads the archive. Load puts Password into it.
	URL string `env:"DATABASE_URL"`
	// URLFile is a file that contains URL.
	URLFile string `env:"DATABASE_URL_FILE"`
	// Password is the password of the user in URL, taken literally.
	Password string `env:"DATABASE_PASSWORD"`
	// PasswordFile is a file that contains Password.
	PasswordFile string `env:"DATABASE_PASSWORD_FILE"`
}

// Archive bounds which messages of rooms are kept. Private chats are not bounded.
type Archive struct {
	// Age is the age up to which messages are kept; 0: for ever.
	Age time.Duration `env:"ARCHIVE_AGE" envDefault:"0s"`
	// Count is about how many of the newest messages of a room are kept; 0: all.
	Count int64 `env:"ARCHIVE_COUNT" envDefault:"0"`
}

// Files holds where the files of messages are kept, and how many of them. Sizes
// are in bytes.
type Files struct {
	// URL is file: and the path of a folder, or s3://bucket?endpoint=…&region=…
	// for a bucket. All API servers share it. The default folder is
	// beside the file of the database; if the database is in memory, it is
	// temporary.
	URL string `env:"FILES_URL" envDefault:"file:livechat-files"`
	// S3Key is the name of the key for a bucket.
	S3Key string `env:"FILES_S3_KEY"`
	// S3KeyFile is a file that contains S3Key.
	S3KeyFile string `env:"FILES_S3_KEY_FILE"`
	// S3Secret is the secret of that key.
	S3Secret string `env:"FILES_S3_SECRET"`
	// S3SecretFile is a file that contains S3Secret.
	S3SecretFile string `env:"FILES_S3_SECRET_FILE"`
	// MaxFile is the largest file; 0: no files are taken.
	MaxFile int64 `env:"MAX_FILE" envDefault:"26214400"`
	// Quota is how much the files of one account may take up; 0: no limit.
	Quota int64 `env:"FILES_QUOTA" envDefault:"1073741824"`
	// Max is how much all files may take up; 0: no limit.
	Max int64 `env:"FILES_MAX" envDefault:"10737418240"`
	// Guests says whether guests may send files.
	Guests bool `env:"GUEST_FILES" envDefault:"true"`
	// GuestAge is how long files of guests are kept; 0: as long as their messages.
	GuestAge time.Duration `env:"GUEST_FILES_AGE" envDefault:"720h"`
	// GuestDay is how much guests of one address may upload in a day; 0: no limit.
	GuestDay int64 `env:"GUEST_FILES_DAY" envDefault:"104857600"`
	// GuestMax is how much the files of all guests may take up; 0: no limit.
	GuestMax int64 `env:"GUEST_FILES_MAX" envDefault:"2147483648"`
}

// Admin says who runs the whole, and how long it is kept what they did.
type Admin struct {
	// Name is the name of an account that becomes an admin when an API server
	// starts. An account that is registered later does not: anyone could
	// register the name. Empty: none.
	Name string `env:"ADMIN"`
	// AuditAge is how long entries of the audit log are kept; 0: for ever.
	AuditAge time.Duration `env:"AUDIT_AGE" envDefault:"8760h"`
}

// FilesFolder is the default of Files.URL.
const FilesFolder = "file:livechat-files"

// Values of Database.URL.
const (
	SQLiteFile   = "sqlite:livechat.db" // the default
	SQLiteMemory = "sqlite::memory:"    // lost when the process ends
)

// FilesURL returns where files are kept: Files.URL, whose default is beside the
// file of the database. A database in memory has no place of its own.
func (c Config) FilesURL() string {
	path, isFile := strings.CutPrefix(c.Database.URL, "sqlite:")
	if c.Files.URL != FilesFolder || !isFile || c.Database.URL == SQLiteMemory {
		return c.Files.URL
	}
	return "file:" + filepath.Join(filepath.Dir(path), strings.TrimPrefix(FilesFolder, "file:"))
}

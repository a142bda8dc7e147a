package server

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"clara/trainer"
)

// User is somebody who may use the server with a token.
type User struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Token   string    `json:"token_sha256"` // SHA-256 of the token, hexadecimal
}

// Users are the users of one data folder, kept in its file users.json. Who reads it sees
// what another process has changed: a user who is removed is out with the next request.
// Safe for concurrent use; two processes that change it at once need a lock of their own.
type Users struct {
	path  string
	write func(path string, data []byte) error

	mu   sync.Mutex
	read fs.FileInfo // of the file as it was read; nil: there was none
	all  []User
}

// NewUsers are the users of a data folder. write replaces a file in one step
// (store.WriteFile).
func NewUsers(home string, write func(path string, data []byte) error) *Users {
	return &Users{path: filepath.Join(home, "users.json"), write: write}
}

// names are safe as folders on every system, and differ by more than case.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// reservedNames are devices on Windows, whatever the folder.
var reservedNames = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// tokenBytes are so many that a token cannot be guessed, so that a plain hash of it is
// enough.
const tokenBytes = 32

// Add makes a user and returns the token, which is kept nowhere.
func (u *Users) Add(name string) (token string, err error) {
	if !names.MatchString(name) || reservedNames.MatchString(name) {
		return "", userError(trainer.CodeServerUserName, "%q is no name for a user: want up to 32 of a to z, 0 to 9, - and _, a letter or digit first", "name", name)
	}
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // never fails: see its documentation
	token = "clara_" + base64.RawURLEncoding.EncodeToString(secret)
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.refresh(); err != nil {
		return "", err
	}
	if u.index(name) >= 0 {
		return "", userError(trainer.CodeServerUserExists, "there is a user %q already", "name", name)
	}
	added := User{Name: name, Created: time.Now().UTC().Truncate(time.Second), Token: hashOf(token)}
	return token, u.save(append(slices.Clone(u.all), added))
}

// Remove takes the access away. What the user taught stays in their folder.
func (u *Users) Remove(name string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.refresh(); err != nil {
		return err
	}
	i := u.index(name)
	if i < 0 {
		return userError(trainer.CodeServerNoUser, "there is no user %q", "name", name)
	}
	return u.save(slices.Delete(slices.Clone(u.all), i, i+1))
}

// List returns the users in the order in which they were added.
func (u *Users) List() ([]User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	err := u.refresh()
	return slices.Clone(u.all), err
}

// find returns the name of the user with a token, "" for nobody's. How long it takes
// tells nothing of which token was nearly right.
func (u *Users) find(token string) (name string, err error) {
	all, err := u.List()
	hash := []byte(hashOf(token))
	for _, x := range all {
		if subtle.ConstantTimeCompare(hash, []byte(x.Token)) == 1 {
			name = x.Name
		}
	}
	return name, err
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (u *Users) index(name string) int {
	return slices.IndexFunc(u.all, func(x User) bool { return x.Name == name })
}

// refresh reads the file if it is another one than before. The caller holds mu. After an
// error nobody is known, so that a damaged file lets nobody in.
func (u *Users) refresh() error {
	info, err := os.Stat(u.path)
	if errors.Is(err, fs.ErrNotExist) {
		u.read, u.all = nil, nil
		return nil
	}
	if err == nil && u.read != nil && os.SameFile(info, u.read) && info.ModTime().Equal(u.read.ModTime()) && info.Size() == u.read.Size() {
		return nil
	}
	u.read, u.all = nil, nil
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	data, err := os.ReadFile(u.path)
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	var file struct{ Users []User }
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return &trainer.UserError{Reason: trainer.Reason{
			Code: trainer.CodeServerUsersDamaged, Args: map[string]string{"path": u.path, "error": err.Error()}, Text: fmt.Sprintf("the list of users in %s is damaged: %v", u.path, err),
		}, Err: fmt.Errorf("read the users in %s: %w", u.path, err)}
	}
	u.read, u.all = info, file.Users
	return nil
}

func (u *Users) save(all []User) error {
	data, err := json.MarshalIndent(map[string][]User{"users": all}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the users: %w", err)
	}
	if err := u.write(u.path, append(data, '\n')); err != nil {
		return fmt.Errorf("save the users: %w", err)
	}
	return u.refresh()
}

// userError is an error with something to say; text takes the value.
func userError(code, text, key, value string) error {
	return &trainer.UserError{Reason: trainer.Reason{Code: code, Args: map[string]string{key: value}, Text: fmt.Sprintf(text, value)}}
}

package catalogue

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// contentRange reads "bytes 100-199/1000": the first byte and the length of the whole.
func contentRange(s string) (from, total int64, ok bool) {
	var to int64
	if n, err := fmt.Sscanf(s, "bytes %d-%d/%d", &from, &to, &total); err != nil || n != 3 || from < 0 || to < from || total <= to {
		return 0, 0, false
	}
	return from, total, true
}

// validator is what tells one version of the file from another in If-Range: a strong ETag
// or the date (RFC 9110, 13.1.5).
func validator(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Get("Last-Modified")
}

var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// statedHash is the SHA-256 that Hugging Face states for a file, on the way to where it
// lies; "" if it does not.
func statedHash(resp *http.Response) string {
	for r := resp; r != nil; r = r.Request.Response {
		if tag := strings.Trim(r.Header.Get("X-Linked-Etag"), `"`); hexHash.MatchString(tag) {
			return tag
		}
	}
	return ""
}

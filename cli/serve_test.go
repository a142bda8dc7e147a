package cli

import "testing"

// The address that is said is the one that was asked for, with the port that was got.
func TestListeningAddress(t *testing.T) {
	for _, c := range []struct{ asked, got, want string }{
		{"127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"},
		{"127.0.0.1:0", "127.0.0.1:41234", "127.0.0.1:41234"},
		{"0.0.0.0:8080", "[::]:8080", "0.0.0.0:8080"},
		{"localhost:0", "127.0.0.1:41234", "localhost:41234"},
		{"[::1]:http", "[::1]:80", "[::1]:80"},
		{":8080", "[::]:8080", "[::]:8080"},
	} {
		if said := listening(c.asked, c.got); said != c.want {
			t.Errorf("%s, which listens on %s, is said as %s, not %s", c.asked, c.got, said, c.want)
		}
	}
}

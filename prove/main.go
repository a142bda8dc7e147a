// Command prove measures what learning promises, through the same trainer that the
// faces use, and writes every count down. sets/README.md says what it asks.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// givenFolder holds the sets that came with the project.
func givenFolder() string {
	data := os.Getenv("CLARA_TESTDATA")
	if data == "" {
		data = filepath.Join("..", "shared", "data")
		if _, err := os.Stat(data); err != nil { // from the folder of a test
			data = filepath.Join("..", data)
		}
	}
	return filepath.Join(data, "learning")
}

// main checks the sets.
func main() {
	own, err := ownSets()
	if err == nil {
		var given []set
		given, err = givenSets(givenFolder())
		own = append(own, given...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, s := range own {
		fmt.Printf("%s: %s\n", s.name, s.About)
	}
}

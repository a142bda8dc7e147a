//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"clara/cuda/driver"
)

// TestMain puts the emulator in the place of a driver, unless the environment names
// one: `make bench-gpu` runs these tests on a GPU.
func TestMain(m *testing.M) {
	if os.Getenv(driver.LibraryVariable) == "" {
		library, err := buildEmulator("kernels")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := os.Setenv(driver.LibraryVariable, library); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// buildEmulator compiles the emulator with the kernels of a folder and returns the
// library. What it made it finds again, for as long as the sources stay the same.
func buildEmulator(kernels string) (string, error) {
	compiler := os.Getenv("CXX")
	if compiler == "" {
		compiler = "g++"
	}
	kernels, err := filepath.Abs(kernels)
	if err != nil {
		return "", err
	}
	// The fast model of thread-local storage is a fourth of the time that kernels take; what
	// it makes room for is little enough for a library that is loaded late.
	arguments := []string{
		"-std=c++17", "-O3", "-march=native", "-ftls-model=initial-exec", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Werror",
		"-I", kernels, "-I", "emulator", "emulator/kernels.cpp", "emulator/machine.cpp", "emulator/driver.cpp",
	}
	// What the compiler makes of this processor: another one may not run the same library.
	native, err := exec.Command(compiler, "-march=native", "-dM", "-E", "-x", "c++", os.DevNull).Output()
	if err != nil {
		return "", fmt.Errorf("ask the compiler of the emulator, which takes g++, for the processor: %w", err)
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %s\n%s", compiler, arguments, native)
	for _, pattern := range []string{"emulator/*", "driver/*.h", filepath.Join(kernels, "*.h"), filepath.Join(kernels, "*.cu")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, name := range files {
			if err := hashFile(hash, name); err != nil {
				return "", err
			}
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the emulator: %w", err)
	}
	library := filepath.Join(cache, "clara-emulator", fmt.Sprintf("%x.so", hash.Sum(nil)[:8]))
	if _, err := os.Stat(library); err == nil {
		return library, nil
	}
	if err := os.MkdirAll(filepath.Dir(library), 0o755); err != nil {
		return "", fmt.Errorf("make a place for the emulator: %w", err)
	}
	made := fmt.Sprintf("%s.%d", library, os.Getpid()) // another test may be building it too
	if out, err := exec.Command(compiler, append(arguments, "-o", made)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the emulator, which takes g++: %w\n%s", err, out)
	}
	if err := os.Rename(made, library); err != nil {
		return "", fmt.Errorf("keep the emulator: %w", err)
	}
	return library, nil
}

func hashFile(hash io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintln(hash, filepath.Base(name))
	_, err = io.Copy(hash, f)
	return err
}

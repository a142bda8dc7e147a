// Package driver binds the NVIDIA driver when the program runs, and has the few
// driver calls that gorgonia.org/cu lacks. Without the build tag cuda it is empty.
package driver

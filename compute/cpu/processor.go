package cpu

// unnamedProcessor stands where the machine does not tell.
const unnamedProcessor = "processor"

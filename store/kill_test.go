package store
const victimEnv = "CLARA_STORE_VICTIM"
func victim(string) {}

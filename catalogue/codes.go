package catalogue

// Codes of the reasons that have to do with model files, with their arguments; app and cli
// have the words.
const (
	CodeNoFile  = "no_model_file"    // where
	CodeUnknown = "model_unknown"    // name; names: those that begin like it
	CodeInUse   = "model_in_use"     // name
	CodeForeign = "model_foreign"    // file: it lies outside of the data folder
	CodeExists  = "model_exists"     // file: there is one of this name
	CodeBadURL  = "download_url"     // url
	CodeOffline = "download_offline" // host, haveBytes, allBytes, error
	CodeRefused = "download_refused" // host, status
	CodeWrong   = "download_wrong"   // file, error
	CodeBusy    = "download_busy"    // folder
	CodeDisk    = "download_disk"    // file, error
	CodeSpace   = "download_space"   // missingBytes, folder

	CodeMissing     = "model_missing"     // path, file
	CodeUnsupported = "model_unsupported" // path, error
	CodeUnreadable  = "model_wrong"       // path, error
)

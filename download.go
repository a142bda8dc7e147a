package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/shirou/gopsutil/v4/disk"

	"clara/trainer"
)

// downloader fetches model files over HTTP. A file stands under its own name only once all
// of it is there, checked and on disk; until then it is NAME.part, which no one takes
// for a model and which the next fetch goes on with.
type downloader struct {
	client *http.Client
	mirror string                             // stands in for huggingface.co; "": none
	free   func(folder string) (int64, error) // bytes on the disk
	wait   func(ctx context.Context, d time.Duration) error
	stall  time.Duration // without a byte, after which a connection counts as cut
	tries  int           // in a row that bring nothing, after which it is given up
}

// The variables that name a mirror of huggingface.co; the second is that of Hugging Face's
// own tools.
const (
	mirrorVariable      = "CLARA_MIRROR"
	huggingFaceVariable = "HF_ENDPOINT"
	huggingFace         = "https://huggingface.co"
)

func newDownloader() *downloader {
	mirror := os.Getenv(mirrorVariable)
	if mirror == "" {
		mirror = os.Getenv(huggingFaceVariable)
	}
	return &downloader{
		client: &http.Client{CheckRedirect: staySecure}, mirror: mirror,
		free: freeDisk, wait: wait, stall: 30 * time.Second, tries: 5,
	}
}

// staySecure refuses to be led from an encrypted connection to an open one.
func staySecure(next *http.Request, before []*http.Request) error {
	if len(before) >= 10 {
		return errors.New("the server leads from address to address")
	}
	if before[len(before)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return fmt.Errorf("%s leads to an address that is not encrypted", before[len(before)-1].URL.Host)
	}
	return nil
}

func freeDisk(folder string) (int64, error) {
	u, err := disk.Usage(folder)
	if err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", folder, err)
	}
	return int64(min(u.Free, 1<<62)), nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// fetchProgress is how far a download is. cli.Fetched and app.Fetched are the same for
// their faces.
type fetchProgress struct {
	Done, Total int64   // bytes; Total is 0 until it is known
	Rate        float64 // bytes a second, of late; 0: not known yet
	Checking    bool    // all is there, its hash is computed
}

// What a file may be called that comes from outside: good on every file system.
var fileName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,199}\.(?i:gguf)$`)

// offerOf is the file at an address. That of a file's page at Hugging Face is understood.
func offerOf(address string) (offer, error) {
	u, err := url.Parse(address)
	if err == nil && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !fileName.MatchString(path.Base(u.Path))) {
		err = errors.New("wanted http or https and a name that ends in .gguf")
	}
	if err != nil {
		return offer{}, &trainer.UserError{Reason: trainer.Reason{
			Code: codeBadURL, Args: map[string]string{"url": address}, Text: fmt.Sprintf("%q is no address of a GGUF file", address),
		}, Err: err}
	}
	if u.Host == strings.TrimPrefix(huggingFace, "https://") {
		u.Path = strings.Replace(u.Path, "/blob/", "/resolve/", 1)
	}
	name := path.Base(u.Path)
	for _, o := range catalogue {
		if o.URL == u.String() {
			return o, nil
		}
	}
	return offer{Name: strings.TrimSuffix(name, path.Ext(name)), File: name, URL: u.String()}, nil
}

// mirrored is the address with the mirror in the place of Hugging Face.
func (d *downloader) mirrored(address string) string {
	if rest, ok := strings.CutPrefix(address, huggingFace+"/"); ok && d.mirror != "" {
		return strings.TrimSuffix(d.mirror, "/") + "/" + rest
	}
	return address
}

// reserve is what has to stay free on the disk: feedback must still find room.
const reserve = 256 << 20

// fetch brings a model file into a folder and returns its path. It goes on with what is
// there of it. When ctx ends, what was fetched is kept. report, if not nil, is called on
// this goroutine, up to five times a second. Errors that a person can do something about
// are [*trainer.UserError]s.
func (d *downloader) fetch(ctx context.Context, o offer, folder string, report func(fetchProgress)) (string, error) {
	if report == nil {
		report = func(fetchProgress) {}
	}
	lock, err := lockModels(folder)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	target := filepath.Join(folder, o.File)
	if info, err := os.Stat(target); err == nil {
		if info.Size() == o.Bytes {
			return target, nil
		}
		return "", existing(target)
	}
	p, err := openPart(target, o)
	if err != nil {
		return "", err
	}
	defer p.file.Close() // a second time does no harm
	f := &fetching{downloader: d, part: p, report: report, began: time.Now(), from: p.have}
	for resumed := p.have > 0; ; resumed = false {
		if err := f.all(ctx); err != nil {
			if p.have == 0 {
				return "", errors.Join(err, p.remove()) // nothing to go on with
			}
			return "", errors.Join(err, p.file.Sync())
		}
		report(fetchProgress{Done: p.have, Total: p.have, Checking: true})
		err := p.check(ctx)
		if err == nil {
			return target, p.finish()
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		// It may be the mixture of two files: once more from the beginning.
		if e := p.restart(); e != nil || !resumed {
			return "", errors.Join(p.wrong(err), e, p.remove())
		}
	}
}

// lockModels makes the folder for models, and makes sure that nothing else puts one there.
func lockModels(folder string) (*flock.Flock, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for models: %w", err)
	}
	lock := flock.New(filepath.Join(folder, ".download"))
	free, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the folder for models: %w", err)
	}
	if !free {
		return nil, &trainer.UserError{Reason: trainer.Reason{
			Code: codeDownloadBusy, Args: map[string]string{"folder": folder}, Text: "another model is being brought into " + folder,
		}}
	}
	return lock, nil
}

// existing says that a name is taken.
func existing(target string) error {
	return &trainer.UserError{Reason: trainer.Reason{
		Code: codeModelExists, Args: map[string]string{"file": target}, Text: "there is a file already at " + target,
	}}
}

// fetching is one download under way.
type fetching struct {
	*downloader
	*part
	report   func(fetchProgress)
	began    time.Time // of the measurement of the rate
	from     int64     // bytes that there were then
	rate     float64
	said     time.Time
	restarts int
}

// all fetches until the part is whole, over as many connections as that takes.
func (f *fetching) all(ctx context.Context) error {
	for failed := 0; f.Total == 0 || f.have < f.Total; {
		before := f.have
		again, err := f.connect(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && again == 0:
			return nil
		case err != nil && again == 0:
			return err
		case f.have > before:
			failed = 0
		}
		if failed++; failed >= f.tries {
			return f.offline(err)
		}
		if err := f.wait(ctx, max(again, time.Second<<min(failed-1, 4))); err != nil {
			return err
		}
	}
	return nil
}

// connect fetches what one connection brings. again says to try once more, after that
// long at the least; with again 0 the file is whole or the error is final.
func (f *fetching) connect(ctx context.Context) (again time.Duration, err error) {
	const soon = time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(f.stall, cancel)
	defer watch.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.mirrored(f.URL), nil)
	if err != nil {
		return 0, fmt.Errorf("fetch %s: %w", f.URL, err)
	}
	req.Header.Set("User-Agent", "clara/"+version)
	req.Header.Set("Accept-Encoding", "identity")
	if f.have > 0 && !f.canResume() {
		if err := f.part.restart(); err != nil {
			return 0, err
		}
	}
	if f.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", f.have))
		if f.Validator != "" {
			req.Header.Set("If-Range", f.Validator)
		}
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return soon, fmt.Errorf("connect to %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		if err := f.part.restart(); err != nil {
			return 0, err
		}
		if err := f.begin(resp, resp.ContentLength); err != nil {
			return 0, err
		}
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || from != f.have || f.Total > 0 && total != f.Total {
			return f.afresh(fmt.Errorf("%s sends %q, wanted from byte %d of %d", req.URL.Host, resp.Header.Get("Content-Range"), f.have, f.Total))
		}
		if err := f.begin(resp, total); err != nil {
			return 0, err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if whole, ok := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes */"); ok && whole == strconv.FormatInt(f.have, 10) && f.Total == 0 {
			f.Total = f.have // the server did not say before how long it is
			return 0, nil
		}
		return f.afresh(fmt.Errorf("%s has nothing from byte %d on", req.URL.Host, f.have))
	default:
		return f.refused(req.URL.Host, resp)
	}
	if err := f.copy(ctx, resp.Body, watch); err != nil {
		var told *trainer.UserError
		if errors.As(err, &told) {
			return 0, err
		}
		return soon, err
	}
	if f.Total == 0 { // the server did not say how long it is
		f.Total = f.have
	}
	if f.have < f.Total {
		return soon, io.ErrUnexpectedEOF
	}
	return 0, nil
}

// afresh throws away what is there, twice at most: a server that goes on contradicting itself
// has no file to offer.
func (f *fetching) afresh(why error) (time.Duration, error) {
	if err := f.part.restart(); err != nil {
		return 0, err
	}
	if f.restarts++; f.restarts > 2 {
		return 0, f.wrong(why)
	}
	f.began, f.from = time.Now(), 0
	return time.Millisecond, why
}

// refused says what a status means: later, or never.
func (f *fetching) refused(host string, resp *http.Response) (time.Duration, error) {
	why := &trainer.UserError{Reason: trainer.Reason{
		Code: codeDownloadRefused, Args: map[string]string{"host": host, "status": resp.Status},
		Text: fmt.Sprintf("%s answers %s", host, resp.Status),
	}}
	switch c := resp.StatusCode; {
	case c == http.StatusRequestTimeout, c == http.StatusTooEarly, c == http.StatusTooManyRequests, c >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return max(time.Millisecond, min(time.Duration(seconds)*time.Second, time.Minute)), why
	}
	return 0, why
}

// begin takes over what the head of an answer says about the file, and looks whether it
// finds room. total is negative where the server does not tell.
func (f *fetching) begin(resp *http.Response, total int64) error {
	want := f.Total
	if want == 0 {
		want = f.Bytes
	}
	if total >= 0 && want > 0 && total != want {
		return errors.Join(f.wrong(fmt.Errorf("the server offers %d bytes, wanted %d", total, want)), f.part.restart())
	}
	if total > 0 {
		want = total
	}
	f.Total = want
	f.Validator = validator(resp.Header)
	if f.SHA256 == "" {
		f.SHA256 = statedHash(resp)
	}
	if err := f.part.note(); err != nil {
		return err
	}
	free, err := f.free(filepath.Dir(f.target))
	if err != nil {
		return err
	}
	if missing := f.Total - f.have + reserve - free; f.Total > 0 && missing > 0 {
		return noRoom(filepath.Dir(f.target), missing)
	}
	return nil
}

// copy writes the body behind what is there, up to the total. Nothing for as long as stall
// ends the connection.
func (f *fetching) copy(ctx context.Context, body io.Reader, watch *time.Timer) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := body.Read(buf)
		watch.Reset(f.stall)
		if f.Total > 0 { // what is sent beyond it is left; the check judges what there is
			n = int(min(int64(n), f.Total-f.have))
		}
		if n > 0 {
			if _, err := f.file.WriteAt(buf[:n], f.have); err != nil {
				return notTaken(f.target, f.Total-f.have, f.free, err)
			}
			f.have += int64(n)
			f.tell()
		}
		switch {
		case err == io.EOF || f.Total > 0 && f.have == f.Total:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("nothing came for %s: %w", f.stall, ctx.Err())
		case err != nil:
			return fmt.Errorf("read from the server: %w", err)
		}
	}
}

// notTaken says an error of the disk, which was to take so many bytes more; a full one by how
// much is missing.
func notTaken(target string, more int64, free func(folder string) (int64, error), err error) error {
	folder := filepath.Dir(target)
	if left, e := free(folder); e == nil && left < reserve {
		return noRoom(folder, more+reserve-left)
	}
	return &trainer.UserError{Reason: trainer.Reason{
		Code: codeDownloadDisk, Args: map[string]string{"file": target, "error": err.Error()}, Text: "the disk does not take the file: " + err.Error(),
	}, Err: err}
}

// tell reports how far it is; the rate is that of the last seconds.
func (f *fetching) tell() {
	now := time.Now()
	if now.Sub(f.said) < 200*time.Millisecond {
		return
	}
	f.said = now
	if d := now.Sub(f.began); d >= 2*time.Second {
		f.rate = float64(f.have-f.from) / d.Seconds()
		f.began, f.from = now, f.have
	}
	f.report(fetchProgress{Done: f.have, Total: f.Total, Rate: f.rate})
}

// offline says that the connection does not come about or does not hold.
func (f *fetching) offline(err error) error {
	var u *trainer.UserError
	if errors.As(err, &u) {
		return err // the server says why
	}
	host := f.mirrored(f.URL)
	if u, e := url.Parse(host); e == nil {
		host = u.Host
	}
	return &trainer.UserError{Reason: trainer.Reason{
		Code: codeOffline,
		Args: map[string]string{"host": host, "haveBytes": strconv.FormatInt(f.have, 10), "allBytes": strconv.FormatInt(f.Total, 10), "error": err.Error()},
		Text: fmt.Sprintf("no connection to %s; %s of %s are kept (%v)", host, sizeWords(f.have), sizeWords(f.Total), err),
	}, Err: err}
}

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

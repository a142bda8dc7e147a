package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"clara/trainer"
)

// fetching is one download under way.
type fetching struct {
	*downloader
	*part
	report   func(Progress)
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.mirrored(f.URL), nil)
	if err != nil {
		return 0, fmt.Errorf("fetch %s: %w", f.URL, err)
	}
	req.Header.Set("User-Agent", f.agent)
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
	watch := time.AfterFunc(f.stall, cancel)
	defer watch.Stop()
	resp, err := f.client.Do(req)
	if err != nil {
		return soon, fmt.Errorf("connect to %s: %w", req.URL.Host, err)
	}
	watch.Stop() // from here on until the body is read it is the disk that takes its time
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
		Code: CodeRefused, Args: map[string]string{"host": host, "status": resp.Status},
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
	if missing := f.Total - f.have + Reserve - free; f.Total > 0 && missing > 0 {
		return noRoom(filepath.Dir(f.target), missing)
	}
	return nil
}

// lookEvery is how many bytes are written between two looks at the free space, where the
// server does not say how long the file is.
const lookEvery = 8 << 20

// copy writes the body behind what is there, up to the total, or for as long as the disk
// has room. Nothing for as long as stall ends the connection.
func (f *fetching) copy(ctx context.Context, body io.Reader, watch *time.Timer) error {
	buf := make([]byte, 256<<10)
	room := 0 // bytes up to the next look at the disk
	for {
		watch.Reset(f.stall)
		n, err := body.Read(buf)
		watch.Stop()
		if f.Total > 0 { // what is sent beyond it is left; the check judges what there is
			n = int(min(int64(n), f.Total-f.have))
		}
		if f.Total == 0 {
			if room < n {
				free, err := f.free(filepath.Dir(f.target))
				if err != nil {
					return err
				}
				if missing := int64(n) + Reserve - free; missing > 0 {
					return noRoom(filepath.Dir(f.target), missing)
				}
				room = int(min(free-Reserve, lookEvery))
			}
			room -= n
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
	f.report(Progress{Done: f.have, Total: f.Total, Rate: f.rate})
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
		Code: CodeOffline,
		Args: map[string]string{"host": host, "haveBytes": strconv.FormatInt(f.have, 10), "allBytes": strconv.FormatInt(f.Total, 10), "error": err.Error()},
		Text: fmt.Sprintf("no connection to %s; %s of %s are kept (%v)", host, sizeWords(f.have), sizeWords(f.Total), err),
	}, Err: err}
}

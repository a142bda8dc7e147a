package catalogue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The variables that name a mirror of huggingface.co; the second is that of Hugging Face's
// own tools.
const (
	mirrorVariable      = "CLARA_MIRROR"
	huggingFaceVariable = "HF_ENDPOINT"
	huggingFace         = "https://huggingface.co"
)

// Progress is how far a model is that is fetched or added.
type Progress struct {
	Done, Total int64   // bytes; Total is 0 until it is known
	Rate        float64 // bytes a second, of late; 0: not known yet
	Checking    bool    // all is there, its hash is computed
}

// Fetch brings a model into the data folder home and returns its path. It goes on with what
// a call before left. When ctx ends, what was fetched is kept. report, if not nil, is
// called on this goroutine, up to five times a second. agent names the program to servers,
// as "clara/1.0". Errors that a person can do something about are [*trainer.UserError]s.
func Fetch(ctx context.Context, home, agent string, o Offer, report func(Progress)) (string, error) {
	return newDownloader(agent).fetch(ctx, o, Folder(home), report)
}

// downloader fetches model files over HTTP. A file stands under its own name only once all
// of it is there, checked and on disk; until then it is NAME.part, which no one takes
// for a model and which the next fetch goes on with.
type downloader struct {
	client *http.Client
	agent  string                             // the User-Agent
	mirror string                             // stands in for huggingface.co; "": none
	free   func(folder string) (int64, error) // bytes on the disk
	wait   func(ctx context.Context, d time.Duration) error
	stall  time.Duration // without a byte, after which a connection counts as cut
	tries  int           // in a row that bring nothing, after which it is given up
}

func newDownloader(agent string) *downloader {
	mirror := os.Getenv(mirrorVariable)
	if mirror == "" {
		mirror = os.Getenv(huggingFaceVariable)
	}
	return &downloader{
		client: &http.Client{CheckRedirect: staySecure}, agent: agent, mirror: mirror,
		free: FreeDisk, wait: wait, stall: 30 * time.Second, tries: 5,
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

// mirrored is the address with the mirror in the place of Hugging Face.
func (d *downloader) mirrored(address string) string {
	if rest, ok := strings.CutPrefix(address, huggingFace+"/"); ok && d.mirror != "" {
		return strings.TrimSuffix(d.mirror, "/") + "/" + rest
	}
	return address
}

// fetch is Fetch into any folder.
func (d *downloader) fetch(ctx context.Context, o Offer, folder string, report func(Progress)) (string, error) {
	if report == nil {
		report = func(Progress) {}
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
		report(Progress{Done: p.have, Total: p.have, Checking: true})
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

package app

import (
	"context"
	"image"
	"image/png"
	"io"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// exports are the forms in which the figures can be had.
func (v *statisticsView) exports() []widgets.MenuItem {
	return []widgets.MenuItem{
		{Glyph: &widgets.IconBars, Title: "CSV", Text: say("statistics.csv"), OnTapped: func() { v.export(".csv", trainer.Course.WriteCSV) }},
		{Glyph: &widgets.IconLayers, Title: "JSON", Text: say("statistics.json"), OnTapped: func() { v.export(".json", trainer.Course.WriteJSON) }},
		{Glyph: &widgets.IconExport, Title: "PNG", Text: say("statistics.png"), Disabled: v.drawn == nil, OnTapped: v.exportPicture},
		{Separator: true},
		{Title: say("statistics.no_texts"), Disabled: true},
	}
}

// export makes the file and asks where to keep it.
func (v *statisticsView) export(ending string, write func(trainer.Course, io.Writer) error) {
	since := v.since()
	v.keep(ending, func(ctx context.Context, out io.Writer) error {
		c, err := v.w.Trainer.Course(ctx, since)
		if err != nil {
			return err
		}
		return write(c, out)
	})
}

// exportPicture keeps the curve as the person sees it. It is painted here, where widgets may be used; only compressing it can wait.
func (v *statisticsView) exportPicture() {
	img := v.picture()
	v.keep(".png", func(_ context.Context, out io.Writer) error { return png.Encode(out, img) })
}

// pictureScale makes the picture sharp on paper and on fine screens.
const pictureScale = 2

// picture is the card of the curve with the very curve that is on the screen, but without what can be tapped there.
func (v *statisticsView) picture() image.Image {
	chart := v.drawCurve()
	chart.Min = v.drawn.Size()
	return widgets.Picture(curveCard(widgets.VStack(8, widgets.CardHead(say("statistics.better")), chart)), pictureScale)
}

func (v *statisticsView) keep(ending string, write func(context.Context, io.Writer) error) {
	v.w.keep("clara-"+v.w.now().Format("2006-01-02")+ending, write, v.save)
}

// save writes what was made into the file that a person chose.
func (v *statisticsView) save(to fyne.URIWriteCloser, content string) {
	v.w.saveAs(to, content, "statistics.saved", "statistics.folder")
}

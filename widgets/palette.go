package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colour names beyond Fyne's own. A widget asks the theme by name and never holds a colour.
const (
	ColorSidebar     fyne.ThemeColorName = "sidebar"     // behind the navigation, one step darker than the page
	ColorSurface     fyne.ThemeColorName = "surface"     // cards, composer
	ColorRaised      fyne.ThemeColorName = "raised"      // dialogs, menus
	ColorBubble      fyne.ThemeColorName = "bubble"      // the user's own words
	ColorBorder      fyne.ThemeColorName = "border"      // decorative lines
	ColorMuted       fyne.ThemeColorName = "muted"       // secondary text, still AA
	ColorPrimarySoft fyne.ThemeColorName = "primarySoft" // selected rows, chips
	ColorSuccessSoft fyne.ThemeColorName = "successSoft" // known, kept, added text
	ColorWarningSoft fyne.ThemeColorName = "warningSoft" // still missing
	ColorErrorSoft   fyne.ThemeColorName = "errorSoft"   // lost, dropped, removed text
	ColorStar        fyne.ThemeColorName = "star"        // a set star
	ColorTrack       fyne.ThemeColorName = "track"       // empty part of a meter
	ColorKnown       fyne.ThemeColorName = "known"       // shapes, not words: bars, trails, meters
	ColorMissing     fyne.ThemeColorName = "missing"
	ColorLost        fyne.ThemeColorName = "lost"
	ColorScrim       fyne.ThemeColorName = "scrim" // between a dialog and the window
	ColorOnPrimary                       = theme.ColorNameForegroundOnPrimary
	ColorText                            = theme.ColorNameForeground
	ColorPrimary                         = theme.ColorNamePrimary
	ColorSuccess                         = theme.ColorNameSuccess
	ColorWarning                         = theme.ColorNameWarning
	ColorError                           = theme.ColorNameError
	ColorPage                            = theme.ColorNameBackground
	ColorInputBorder                     = theme.ColorNameInputBorder
)

func hex(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

func alpha(v uint32, a uint8) color.NRGBA { c := hex(v); c.A = a; return c }

// Light is paper and ink.
var Light = map[fyne.ThemeColorName]color.NRGBA{
	ColorPage:                          hex(0xFBF9F5),
	ColorSidebar:                       hex(0xF3F0E9),
	ColorSurface:                       hex(0xFFFFFF),
	ColorRaised:                        hex(0xFFFFFF),
	ColorBubble:                        hex(0xEFEBE2),
	ColorBorder:                        hex(0xE3DED3),
	ColorText:                          hex(0x211F1B),
	ColorMuted:                         hex(0x615B51),
	ColorPrimary:                       hex(0x3A4BA6),
	ColorPrimarySoft:                   hex(0xE8EBF8),
	ColorOnPrimary:                     hex(0xFFFFFF),
	ColorSuccess:                       hex(0x1C6B41),
	ColorSuccessSoft:                   hex(0xDFF1E5),
	ColorWarning:                       hex(0x855600),
	ColorWarningSoft:                   hex(0xFBEFD5),
	ColorError:                         hex(0xAE2A20),
	ColorErrorSoft:                     hex(0xFBE6E2),
	ColorStar:                          hex(0xB57A12),
	ColorKnown:                         hex(0x2F8656),
	ColorMissing:                       hex(0xC28100),
	ColorLost:                          hex(0xC43D30),
	ColorScrim:                         alpha(0x2A261E, 110),
	ColorTrack:                         hex(0xE6E1D7),
	ColorInputBorder:                   hex(0x8E8678),
	theme.ColorNameForegroundOnSuccess: hex(0xFFFFFF),
	theme.ColorNameForegroundOnWarning: hex(0xFFFFFF),
	theme.ColorNameForegroundOnError:   hex(0xFFFFFF),
	theme.ColorNameButton:              hex(0xFFFFFF),
	theme.ColorNameDisabledButton:      hex(0xEDE9E1),
	theme.ColorNameDisabled:            hex(0x9A9386),
	theme.ColorNamePlaceHolder:         hex(0x6E675C),
	theme.ColorNameInputBackground:     hex(0xFFFFFF),
	theme.ColorNameHeaderBackground:    hex(0xF3F0E9),
	theme.ColorNameMenuBackground:      hex(0xFFFFFF),
	theme.ColorNameOverlayBackground:   hex(0xFFFFFF),
	theme.ColorNameHyperlink:           hex(0x3A4BA6),
	theme.ColorNameSeparator:           hex(0xE3DED3),
	theme.ColorNameHover:               alpha(0x211F1B, 14),
	theme.ColorNamePressed:             alpha(0x211F1B, 26),
	theme.ColorNameFocus:               alpha(0x3A4BA6, 90),
	theme.ColorNameSelection:           alpha(0x3A4BA6, 46),
	theme.ColorNameScrollBar:           alpha(0x211F1B, 80),
	theme.ColorNameScrollBarBackground: alpha(0x211F1B, 0),
	theme.ColorNameShadow:              alpha(0x3B3424, 40),
}

// Dark is the same room in the evening.
var Dark = map[fyne.ThemeColorName]color.NRGBA{
	ColorPage:                          hex(0x17181B),
	ColorSidebar:                       hex(0x121316),
	ColorSurface:                       hex(0x1F2125),
	ColorRaised:                        hex(0x26282D),
	ColorBubble:                        hex(0x2B2D33),
	ColorBorder:                        hex(0x34373E),
	ColorText:                          hex(0xECEAE5),
	ColorMuted:                         hex(0xADA9A1),
	ColorPrimary:                       hex(0xAEB9FF),
	ColorPrimarySoft:                   hex(0x2A3052),
	ColorOnPrimary:                     hex(0x14183A),
	ColorSuccess:                       hex(0x7FCF9E),
	ColorSuccessSoft:                   hex(0x1C3527),
	ColorWarning:                       hex(0xE8B85F),
	ColorWarningSoft:                   hex(0x3B2F17),
	ColorError:                         hex(0xFF9F95),
	ColorErrorSoft:                     hex(0x46231F),
	ColorStar:                          hex(0xE8B85F),
	ColorKnown:                         hex(0x6FBF8F),
	ColorMissing:                       hex(0xE0AE52),
	ColorLost:                          hex(0xF2857A),
	ColorScrim:                         alpha(0x000000, 150),
	ColorTrack:                         hex(0x383B42),
	ColorInputBorder:                   hex(0x7B808C),
	theme.ColorNameForegroundOnSuccess: hex(0x0E2417),
	theme.ColorNameForegroundOnWarning: hex(0x2A1E05),
	theme.ColorNameForegroundOnError:   hex(0x35100C),
	theme.ColorNameButton:              hex(0x2B2D33),
	theme.ColorNameDisabledButton:      hex(0x34373E),
	theme.ColorNameDisabled:            hex(0x8A8D95),
	theme.ColorNamePlaceHolder:         hex(0x9F9B93),
	theme.ColorNameInputBackground:     hex(0x1F2125),
	theme.ColorNameHeaderBackground:    hex(0x1F2125),
	theme.ColorNameMenuBackground:      hex(0x26282D),
	theme.ColorNameOverlayBackground:   hex(0x26282D),
	theme.ColorNameHyperlink:           hex(0xAEB9FF),
	theme.ColorNameSeparator:           hex(0x34373E),
	theme.ColorNameHover:               alpha(0xECEAE5, 18),
	theme.ColorNamePressed:             alpha(0xECEAE5, 34),
	theme.ColorNameFocus:               alpha(0xAEB9FF, 110),
	theme.ColorNameSelection:           alpha(0xAEB9FF, 60),
	theme.ColorNameScrollBar:           alpha(0xECEAE5, 90),
	theme.ColorNameScrollBarBackground: alpha(0xECEAE5, 0),
	theme.ColorNameShadow:              alpha(0x000000, 120),
}

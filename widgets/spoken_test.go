package widgets

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// silent are the widgets that say nothing by themselves: what stands beside or in them does.
var silent = []string{"Box", "Icon", "Feed"}

// TestEveryWidgetIsSpoken reads the package for what is a widget, so that a new one cannot be left out of those whose spoken names
// and roles are tested.
func TestEveryWidgetIsSpoken(t *testing.T) {
	inLook(t, &Theme{})
	tested := map[string]bool{}
	for _, root := range everything(t) {
		window(t, VStack(0, root), 700, 900)
		for _, o := range laidOut(root) {
			tested[reflect.TypeOf(o).Elem().Name()] = true
		}
	}
	for _, name := range widgetsMade(t) {
		if !tested[name] && !slices.Contains(silent, name) {
			t.Errorf("no test knows what a %s says", name)
		}
	}
}

// widgetsMade are the types of the package that are Fyne widgets and have a constructor.
func widgetsMade(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	embeds, made := map[string][]string{}, map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && strings.HasPrefix(d.Name.Name, "New") && d.Type.Results != nil {
					if p, ok := d.Type.Results.List[0].Type.(*ast.StarExpr); ok {
						if id, ok := p.X.(*ast.Ident); ok {
							made[id.Name] = true
						}
					}
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if s, ok := s.(*ast.TypeSpec); ok {
						embeds[s.Name.Name] = embedded(s.Type)
					}
				}
			}
		}
	}
	var isWidget func(string) bool
	isWidget = func(name string) bool {
		return slices.ContainsFunc(embeds[name], func(e string) bool { return strings.HasPrefix(e, "widget.") || isWidget(e) })
	}
	for name := range made {
		if isWidget(name) {
			names = append(names, name)
		}
	}
	if len(names) < 20 {
		t.Fatalf("only %d widgets were found: %v", len(names), names)
	}
	slices.Sort(names)
	return names
}

// embedded are the types that a struct embeds, as "press" or "widget.Entry".
func embedded(x ast.Expr) (names []string) {
	s, ok := x.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, f := range s.Fields.List {
		if len(f.Names) > 0 {
			continue
		}
		switch e := f.Type.(type) {
		case *ast.Ident:
			names = append(names, e.Name)
		case *ast.SelectorExpr:
			if pkg, ok := e.X.(*ast.Ident); ok {
				names = append(names, pkg.Name+"."+e.Sel.Name)
			}
		}
	}
	return names
}

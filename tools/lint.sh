#!/usr/bin/env bash
# The linters, each named; every one runs, whatever the one before found.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

# The files under version control: not what lies in .tools.
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.go')
unformatted=$(go tool -modfile=tools/go.mod gofumpt -l "${files[@]}") || failed+=(gofumpt)
if [ -n "${unformatted}" ]; then
	echo "not formatted by gofumpt:"
	echo "${unformatted}"
	failed+=(gofumpt)
fi
for module in . tools compute/cpu/gen; do
	go mod tidy -C "${module}" -diff || failed+=("go mod tidy in ${module}")
done
go vet ./... || failed+=("go vet")
go vet -tags cuda ./cuda/... || failed+=("go vet of cuda")
go vet -C compute/cpu/gen ./... || failed+=("go vet of compute/cpu/gen")
go tool -modfile=tools/go.mod staticcheck ./... || failed+=(staticcheck)
go tool -modfile=tools/go.mod staticcheck -tags cuda ./cuda/... || failed+=("staticcheck of cuda")
# Not from the cache: it cannot see what go list reads.
go test -buildvcs=false -count=1 -run 'Imports|Every|Main|Module' . || failed+=("the rules of the tree")

if [ ${#failed[@]} -gt 0 ]; then
	(IFS=','; echo "lint failed: ${failed[*]}" >&2)
	exit 1
fi

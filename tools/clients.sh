#!/usr/bin/env bash
# Programs of others against `clara serve`: OpenAI's client for Python, curl as /docs has it,
# and schemathesis, which sends what the description of the interface allows, and what it
# does not. Then two users teach one server opposite things.
# usage: clients.sh CLARA MODEL
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
clara=$1 model=$2
venv=${here}/../.tools/clients
wanted=(openai==3.57.0 schemathesis==4.32.5)
if [ "$(cat "${venv}/complete" 2>/dev/null)" != "${wanted[*]}" ]; then
	"${here}/deps.sh" python3-venv
	python3 -m venv "${venv}"
	"${venv}/bin/pip" install --quiet --disable-pip-version-check "${wanted[@]}"
	echo "${wanted[*]}" >"${venv}/complete"
fi

command -v curl >/dev/null || "${here}/deps.sh" curl
home=$(mktemp -d)
server=
trap '[ -z "${server}" ] || { kill "${server}" && wait "${server}"; }; rm -rf "${home}"' EXIT

# serve FOLDER starts a server over a folder of home, in the place of the one before, and
# sets url. What is given beyond edits its settings (sed).
serve() {
	local folder=${home}/$1
	[ -z "${server}" ] || { kill "${server}" && wait "${server}"; }
	mkdir -p "${folder}"
	sed "${@:2}" "${here}/../configs/continuous.toml" >"${folder}/continuous.toml"
	: >"${folder}/ready"
	"${clara}" serve --home "${folder}" --model "${model}" --addr 127.0.0.1:0 --rate 100000 --json >"${folder}/ready" 2>"${folder}/errors" &
	server=$!
	for _ in $(seq 600); do
		sleep 0.2
		kill -0 "${server}" 2>/dev/null || { server=; cat "${folder}/errors"; exit 1; }
		[ ! -s "${folder}/ready" ] || break
	done
	url=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["url"])' <"${folder}/ready")
}

serve one -e ''
"${venv}/bin/python" "${here}/openai_client.py" "${url}"
curl -fsS "${url}/docs" | python3 -c '
import html, re, sys
for line in re.findall("<pre>(.*?)</pre>", sys.stdin.read(), re.S):
    print(html.unescape(line))' >"${home}/examples"
while IFS= read -r line; do # as they are printed
	bash -c "${line} -fsS -o /dev/null" </dev/null || { echo "${line} failed"; exit 1; }
done <"${home}/examples"

# Without training, and with short answers: what is looked at is the interface.
serve two -e 's/^enabled = .*/enabled = false/' -e 's/^max_tokens = .*/max_tokens = 4/'
PYTHONPATH=${here} SCHEMATHESIS_HOOKS=schemathesis_hooks "${venv}/bin/python" -m schemathesis.cli run "${url}/openapi.json" \
	--phases coverage,fuzzing --max-examples 20 --seed 1 --continue-on-failure --max-time 90 --warnings off --no-color

tokens=()
for user in anna ben; do
	tokens+=("$("${clara}" users add "${user}" --home "${home}/users" 2>/dev/null)")
done
serve users -e 's/^train_on_correction = .*/train_on_correction = false/'
"${venv}/bin/python" "${here}/two_users.py" "${url}" "${tokens[@]}"

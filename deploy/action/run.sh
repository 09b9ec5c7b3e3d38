#!/bin/sh
# The entry point of the GitHub Action: what action.yml runs, with its inputs in
# INPUT_*. It judges the event's change and ends with the exit code of
# `changeguard check`; whatever goes wrong on the way is no success either.
set -eu

stop() {
	printf '::error title=changeguard::%s\n' "$1"
	set_output exit-code 2
	exit 2
}

# A value of one line that we made ourselves.
set_output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

scratch=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/changeguard.XXXXXX")

# get finds or makes the program and leaves its name in $program.
get() {
	if [ -n "${INPUT_BINARY:-}" ]; then
		program=$INPUT_BINARY
		command -v "$program" >/dev/null || stop "the input binary names $program, which is not there"
		return
	fi
	program=$scratch/changeguard
	if [ -n "${INPUT_RELEASE:-}" ]; then
		[ -n "${INPUT_SHA256:-}" ] || stop "the input release needs the input sha256"
		case "$(uname -s)/$(uname -m)" in
		Linux/x86_64) machine=linux_amd64 ;;
		Linux/aarch64 | Linux/arm64) machine=linux_arm64 ;;
		*) stop "there is no release for $(uname -s) on $(uname -m); leave out the input release" ;;
		esac
		folder=changeguard_${INPUT_RELEASE#v}_$machine archive=$scratch/release.tar.gz
		curl -fsSL --retry 3 -o "$archive" "${GITHUB_SERVER_URL:-https://github.com}/changeguard/changeguard/releases/download/$INPUT_RELEASE/$folder.tar.gz" ||
			stop "the release $INPUT_RELEASE could not be fetched"
		printf '%s  %s\n' "$INPUT_SHA256" "$archive" | sha256sum -c - >/dev/null || stop "the release $INPUT_RELEASE has another SHA-256 than the input says"
		tar -xzf "$archive" -C "$scratch" --strip-components 1 "$folder/changeguard" || stop "the release $INPUT_RELEASE holds no program"
		return
	fi
	command -v go >/dev/null || stop "Go is not on this runner; add actions/setup-go before this step, or give the input release or binary"
	(cd "$GITHUB_ACTION_PATH" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$program" ./cmd/changeguard) || stop "changeguard could not be built"
}

# judge runs the check in one format; its answer to what was asked is in $code.
judge() {
	code=0
	"$program" check --repo "${INPUT_WORKING_DIRECTORY:-.}" --event "$GITHUB_EVENT_PATH" "$@" || code=$?
}

[ -n "${GITHUB_EVENT_PATH:-}" ] || stop "GITHUB_EVENT_PATH is not set; this runs within GitHub Actions"
get

set --
[ -z "${INPUT_BASE:-}" ] || set -- "$@" --base "$INPUT_BASE"
[ -z "${INPUT_HEAD:-}" ] || set -- "$@" --head "$INPUT_HEAD"
[ -z "${INPUT_POLICY:-}" ] || set -- "$@" --policy "$INPUT_POLICY"
[ -z "${INPUT_ORG_POLICY:-}" ] || set -- "$@" --org-policy "$INPUT_ORG_POLICY"
[ -z "${INPUT_SESSION:-}" ] || set -- "$@" --session "$INPUT_SESSION"

# The text goes to the log, with annotations, since GITHUB_ACTIONS is set.
judge "$@" --format text
answer=$code
set_output exit-code "$answer"
if [ "$answer" -ge 2 ] && [ "$answer" -ne 3 ]; then
	[ "$answer" -eq 2 ] || answer=2
	printf '::error title=changeguard::nothing was judged; the reason is in the log above\n'
	exit "$answer"
fi

# The other forms are of the same verdict; one that comes out otherwise is none.
again() {
	judge "$@"
	[ "$code" -eq "$answer" ] || stop "the verdict could not be written: exit code $code after $answer"
}

verdict=$scratch/verdict.json
again "$@" --format json --output "$verdict" 2>/dev/null
if [ ! -s "$verdict" ] && [ "$answer" -eq 3 ]; then
	printf '::error title=changeguard::nothing was judged; the reason is in the log above\n'
	exit 3
fi
[ -s "$verdict" ] || stop "the verdict could not be written"
set_output verdict "$verdict"
set_output outcome "$(sed -n 's/^  "outcome": "\([a-z]*\)",$/\1/p' "$verdict")"

if [ "${INPUT_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
	again "$@" --format markdown --output "$scratch/summary.md" 2>/dev/null
	cat "$scratch/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi

sarif=${INPUT_SARIF:-}
if [ -z "$sarif" ] && [ "${INPUT_UPLOAD_SARIF:-false}" = true ]; then
	sarif=$scratch/changeguard.sarif
fi
if [ -n "$sarif" ]; then
	case "$sarif" in *'
'*) stop "the input sarif has more than one line" ;; esac
	again "$@" --format sarif --output "$sarif" 2>/dev/null
	set_output sarif "$sarif"
fi
exit "$answer"

# shellcheck shell=bash
# What ops/install, ops/stack, ops/demo and ops/test share: messages, places, deadlines.
# Usage: source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

OPS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
REPO=$(dirname "$OPS")
ME=ops/$(basename "$0")
# Cron, services and containers may start a script without HOME.
HOME=${HOME:-$(getent passwd "$EUID" | cut -d: -f6)}
export HOME
CACHE=${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/sharebus
STATE=${XDG_STATE_HOME:-$HOME/.local/state}/sharebus

KAFKA_VERSION=$(sed -n 's:.*<kafka\.version>\(.*\)</kafka\.version>.*:\1:p' "$OPS/kafka/pom.xml")
KAFKA_LIBS=$CACHE/kafka-$KAFKA_VERSION
KAFKA_CLASSES=$KAFKA_LIBS/classes.jsa # what a JVM makes of them: a broker starts in half the time with it
export REPO STATE KAFKA_LIBS KAFKA_CLASSES KAFKA_VERSION

# Progress goes to stderr: stdout belongs to the result.
say() {
	printf '%s\n' "$*" >&2
}

warn() {
	printf '%s: %s\n' "$ME" "$*" >&2
}

die() {
	warn "$*"
	exit 1
}

# The comment at the top of the script is its help.
usage() {
	sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
}

bad_usage() {
	warn "$* (see $ME --help)"
	exit 2
}

# copy_tree FOLDER: the files of the work tree, tracked or new and not ignored.
copy_tree() {
	mkdir -p "$1"
	(
		cd "$REPO" || exit
		git ls-files -z --cached --others --exclude-standard --deduplicate |
			while IFS= read -r -d '' file; do
				[[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"
			done | tar --null -T - -c
	) | tar -x -C "$1"
}

# within SECONDS COMMAND...: repeats it until it succeeds; fails when the time is up.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# quietly LOG COMMAND...: its output goes to LOG, and the end of it is shown if it fails.
quietly() {
	local log=$1 rc=0
	shift
	"$@" </dev/null >"$log" 2>&1 || rc=$?
	if ((rc)); then
		warn "'$*' failed ($rc); the end of its output:"
		tail -n 60 "$log" >&2
	fi
	return "$rc"
}

# locked FILE COMMAND...: runs it under an exclusive lock, which a killed holder does not keep.
locked() {
	local lock=$1
	shift
	mkdir -p "$(dirname "$lock")"
	(
		flock -n 9 || {
			say "waiting for the process that holds $lock"
			flock -w 900 9 || die "gave up waiting for $lock"
		}
		"$@"
	) 9>"$lock"
}

# Builds what we ship, into build/release/bin.
build_release() {
	build_programs release
}

# build_programs PRESET: builds the two programs into build/PRESET/bin.
build_programs() {
	local preset=$1
	mkdir -p "$REPO/build"
	cd "$REPO" || return
	[[ -x build/$preset/bin/sharebus && -x build/$preset/bin/sharebus-consumer ]] ||
		say "building (only this once, about a minute)"
	quietly "$REPO/build/$preset.log" cmake --preset "$preset"
	quietly "$REPO/build/$preset.log" cmake --build --preset "$preset"
}

# Prints a java of version 17 or later: of $JAVA_HOME, on the PATH, or any of Debian's.
find_java() {
	local java version
	for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} "$(command -v java || true)" \
		/usr/lib/jvm/*/bin/java; do
		[[ -x $java ]] || continue
		version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
		if ((${version:-0} >= 17)); then
			printf '%s\n' "$java"
			return 0
		fi
	done
	return 1
}

# Prints the python that makes the venv: Debian's own if it can, else the one on the PATH.
find_python() {
	local python
	for python in /usr/bin/python3 python3; do
		if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
			command -v "$python"
			return 0
		fi
	done
	return 1
}

# venv_dir PYTHON: where the tests' packages live, a directory for each python and list of packages.
venv_dir() {
	local python=$1 sum
	sum=$({
		"$python" --version
		cat "$REPO/tests/interop/requirements.txt"
	} | sha256sum)
	printf '%s/venv-%s\n' "$CACHE" "${sum:0:12}"
}

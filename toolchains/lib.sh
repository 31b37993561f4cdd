# shellcheck shell=bash
# Shared by the scripts in this folder: progress output, Debian packages, the cache and its lock.
# Source it after `set -euo pipefail`.

toolchains=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
checkout=$(dirname "$toolchains")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/parley
mkdir -p "$cache/log"

# --- progress --------------------------------------------------------------------------------
# Descriptor 3 stays the terminal while a step's own output goes to its log.
exec 3>&2
step_number=0
step_log=""
ticker=""

say() { printf '%s\n' "$*" >&3; }

die() {
  step_log=""
  say "$(basename "$0"): $*"
  exit 1
}

now_ms() { echo $((${EPOCHREALTIME/[^0-9]/} / 1000)); }

seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# step TITLE COMMAND...: runs the command quietly; its output is shown only when it fails.
# The command is not part of a condition, so `set -e` holds inside functions given here.
step() {
  local title=$1 start
  shift
  step_number=$((step_number + 1))
  start=$(now_ms)
  step_log=$(mktemp "$cache/log/$(basename "$0")-XXXXXX.log")
  printf '[%2d] %s ... ' "$step_number" "$title" >&3
  start_ticker "$(printf '[%2d] %s ... ' "$step_number" "$title")"
  "$@" >"$step_log" 2>&1
  stop_ticker
  rm -f "$step_log"
  step_log=""
  say "$(seconds_since "$start")"
}

# On a terminal a long step shows, each second, how long it has run and the last line of its log.
start_ticker() {
  [[ -t 3 ]] || return 0
  local head=$1 width
  width=$(tput cols 2>/dev/null || echo 80)
  (
    trap - EXIT HUP INT TERM
    SECONDS=0
    while sleep 1; do
      printf '\r\e[K%.*s' "$((width - 1))" "$head${SECONDS}s $(tail -n 1 "$step_log" | tr -d '\r')" >&3
    done
  ) &
  ticker=$!
  ticker_head=$head
}

stop_ticker() {
  [[ -n $ticker ]] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=""
  printf '\r\e[K%s' "$ticker_head" >&3
}

# Commands run by on_exit, last one first.
exit_commands=()

on_exit() {
  local status=$? i
  trap - EXIT
  stop_ticker
  if [[ $status != 0 && -n $step_log ]]; then
    say "FAILED"
    tail -n 40 "$step_log" | sed 's/^/     | /' >&3
    say "     whole log: $step_log"
  fi
  for ((i = ${#exit_commands[@]} - 1; i >= 0; i--)); do eval "${exit_commands[i]}" || true; done
  exit "$status"
}
trap on_exit EXIT
# Without these a run that is stopped would clean up and then report the last command's success.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- Debian packages -------------------------------------------------------------------------
distribution() {
  # shellcheck source=/dev/null
  (. /etc/os-release 2>/dev/null && echo "${ID:-unknown}-${VERSION_ID:-rolling}") || echo unknown
}

require_debian() {
  case $(distribution) in
    debian-12 | debian-13 | debian-rolling | ubuntu-*) ;;
    *) die "this script installs its dependencies with apt and knows Debian 12, Debian 13 and Ubuntu;
  this machine says '$(distribution)'. A container of debian:12 works; or install the packages listed
  in toolchains/packages.txt by other means and build with cmake --preset." ;;
  esac
  command -v apt-get >/dev/null || die "apt-get is needed and was not found"
}

is_available() { [[ $(apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[0-9]* ]]; }

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root rights are needed for: $*
  Run as root, or install sudo."
  fi
}

# The choices of one line of packages.txt: `a | b` is satisfied by any, and installs the first that
# apt knows; `?command` on a line is satisfied by that command, whoever provides it.
choice_satisfied() {
  local name
  for name in "$@"; do
    if [[ $name == \?* ]]; then
      command -v "${name#\?}" >/dev/null && return 0
    elif [[ " $installed_packages " == *" $name "* ]]; then
      return 0
    fi
  done
  return 1
}

first_available() {
  local name
  for name in "$@"; do
    if [[ $name != \?* ]] && is_available "$name"; then
      echo "$name"
      return
    fi
  done
  die "none of these packages is known to apt: $* (is 'main' enabled in the sources?)"
}

# Prints the package choices of a group of packages.txt, one line each, without separators.
package_group() {
  sed -n -e 's/#.*//' -e "s/^$1:\(.*\)/\1/p" "$toolchains/packages.txt" | tr '|' ' '
}

install_packages() {
  local group=$1 choices=() missing=() packages=() line
  installed_packages=$(dpkg-query -W -f='${db:Status-Status} ${binary:Package}\n' |
    sed -n 's/^installed \([^:]*\).*/\1/p' | tr '\n' ' ')
  mapfile -t choices < <(package_group "$group")
  for line in "${choices[@]}"; do
    # shellcheck disable=SC2086
    choice_satisfied $line || missing+=("$line")
  done
  [[ ${#missing[@]} != 0 ]] || return 0
  require_debian
  step "apt-get update" as_root apt-get -q update
  for line in "${missing[@]}"; do
    # shellcheck disable=SC2086
    packages+=("$(first_available $line)")
  done
  say "     will install these Debian packages (and what they need): ${packages[*]}"
  step "installing ${#packages[@]} packages" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${packages[@]}"
}

# --- cache -----------------------------------------------------------------------------------
# One installer at a time; released when the process ends, however it ends.
lock_cache() {
  exec 9>"$cache/lock"
  if ! flock -n 9; then
    say "     another run is installing; waiting for it"
    flock 9
  fi
}

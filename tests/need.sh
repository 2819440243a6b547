# Sourced by the scripts of the gate: installs what a command belongs to where that is possible.

need() { # command, Debian packages
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}" >/dev/null
  else
    echo "$1 is needed: install ${*:2}" >&2
    exit 1
  fi
}

#!/usr/bin/env bash
# Cuts the icon font to the icons named in a file (one name a line, # comments); names are those of
# icons.txt in `deps path fonts`.
set -euo pipefail

case ${1:-} in
  "" | -h | --help)
    echo "Usage: toolchains/subset_icons.sh NAMES_FILE OUT.ttf"
    exit 0
    ;;
esac
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fonts=$("$here/deps" path fonts)
exec /usr/bin/python3 "$here/recipes/fonts.py" icons "$fonts/Icons-full.ttf" "$2" "$fonts/icons.txt" "$1"

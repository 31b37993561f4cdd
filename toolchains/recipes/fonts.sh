# shellcheck shell=bash disable=SC2154
# Interface fonts, cut to what the clients draw from their glyph atlas: Inter and JetBrains Mono (both
# SIL OFL 1.1) and, whole, the icon font Phosphor (MIT) with the list of its names. All are read by
# stb_truetype. Licences are installed beside them.

recipe_fonts() {
  local tree=$work/tree fonts=$work/tree/usr/share/fonts icons=$work/tree/usr/share/python-qtawesome/fonts face
  debian_update
  debian_unpack "$tree" fonts-inter
  debian_unpack "$tree" fonts-jetbrains-mono
  debian_unpack "$tree" python-qtawesome-common

  for face in Regular Medium Bold Italic; do
    cut_font text "$fonts/opentype/inter/Inter-$face.otf" "$prefix/Inter-$face.otf"
  done
  cut_font text "$fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf" "$prefix/Mono-Regular.ttf"

  cp "$icons/phosphor-1.3.0.ttf" "$prefix/Icons-full.ttf"
  cut_font list "$icons/phosphor-charmap-1.3.0.json" "$prefix/icons.txt"

  cp "$tree/usr/share/doc/fonts-inter/copyright" "$prefix/Inter-copyright.txt"
  cp "$tree/usr/share/doc/fonts-jetbrains-mono/copyright" "$prefix/Mono-copyright.txt"
  cp "$tree/usr/share/doc/python-qtawesome-common/copyright" "$prefix/Icons-copyright.txt"
}

# Debian's own Python has the fontTools package, whatever other Python is first in PATH.
cut_font() { /usr/bin/python3 "$toolchains/recipes/fonts.py" "$@"; }

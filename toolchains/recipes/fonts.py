#!/usr/bin/python3
"""Cuts fonts down to what the clients draw.

  fonts.py text  IN OUT           the scripts drawn from the atlas (see TEXT); others come from the platform
  fonts.py icons IN OUT LIST NAMES_FILE   only the icons named in NAMES_FILE, one a line
  fonts.py list  CHARMAP_JSON OUT  name<TAB>code point in hex, sorted by name
"""

import json
import sys

from fontTools import subset

# First and last code point of each range, inclusive; characters that a font lacks are skipped.
TEXT = [
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1
    (0x0100, 0x024F),  # Latin Extended-A, -B
    (0x0250, 0x02AF),  # IPA
    (0x02B0, 0x02FF),  # spacing modifiers
    (0x0300, 0x036F),  # combining marks
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x045F),  # Cyrillic
    (0x0490, 0x04FF),  # Cyrillic of Central Asia and the Caucasus
    (0x1EA0, 0x1EF9),  # Vietnamese
    (0x2000, 0x206F),  # punctuation
    (0x2070, 0x209F),  # superscripts, subscripts
    (0x20A0, 0x20CF),  # currency
    (0x2100, 0x214F),  # letterlike
    (0x2150, 0x218F),  # fractions
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematics
    (0x2300, 0x23FF),  # technical (keyboard symbols)
    (0x2500, 0x259F),  # boxes and blocks
    (0x25A0, 0x25FF),  # geometric shapes
    (0x2600, 0x26FF),  # miscellaneous symbols
    (0x2700, 0x27BF),  # dingbats
    (0xFFFD, 0xFFFD),  # replacement character
]


def cut(source, target, unicodes):
    """Keeps outlines and the character map; the atlas uses neither hints nor layout tables."""
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]  # copyright, names, licence
    options.notdef_outline = True
    options.glyph_names = False
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "MVAR", "DSIG", "gasp", "meta"]
    font = subset.load_font(source, options)
    wanted = set(unicodes) & set(font.getBestCmap())
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    subset.save_font(font, target, options)
    return wanted


def cut_text(source, target):
    cut(source, target, {c for first, last in TEXT for c in range(first, last + 1)})


def cut_icons(source, target, list_file, names_file):
    codes = {}
    with open(list_file, encoding="utf-8") as lines:
        for line in lines:
            name, code = line.split("\t")
            codes[name] = int(code, 16)
    with open(names_file, encoding="utf-8") as lines:
        names = [line.split("#")[0].strip() for line in lines]
    names = [name for name in names if name]
    unknown = [name for name in names if name not in codes]
    if unknown:
        sys.exit("unknown icons: " + " ".join(unknown))
    cut(source, target, {codes[name] for name in names})


def write_list(charmap, target):
    with open(charmap, encoding="utf-8") as file:
        icons = json.load(file)
    with open(target, "w", encoding="utf-8") as out:
        for name in sorted(icons):
            out.write(f"{name}\t{int(str(icons[name]).removeprefix('0x'), 16):04x}\n")


COMMANDS = {"text": (cut_text, 2), "icons": (cut_icons, 4), "list": (write_list, 2)}

if __name__ == "__main__":
    command, arguments = COMMANDS.get((sys.argv + [""])[1], (None, 0)), sys.argv[2:]
    if not command[0] or len(arguments) != command[1]:
        sys.exit(__doc__)
    command[0](*arguments)

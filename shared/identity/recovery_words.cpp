#include "shared/identity/recovery.hpp"

namespace parley::identity {

// Never changed: what people have written down is read with it.
const std::array<std::string_view, 256> kWordList = {
    "acorn",   "actor",   "alarm",   "album",   "almond",  "amber",   "anchor",  "animal",
    "ankle",   "apple",   "arrow",   "atlas",   "autumn",  "bacon",   "badge",   "baker",
    "ballet",  "bamboo",  "banana",  "barrel",  "beach",   "bicycle", "biscuit", "blanket",
    "blossom", "branch",  "brick",   "bridge",  "bucket",  "butter",  "cabin",   "cactus",
    "camel",   "candle",  "canyon",  "castle",  "cedar",   "cereal",  "chalk",   "cherry",
    "chimney", "circle",  "cloud",   "clover",  "cobalt",  "coconut", "coffee",  "copper",
    "coral",   "cotton",  "cradle",  "crayon",  "crystal", "daisy",   "dancer",  "desert",
    "diamond", "dolphin", "donkey",  "dragon",  "drum",    "dusty",   "eagle",   "early",
    "easel",   "echo",    "edge",    "elbow",   "emerald", "engine",  "equal",   "fabric",
    "falcon",  "farmer",  "feather", "fiddle",  "finger",  "flower",  "flute",   "forest",
    "fossil",  "fresh",   "frost",   "fruit",   "galaxy",  "garden",  "garlic",  "giant",
    "ginger",  "giraffe", "glacier", "globe",   "golden",  "grape",   "hammer",  "harbor",
    "helmet",  "honey",   "horizon", "hotel",   "humble",  "iceberg", "igloo",   "indigo",
    "island",  "jacket",  "jewel",   "jigsaw",  "jungle",  "kayak",   "kettle",  "kitchen",
    "koala",   "ladder",  "lagoon",  "lantern", "laptop",  "lemon",   "leopard", "letter",
    "library", "lizard",  "lobster", "lunch",   "magnet",  "mango",   "maple",   "marble",
    "meadow",  "melon",   "mentor",  "mirror",  "mitten",  "monkey",  "morning", "museum",
    "music",   "napkin",  "needle",  "nephew",  "novel",   "nutmeg",  "oasis",   "ocean",
    "olive",   "orange",  "orbit",   "orchard", "otter",   "oxygen",  "paddle",  "palace",
    "panda",   "paper",   "parrot",  "pastry",  "pebble",  "pencil",  "pepper",  "piano",
    "picnic",  "pigeon",  "pillow",  "pirate",  "planet",  "pocket",  "potato",  "pumpkin",
    "puzzle",  "quartz",  "quiet",   "rabbit",  "radio",   "rainbow", "raven",   "ribbon",
    "river",   "robin",   "rocket",  "roof",    "rose",    "royal",   "ruby",    "runner",
    "saddle",  "sailor",  "salad",   "salmon",  "sandal",  "scarf",   "school",  "season",
    "shadow",  "shell",   "silver",  "singer",  "sister",  "sketch",  "sleep",   "smile",
    "snow",    "soap",    "socket",  "spider",  "spoon",   "spring",  "stone",   "storm",
    "sugar",   "summer",  "sunset",  "swan",    "table",   "tango",   "teacher", "temple",
    "tennis",  "thunder", "ticket",  "tiger",   "timber",  "toast",   "tomato",  "torch",
    "tower",   "train",   "tulip",   "tunnel",  "turtle",  "uncle",   "valley",  "vanilla",
    "velvet",  "victory", "village", "violin",  "volcano", "voyage",  "waffle",  "wagon",
    "walnut",  "water",   "whale",   "wheat",   "willow",  "window",  "winter",  "wizard",
    "wonder",  "wool",    "yacht",   "yellow",  "yogurt",  "zebra",   "zigzag",  "zipper",
};

}  // namespace parley::identity

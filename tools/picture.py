"""Draw the picture of `serai trade` that the README shows, from what the command prints.

    python -m tools.picture

It runs the real command on an empty data directory and writes
`docs/serai-trade.svg`. Draw it anew when the command prints something else.
"""

import html
import os
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "serai-trade.svg"
WIDTH = 94

_ASPECT = 0.6
_CHARACTER = 20 * _ASPECT
"""How wide a letter is; rich draws them 20 high."""

# Ink and paper, saffron for what is pending, green for money that has arrived.
_INK, _PAPER = (23, 27, 38), (236, 230, 218)
_THEME = TerminalTheme(
    _INK,
    _PAPER,
    [
        (23, 27, 38), (214, 102, 92), (124, 186, 130), (226, 178, 86),
        (110, 152, 224), (200, 146, 208), (116, 190, 200), (200, 194, 182),
    ],
)  # fmt: skip

# Laid out like rich's own, less its window frame and its fonts from the network.
_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg" role="img">
<title>serai trade</title>
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
    font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>{lines}</defs>
<rect fill="#171b26" width="{width}" height="{height}" rx="8"/>
<g transform="translate(9, 24)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    """Run the command, draw what it printed, and keep it only if the trade went well."""
    with tempfile.TemporaryDirectory(prefix="serai-picture-") as data:
        ran = subprocess.run(
            [str(Path(sys.executable).parent / "serai"), "trade"],
            env={
                **{name: value for name, value in os.environ.items() if "SERAI_" not in name},
                "SERAI_DATA": data,
                "FORCE_COLOR": "1",
                "TERM": "xterm-256color",
                "COLUMNS": str(WIDTH),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        print(ran.stderr)
        return ran.returncode
    PICTURE.write_text(drawn(ran.stdout), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {len(ran.stdout.splitlines())} lines")
    return 0


def drawn(printed: str) -> str:
    """Draw what a terminal of our width would show; the same text gives the same picture."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    for line in printed.strip().splitlines():
        console.print(Text.from_ansi(line.rstrip()), soft_wrap=True)
    picture = console.export_svg(
        theme=_THEME, code_format=_FORMAT, unique_id="serai-trade", font_aspect_ratio=_ASPECT
    )
    return _TEXT.sub(_trimmed, picture)


_SPACE = "&#160;"
_TEXT = re.compile(
    r'<text (?P<before>[^>]*)x="(?P<x>[\d.]+)" (?P<between>[^>]*)textLength="[\d.]+"'
    r"(?P<after>[^>]*)>(?P<words>[^<]*)</text>"
)


def _trimmed(found: re.Match[str]) -> str:
    """Set a piece of text where its first letter stands.

    Some programs that draw SVG drop leading spaces, hard ones too.
    """
    words = found["words"].strip()
    left = words.removeprefix(_SPACE)
    shift = 0
    while left != words:
        shift, words, left = shift + 1, left, left.removeprefix(_SPACE)
    while words.endswith(_SPACE):
        words = words.removesuffix(_SPACE)
    if not words:
        return ""
    x = float(found["x"]) + shift * _CHARACTER
    length = len(html.unescape(words)) * _CHARACTER
    return (
        f'<text {found["before"]}x="{x:g}" {found["between"]}textLength="{length:g}"'
        f"{found['after']}>{words}</text>"
    )


if __name__ == "__main__":
    sys.exit(main())

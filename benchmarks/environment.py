"""An environment of its own for what is compared: made on demand under `.cache`, kept there.

Nothing of it is a dependency of the market, or of its development.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]
_HOME = ROOT / ".cache" / "benchmarks"


def python(name: str, packages: Sequence[str]) -> Path:
    """Give the interpreter of an environment that has these packages, the newest there are."""
    folder = _HOME / name
    program = folder / "bin" / "python"
    ready = folder / "packages"
    wanted = "\n".join(packages)
    if not ready.exists() or ready.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        command: list[str | Path] = [
            program,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*command, *packages], check=True, stdout=sys.stderr)
        ready.write_text(wanted)
    return program


def tell(program: Path, script: str, *arguments: str, **variables: str) -> Any:  # noqa: ANN401  what it says
    """Run a program of `benchmarks/peers` there; gives the JSON that it printed last."""
    command: list[str | Path] = [program, ROOT / "benchmarks" / "peers" / script, *arguments]
    ran = subprocess.run(
        command,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        message = f"{script} failed:\n{ran.stderr[-4000:]}"
        raise RuntimeError(message)
    return msgspec.json.decode(ran.stdout.splitlines()[-1])

"""Print every breach of the house's own rules; exit 1 if there is one."""

import sys
from pathlib import Path

from tools.house import RULES, breaches


def main() -> int:
    """Check the tree this file belongs to."""
    found = breaches(Path(__file__).parents[2])
    for breach in found:
        print(breach)
    print(f"House rules: {len(RULES)} checked, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""How fast the money path is: measured by anyone, with one command, beside a yardstick.

`python -m benchmarks NAME --seconds N --json` runs one; `make bench` runs them all.
"""

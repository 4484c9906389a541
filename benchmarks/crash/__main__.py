"""Run the crash loop: `python -m benchmarks.crash --cycles N [--seed S] [--json]`."""

import argparse
import secrets
import sys
from collections.abc import Sequence

import msgspec

from benchmarks.crash.loop import Plan, Report, run
from serai.kernel import logs


def main(arguments: Sequence[str]) -> int:
    """Run it and print what happened; 1 where something was lost or done twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=20, help="how often to kill")
    parser.add_argument("--seed", type=int, help="the same again: who dies, and when")
    parser.add_argument("--audit-every", type=int, default=1, help="cycles between two audits")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(arguments)
    logs.configure(level="warning")
    seed = secrets.randbelow(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}", file=sys.stderr)
    plan = Plan(asked.cycles, seed, asked.audit_every)
    report = run(plan, lambda line: print(line, file=sys.stderr, flush=True))
    print(msgspec.json.encode(report).decode() if asked.json else line(report))
    return 1 if report.breaches else 0


def line(report: Report) -> str:
    """Write the report for people."""
    kills = ", ".join(f"{count} {kind}" for kind, count in report.kills.items())
    said = (
        f"crash: {report.cycles} cycles ({kills}), {report.requests} requests,"
        f" {report.acknowledged} acknowledged, {report.replayed} in doubt and sent again of which"
        f" {report.committed_in_doubt} had been committed, {report.asked_again} asked again,"
        f" {report.audits} audits; back after {report.recovery_median_s} s (median),"
        f" {report.recovery_max_s} s (longest); {len(report.breaches)} breaches"
    )
    return "\n".join([said, *report.breaches])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

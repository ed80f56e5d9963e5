#!/usr/bin/env python3
"""Compares the instruction counts of the workloads with the committed ones.

    guard.py --program PATH --baseline FILE --compiler TEXT [--update]

Ends with 1 when a workload takes more instructions than the tolerance allows, with 77 (skipped) when nothing can be said: without
valgrind, or with another compiler than that of the baseline. --update writes the baseline anew; look at the difference before you commit it.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Of the count. The addresses of allocations decide about some branches of hash tables and of malloc.
TOLERANCE = 0.03
SKIPPED = 77


def count(program, name):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured",
             f"--callgrind-out-file={folder}/out", program, name], capture_output=True, text=True)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or found is None or int(found.group(1)) == 0:
        sys.exit(f"{name}: {done.stderr}")
    return int(found.group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--baseline", required=True, type=Path)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return SKIPPED
    names = subprocess.run([args.program], capture_output=True, text=True, check=True).stdout.split()
    if args.update:
        counts = {name: count(args.program, name) for name in names}
        args.baseline.write_text(json.dumps({"compiler": args.compiler, "instructions": counts}, indent=2) + "\n")
        return 0
    baseline = json.loads(args.baseline.read_text())
    if baseline["compiler"] != args.compiler:
        print(f"skipped: the baseline is of {baseline['compiler']}, this is {args.compiler}")
        return SKIPPED
    if set(names) != set(baseline["instructions"]):
        sys.exit("the baseline has other workloads; run this with --update")
    worse = False
    for name in names:
        before, now = baseline["instructions"][name], count(args.program, name)
        change = now / before - 1
        too_many = change > TOLERANCE
        worse = worse or too_many
        print(f"{name}: {now} instructions, {change:+.1%} of {before}{': too many' if too_many else ''}")
        if change < -TOLERANCE:
            print(f"{name}: fewer; let the baseline say so (--update)")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())

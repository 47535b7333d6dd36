#!/usr/bin/env python3
"""Writes what the real promtool and amtool make of the files of this folder to verdicts.txt.

    cd tests/golden/config && ./make_verdicts.py PROMTOOL AMTOOL > verdicts.txt
"""
import glob
import subprocess
import sys

promtool, amtool = sys.argv[1:3]
for path in sorted(glob.glob("*.yml")):
    kind = path.split(".")[-2]
    command = {
        "rules": [promtool, "check", "rules", path],
        "prometheus": [promtool, "check", "config", path],
        "alertmanager": [amtool, "check-config", path],
    }[kind]
    run = subprocess.run(command, capture_output=True, text=True)
    print(path, "accept" if run.returncode == 0 else "reject")

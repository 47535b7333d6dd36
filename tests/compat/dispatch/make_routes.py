#!/usr/bin/env python3
"""Asks the real amtool where label sets go in routes.yml, and writes routes.txt: labels, then the receivers.

    make_routes.py AMTOOL > routes.txt
"""
import itertools
import os
import subprocess
import sys

VALUES = {
    "severity": ["", "critical", "warning", "page"],
    "team": ["", "db", "web", "api"],
    "cluster": ["", "prod-1", "test"],
    "env": ["", "x"],
}

config = os.path.join(os.path.dirname(os.path.abspath(__file__)), "routes.yml")
for values in itertools.product(*VALUES.values()):
    labels = [f"{name}={value}" for name, value in zip(VALUES, values) if value]
    answer = subprocess.run([sys.argv[1], "config", "routes", "test", f"--config.file={config}", *labels],
                            capture_output=True, text=True, check=True)
    print(f"{' '.join(labels)} -> {answer.stdout.strip()}")

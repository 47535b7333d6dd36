#!/usr/bin/env python3
"""Asks a Prometheus for the answers in parse_query.txt again, and writes the file anew.

    prometheus --config.file=empty.yml --enable-feature=promql-experimental-functions,\
promql-extended-range-selectors,promql-binop-fill-modifiers
    tests/golden/api/record.py http://localhost:9090
"""
import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

FILE = pathlib.Path(__file__).with_name("parse_query.txt")


def ask(server, query):
    url = server + "/api/v1/parse_query?" + urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(url) as reply:
            return reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


lines = [line for line in FILE.read_text().splitlines() if not line.startswith("= ")]
with FILE.open("w") as out:
    for line in lines:
        print(line, file=out)
        if line:
            print("=", ask(sys.argv[1], line), file=out)

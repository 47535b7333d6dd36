#!/usr/bin/env python3
"""Random expressions over random series, beside the real Prometheus.

Each world is one seed: its series are written into a Prometheus by remote write and loaded into an engine of ours
(promql_answers); then both answer the same instant and range queries, and the answers must be equal to the byte:
values, order, errors, annotations. Free is only what upstream leaves open: the order of a vector, which ten
annotations are shown when there are more, and the order in which a range query hands series on.

  beside_prometheus.py --answers PATH [--prometheus PATH] [--cases N] [--seed N] [--require-table] [--show N]

The real program is found in $TOCSIN_PEERS or in $PATH. --require-table fails unless 60 % of the answers hold
something and each construct has 50 cases: for long runs.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

import expressions
import remote_write
import scrape_page
import worlds

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import peers

CASES_A_WORLD = 500
RANGE_TRIES = 30


def queries(world_seed, generator, count):
    """(path, parameters, constructs) of each."""
    chance = random.Random(world_seed * 7919 + 1)
    for _ in range(count):
        text, constructs = generator.expression()
        at = worlds.START + chance.randrange(60, worlds.SECONDS + 60)
        if chance.random() < 0.15:
            at += chance.choice((0.5, 0.001, 0.25))
        if chance.random() < 0.4:
            step = chance.choice((5, 15, 15, 30, 60, 7))
            end = at + step * chance.randrange(0, 20)
            yield "query_range", [("query", text), ("start", at), ("end", end), ("step", step)], constructs
        else:
            yield "query", [("query", text), ("time", at)], constructs


def let_scrape(server, config, families):
    page = scrape_page.PageServer(scrape_page.page(families))
    pathlib.Path(config).write_text(scrape_page.SCRAPE_CONFIG.format(port=page.port), encoding="utf-8")
    if server.ask("/-/reload", method="POST")[0] != 200:
        raise RuntimeError("Prometheus does not take its new configuration")
    # What a scrape says of itself has today's time, so that all else becomes a block; between block and head, series
    # are merged by their labels.
    for _ in range(1000):
        if re.search("^prometheus_tsdb_blocks_loaded [1-9]", server.ask("/metrics")[2], re.MULTILINE):
            page.close()
            return
        time.sleep(0.02)
    raise RuntimeError("Prometheus does not scrape the page")


def real_one(program, folder, features, world):
    """A Prometheus with the samples of a world."""
    config = os.path.join(folder, "prometheus.yml")
    pathlib.Path(config).write_text("global: {}\n", encoding="utf-8")
    server = peers.prometheus(program, config, folder, "--web.enable-remote-write-receiver", "--web.enable-lifecycle",
                              "--enable-feature=" + features)
    try:
        server.wait_ready()
        writer = remote_write.Writer(server.port)
        for samples in world.by_time():
            writer.write(samples)
        if world.by_family():
            let_scrape(server, config, world.by_family())
    except BaseException:
        server.__exit__()
        raise
    return server


class Ours:
    def __init__(self, program, folder, features, world):
        script = os.path.join(folder, "world.test")
        pathlib.Path(script).write_text(world.script(), encoding="utf-8")
        self._process = subprocess.Popen([program, script, str(worlds.START), features], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace")

    def ask(self, path, parameters):
        self._process.stdin.write(f"{path}?{urllib.parse.urlencode(parameters)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"promql_answers ended at {path} {parameters}")
        status, _, body = line.rstrip("\n").partition(" ")
        return int(status), body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()


# Which of two series upstream comes to first is open in a range query; its next version sorts them.
TWO_SERIES = re.compile(r"(side of the operation: \[)(\{.*\}), (\{.*\})(\];many-to-many)")


def comparable(answer, ordered):
    status, body = answer
    body = TWO_SERIES.sub(lambda match: match[1] + ", ".join(sorted((match[2], match[3]))) + match[4], body)
    try:
        document = json.loads(body)
    except ValueError:
        return answer
    for notes in ("warnings", "infos"):
        if notes in document:
            document[notes] = sorted(document[notes]) if len(document[notes]) < 10 else len(document[notes])
    if not ordered:
        peers.sort_vector(document)
    return status, json.dumps(document, sort_keys=True)


def nearly_equal(theirs, mine):
    """The same but for the last bits of numbers."""
    if isinstance(theirs, list):
        return isinstance(mine, list) and len(theirs) == len(mine) and all(map(nearly_equal, theirs, mine))
    if isinstance(theirs, dict):
        return isinstance(mine, dict) and theirs.keys() == mine.keys() and all(
            nearly_equal(theirs[name], mine[name]) for name in theirs)
    if isinstance(theirs, str) and isinstance(mine, str) and theirs != mine:
        try:
            return math.isclose(float(theirs), float(mine), rel_tol=1e-12)
        except ValueError:
            return False
    return theirs == mine


def holds_something(answer):
    status, body = answer
    return status == 200 and bool(json.loads(body)["data"]["result"])


class Known:
    """What differs for a reason, from tests/compat/known/promql.txt: "pattern: REGEX" excuses what it matches
    of "[FEATURES] EXPRESSION", "rewrite: REGEX" takes a text out of both answers, "crash: TEXT" is an answer that is none."""

    def __init__(self):
        lines = (pathlib.Path(__file__).parents[1] / "known" / "promql.txt").read_text(encoding="utf-8").splitlines()

        def all_of(kind):
            return [line.removeprefix(kind) for line in lines if line.startswith(kind)]

        self._patterns = list(map(re.compile, all_of("pattern: ")))
        self._rewrites = list(map(re.compile, all_of("rewrite: ")))
        self._crashes = all_of("crash: ")

    def is_crash(self, answer):
        return any(text in answer[1] for text in self._crashes)

    def excuses(self, expression):
        return any(pattern.search(expression) for pattern in self._patterns)

    def rewritten(self, answer):
        status, body = answer
        for pattern in self._rewrites:
            body = pattern.sub("", body)
        return status, body


def print_difference(features, seed, path, parameters, theirs, mine):
    print(f"\nworld {seed} [{features}]\n{path} {parameters[1:]}\n  {parameters[0][1]}")
    at = next((i for i, (a, b) in enumerate(zip(theirs[1], mine[1])) if a != b), min(len(theirs[1]), len(mine[1])))
    for name, (status, body) in (("prometheus", theirs), ("tocsin", mine)):
        print(f"  {name:10} {status} ...{body[max(0, at - 200):at + 300]}")


class Table:
    def __init__(self):
        self.cases = collections.Counter()
        self.filled = collections.Counter()
        self.total = 0
        self.total_filled = 0
        self.different = 0
        self.known = 0
        self.crashed = 0

    def count(self, constructs, filled):
        self.total += 1
        self.total_filled += filled
        for name in constructs:
            self.cases[name] += 1
            self.filled[name] += filled

    def print(self):
        for name in sorted(self.cases):
            print(f"{self.cases[name]:6} cases {self.filled[name]:6} with a result  {name}")
        share = self.total_filled / max(1, self.total)
        print(f"{self.total} cases, {share:.1%} with a result, {self.different} answered differently, "
              f"{self.known} of known differences, {self.crashed} that crash the real one")

    def is_complete(self):
        return self.total_filled >= 0.6 * self.total and min(self.cases.values()) >= 50


def features_of(seed):
    features = [expressions.FEATURES]
    if seed % 2:
        features.append("promql-delayed-name-removal")
    if seed % 3 == 0:
        features.append("st-storage,xor2-encoding,histograms-st-encoding")
    if seed % 6 == 0:
        features.append("use-start-timestamps")
    return ",".join(features)


def ask_real(real, path, parameters):
    status, _, body = real.ask("/api/v1/" + path, parameters)
    return status, body


def is_equal(known, path, text, theirs, mine):
    if theirs == mine:
        return True
    theirs, mine = (comparable(known.rewritten(answer), text.startswith("sort")) for answer in (theirs, mine))
    if theirs == mine:
        return True
    # A range query hands series on in another order each time, which shows in the last bits of a sum; an error also
    # names another of two series first, so the caller asks again.
    return path == "query_range" and theirs[0] == mine[0] == 200 and nearly_equal(*map(json.loads, (theirs[1], mine[1])))


def compare_world(options, seed, count, generator, table, known):
    features = features_of(seed)
    world = worlds.World(seed, "st-storage" in features)
    with tempfile.TemporaryDirectory() as folder:
        with real_one(options.prometheus, folder, features, world) as real, \
                Ours(options.answers, folder, features, world) as ours:
            for path, parameters, constructs in queries(seed, generator, count):
                text = parameters[0][1]
                theirs, mine = ask_real(real, path, parameters), ours.ask(path, parameters)
                generator.count(constructs)
                table.count(constructs, holds_something(theirs))
                if known.is_crash(theirs):
                    table.crashed += 1
                    continue
                if is_equal(known, path, text, theirs, mine):
                    continue
                tries = RANGE_TRIES if path == "query_range" else 0
                if any(is_equal(known, path, text, ask_real(real, path, parameters), mine) for _ in range(tries)):
                    continue
                if known.excuses(f"[{features}] {text}"):
                    table.known += 1
                    continue
                table.different += 1
                if table.different <= options.show:
                    print_difference(features, seed, path, parameters, theirs, mine)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", required=True)
    parser.add_argument("--prometheus")
    parser.add_argument("--cases", type=int, default=int(os.environ.get("TOCSIN_EXPRESSIONS", "2000")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("--require-table", action="store_true")
    options = parser.parse_args()
    options.prometheus = peers.find("prometheus", options.prometheus)
    if not options.prometheus:
        print("skipped: prometheus is not installed, so nothing is compared with it")
        return 0
    generator = expressions.Generator(options.seed)
    table = Table()
    known = Known()
    for at in range(0, options.cases, CASES_A_WORLD):
        compare_world(options, options.seed + at // CASES_A_WORLD, min(CASES_A_WORLD, options.cases - at), generator, table,
                      known)
    table.print()
    if options.require_table and not table.is_complete():
        print("expected 60 % with a result, and 50 cases of each construct")
        return 1
    return 1 if table.different else 0


if __name__ == "__main__":
    sys.exit(main())

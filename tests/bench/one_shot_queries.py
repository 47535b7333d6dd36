#!/usr/bin/env python3
"""What a small query costs that is asked once: parsed, planned, evaluated, thrown away. 1000 distinct expressions as
unit tests of one file, by promtool's engine and by ours; the cost of a file with one is taken off.

  one_shot_queries.py --tocsin PATH [--promtool PATH] [--queries N] [--rounds N]

The expressions and series are those of tests/compat/promql.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

COMPAT = pathlib.Path(__file__).resolve().parents[1] / "compat"
sys.path[:0] = [str(COMPAT), str(COMPAT / "promql")]
import expressions
import peers
import worlds

FEATURES = "--enable-feature=promql-experimental-functions,promql-extended-range-selectors,promql-binop-fill-modifiers"


def unit_tests(world, queries):
    """The results are compared away: what is counted is the evaluation."""
    lines = ["rule_files: []", "evaluation_interval: 1m", "tests:", "- interval: 1s", "  input_series:"]
    for line in world.script().splitlines()[1:]:
        name, _, values = line.strip().partition("} ")
        lines += [f"  - series: {json.dumps(name + '}')}", f"    values: {json.dumps(values)}"]
    lines.append("  promql_expr_test:")
    for query in queries:
        lines += [f"  - expr: {json.dumps(f'count({query}) < 0')}", "    eval_time: 15m", "    exp_samples: []"]
    return "\n".join(lines) + "\n"


def run(program, path):
    """Processor seconds, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "test", "rules", FEATURES, path] if "tocsin" in program else
                          [program, FEATURES, "test", "rules", path], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--promtool")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    promtool = peers.find("promtool", options.promtool)
    if not promtool:
        sys.exit("promtool is not installed")
    world = worlds.World(1, False)
    generator = expressions.Generator(1)
    with tempfile.TemporaryDirectory() as folder:
        def write(name, queries):
            path = os.path.join(folder, name)
            pathlib.Path(path).write_text(unit_tests(world, queries), encoding="utf-8")
            return path

        # Only vectors that promtool evaluates without an error.
        queries = []
        while len(queries) < options.queries:
            more = sorted({generator.expression()[0] for _ in range(options.queries)} - set(queries))
            more = [query for query in more if "\n" not in query and "1_700" not in query]
            _, done = run(promtool, write("all.yml", more))
            said = done.stdout + done.stderr
            queries += [query for query in more if json.dumps(f"count({query}) < 0", ensure_ascii=False) not in said]
        queries = queries[:options.queries]
        many, one = write("many.yml", queries), write("one.yml", queries[:1])
        costs = {}
        for program in (options.tocsin, promtool):
            _, done = run(program, many)
            print(f"{program}: exit code {done.returncode}")
            costs[program] = []
        for _ in range(options.rounds):
            for program in costs:
                costs[program].append((run(program, many)[0] - run(program, one)[0]) / (options.queries - 1))
        ours, theirs = (statistics.median(costs[program]) * 1e6 for program in (options.tocsin, promtool))
        print(f"{options.queries} queries: tocsin {ours:.1f} us each, promtool {theirs:.1f} us each, {ours / theirs:.2f}x")


if __name__ == "__main__":
    main()

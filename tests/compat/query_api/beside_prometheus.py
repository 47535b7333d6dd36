#!/usr/bin/env python3
"""The query API and `tocsin query` beside the real Prometheus and promtool.

Both servers scrape one page whose samples carry timestamps, so that they hold the same samples; then both get the same
requests, and must answer the same status, the same content type and the same JSON. The order of a vector is free where
upstream's is, and what says how long something took is left out. What promtool and `tocsin query` print of the real
server must be equal to the byte.

  beside_prometheus.py --tocsin PATH [--prometheus PATH] [--promtool PATH]

The real programs are found in $TOCSIN_PEERS or in $PATH.
"""
import argparse
import http.server
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import peers

SCRAPE_FOR = 48.0  # seconds; queries look back at most 40 of them
STEP = 5  # seconds between two samples

INSTANT_AND_RANGE = r"""
reqs_total
sum by(code)(rate(reqs_total[20s]))
temp
temp*1e300*1e300
1e21
1/3
scalar(temp{room='x'})
{"my.metric"}
histogram_quantile(0.9, lat_bucket)
rate(temp[20s])
sum(
up{
foo bar
nosuch
-0.000001
1e-9
sort_desc(reqs_total)
reqs_total offset 5s
topk(2,reqs_total)
label_replace(temp,'__name__','','room','.*')
reqs_total / 0
vector(1)
histogram_quantile(2,lat_bucket)
quantile(1.5,temp)
sum_over_time(reqs_total[10s:5s])
reqs_total @ end()
sum by(code, code)(reqs_total)
reqs_total{code=~"2("}
avg({__name__=~"reqs.*|temp"})
deriv(temp[20s])
label_join(temp, 'room', '-', 'x')
limitk(1, temp)
rate(reqs_total)
sum(temp[5s])
temp{room="x"} or reqs_total
reqs_total[10s]
'a<b>'
1 == 1
rate(temp[5s / 0])
temp offset (1s / 0)
temp offset (1s / step())
rate(temp[step()])
1 </ 2
"""

LABEL_NAMES = """code __name__ le nosuch U__label_2e_with_2e_dots U__ U__code label.with.dots U__a_zz_ U__x__y
U___2e_ U__a_1F600_b U__a_110000_ U__a_ U__a_2 U__a_010000_ U__a_01000_ %FF 9x U__label_2E_with_2e_dots U__d800__ U___d800_""".split()


class Page(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        now = int(time.time()) // STEP * STEP
        lines = ["# HELP reqs_total Requests <all> & sundry.", "# TYPE reqs_total counter"]
        for code in (200, 404, 500):
            for inst in "ab":
                value = now % 100000 * (code // 100) + ord(inst)
                lines.append(f'reqs_total{{code="{code}",inst="{inst}"}} {value} {now}000')
        lines += ["# HELP temp Temperature.", "# TYPE temp gauge"]
        for room, value in (("a<b", repr(math.sin(now))), ("x", "1e6"), ("nan", "NaN"), ("inf", "+Inf")):
            lines.append(f'temp{{room="{room}"}} {value} {now}000')
        lines += ["# HELP lat Latency.", "# TYPE lat histogram"]
        for le, share in (("0.1", 3), ("1", 7), ("+Inf", 10)):
            lines.append(f'lat_bucket{{le="{le}"}} {share * (now % 1000)} {now}000')
        lines += [f"lat_sum {now % 1000} {now}000", f"lat_count {10 * (now % 1000)} {now}000"]
        lines.append(f'{{"my.metric","label.with.dots"="v1"}} 1 {now}000')
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def requests(now):
    """Every request as (method, path, parameters)."""
    asked = []

    def add(path, *parameters, method="GET"):
        asked.append((method, "/api/v1/" + path, list(parameters)))

    def instant(query, **more):
        add("query", ("query", query), ("time", more.pop("time", now)), *more.items())

    def ranged(query, **more):
        bounds = {"start": now - 15, "end": now - 5, "step": 5, **more}
        add("query_range", ("query", query), *bounds.items())

    for query in INSTANT_AND_RANGE.strip().splitlines() + [""]:
        instant(query)
        ranged(query)
    for stats in ("true", "all", "x"):
        instant("reqs_total", stats=stats)
    for limit in (2, 0, -1, "x", "99999999999999999999"):
        instant("reqs_total", limit=limit)
    ranged("reqs_total", limit=1)
    instant("reqs_total", timeout="x")
    instant("reqs_total", timeout="1e30")
    for lookback in ("x", "1s", "-1s", "0", "-1"):
        instant("reqs_total", lookback_delta=lookback, time=now + 3.5)
    for when in ("x", "1e400", "2026-11-28T23:40:00Z", "2026-11-28T23:40:00.123456+02:00", f"{now}.5", f"{now}.0009",
                 "0", "-1", "-1.5", "1e9", "0x10", "+5", " 5", "5 "):
        instant("vector(1)", time=when)
        instant("1", time=when)
    for name, value in (("start", "x"), ("start", ""), ("end", "x"), ("end", now - 100), ("step", "0"), ("step", "x"),
                        ("step", "-1"), ("step", ""), ("step", "1m"), ("step", "1ms"), ("step", "1.5"),
                        ("step", "1e-10"), ("step", "NaN"), ("step", "Inf"), ("step", "1e30")):
        ranged("vector(1)", **{name: value})
    for start in (11000 * 5, 11001 * 5, 11001 * 5 + 1):
        ranged("vector(1)", start=now - start, end=now)
    ranged("temp[5s]")
    for method in ("GET", "POST"):
        for selectors in ([], ["reqs_total"], ["reqs_total", "temp"], ['{x=""}'], ["{"], ["sum(x)"], ["nosuch"], [""],
                          ["temp", "up{"], ["temp[5m]"]):
            matches = [("match[]", selector) for selector in selectors]
            add("series", *matches, method=method)
            add("labels", *matches, method=method)
            add("labels", *matches, ("limit", 2), method=method)
            for name in ("limit", "start", "end"):
                add("series", *matches, (name, "x"), method=method)
                add("labels", *matches, (name, "x"), method=method)
        add("labels", ("start", 1), ("end", 2), method=method)
        add("label/code/values", method=method)
    for name in LABEL_NAMES:
        add(f"label/{name}/values")
    add("label/code/values", ("limit", 1))
    add("label/code/values", ("match[]", "reqs_total{inst='a'}"), ("match[]", "temp"))
    add("label/room/values", ("match[]", "{"))
    for metadata in ([], [("metric", "temp")], [("metric", "nosuch")], [("limit", 0)], [("limit", "x")],
                     [("limit_per_metric", "x")], [("limit", -2)]):
        add("metadata", *metadata)
    for metadata in ([("metric", "temp")], [("metric", "nosuch")], [("match_target", '{job="t"}'), ("metric", "lat")],
                     [("match_target", '{job="z"}')], [("match_target", "{")], [("match_target", "{}"), ("metric", "lat")],
                     [("limit", "x")], [("limit", 0)]):
        add("targets/metadata", *metadata)
    golden = pathlib.Path(__file__).parents[2] / "golden" / "api" / "parse_query.txt"
    for query in golden.read_text().splitlines()[::2]:
        for path in ("parse_query", "format_query", "query_exemplars"):
            add(path, ("query", query))
    add("query_exemplars", ("query", "foo"), ("start", "x"))
    add("query_exemplars", ("query", "foo"), ("start", 2), ("end", 1))
    for path in ("status/tsdb/blocks", "status/walreplay", "status/nosuch", "nosuch", "scrape_pools", "alertmanagers"):
        add(path)
    for limit in ("0", "x", "10001"):
        add("status/tsdb", ("limit", limit))
    for method in ("OPTIONS", "PUT", "DELETE"):
        add("query", ("query", "1"), method=method)
    add("metadata", method="POST")
    return asked


def comparable(answer):
    """Without what upstream itself leaves open: the order of series, and what was measured."""
    status, content_type, body = answer
    try:
        document = json.loads(body)
    except ValueError:
        return answer
    data = document.get("data")
    peers.sort_vector(document)
    if isinstance(data, dict):
        if "stats" in data:
            data["stats"]["timings"] = dict.fromkeys(data["stats"]["timings"])
            data["stats"]["samples"].pop("peakSamples")
    elif isinstance(data, list):
        data.sort(key=json.dumps)
    return status, content_type, json.dumps(document)


def tool_calls(url, now):
    """Arguments behind "query"."""
    calls = []
    for output in ("promql", "json"):
        common = ["-o", output]
        calls += [
            common + ["instant", url, "temp", f"--time={now}"],
            common + ["instant", url, "scalar(temp{room='x'})", f"--time={now}.5"],
            common + ["instant", url, "nosuch", "--time=1"],
            common + ["range", url, '{__name__=~"temp|lat_count|my.metric"}', f"--start={now - 10}", f"--end={now}",
                      "--step=5s"],
            common + ["range", url, "vector(1)", f"--start={now - 1000}", f"--end={now}"],
            common + ["series", url, "--match=temp", '--match={"my.metric"}'],
            common + ["labels", url, "room"],
            common + ["labels", url, "label.with.dots", "--match=temp", '--match={"my.metric"}'],
        ]
    calls += [["instant", url, "sum("], ["instant", url + "/nosuch", "up"], ["range", url, "x", "--start=5", "--end=4"],
              ["range", url, "x", "--start=x"], ["labels", url, "x", "--end=x"], ["series", url, "--match={"],
              ["instant", "http://127.0.0.1:1", "up"]]
    return calls


def compare_requests(real, ours, now):
    different = 0
    asked = requests(now)
    for method, path, parameters in asked:
        theirs, mine = (server.ask(path, parameters, method) for server in (real, ours))
        if theirs == mine or comparable(theirs) == comparable(mine):
            continue
        different += 1
        print(method, path, parameters, "\n    prometheus:", *theirs, "\n    tocsin:    ", *mine)
    print(f"{len(asked)} requests, {different} answered differently")
    return different


def compare_tools(promtool, tocsin, real, now):
    different = 0
    calls = tool_calls(f"http://127.0.0.1:{real.port}", now)
    for arguments in calls:
        theirs, mine = (subprocess.run([program, "query"] + arguments, capture_output=True, text=True, check=False)
                        for program in (promtool, tocsin))
        results = [(run.returncode, run.stdout, run.stderr) for run in (theirs, mine)]
        if results[0] == results[1]:
            continue
        different += 1
        print(*arguments, "\n    promtool:", results[0], "\n    tocsin:  ", results[1])
    print(f"{len(calls)} calls, {different} printed differently")
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--prometheus")
    parser.add_argument("--promtool")
    options = parser.parse_args()
    prometheus, promtool = peers.find("prometheus", options.prometheus), peers.find("promtool", options.promtool)
    if not prometheus or not promtool:
        print("skipped: prometheus or promtool is not installed, so nothing is compared with it")
        return 0
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 1s}\n"
                       "scrape_configs:\n"
                       f"- {{job_name: t, static_configs: [{{targets: ['127.0.0.1:{page.server_port}']}}]}}\n")
        features = ("--enable-feature=promql-experimental-functions,promql-extended-range-selectors,"
                    "promql-binop-fill-modifiers")
        with peers.prometheus(prometheus, config, folder, features) as real, \
                peers.tocsin(options.tocsin, config, features) as ours:
            real.wait_ready()
            ours.wait_ready()
            time.sleep(SCRAPE_FOR)
            now = int(time.time()) // STEP * STEP - STEP
            different = compare_requests(real, ours, now) + compare_tools(promtool, options.tocsin, real, now)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

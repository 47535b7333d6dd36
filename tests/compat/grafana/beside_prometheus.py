#!/usr/bin/env python3
"""The seven Grafana queries of CIM's people, over the running example: tocsin beside the real Prometheus.

Both scrape cim-simulator, which plays its incident, as CIM's prometheus.yml says, but through a page keeper: it asks
the simulator once for every ten seconds, and gives each sample the time of that, so that both have the same samples
whenever they scrape. Then both get the queries as range queries and must answer the same.

  beside_prometheus.py --tocsin PATH --simulator PATH [--prometheus PATH] [--seconds N]

The real program is found in $TOCSIN_PEERS or in $PATH.
"""
import argparse
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import peers

QUERIES = (
    "rate(cim_events_processed_total[5m])",
    "rate(cim_commands_received_total[5m]) - rate(cim_commands_failed_total[5m])",
    "histogram_quantile(0.99, rate(cim_queries_duration_seconds_bucket[5m]))",
    "cim_nats_connections_active",
    "sum by (operation) (rate(cim_graph_operations_total[5m]))",
    "cim_graph_nodes_total",
    "histogram_quantile(0.99, rate(cim_spatial_query_duration_seconds_bucket[5m]))",
)
# As CIM wrote it this one finds nothing anywhere: received commands have a command_type, failed ones a reason.
FINDS_NOTHING = QUERIES[1]
INTERVAL = 10  # seconds, CIM's scrape_interval for its application


class Keeper:
    """The simulator's page, one for each interval, with times; nothing before `opens`, so that nobody has a sample
    that the other came too late for."""

    def __init__(self, url):
        self.opens = float("inf")
        self._url = url
        self._pages = {}
        self._lock = threading.Lock()

    def page(self):
        slot = int(time.time()) // INTERVAL * INTERVAL
        if slot < self.opens:
            return b""
        with self._lock:
            if slot not in self._pages:
                with urllib.request.urlopen(self._url, timeout=5) as answer:
                    lines = answer.read().decode().splitlines()
                self._pages[slot] = "".join(f"{line} {slot}000\n" if line and line[0] != "#" else line + "\n"
                                            for line in lines).encode()
            return self._pages[slot]


def serve(keeper):
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            body = keeper.page()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def comparable(body):
    document = json.loads(body)
    document["data"]["result"].sort(key=lambda series: json.dumps(series["metric"], sort_keys=True))
    return document


def compare(real, ours, start, end):
    different = 0
    for query in QUERIES:
        for step in (5, 15):
            parameters = [("query", query), ("start", start), ("end", end), ("step", step)]
            theirs, mine = (server.ask("/api/v1/query_range", parameters)[2] for server in (real, ours))
            theirs_read, mine_read = comparable(theirs), comparable(mine)
            points = sum(len(series["values"]) for series in theirs_read["data"]["result"])
            equal = theirs_read == mine_read and (points > 0) == (query != FINDS_NOTHING)
            print(f"{'equal' if equal else 'DIFFERENT':9} {len(theirs_read['data']['result']):3} series {points:5} points  {query}")
            if not equal:
                different += 1
                print("    prometheus:", theirs[:2000], "\n    tocsin:    ", mine[:2000])
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--prometheus")
    parser.add_argument("--seconds", type=int, default=75)
    options = parser.parse_args()
    prometheus = peers.find("prometheus", options.prometheus)
    if not prometheus:
        print("skipped: prometheus is not installed, so nothing is compared with it")
        return 0
    cim = pathlib.Path(__file__).resolve().parents[3] / "examples" / "cim"
    metrics, sink = peers.free_port(), peers.free_port()
    simulator = subprocess.Popen([options.simulator, f"127.0.0.1:{metrics}", f"127.0.0.1:{sink}"], stdout=subprocess.DEVNULL)
    try:
        keeper = Keeper(f"http://127.0.0.1:{metrics}/metrics")
        port = serve(keeper)
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "prometheus.yml"
            text = (cim / "prometheus.yml").read_text(encoding="utf-8").replace("localhost:9091", f"127.0.0.1:{port}")
            config.write_text(text.replace('"alerts/', f'"{cim}/alerts/'), encoding="utf-8")
            with peers.prometheus(prometheus, str(config), folder) as real, peers.tocsin(options.tocsin, str(config)) as ours:
                real.wait_ready()
                ours.wait_ready()
                # Both have found their place in the interval after the first one.
                keeper.opens = first = int(time.time()) // INTERVAL * INTERVAL + 2 * INTERVAL
                time.sleep(options.seconds)
                last = int(time.time()) // INTERVAL * INTERVAL - INTERVAL
                return 1 if compare(real, ours, first, last) else 0
    finally:
        simulator.terminate()
        simulator.wait()


if __name__ == "__main__":
    sys.exit(main())

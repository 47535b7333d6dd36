#!/usr/bin/env python3
"""Random route trees and timelines beside the real Alertmanager.

A seed makes one configuration of many small trees ("worlds", each under a route of its own) and one timeline. The
timeline is written in the language of tests/scripts/dispatch; run_timelines plays it in virtual time with upstream's
policy, this program plays it in real time over API v2 against Alertmanager, whose webhooks point at a sink here. Both
must have told the same integrations the same things, in the same order of alerts, for the same reason, at the same time.

  beside_alertmanager.py --timelines PATH [--alertmanager PATH] [--seed N] [--worlds K] [--record FILE]

Alertmanager is found in $TOCSIN_PEERS or in $PATH.

--record writes the timeline with what the real program said as its expectations: a test without the real program.
"""
import argparse
import datetime
import http.server
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import peers

TOLERANCE = 0.45  # seconds: the real program runs on a machine that does other things too
LENGTH = 36.0
BOUNDARY = 18  # seconds after the start a minute begins, and with it and with the one before it time intervals
POLICY = "upstream,+told_kept"  # the real program forgets only in rounds of 15 minutes, which no run here reaches


class World:
    """One tree with its alerts; everything in it carries the label world="N"."""

    def __init__(self, rng, number):
        self.rng, self.number = rng, number
        self.steps = []  # (time, verb, text for the timeline, call for the real program)
        # No two steps of a world share a fraction of a second, so that none meets a tick that another one started.
        self.fractions = [f / 100 for f in range(5, 100, 9)]
        rng.shuffle(self.fractions)
        self.receivers = [f"r{number}{letter}" for letter in "ab"]
        self.hooks = {name: [rng.random() < 0.75 for _ in range(rng.randint(1, 2))] for name in self.receivers}
        self.alerts = self.make_alerts()
        self.plan()

    def make_alerts(self):
        alerts = []
        for i in range(self.rng.randint(2, 4)):
            labels = {"alertname": f"W{self.number}A{self.rng.randint(0, 1)}", "i": str(i), "world": str(self.number)}
            if self.rng.random() < 0.6:
                labels["sev"] = self.rng.choice(["critical", "warning"])
            if self.rng.random() < 0.5:
                labels["team"] = self.rng.choice(["db", "web"])
            alerts.append(labels)
        return alerts

    def options(self, must):
        rng, lines = self.rng, []
        interval = rng.choice([2, 3, 4])
        if must or rng.random() < 0.5:
            lines.append(f"receiver: {rng.choice(self.receivers)}")
        if must or rng.random() < 0.5:
            lines.append("group_by: " + rng.choice(["[alertname]", "[alertname, team]", "['...']", "[]", "[sev]"]))
        if must or rng.random() < 0.5:
            lines.append(f"group_wait: {rng.choice([0, 1, 2])}s")
        if must or rng.random() < 0.5:
            lines.append(f"group_interval: {interval}s")
            # Never a multiple of the interval: there the real program depends on milliseconds.
            lines.append(f"repeat_interval: {int((rng.randint(1, 4) + 0.5) * interval * 1000)}ms")
        if rng.random() < 0.15:
            kind = rng.choice(["mute_time_intervals", "active_time_intervals"])
            lines.append(f"{kind}: [{rng.choice(['before', 'after', 'before, after'])}]")
        return lines

    def route(self):
        lines = [f"    - matchers: ['world=\"{self.number}\"']"] + ["      " + o for o in self.options(True)]
        children = []
        for matcher in ('sev="critical"', 'team=~"db|web"', 'i!="1"', 'team="db"'):
            if self.rng.random() < 0.4:
                children.append(f"        - matchers: ['{matcher}']")
                if self.rng.random() < 0.5:
                    children.append("          continue: true")
                children += ["          " + o for o in self.options(False)]
                if self.rng.random() < 0.3:
                    children.append("          routes:")
                    children.append("            - matchers: ['sev=\"warning\"']")
                    children += ["              " + o for o in self.options(False)]
        return lines + (["      routes:"] + children if children else [])

    def moment(self, low, high):
        return round(self.rng.randint(low, high) + self.fractions.pop(), 2)

    def plan(self):
        for labels in self.alerts:
            self.plan_alert(labels)
        if self.rng.random() < 0.4 and len(self.fractions) > 2:
            self.plan_silence()
        if self.rng.random() < 0.3 and len(self.fractions) > 2:
            receiver = self.rng.choice(self.receivers)
            hook = self.rng.randrange(len(self.hooks[receiver]))
            start = self.moment(1, 12)
            end = self.moment(int(start) + 2, int(start) + 12)
            for at, status in ((start, 400), (end, 200)):
                self.steps.append((at, "answers", f"{receiver}/webhook[{hook}] {status}", (receiver, hook, status)))

    def plan_alert(self, labels):
        start = self.moment(1, 10)
        age = self.rng.choice([0, 0, 0, 30])
        self.post(start, labels, start - age, 600)
        if not self.fractions or self.rng.random() < 0.2:
            return
        end = self.moment(int(start) + 1, int(start) + 14)
        self.post(end, labels, start - age, end)
        if self.fractions and self.rng.random() < 0.5:
            again = self.moment(int(end) + 1, int(end) + 6)
            self.post(again, labels, again, 600)

    def post(self, at, labels, starts, ends):
        self.steps.append((at, "posts", f"{show(labels)} from {ms(starts)} until {ms(ends)}", (labels, starts, ends)))

    def plan_silence(self):
        start = self.moment(1, 12)
        end = self.moment(int(start) + 2, int(start) + 10)
        name = f"W{self.number}A0"
        self.steps.append(
            (start, "silence", f"S{self.number} alertname={name} from {ms(start)} until {ms(end)}", (name, start, end)))


def ms(seconds):
    return f"{'-' if seconds < 0 else ''}{abs(round(seconds * 1000))}ms"


def show(labels, separator=","):
    rest = separator.join(f'{k}="{v}"' for k, v in sorted(labels.items()) if k != "alertname")
    return labels["alertname"] + (f"{{{rest}}}" if rest else "")


def configuration(worlds, port, boundary):
    """`boundary` is the minute of the day that begins BOUNDARY seconds after the play does."""
    lines = ["time_intervals:",
             f"  - name: before\n    time_intervals: [{{times: [{{start_time: '00:00', end_time: '{boundary}'}}]}}]",
             f"  - name: after\n    time_intervals: [{{times: [{{start_time: '{boundary}', end_time: '24:00'}}]}}]",
             "route:", "  receiver: nobody", "  routes:"]
    for world in worlds:
        lines += world.route()
    lines += ["receivers:", "  - name: nobody"]
    for world in worlds:
        for receiver, hooks in world.hooks.items():
            lines += [f"  - name: {receiver}", "    webhook_configs:"]
            for i, send_resolved in enumerate(hooks):
                lines += [f"      - url: http://127.0.0.1:{port}/{receiver}/{i}",
                          f"        send_resolved: {str(send_resolved).lower()}"]
    lines += ["inhibit_rules:", "  - source_matchers: ['sev=\"critical\"']",
              "    target_matchers: ['sev=\"warning\"']", "    equal: [world]",
              "  - source_match: {team: db, i: '0'}", "    target_match_re: {i: '[123]', team: 'web|'}",
              "    equal: [world, alertname]"]
    return "\n".join(lines) + "\n"


def timeline(seed, worlds, config, start, expectations):
    lines = [f"# Made by beside_alertmanager.py --seed {seed} --worlds {len(worlds)}.", "config", config.rstrip(), "end", "",
             f"case what Alertmanager 0.34 said, seed {seed}", f"policy {POLICY}", "anyorder",
             f"start {rfc3339(start)}"]
    for at, verb, text, _ in sorted((step for world in worlds for step in world.steps), key=lambda s: s[0]):
        lines.append(f"at {ms(at)} {verb} {text}")
    return "\n".join(lines + expectations + [f"until {ms(LENGTH)}"]) + "\n"


class Said:
    def __init__(self, at, who, text, answer, reason):
        self.at, self.who, self.text, self.answer, self.reason = at, who, text, answer, reason

    def key(self):
        return (self.who, self.text, self.answer, self.reason)

    def line(self):
        answer = f" ({self.answer})" if self.answer else ""
        return f"{self.who} {self.text}{answer} [{self.reason}]"


class Sink(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # a connection that finds no room comes again after a second

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.start = None
        self.answers = {}
        self.said = []
        self.lock = threading.Lock()

    def handle_error(self, *_):
        pass  # the real program closes what it keeps open when it ends


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        now = time.time()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, receiver, index = self.path.split("/")
        lists = {"firing": [], "resolved": []}
        for alert in body["alerts"]:
            lists[alert["status"]].append(show(alert["labels"], ", "))
        text = "; ".join(f"{state} {', '.join(names)}" for state, names in lists.items() if names)
        with self.server.lock:
            status = self.server.answers.get((receiver, int(index)), 200)
            self.server.said.append(Said(now - self.server.start, f"{receiver}/webhook[{index}]", text,
                                         "" if status == 200 else str(status), body["notification_reason"]))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def rfc3339(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def call(base, path, body):
    request = urllib.request.Request(base + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def perform(base, sink, verb, what):
    if verb == "posts":
        labels, starts, ends = what
        call(base, "/api/v2/alerts", [{"labels": labels, "startsAt": rfc3339(sink.start + starts),
                                       "endsAt": rfc3339(sink.start + ends)}])
    elif verb == "silence":
        name, starts, ends = what
        matcher = {"name": "alertname", "value": name, "isRegex": False, "isEqual": True}
        call(base, "/api/v2/silences", {"matchers": [matcher], "startsAt": rfc3339(sink.start + starts),
                                        "endsAt": rfc3339(sink.start + ends), "createdBy": "test", "comment": "test"})
    elif verb == "answers":
        receiver, hook, status = what
        with sink.lock:
            sink.answers[(receiver, hook)] = status


def wait_ready(base, process):
    for _ in range(200):
        if process.poll() is not None:
            sys.exit("alertmanager ended at once")
        try:
            urllib.request.urlopen(base + "/-/ready", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("alertmanager is not ready after 20 s")


def next_start():
    """A moment some seconds ahead, BOUNDARY seconds before a minute that is not midnight."""
    minute = (int(time.time() + 3 + BOUNDARY) // 60 + 1) * 60
    if minute % 86400 == 0:
        minute += 60
    return float(minute - BOUNDARY), time.strftime("%H:%M", time.gmtime(minute))


def play_real(program, worlds, make_config):
    sink = Sink()
    start, boundary = next_start()
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        config = make_config(sink.server_address[1], boundary)
        path = os.path.join(folder, "alertmanager.yml")
        with open(path, "w") as out:
            out.write(config)
        port = peers.free_port()
        with open(os.path.join(folder, "log"), "w") as log:
            process = subprocess.Popen(
                [program, f"--config.file={path}", f"--storage.path={folder}/data", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
            try:
                base = f"http://127.0.0.1:{port}"
                wait_ready(base, process)
                sink.start = start
                steps = sorted((s for world in worlds for s in world.steps), key=lambda s: s[0])
                latest = 0.0
                for at, verb, _, what in steps:
                    time.sleep(max(0.0, sink.start + at - time.time()))
                    perform(base, sink, verb, what)
                    latest = max(latest, time.time() - sink.start - at)
                time.sleep(max(0.0, sink.start + LENGTH - time.time()))
            finally:
                process.terminate()
                process.wait()
    sink.shutdown()
    return sorted(sink.said, key=lambda s: s.at), latest, start, boundary


def seconds_of(text):
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001, "µs": 1e-6, "ns": 1e-9}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)(h|ms|µs|ns|m|s)", text))


def play_virtual(program, script):
    with tempfile.NamedTemporaryFile("w", suffix=".timeline", delete=False) as out:
        out.write(script)
    answer = subprocess.run([program, "--print", out.name], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"run_timelines failed on {out.name}: {answer.stdout}{answer.stderr}")
    os.unlink(out.name)
    said = []
    for line in answer.stdout.splitlines():
        at, who, rest = re.fullmatch(r"expect (\S+) (\S+) (.*)", line).groups()
        text, status, reason = re.fullmatch(r"(.*?)(?: \((\d+|none)\))? \[(.*)\]", rest).groups()
        said.append(Said(seconds_of(at), who, text, status or "", reason))
    return said


def differences(ours, real):
    """What one of the two said and the other did not, near that time."""
    left, found = list(real), []
    for said in ours:
        near = [r for r in left if r.key() == said.key() and abs(r.at - said.at) <= TOLERANCE]
        if near:
            left.remove(min(near, key=lambda r: abs(r.at - said.at)))
        else:
            found.append((said.at, "ours", said))
    found += [(said.at, "real", said) for said in left]
    # What falls due in the last moments may or may not be seen.
    return sorted((f for f in found if f[0] < LENGTH - 1), key=lambda f: f[0])


def report(seed, worlds, real, ours, found, latest):
    for at, side, said in found:
        print(f"  {side} only, {at:7.3f}s: {said.line()}")
    names = {re.match(r"r(\d+)", said.who).group(1) for _, _, said in found}
    print(f"seed {seed}: {len(worlds)} worlds, {len(real)} notifications of Alertmanager, {len(ours)} of ours, "
          f"{len(found)} differences in {len(names)} worlds; steps were at most {latest * 1000:.0f} ms late")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--alertmanager")
    parser.add_argument("--timelines", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--attempts", type=int, default=1, help="a loaded machine is late: plays that differ are repeated")
    parser.add_argument("--record")
    options = parser.parse_args()
    program = peers.find("alertmanager", options.alertmanager)
    if program is None:
        print("skipped: alertmanager is not installed, so nothing is compared with it")
        return 0
    rng = random.Random(options.seed)
    worlds = [World(rng, number) for number in range(options.worlds)]
    state = rng.getstate()

    def make_config(port, boundary):
        rng.setstate(state)  # routes are drawn anew each time, and must come out the same
        return configuration(worlds, port, boundary)

    for attempt in range(options.attempts):
        real, latest, start, boundary = play_real(program, worlds, make_config)
        ours = play_virtual(options.timelines, timeline(options.seed, worlds, make_config(9, boundary), start, []))
        found = differences(ours, real)
        report(options.seed, worlds, real, ours, found, latest)
        if not found:
            break
    if options.record and not found:
        lines = [f"expect {ms(max(0, s.at - TOLERANCE))}..{ms(s.at + TOLERANCE)} {s.line()}" for s in real]
        with open(options.record, "w") as out:
            out.write(timeline(options.seed, worlds, make_config(9, boundary), start, lines))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the comparisons with real programs share: finding and starting them, asking them, comparing their answers."""
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse


def find(name, given=None):
    """The real program: as given, in $TOCSIN_PEERS, or in $PATH; None if it is nowhere."""
    path = os.pathsep.join(filter(None, [os.environ.get("TOCSIN_PEERS"), os.environ.get("PATH")]))
    return given or shutil.which(name, path=path)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that serves HTTP on a port of this machine, until the block ends."""

    def __init__(self, port, command):
        self.port = port
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def wait_ready(self, path="/-/ready", seconds=20.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.ask(path)[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                self._connection.close()
            time.sleep(0.02)
        raise RuntimeError(f"nobody answers on port {self.port} after {seconds} seconds")

    def ask(self, path, parameters=(), method="GET"):
        """Status, content type and body."""
        encoded = urllib.parse.urlencode(parameters)
        if method == "POST":
            self._connection.request(method, path, encoded, {"Content-Type": "application/x-www-form-urlencoded"})
        else:
            self._connection.request(method, path + ("?" + encoded if encoded else ""))
        reply = self._connection.getresponse()
        return reply.status, reply.getheader("Content-Type"), reply.read().decode("utf-8", "replace")


def prometheus(program, config, folder, *flags):
    port = free_port()
    return Server(port, [program, "--config.file=" + config, f"--storage.tsdb.path={folder}/data",
                         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error", *flags])


def tocsin(program, config, *flags):
    port = free_port()
    return Server(port, [program, "serve", "--config.file=" + config, "--storage.path=",
                         f"--web.listen-address=127.0.0.1:{port}", *flags])


def sort_vector(document):
    """The order of a vector is free, but for functions that sort."""
    data = document.get("data")
    if isinstance(data, dict) and data.get("resultType") == "vector":
        data["result"].sort(key=lambda row: json.dumps(row["metric"], sort_keys=True))

"""Gives a Prometheus samples with start timestamps, which it stores from scrapes only: one page in the protobuf format
(io.prometheus.client.MetricFamily), with all samples of all times."""
import http.server
import threading

from remote_write import (as_double, bytes_field, double_bits_field, double_field, key, packed, span, varint,
                          varint_field, zigzag)

COUNTER, HISTOGRAM = 0, 4
# A scrape adds labels of its own, so those of the page wait under other names until these are gone.
SCRAPE_CONFIG = """
global: {{scrape_interval: 1s, scrape_native_histograms: true, scrape_protocols: [PrometheusProto]}}
scrape_configs:
- job_name: page
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  metric_relabel_configs:
  - {{action: labeldrop, regex: job|instance}}
  - {{action: labelmap, regex: own_(.*)}}
  - {{action: labeldrop, regex: own_.*}}
"""


def timestamp(milliseconds):
    return varint_field(1, milliseconds // 1000) + varint_field(2, milliseconds % 1000 * 1_000_000)


def native_histogram(histogram, start):
    out = varint_field(1, int(histogram.count)) + double_field(2, histogram.sum)
    out += key(5, 0) + zigzag(histogram.schema) + double_field(6, histogram.zero_threshold)
    out += varint_field(7, int(histogram.zero_count))
    for buckets, offset, spans, deltas in ((histogram.negative, histogram.negative_offset, 9, 10),
                                           (histogram.positive, histogram.offset, 12, 13)):
        if buckets:
            out += bytes_field(spans, span(offset, len(buckets)))
            out += packed(deltas, [int(now - then) for now, then in zip(buckets, [0] + buckets[:-1])], zigzag)
    return out + bytes_field(15, timestamp(start))


def metric(labels, value, time, start):
    out = b"".join(bytes_field(1, bytes_field(1, b"own_" + name.encode()) + bytes_field(2, text.encode()))
                   for name, text in labels if name != "__name__")
    if isinstance(value, int):
        out += bytes_field(3, double_bits_field(1, value) + (bytes_field(3, timestamp(start)) if start else b""))
    else:
        out += bytes_field(7, native_histogram(value, start))
    return out + varint_field(6, time)


def page(families):
    """`families`: (name, samples in the order of time), with samples as remote_write takes them."""
    out = b""
    for name, samples in families:
        kind = COUNTER if isinstance(samples[0][1], int) else HISTOGRAM
        body = bytes_field(1, name.encode()) + varint_field(3, kind)
        body += b"".join(bytes_field(4, metric(*sample)) for sample in samples)
        out += varint(len(body)) + body
    return out


class PageServer:
    """Answers every request with one page."""

    def __init__(self, body):
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/vnd.google.protobuf; "
                                 "proto=io.prometheus.client.MetricFamily; encoding=delimited")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

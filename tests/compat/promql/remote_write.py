"""Writes samples into a Prometheus through its remote-write receiver: protocol 2.0, whose messages are
io.prometheus.write.v2.Request (prompb/io/prometheus/write/v2/types.proto), packed as one literal of snappy."""
import http.client
import struct


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def key(field, wire_type):
    return varint(field << 3 | wire_type)


def bytes_field(field, content):
    return key(field, 2) + varint(len(content)) + content


def double_field(field, value):
    return key(field, 1) + struct.pack("<d", value)


def double_bits_field(field, bits):
    return key(field, 1) + struct.pack("<Q", bits)


def varint_field(field, number):
    return key(field, 0) + varint(number)


def packed(field, items, pack):
    return bytes_field(field, b"".join(pack(item) for item in items)) if items else b""


def as_double(value):
    return struct.pack("<d", value)


def span(offset, length):
    return key(1, 0) + zigzag(offset) + varint_field(2, length)


def histogram_message(histogram, timestamp, start):
    """`histogram` is a worlds.Histogram."""
    whole = histogram.is_integer
    out = varint_field(1, int(histogram.count)) if whole else double_field(2, histogram.count)
    out += double_field(3, histogram.sum) + key(4, 0) + zigzag(histogram.schema)
    out += double_field(5, histogram.zero_threshold)
    out += varint_field(6, int(histogram.zero_count)) if whole else double_field(7, histogram.zero_count)
    for buckets, offset, spans, deltas, counts in ((histogram.negative, histogram.negative_offset, 8, 9, 10),
                                                   (histogram.positive, histogram.offset, 11, 12, 13)):
        if not buckets:
            continue
        out += bytes_field(spans, span(offset, len(buckets)))
        if whole:
            before = [0] + buckets[:-1]
            out += packed(deltas, [int(now - then) for now, then in zip(buckets, before)], zigzag)
        else:
            out += packed(counts, buckets, as_double)
    out += varint_field(14, 3 if histogram.gauge else 0) + varint_field(15, timestamp)
    out += packed(16, histogram.custom_values, as_double)
    return out + varint_field(17, start)


class Writer:
    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def write(self, samples):
        """Samples of one time: (labels as pairs, value, timestamp in ms, start timestamp in ms or 0). A value is
        an int, the bits of a double, or a histogram."""
        symbols = {"": 0}
        body = b""
        for labels, value, timestamp, start in samples:
            references = [symbols.setdefault(text, len(symbols)) for pair in sorted(labels) for text in pair]
            series = packed(1, references, varint)
            if isinstance(value, int):
                message = double_bits_field(1, value) + varint_field(2, timestamp) + varint_field(3, start)
                series += bytes_field(2, message)
            else:
                series += bytes_field(3, histogram_message(value, timestamp, start))
            body += bytes_field(5, series)
        body = b"".join(bytes_field(4, text.encode()) for text in symbols) + body
        # A literal of snappy whose length has four bytes.
        body = varint(len(body)) + b"\xfc" + struct.pack("<I", len(body) - 1) + body
        self._connection.request("POST", "/api/v1/write", body, {
            "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            "X-Prometheus-Remote-Write-Version": "2.0.0"})
        reply = self._connection.getresponse()
        text = reply.read().decode("utf-8", "replace")
        if reply.status != 204:
            raise RuntimeError(f"remote write: {reply.status} {text}")

"""Random series: counters that reset, gauges with NaN and infinities, gaps and stale markers, sparse series,
classic and native histograms, info metrics. Each world is what a seed makes of them."""
import dataclasses
import random
import struct

STALE = 0x7FF0000000000002  # the NaN that ends a series
NAN = 0x7FF8000000000001
# Long ago, and the beginning of a block: a Prometheus that starts empty takes it.
START = 1_700_006_400
SECONDS = 1200


@dataclasses.dataclass
class Histogram:
    count: float
    sum: float
    schema: int = 0
    zero_threshold: float = 0.0
    zero_count: float = 0
    positive: list = dataclasses.field(default_factory=list)
    offset: int = 0
    negative: list = dataclasses.field(default_factory=list)
    negative_offset: int = 0
    custom_values: list = dataclasses.field(default_factory=list)
    gauge: bool = False
    is_integer: bool = False

    def notation(self):
        parts = [f"schema:{self.schema}", f"count:{number(self.count)}", f"sum:{number(self.sum)}"]
        if self.zero_threshold:
            parts.append(f"z_bucket_w:{number(self.zero_threshold)}")
        if self.zero_count:
            parts.append(f"z_bucket:{number(self.zero_count)}")
        if self.custom_values:
            parts.append("custom_values:[" + " ".join(map(number, self.custom_values)) + "]")
        for name, offset_name, buckets, offset in (("buckets", "offset", self.positive, self.offset),
                                                   ("n_buckets", "n_offset", self.negative, self.negative_offset)):
            if buckets:
                parts.append(f"{name}:[" + " ".join(map(number, buckets)) + "]")
                if offset:
                    parts.append(f"{offset_name}:{offset}")
        if self.gauge:
            parts.append("counter_reset_hint:gauge")
        return "{{" + " ".join(parts) + "}}"


@dataclasses.dataclass
class Sample:
    second: int  # since START
    value: object  # the bits of a double, or a Histogram
    start: int = 0  # its start timestamp as seconds before it, 0: none


@dataclasses.dataclass
class Series:
    labels: dict
    samples: list


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def number(value):
    return repr(float(value)) if value != int(value) or abs(value) > 1e15 else str(int(value))


def value_text(value):
    if isinstance(value, Histogram):
        return value.notation()
    if value == STALE:
        return "stale"
    if value == NAN:
        return "NaN"
    decimal = struct.unpack("<d", struct.pack("<Q", value))[0]
    if decimal in (float("inf"), float("-inf")):
        return "Inf" if decimal > 0 else "-Inf"
    return repr(decimal)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def series_text(labels):
    return "{" + ",".join(f"{quote(name)}={quote(value)}" for name, value in sorted(labels.items())) + "}"


class World:
    def __init__(self, seed, with_starts):
        self._random = random.Random(seed)
        self._with_starts = with_starts
        self.series = []
        self._make()
        # Both programs give series in this order: by their first samples from a head block alone, by their labels from
        # more than one, which those with start timestamps come from.
        self.series = [series for series in self.series if series.samples]
        self.series.sort(key=lambda series: (0 if with_starts else series.samples[0].second, sorted(series.labels.items())))

    @staticmethod
    def _has_starts(series):
        return any(sample.start for sample in series.samples)

    # ---- when

    def _times(self, gaps=0.25):
        """Times of scrapes, with their jitter, and holes; now and then the last before a hole is a marker."""
        chance = self._random
        interval = chance.choice((10, 15, 15, 30))
        second = chance.randrange(interval)
        if chance.random() < 0.15:
            second += chance.randrange(SECONDS // 2)
        end = SECONDS if chance.random() < 0.8 else chance.randrange(SECONDS // 2, SECONDS)
        times = []
        while second < end:
            times.append((second, False))
            if chance.random() < gaps / 12:
                times.append((second + interval, True))
                second += interval * chance.randrange(2, 25)
            second += interval if chance.random() < 0.8 else interval + chance.choice((-1, 1, 2))
        return times

    def _add(self, labels, next_value, gaps=0.25, is_counter=False):
        samples = []
        born = None
        for second, gone in self._times(gaps):
            if gone:
                # A page of native histograms has no way to say that one ended.
                is_native = samples and isinstance(samples[-1].value, Histogram)
                if self._random.random() < 0.6 and not (is_counter and self._with_starts and is_native):
                    samples.append(Sample(second, STALE))
                born = None
                continue
            value, was_reset = next_value(born is None)
            if born is None or was_reset:
                born = second - self._random.randrange(1, 20)
            start = second - born if is_counter and self._with_starts else 0
            samples.append(Sample(second, value, start))
        # A marker of a histogram series is a number too: that is what a failed scrape writes.
        self.series.append(Series(labels, samples))

    # ---- what

    def _counter(self, scale=1.0, whole=True):
        chance = self._random
        state = [float(chance.randrange(100))]

        def step(is_new):
            was_reset = is_new and chance.random() < 0.5 or chance.random() < 0.04
            if was_reset:
                state[0] = 0.0
            grown = chance.randrange(20) if whole else round(chance.random() * scale, 3)
            state[0] += grown if chance.random() < 0.8 else 0
            return bits_of(state[0]), was_reset

        return step

    def _gauge(self):
        chance = self._random
        kind = chance.randrange(4)

        def step(_):
            odd = chance.random()
            if odd < 0.02:
                return NAN, False
            if odd < 0.03:
                return bits_of(chance.choice((float("inf"), float("-inf"), -0.0, 1e300, -1e-300))), False
            if kind == 0:
                return bits_of(float(chance.randrange(-5, 6))), False
            if kind == 1:
                return bits_of(round(chance.gauss(0, 1), 3)), False
            if kind == 2:
                return bits_of(chance.choice((0.0, 1.0))), False
            return bits_of(chance.random() * 10 ** chance.randrange(-3, 9)), False

        return step

    def _native(self, schema, gauge=False, bounds=None, whole=True):
        """A histogram whose buckets grow as a counter's do, or jump as a gauge's."""
        chance = self._random
        size = len(bounds) + 1 if bounds else chance.randrange(2, 6)
        offset = 0 if bounds else chance.randrange(-3, 4)
        two_sided = not bounds and chance.random() < 0.4
        threshold = 0.0 if bounds else chance.choice((0.0, 0.001, 0.5))
        state = {"positive": [0] * size, "negative": [0] * (2 if two_sided else 0), "zero": 0, "sum": 0.0}

        def step(_):
            was_reset = gauge or chance.random() < 0.06
            if was_reset:
                state.update(positive=[0] * size, negative=[0] * len(state["negative"]), zero=0, sum=0.0)
            unit = 1 if whole else 0.5
            state["positive"] = [count + chance.choice((0, 1, 2, 5)) * unit for count in state["positive"]]
            state["negative"] = [count + chance.choice((0, 1)) * unit for count in state["negative"]]
            if threshold:
                state["zero"] += chance.choice((0, 1)) * unit
            state["sum"] += chance.randrange(20) * 0.5
            total = sum(state["positive"]) + sum(state["negative"]) + state["zero"]
            return Histogram(total, state["sum"], schema, threshold, state["zero"], list(state["positive"]), offset,
                             list(state["negative"]), -1 if two_sided else 0, list(bounds or []), gauge, whole), was_reset

        return step

    def _classic(self, name, labels, bounds):
        """The buckets of one histogram have the same times, now and then not the same counts."""
        chance = self._random
        times = self._times()
        counts = [0] * len(bounds)
        rows = [[] for _ in bounds]
        for second, gone in times:
            if gone:
                if chance.random() < 0.6:
                    for row in rows:
                        row.append(Sample(second, STALE))
                continue
            if chance.random() < 0.04:
                counts = [0] * len(bounds)
            for _ in range(chance.randrange(12)):
                first = chance.randrange(len(bounds))
                for at in range(first, len(bounds)):
                    counts[at] += 1
            for row, count in zip(rows, counts):
                wrong = 0.25 if chance.random() < 0.01 else 0
                row.append(Sample(second, bits_of(count - wrong)))
        for bound, row in zip(bounds, rows):
            self.series.append(Series({"__name__": name + "_bucket", "le": bound, **labels}, row))

    def _make(self):
        chance = self._random
        for job in "ab":
            for inst in "123":
                where = {"job": job, "inst": inst}
                self._add({"__name__": "c_total", **where}, self._counter(), is_counter=True)
                self._add({"__name__": "g", **where}, self._gauge())
        for inst in "123":
            self._add({"__name__": "d_total", "job": "a", "inst": inst}, self._counter(2.5, False), is_counter=True)
        for job in "abc":
            self._add({"__name__": "k", "job": job, "zone": chance.choice("xy")}, self._gauge())
        for at in range(3):
            self._add({"__name__": "sparse", "job": "ab"[at % 2], "n": str(at)}, self._gauge(), gaps=6)
        self._add({"__name__": "one"}, self._counter())
        self._add({"__name__": "utf8.metric", "label.x": "é", "job": "a"}, self._gauge())
        self._add({"__name__": "utf8.metric", "label.x": "y z", "job": "b"}, self._gauge())
        for job in "ab":
            bounds = ("0.1", "0.5", "1", "2.5", "+Inf") if chance.random() < 0.8 else ("0.1", "1.0", "2.5")
            self._classic("lat", {"job": job}, bounds)
            self._add({"__name__": "h", "job": job}, self._native(chance.choice((0, 0, 1, 2, -1))), is_counter=True)
            self._add({"__name__": "hg", "job": job}, self._native(chance.choice((0, 1)), gauge=True, whole=False))
            custom = (0.1, 1.0, 2.5) if chance.random() < 0.7 else (0.1, 0.5, 2.5, 5.0)
            self._add({"__name__": "hc", "job": job}, self._native(-53, bounds=custom))
        mixed = (self._native(0), self._counter())
        self._add({"__name__": "mix", "job": "a"}, lambda is_new: mixed[chance.random() < 0.4](is_new))
        self._add({"__name__": "mix", "job": "b"}, self._native(chance.choice((-4, 3, 8)), whole=False))
        self._add({"__name__": "mix", "job": "c"}, self._counter())
        for job in "ab":
            for inst in "12":
                one = lambda _: (bits_of(1.0), False)
                self._add({"__name__": "target_info", "job": job, "instance": inst, "version": chance.choice(("1", "2")),
                           "data": f"{job}{inst}"}, one, gaps=0.1)
                self._add({"__name__": "served_total", "job": job, "instance": inst}, self._counter(), is_counter=True)
        self._add({"__name__": "build_info", "job": "a", "instance": "1", "build": "x"}, lambda _: (bits_of(1.0), False))

    # ---- for the programs

    def script(self):
        """As a load command with one column a second."""
        lines = ["load 1s"]
        for series in self.series:
            values, starts, at = [], [], 0
            for sample in series.samples:
                if sample.second > at:
                    values.append(f"_x{sample.second - at}")
                    starts.append(f"_x{sample.second - at}")
                values.append(value_text(sample.value))
                starts.append(f"-{sample.start}s" if sample.start else "_")
                at = sample.second + 1
            name = series_text(series.labels)
            if any(sample.start for sample in series.samples):
                lines.append(f"  {name}@st {' '.join(starts)}")
            lines.append(f"  {name} {' '.join(values)}")
        return "\n".join(lines) + "\n"

    def _samples(self, series):
        labels = sorted(series.labels.items())
        for sample in series.samples:
            time = (START + sample.second) * 1000
            yield labels, sample.value, time, time - sample.start * 1000 if sample.start else 0

    def by_time(self):
        """For remote write: the samples of each second, of the series without start timestamps."""
        seconds = {}
        for series in self.series:
            if not self._has_starts(series):
                for sample in self._samples(series):
                    seconds.setdefault(sample[2], []).append(sample)
        return [seconds[second] for second in sorted(seconds)]

    def by_family(self):
        """For a page: the families whose series have start timestamps."""
        families = {}
        for series in self.series:
            if self._has_starts(series):
                families.setdefault(series.labels["__name__"], []).extend(self._samples(series))
        return [(name, sorted(families[name], key=lambda sample: sample[2])) for name in sorted(families)]

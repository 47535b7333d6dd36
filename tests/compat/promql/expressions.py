"""Random expressions. Each names the constructs it is made of, and the generator turns to those it has used least."""
import random

DATE_FUNCTIONS = "day_of_month day_of_week day_of_year days_in_month hour minute month year".split()
NUMBER_FUNCTIONS = """abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad round sgn sin
sinh sqrt tan tanh""".split()
OVER_TIME = """absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate
last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time
stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time
ts_of_min_over_time""".split()
COUNTER_FUNCTIONS = ("rate", "increase", "irate", "resets", "changes", "delta", "idelta")
EXTENDED = {"anchored": ("rate", "increase", "delta", "changes", "resets"), "smoothed": ("rate", "increase", "delta")}
HISTOGRAM_FUNCTIONS = "histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum".split()
AGGREGATIONS = "avg count group max min stddev stdvar sum".split()
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
SETS = ("and", "or", "unless")
FILLS = ("fill", "fill_left", "fill_right")
FEATURES = "promql-experimental-functions,promql-extended-range-selectors,promql-binop-fill-modifiers"

# Families that belong together: selectors whose series match each other's by the labels named.
FLOATS = ["c_total", "g", "d_total", "k", "sparse", "one"]
COUNTERS = ["c_total", "d_total", "c_total", "served_total"]
NATIVES = ["h", "hg", "hc", "mix"]
MATCHERS = {
    "c_total": ['job="a"', 'inst="1"', 'inst=~"1|2"', 'job!="b"', 'inst!~"3.*"', 'nosuch=""'],
    "g": ['job="a"', 'inst="2"', 'inst=~"[12]"', 'job!="c"'],
    "d_total": ['inst="1"', 'inst!="1"'],
    "k": ['job="a"', 'job=~"a|b"', 'zone="x"'],
    "sparse": ['job="a"', 'n!="0"'],
    "served_total": ['job="a"', 'instance="1"'],
}


class Generator:
    def __init__(self, seed):
        self._chance = random.Random(seed)
        self._used = set()
        self.counts = {}
        self._roots = self._make_roots()
        for name in self._roots:
            self.counts[name] = 0

    def expression(self):
        """An expression as text, and the constructs in it. The least used construct is its root."""
        self._used = set()
        least = sorted(self._roots, key=lambda name: (self.counts[name], self._chance.random()))
        name = least[self._chance.randrange(min(len(least), 12))]
        text = self._roots[name]()
        self._used.add(name)
        if self._chance.random() < 0.25:
            text = self._wrapped(text, name)
        if self._chance.random() < 0.01:
            text = self._broken(text)
        return text, self._used

    def count(self, constructs):
        for name in constructs:
            self.counts[name] = self.counts.get(name, 0) + 1

    # ---- small things

    def _pick(self, *options):
        return self._chance.choice(options)

    def _quoted(self, *options):
        return f'"{self._pick(*options)}"'

    def _odds(self, share):
        return self._chance.random() < share

    def _use(self, name, text):
        self._used.add(name)
        return text

    def _number(self):
        odd = self._chance.random()
        if odd < 0.05:
            return self._use("hexadecimal number", self._pick("0x1F", "0xa", "0X2"))
        if odd < 0.1:
            return self._use("underscores in numbers", self._pick("1_000", "1_0.5", "0x1_0"))
        if odd < 0.14:
            return self._use("duration as a number", self._pick("1m", "5s", "1h30m", "250ms"))
        if odd < 0.18:
            return self._pick("Inf", "-Inf", "NaN", "+Inf")
        if odd < 0.6:
            return str(self._chance.randrange(-3, 12))
        if odd < 0.7:
            return self._pick("1e3", "1.5e-3", ".5", "5.", "2E2", "1e9")
        return repr(round(self._chance.gauss(1, 3), self._chance.randrange(1, 4)))

    def _seconds(self, least=10, most=400):
        return self._chance.choice([s for s in (10, 15, 30, 45, 60, 90, 120, 180, 300, 400) if least <= s <= most])

    def _duration(self, least=10, most=400):
        """A length of time: in units, as a number, or as an expression."""
        seconds = self._seconds(least, most)
        odd = self._chance.random()
        if odd < 0.1:
            return self._use("number as a duration", self._pick(str(seconds), f"{seconds}.5"))
        if odd < 0.22:
            return self._duration_expression(seconds)
        if odd < 0.5 and seconds % 60 == 0:
            return f"{seconds // 60}m"
        return self._pick(f"{seconds}s", f"{seconds}s", f"{seconds * 1000}ms", f"{seconds}s500ms")

    def _duration_expression(self, seconds):
        kind = self._pick("arithmetic", "step()", "range()", "min_of", "max_of")
        self._used.add("duration expression: " + kind)
        if kind == "arithmetic":
            return self._pick(f"{seconds}s+5s", f"({seconds} - 5)", f"2*{seconds}s", f"{seconds * 2}s/2", f"({seconds}s%7s+30s)",
                              f"2^5+{seconds}s", f"-(-{seconds}s)")
        if kind == "step()":
            return self._pick(f"({seconds}s+step())", f"max_of(step(),{seconds}s)", f"(step()*2+{seconds}s)")
        if kind == "range()":
            return self._pick(f"({seconds}s+range()/4)", f"max_of(range(),{seconds}s)")
        return f"{kind}({seconds}s,{self._seconds()}s)"

    def _modifiers(self, share=0.3):
        if not self._odds(share):
            return ""
        out = []
        if self._odds(0.55):
            if self._odds(0.5):
                out.append(self._use("offset", " offset " + self._duration(10, 120)))
            else:
                plain = self._pick("30s", "1m", "15", "45s", "step()", "(15s+10s)")
                if not plain[0].isdigit():
                    self._used.add("duration expression: " + ("step()" if plain == "step()" else "arithmetic"))
                out.append(self._use("negative offset", " offset -" + plain))
        if not out or self._odds(0.3):
            kind = self._pick("@ timestamp", "@ timestamp", "@ start()", "@ end()")
            at = f" @ {1_700_006_400 + self._chance.randrange(100, 1250)}{self._pick('', '.5', '.125')}"
            out.append(self._use(kind, at if kind == "@ timestamp" else " " + kind))
        self._chance.shuffle(out)
        return "".join(out)

    # ---- selectors

    def _selector(self, names, modified=0.3):
        name = self._chance.choice(names)
        matchers = ""
        if name in MATCHERS and self._odds(0.35):
            chosen = self._chance.sample(MATCHERS[name], self._pick(1, 1, 2))
            if self._odds(0.2):
                chosen = [self._use("single quotes", one.replace('"', "'")) for one in chosen]
            elif self._odds(0.2):
                chosen = [self._use("back quotes", one.replace('"', "`")) for one in chosen]
            matchers = "{" + ",".join(chosen) + self._pick("", "", ",") + "}"
        if self._odds(0.05):
            return self._use("metric name in braces", f'{{"{name}"{"," + matchers[1:-1] if matchers else ""}}}') + \
                self._modifiers(modified)
        return name + matchers + self._modifiers(modified)

    def _utf8(self):
        self._used.add("UTF-8 names")
        return self._pick('{"utf8.metric"}', '{"utf8.metric","label.x"="é"}', "{'utf8.metric',job=~'a|b'}",
                          '{"utf8.metric","label.x"!=""}', '{__name__="utf8.metric"}')

    def _range(self, names=None, extended=None):
        """A selector over a window, or a subquery."""
        if extended is None and self._odds(0.2):
            return self._subquery(self._vector(1) if self._odds(0.6) else self._selector(names or FLOATS, 0))
        text = self._selector(names or FLOATS, 0)
        window = f"[{self._duration(30)}]"
        if extended:
            window += " " + extended
        return text + window + self._modifiers(0.25)

    def _subquery(self, inner):
        inner = inner if inner.isidentifier() or inner.endswith(")") and inner.startswith("(") else f"({inner})"
        step = self._pick("10s", "15s", "7s", "30s", "1m") if self._odds(0.75) else ""
        if not step:
            self._used.add("subquery, default step")
        elif self._odds(0.15):
            step = self._duration_expression(20)
        return self._use("subquery", f"{inner}[{self._duration(60)}:{step}]") + self._modifiers(0.3)

    # ---- vectors and scalars

    def _scalar(self, depth=0):
        odd = self._chance.random()
        if odd < 0.7 or depth > 1:
            return self._number()
        if odd < 0.8:
            return self._use("scalar", f"scalar({self._selector(['one', 'c_total'], 0.2)})")
        if odd < 0.85:
            return self._use("time", "time()")
        if odd < 0.88:
            return self._use("pi", "pi()")
        return f"({self._scalar(depth + 1)} {self._arithmetic_operator()} {self._scalar(depth + 1)})"

    def _arithmetic_operator(self):
        operator = self._chance.choice(ARITHMETIC)
        return self._use("operator " + operator, operator)

    def _vector(self, depth=0, histograms=0.15):
        odd = self._chance.random()
        if depth >= 2 or odd < 0.4:
            if self._odds(0.05):
                return self._utf8()
            if self._odds(histograms):
                return self._selector(NATIVES)
            return self._selector(FLOATS + ["lat_bucket"])
        if odd < 0.6:
            function = self._chance.choice(("rate", "increase", "avg_over_time", "max_over_time", "delta", "last_over_time"))
            return self._use(function, f"{function}({self._range(self._counters_or_natives())})")
        if odd < 0.75:
            return self._aggregation(self._chance.choice(AGGREGATIONS), depth + 1)
        if odd < 0.85:
            function = self._chance.choice(NUMBER_FUNCTIONS)
            return self._use(function, f"{function}({self._vector(depth + 1)})")
        if odd < 0.95:
            return f"({self._vector(depth + 1)} {self._arithmetic_operator()} {self._scalar()})"
        return f"-{self._selector(FLOATS, 0)}"

    def _counters_or_natives(self):
        return NATIVES if self._odds(0.25) else FLOATS if self._odds(0.3) else COUNTERS

    def _wrapped(self, text, root):
        if self._odds(0.3):
            return f"({text})"
        if root.startswith(("sort", "scalar", "time", "pi", "number", "string", "matrix", "subquery", "@", "offset")):
            return text
        kind = self._chance.randrange(4)
        if kind == 0:
            return f"({text}) {self._arithmetic_operator()} {self._scalar()}"
        if kind == 1:
            return self._use("unary -", f"-({text})")
        if kind == 2:
            return f"{self._use('count', 'count')}({text})"
        return f"{self._use('abs', 'abs')}({text})"

    def _broken(self, text):
        """Not an expression any more, most of the time."""
        self._used.add("a broken expression")
        at = self._chance.randrange(len(text) + 1)
        return text[:at] + self._pick("", "}", ")", "(", "{", "[", " by ", "offset", "1", ",", '"', "$", "5m", "@") + \
            text[at + self._pick(0, 1):]

    def _grouping(self):
        if self._odds(0.35):
            return self._use("aggregation over all", "")
        how = self._pick("by", "by", "without")
        labels = self._chance.sample(["job", "inst", "zone", "le", "nosuch", "__name__"], self._pick(0, 1, 1, 1, 2))
        if self._odds(0.05):
            labels.append('"label.x"')
        return self._use("aggregation " + how, f" {how} ({', '.join(labels)}) ")

    def _aggregation(self, name, depth=0, parameter="", of=None):
        grouping = self._grouping()
        inner = of or self._vector(depth + 1)
        arguments = f"({parameter}{', ' if parameter else ''}{inner})"
        self._used.add(name)
        return f"{name}{arguments}{grouping}".rstrip() if self._odds(0.3) else f"{name}{grouping}{arguments}"

    # ---- binary operators

    def _pair(self):
        """Two sides and how they match, in most cases so that they do."""
        kind = self._chance.randrange(6)
        if kind == 0:
            return self._selector(["c_total"], 0.15), "", self._selector(["g"], 0.15)
        if kind == 1:
            return self._selector(["c_total"], 0.1), self._use("on", " on (job, inst)"), self._selector(["g", "d_total"], 0.1)
        if kind == 2:
            return self._selector(["d_total", "c_total"], 0.1), self._use("ignoring", " ignoring (zone, nosuch)"), \
                self._selector(["g", "c_total"], 0.1)
        if kind == 3:
            labels = self._pick("", "", "(zone)", "(zone, nosuch)")
            if labels:
                self._used.add("group_left with labels")
            how = self._pick(" on (job)", " ignoring (inst, zone)")
            return self._selector(["c_total", "g"], 0.1), self._use("group_left", f"{how} group_left {labels}"), \
                self._selector(["k"], 0.1)
        if kind == 4:
            labels = self._pick("", "", "(zone)")
            if labels:
                self._used.add("group_right with labels")
            return self._selector(["k"], 0.1), self._use("group_right", f" on (job) group_right {labels}"), \
                self._selector(["c_total", "g"], 0.1)
        return self._vector(1), self._pick("", " on (job)", " ignoring (inst)"), self._vector(1)

    def _binary(self, operator, boolean=None):
        name = "operator " + operator
        left, matching, right = self._pair()
        odd = self._chance.random()
        if operator in SETS:
            if "group" in matching:
                matching = " on (job)"
            elif odd < 0.3:
                left, matching, right = self._vector(1), self._pick("", " on (job)", " on ()"), self._vector(1)
        elif odd < 0.2:
            left, matching, right = self._vector(1), "", self._scalar()
        elif odd < 0.3:
            left, matching, right = self._scalar(), "", self._vector(1)
        elif odd < 0.4:
            left, matching, right = self._selector(NATIVES), "", self._pick(self._selector(NATIVES), self._scalar())
        if operator in COMPARISONS and (self._odds(0.3) if boolean is None else boolean):
            matching = self._use("bool", " bool") + matching
        return self._use(name, f"{left} {operator}{matching} {right}")

    def _filled(self, name):
        left, matching, right = self._pair()
        operator = self._chance.choice(("+", "-", "*", "/", ">", "==", "<="))
        if operator in COMPARISONS and self._odds(0.4):
            matching = " bool" + matching
        self._used.add("operator " + operator)
        fill = f" {name} ({self._number()})"
        if name != "fill" and self._odds(0.2):
            other = "fill_right" if name == "fill_left" else "fill_left"
            fill += self._use(other, f" {other} ({self._number()})")
        return f"{left} {operator}{matching}{fill} {right}"

    def _trim(self, operator):
        return f"{self._selector(NATIVES)} {operator} {self._pick('1', '0.5', '2', '0', '-1', self._scalar())}"

    # ---- functions

    def _date(self, name):
        return self._pick(f"{name}()", f"{name}({self._selector(['c_total', 'g'])} * 86400)", f"{name}(vector(time()))",
                          f"{name}(timestamp({self._selector(FLOATS)}))",
                          f"{name}({self._selector(['c_total', 'd_total'])} * 12345678)")

    def _number_function(self, name):
        inner = self._vector(1)
        if name in ("acos", "asin", "atanh"):
            inner = self._pick(f"sin({self._selector(FLOATS)})", f"{self._selector(FLOATS)} / 100", inner)
        if name == "round" and self._odds(0.6):
            return f"round({inner}, {self._scalar()})"
        return f"{name}({inner})"

    def _over_time(self, name):
        if name == "absent_over_time":
            return f"{name}({self._pick('nosuch', 'sparse', 'c_total')}{{job=\"a\",inst=\"9\"}}[{self._duration(10)}])"
        names = self._counters_or_natives() if name in COUNTER_FUNCTIONS else FLOATS
        if name.startswith(("avg", "sum", "last", "first", "count", "present", "ts_of_first", "ts_of_last")) and self._odds(0.2):
            names = NATIVES
        return f"{name}({self._range(names)})"

    def _extended(self, name):
        function = self._chance.choice(EXTENDED[name])
        if self._odds(0.15):
            return f"{self._selector(FLOATS, 0)} {name}{self._modifiers(0.2)}" if name == "smoothed" else \
                f"{self._selector(COUNTERS, 0)}[{self._duration(30)}] {name}"
        self._used.add(function)
        return f"{function}({self._range(COUNTERS if self._odds(0.7) else FLOATS + NATIVES, name)})"

    def _quantile(self):
        return self._pick("0.5", "0.9", "0.99", "0", "1", "0.25", "-1", "2", "NaN", "0.1")

    def _histogram_quantile(self):
        kind = self._chance.randrange(4)
        if kind == 0:
            inner = self._selector(["lat_bucket"])
        elif kind == 1:
            inner = f"sum by (le{self._pick('', ', job')}) (rate(lat_bucket[{self._duration(60)}]))"
        elif kind == 2:
            inner = self._selector(NATIVES)
        else:
            inner = f"{self._pick('rate', 'increase')}({self._range(['h', 'hc'])})"
        return inner

    def _of_histograms(self):
        return self._pick(self._selector(NATIVES), f"rate({self._range(['h', 'hc', 'mix'])})", f"sum({self._selector(['h', 'hg'])})",
                          f"sum_over_time({self._range(['hg'])})", f"{self._selector(['h'])} * {self._scalar()}",
                          f"avg({self._selector(['h', 'hg', 'hc'])})")

    def _label_replace(self):
        return f"label_replace({self._vector(1)}, {self._quoted('new', 'job')}, {self._quoted('$1-x', '', '${1}$1')}, " \
               f"\"job\", {self._quoted('(.*)', '(a|c)', 'a(.+)')})"

    def _label_join(self):
        names = self._chance.sample(['"job"', '"inst"', '"zone"', '"nosuch"'], self._chance.randrange(0, 4))
        return f"label_join({self._vector(1)}, {self._quoted('new', 'inst')}, {self._quoted('-', '', ', ')}" \
               f"{''.join(', ' + name for name in names)})"

    def _info(self):
        # The real one sees info series no further back than the selectors of the expression reach.
        base = self._pick(f"rate(served_total[{self._pick(300, 400)}s])", self._selector(["served_total"]),
                          self._selector(["served_total", "c_total"]))
        second = self._pick("", ', {data=~".+"}', ', {version="1"}', ', {__name__="build_info"}', ', {__name__=~".+_info"}',
                            ', {nosuch=""}')
        return f"info({base}{second})"

    def _make_roots(self):
        """The construct each root stands for, and how it is made."""
        roots = {}

        def add(name, make):
            roots[name] = make

        for name in DATE_FUNCTIONS:
            add(name, lambda name=name: self._date(name))
        for name in NUMBER_FUNCTIONS:
            add(name, lambda name=name: self._number_function(name))
        for name in OVER_TIME:
            add(name, lambda name=name: self._over_time(name))
        for name in HISTOGRAM_FUNCTIONS:
            add(name, lambda name=name: f"{name}({self._of_histograms()})")
        for name in AGGREGATIONS:
            add(name, lambda name=name: self._aggregation(name))
        for name in EXTENDED:
            add(name, lambda name=name: self._extended(name))
        for name in FILLS:
            add(name, lambda name=name: self._filled(name))
        for operator in ARITHMETIC + COMPARISONS + SETS:
            add("operator " + operator, lambda operator=operator: self._binary(operator))
        for operator in ("</", ">/"):
            add("operator " + operator, lambda operator=operator: self._trim(operator))
        pick, selector, scalar, vector = self._pick, self._selector, self._scalar, self._vector
        for name in ("topk", "bottomk", "limitk"):
            add(name, lambda name=name: self._aggregation(
                name, 0, pick("1", "2", "3", "0", "100", scalar()), selector(["d_total", "c_total", "g", "h", "mix"])))
        add("limit_ratio", lambda: self._aggregation("limit_ratio", 0, pick("0.5", "-0.5", "0.1", "1", "-1.5", scalar()),
                                                     selector(FLOATS + ["h"])))
        add("quantile", lambda: self._aggregation("quantile", 0, self._quantile()))
        add("count_values", lambda: self._aggregation("count_values", 0, pick('"v"', '"job"', '"a.b"'), vector(1)))
        add("bool", lambda: self._binary(self._chance.choice(COMPARISONS), True))
        for name, kind in (("on", 1), ("ignoring", 2), ("group_left", 3), ("group_right", 4)):
            add(name, lambda kind=kind: self._matched(kind))
        for name in ("group_left with labels", "group_right with labels"):
            add(name, lambda name=name: self._matched(3 if "left" in name else 4, "(zone)"))
        add("absent", lambda: "absent(" + pick("nosuch", "sparse", "c_total") + pick("{}", '{job="a"}') + ")")
        add("clamp", lambda: f"clamp({vector(1)}, {scalar()}, {scalar()})")
        add("clamp_max", lambda: f"clamp_max({vector(1)}, {scalar()})")
        add("clamp_min", lambda: f"clamp_min({vector(1)}, {scalar()})")
        add("double_exponential_smoothing", lambda: f"double_exponential_smoothing({self._range(FLOATS)}, "
                                                    f"{pick('0.5', '0.1', '0.9', '1', '0')}, {pick('0.5', '0.2', '0.99')})")
        add("quantile_over_time", lambda: f"quantile_over_time({self._quantile()}, {self._range(FLOATS)})")
        add("predict_linear", lambda: f"predict_linear({self._range(FLOATS)}, {scalar()})")
        add("histogram_quantile", lambda: f"histogram_quantile({self._quantile()}, {self._histogram_quantile()})")
        add("histogram_quantiles", lambda: f"histogram_quantiles({self._histogram_quantile()}, "
                                           f"{self._quoted('q', 'job')}, "
                                           f"{self._quantile()}{pick('', ', 0.75', ', 0.1, 0.2')})")
        add("histogram_fraction", lambda: f"histogram_fraction({pick('0', '-1', '0.2', '-Inf', '1')}, "
                                          f"{pick('1', '2', '0.7', '+Inf', '0.1')}, {self._histogram_quantile()})")
        add("label_replace", self._label_replace)
        add("label_join", self._label_join)
        add("info", self._info)
        for name in ("sort", "sort_desc"):
            add(name, lambda name=name: f"{name}({selector(['d_total', 'sparse', 'g', 'h', 'mix'])})")
        for name in ("sort_by_label", "sort_by_label_desc"):
            add(name, lambda name=name: f"{name}({vector(1)}, {self._quoted('job', 'inst', 'nosuch')}" +
                pick("", ', "inst"') + ")")
        add("scalar", lambda: f"scalar({selector(['one', 'c_total', 'd_total'])})")
        add("vector", lambda: f"vector({scalar()})")
        add("timestamp", lambda: f"timestamp({pick(selector(FLOATS + NATIVES), vector(1))})")
        add("start_timestamp", lambda: f"start_timestamp({selector(['c_total', 'd_total', 'h', 'g', 'hc'])})")
        for name in ("start", "end", "step", "range"):
            add(name, lambda name=name: pick(f"{name}()", f"{name}() + {scalar()}", f"vector({name}())",
                                             f"{selector(FLOATS)} * {name}()"))
        for name in ("min_of", "max_of"):
            add(name, lambda name=name: pick(f"{name}({scalar()}, {scalar()})", f"vector({name}({scalar()}, step()))"))
        add("time", lambda: pick("time()", f"time() - {selector(FLOATS)}", f"time() {pick('%', '/')} {scalar()}"))
        add("pi", lambda: pick("pi()", f"pi() * {selector(FLOATS)}"))
        add("unary -", lambda: f"-{pick(vector(1), scalar(), selector(FLOATS))}")
        add("unary +", lambda: f"+{pick(vector(1), scalar(), selector(FLOATS))}")
        add("precedence", self._mixed_operators)
        add("UTF-8 names", self._utf8_expression)
        add("comment", lambda: selector(FLOATS) + " # of all\n + " + self._number())
        add("string", lambda: pick('"a\\tb"', "'it\\'s'", "`raw \\n`", '"é\\u00e9"'))
        add("matrix", lambda: self._range(FLOATS + NATIVES))
        add("subquery", lambda: f"{self._chance.choice(OVER_TIME[1:])}({self._subquery(vector(1))})")
        add("subquery, default step", lambda: f"{self._chance.choice(OVER_TIME[1:])}({selector(FLOATS, 0)}[{self._seconds(60)}s:])")
        for name in ("@ start()", "@ end()"):
            add(name, lambda name=name: f"{selector(FLOATS + NATIVES, 0)} {name}{pick('', ' offset 1m', ' offset -30s')}")
        add("@ timestamp", lambda: f"{selector(FLOATS + NATIVES, 0)} @ {1_700_006_400 + self._chance.randrange(50, 1300)}")
        add("offset", lambda: f"{selector(FLOATS + NATIVES, 0)} offset {self._duration(10, 120)}")
        add("negative offset", lambda: f"{selector(FLOATS + NATIVES, 0)} offset -{pick('30s', '15', '1m', '(10s*3)', 'step()')}")
        for kind in ("arithmetic", "step()", "range()", "min_of", "max_of"):
            add("duration expression: " + kind, lambda kind=kind: self._with_duration(kind))
        add("number as a duration", lambda: f"{self._chance.choice(OVER_TIME[1:])}({selector(FLOATS, 0)}[{self._seconds(30)}])")
        add("duration as a number", lambda: f"{selector(FLOATS)} {self._arithmetic_operator()} {pick('1m', '90s', '1h', '1d12h')}")
        return roots

    def _with_duration(self, kind):
        while True:
            text = self._duration_expression(self._seconds(30))
            if "duration expression: " + kind in self._used:
                break
        function = self._chance.choice(OVER_TIME[1:])
        if self._odds(0.25):
            return f"{self._selector(FLOATS, 0)} offset ({text})"
        return self._use(function, f"{function}({self._selector(COUNTERS, 0)}[{text}])")

    def _matched(self, kind, labels=None):
        operator = self._chance.choice(ARITHMETIC + COMPARISONS)
        self._used.add("operator " + operator)
        if kind == 1:
            return f"{self._selector(['c_total'], 0.1)} {operator} on (job, inst) {self._selector(['g', 'd_total'], 0.1)}"
        if kind == 2:
            return f"{self._selector(['c_total'], 0.1)} {operator} ignoring (zone) {self._selector(['g', 'c_total'], 0.1)}"
        many, one = self._selector(["c_total", "g"], 0.1), self._selector(["k"], 0.1)
        group = ("group_left" if kind == 3 else "group_right") + (" " + labels if labels else "")
        left, right = (many, one) if kind == 3 else (one, many)
        self._used.add("on")
        return f"{left} {operator} on (job) {group} {right}"

    def _mixed_operators(self):
        operands = [self._pick(self._selector(["c_total", "g"], 0.1), self._number(), self._number()) for _ in range(4)]
        operands[0] = self._selector(["c_total", "g"], 0.1)
        text = operands[0]
        for operand in operands[1:]:
            operator = self._chance.choice(ARITHMETIC + ("and", "or") if not operand[-1].isdigit() else ARITHMETIC + ("> bool",))
            text += f" {operator} {operand}"
        return text

    def _utf8_expression(self):
        return self._pick(self._utf8(), f"sum by (\"label.x\") ({self._utf8()})", f"{self._utf8()} * on (\"label.x\") {self._utf8()}",
                          f"label_replace({self._utf8()}, \"über\", \"$1\", \"label.x\", \"(.*)\")",
                          f"max_over_time({{\"utf8.metric\"}}[{self._duration()}])")

"""docs/benchmarks.md, written from what was measured: benchmarks/results/ holds one file per measurement.

Each figure stands beside the bar that design and issue set for it; a bar that was missed says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import CONNECTIONS, DELAY_MS, DELAYED_CONNECTIONS, SIZES
from benchmarks.machine import VERSIONS

_ROOT = Path(__file__).resolve().parents[1]
RESULTS = _ROOT / "benchmarks" / "results"
PAGE = _ROOT / "docs" / "benchmarks.md"
_HEAD = """\
# Benchmarks

Written by `make bench`; do not edit.
Everything runs on one machine: the sender, the database and the mail server share its cores.
The mail server is Postfix's `smtp-sink`, with PIPELINING; it throws mail away.
Figures are medians of rounds in which every program runs once, in turned order every other time.
A ratio holds two programs of one run against each other and travels better than a rate.

Ours is `mailer bench send`: sealed addresses, tokens, epochs, counters, one commit before each body,
`synchronous=FULL`, every copy accounted for at the end.
Its connections are the best of {connections}; the others with connections to choose get the same number.
"""
_FOOT = """\
## How to repeat

```
make bench                # the contest, some five minutes; ROUNDS=5 for more rounds, QUICK=1 to try it out
make bench PART=signups   # sign-ups: while sending flat out, from fifty clients, by a stranger with a clock
make bench PART=imports   # 1,000,000 readers taken over: some two minutes
make bench PART=returned  # a flood of returned mail: some three minutes
make bench PART=messages  # build, render, join
make bench PART=million   # 1,000,000 readers, three times: about a quarter of an hour
```

The working directory must lie on a disk. Let nothing else run.
"""


def save(part: str, figures: Mapping[str, Any], where: Mapping[str, Any]) -> None:
    """Keep the figures of one measurement in place of the last ones, and write the page anew."""
    RESULTS.mkdir(exist_ok=True)
    kept = json.dumps({"machine": where, "figures": figures}, indent=2, sort_keys=True)
    (RESULTS / f"{part}.json").write_text(kept + "\n", "utf-8")
    PAGE.write_text(page(), "utf-8")


def page() -> str:
    """Return the page from all that is kept."""
    sections: Sequence[tuple[str, Callable[[Mapping[str, Any]], list[str]]]] = (
        ("contest", contest_lines),
        ("signups", _signups),
        ("imports", _imports),
        ("returned", _returned),
        ("million", _million),
        ("messages", _messages),
    )
    lines = [_HEAD.format(connections=_among(CONNECTIONS))]
    for part, written in sections:
        path = RESULTS / f"{part}.json"
        if path.exists():
            kept = json.loads(path.read_text("utf-8"))
            lines += [*written(kept["figures"]), "", _where(kept["machine"]), ""]
    return "\n".join([*lines, _FOOT])


def contest_lines(figures: Mapping[str, Any]) -> list[str]:
    """Return what contest.compete found, as tables."""
    lines = ["## The contest", "", _row("what", *(f"{size:,} bytes" for size in SIZES)), _row(*["---"] * 3)]
    by_size = [figures[str(size)] for size in SIZES]
    for name, key in (
        ("**mailer**, messages/s", "ours"),
        ("connections of mailer", "connections"),
        ("`smtp-source -d -s 10`, messages/s", "source"),
        ("aiosmtplib `sendmail`, messages/s", "plain"),
        ("the same with a durable commit after each reply", "plain_committing"),
        ("**mailer** with RSA-2048 DKIM, messages/s", "ours_signed"),
        ("raw RSA-2048 signatures/s of one core", "signatures"),
    ):
        lines.append(_row(name, *(_number(each.get(key)) for each in by_size)))
    lines += ["", _row("ratio", *(f"{size:,} bytes" for size in SIZES), "at least"), _row(*["---"] * 4)]
    for name, key, other, bars in (
        ("mailer : smtp-source", "ours", "source", (0.7, 0.9)),
        ("mailer : aiosmtplib with commits", "ours", "plain_committing", (5.0, 4.0)),
        ("mailer : aiosmtplib without", "ours", "plain", None),
        ("mailer with DKIM : signatures", "ours_signed", "signatures", (0.75, 0.65)),
    ):
        ratios = [_ratio(each, key, other) for each in by_size]
        judged = [_judged(ratio, bar) for ratio, bar in zip(ratios, bars or (None, None), strict=True)]
        lines.append(_row(name, *judged, " and ".join(f"{bar:g}" for bar in bars) if bars else "–"))
    return [*lines, "", *_delayed(figures["delayed"]), "", f"Rounds: {figures['rounds']}."]


def _delayed(figures: Mapping[str, float]) -> list[str]:
    per_round_trip = {
        name: rate * 2 * DELAY_MS / 1000 / DELAYED_CONNECTIONS for name, rate in figures.items()
    }
    wire = f"a wire of {2 * DELAY_MS:g} ms there and back"
    return [
        f"Through {wire}, {DELAYED_CONNECTIONS} connections, {SIZES[0]:,} bytes:",
        "",
        _row("", "messages/s", "messages per round trip and connection", "at least"),
        _row(*["---"] * 4),
        _row("mailer", _number(figures["ours"]), _judged(per_round_trip["ours"], 0.9), "0.9"),
        _row("smtp-source", _number(figures["source"]), f"{per_round_trip['source']:.2f}", "–"),
    ]


def _signups(figures: Mapping[str, Any]) -> list[str]:
    posts = f"{figures['per_s']} sign-up POSTs/s for {figures['seconds']} s"
    return [
        "## Sign-ups while sending",
        "",
        f"{posts}, to a `mailer serve` that sends flat out, from a client on the same machine.",
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("answered", f"{figures['answered']} of {figures['asked']}", "all"),
        _row("99 of 100 within, ms", _judged(figures["p99_ms"], 100.0, most=True), "under 100"),
        _row("half of them within, ms", f"{figures['p50_ms']:.1f}", "–"),
        _row("messages/s before and after", _number(figures["rate_without"]), "–"),
        _row("messages/s during", _number(figures["rate_with"]), "–"),
        _row("ratio", _judged(_ratio(figures, "rate_with", "rate_without"), 0.7), "0.7"),
        *(_crowd(figures["crowd"]) if "crowd" in figures else []),
        *(_stranger(figures["stranger"]) if "stranger" in figures else []),
    ]


def _crowd(figures: Mapping[str, Any]) -> list[str]:
    clients = f"{figures['clients']} clients (`wrk`) that press again as soon as they are answered"
    return [
        "",
        "## A crowd at the form",
        "",
        f"{clients}, {figures['seconds']} s, at the usual limits, on the same machine as `mailer serve`.",
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("sign-ups/s", _judged(figures["per_s"], 500.0), "500"),
        _row("99 of 100 within, ms", _judged(figures["p99_ms"], 100.0, most=True), "under 100"),
        _row("half of them within, ms", f"{figures['p50_ms']:.1f}", "–"),
    ]


def _stranger(figures: Mapping[str, Any]) -> list[str]:
    medians = figures["medians_ms"]
    return [
        "",
        "## A stranger with a clock",
        "",
        f"{figures['rounds']:,} sign-ups of each kind of address in random order; every answer was the same.",
        "The middle of the times, ms:",
        "",
        _row(*medians),
        _row(*["---"] * len(medians)),
        _row(*(f"{taken:.3f}" for taken in medians.values())),
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("apart, ms", f"{figures['apart_ms']:.3f}" + _missed(figures["apart_ms"], 1.0), "1"),
        _row("apart, %", f"{figures['apart_percent']:.1f}" + _missed(figures["apart_percent"], 5.0), "5"),
    ]


def _imports(figures: Mapping[str, Any]) -> list[str]:
    flat = figures["peak_mb"] / figures["peak_mb_of_few"]
    return [
        "## Readers taken over",
        "",
        f"`mailer reader import` of a table with {figures['many']:,} readers whose consent is proven.",
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("all are in, s", _judged(figures["seconds"], 180.0, most=True), "180"),
        _row("processor time, s", _number(figures["cpu_s"]), "–"),
        _row("peak memory, MB", _number(figures["peak_mb"]), "–"),
        _row(f"the same for {figures['few']:,} readers, MB", _number(figures["peak_mb_of_few"]), "–"),
        _row("ratio", _judged(flat, 1.1, most=True), "1.1"),
    ]


def _returned(figures: Mapping[str, Any]) -> list[str]:
    flood = f"{figures['per_s']:,} reports a second for {figures['seconds']} s over {figures['connections']}"
    return [
        "## Returned mail",
        "",
        f"{flood} kept connections, to a `mailer bounces` on the same machine, into SQLite.",
        "A report is taken once it is stored for good; reading gives way to that, and goes on beside it.",
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("taken", f"{figures['taken']:,} of {figures['asked']:,}", "all"),
        _row("taken within, s", _judged(figures["took_s"], figures["seconds"] + 1.0, most=True), "31"),
        _row("half of them within, ms", f"{figures['p50_ms']:.0f}", "–"),
        _row("99 of 100 within, ms", f"{figures['p99_ms']:.0f}", "–"),
        _row("then all were read after, s", _judged(figures["all_read_after_s"], 60.0, most=True), "60"),
        _row("flat out, reports/s", _number(figures["flat_out_per_s"]), "–"),
        _row("peak memory, MB", _number(figures["peak_mb"]), "–"),
    ]


def _million(figures: Mapping[str, Any]) -> list[str]:
    command = f"mailer bench send --readers 1000000 --size 40000 --connections {figures['connections']}"
    return [
        "## 1,000,000 readers",
        "",
        f"`{command}`, median of {figures['runs']}.",
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("peak memory, MB", _judged(figures["peak_rss_mb"], 200.0, most=True), "200"),
        _row("freeze, s", _judged(figures["freeze_s"], 30.0, most=True), "30"),
        _row("longest write lock, ms", _judged(figures["longest_lock_ms"], 200.0, most=True), "200"),
        _row("messages/s", _number(figures["messages_per_s"]), "–"),
        _row(
            "last tenth : first tenth",
            _judged(_ratio(figures, "rate_last_tenth", "rate_first_tenth"), 0.85),
            "0.85",
        ),
        _row(
            "database bytes per copy",
            _judged(figures["database_bytes_per_delivery"], 200.0, most=True),
            "200",
        ),
        _row("processor time per message, µs", _number(figures["cpu_us_per_message"]), "–"),
    ]


def _messages(figures: Mapping[str, Any]) -> list[str]:
    issue = f"{figures['commentaries']} commentaries in {figures['languages']} languages"
    return [
        "## The print shop",
        "",
        f"An issue of {issue}, {figures['html_kb']:.0f} kB of HTML, median of {figures['rounds']}.",
        "It is rendered in a process of its own, whose start is part of the time.",
        "",
        _row("what", "measured", "bar"),
        _row(*["---"] * 3),
        _row("built, rendered and frozen, s", _judged(figures["issue_s"], 1.0, most=True), "1"),
        _row("of that built, s", f"{figures['build_s']:.2f}", "–"),
        _row("one copy joined, µs", _judged(figures["fill_us"], 50.0, most=True), "50"),
        _row("the same with address, tokens and Message-ID, µs", f"{figures['copy_us']:.0f}", "–"),
    ]


def _where(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {machine[name]}" for name in VERSIONS)
    return (
        f"{machine['date']}; {machine['processor']}, {machine['cores']} cores, {machine['kernel']}; "
        f"{machine['file_system']}, {machine['fdatasync_per_s']:,} fdatasync/s of one page; {versions}."
    )


def _ratio(figures: Mapping[str, Any], name: str, other: str) -> float | None:
    if figures.get(name) is None or not figures.get(other):
        return None
    return float(figures[name] / figures[other])


def _judged(value: float | None, bar: float | None, *, most: bool = False) -> str:
    """Return a figure; one that misses its bar says so."""
    if value is None:
        return "not measured"
    shown = f"{value:.2f}" if value < 10 else f"{value:,.0f}"  # noqa: PLR2004 - where decimals stop to matter
    if bar is None:
        return shown
    holds = value <= bar if most else value >= bar
    return shown if holds else f"{shown} **(missed)**"


def _missed(value: float, most: float) -> str:
    return "" if value <= most else " **(missed)**"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.0f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _among(numbers: Sequence[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"

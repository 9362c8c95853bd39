"""Renders the table. A ratio is a program's CPU time divided by the Task API's, or the Task API's requests/s divided by its."""

from statistics import median

from contenders import STORAGES, TASK_API_NAME

HEAD = ("| request | storage | program | requests/s | p50 | p99 | CPU per request | its core busy | CPU elsewhere | "
        "ratio of CPU | ratio of requests/s |")


def table(measured: dict) -> str:
    """`measured` has the figures of all rounds by (method, storage, program), round by round."""
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
    for method in ("GET", "POST"):
        for storage in STORAGES:
            rows = {name: figures for (of, at, name), figures in measured.items() if (of, at) == (method, storage)}
            lines += [line(method, storage, name, figures, rows[TASK_API_NAME]) for name, figures in rows.items()]
    return "\n".join(lines)


def line(method: str, storage: str, name: str, figures: list, of_task_api: list) -> str:
    def middle(member: str) -> float:
        return median(getattr(round_, member) for round_ in figures)

    cpu, rate = "", ""
    if name != TASK_API_NAME:
        cpu = ratios([its.cpu_us / own.cpu_us for own, its in zip(of_task_api, figures)])
        rate = ratios([own.requests_per_second / its.requests_per_second for own, its in zip(of_task_api, figures)])
    cells = [f"{method} /api/tasks", storage, name, f"{middle('requests_per_second'):,.0f}", f"{middle('p50_ms'):.1f} ms",
             f"{middle('p99_ms'):.1f} ms", f"{middle('cpu_us'):,.0f} µs", f"{middle('busy'):.0%}",
             f"{middle('elsewhere_us'):,.0f} µs", cpu, rate]
    return "| " + " | ".join(cells) + " |"


def ratios(values: list[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f}–{max(values):.1f})"

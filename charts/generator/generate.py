"""Writes, or with --check compares, every derived file of the charts."""

import pathlib
import sys

import envoy_files
import values_readme
import values_schema
from documented_values import read

CHARTS = pathlib.Path(__file__).resolve().parent.parent


def derived():
    """Path and content of each derived file."""
    for chart in ("portcullis", "task-suite"):
        folder = CHARTS / chart
        values = read(folder / "values.yaml")
        yield folder / "values.schema.json", values_schema.render(chart, values)
        yield folder / "README.md", values_readme.render(folder / "README.head.md", values)
    yield CHARTS / "task-suite/files/directory.yaml", (CHARTS.parent / "dev/entra/directory.yaml").read_text()
    for name, text in envoy_files.render(CHARTS.parent / "envoy").items():
        yield CHARTS / "portcullis/files/envoy" / name, text


def main(check):
    stale = []
    for path, text in derived():
        if path.exists() and path.read_text() == text:
            continue
        stale.append(str(path.relative_to(CHARTS.parent)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if check and stale:
        sys.exit(f"charts: these files differ from their sources: {', '.join(stale)}; run charts/generate and commit the result")
    for path in stale:
        print(f"wrote {path}")


if __name__ == "__main__":
    main(sys.argv[1:] == ["--check"])

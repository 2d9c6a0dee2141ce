"""The page on convergence against a new measurement."""

import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "convergence.md"


def test_the_page_says_what_the_script_measures(tmp_path, capsys, monkeypatch):
    import convergence

    picture = tmp_path / "picture.svg"
    monkeypatch.setattr(sys, "argv", ["convergence.py", "--picture", str(picture)])
    assert convergence.main() == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 5
    written = PAGE.read_text(encoding="utf-8")
    for row in rows:
        name, order, *_ = (cell.strip() for cell in row.strip("|").split("|"))
        said = next(line for line in written.splitlines() if line.startswith(f"| {name} |"))
        measured, told = (
            [float(number) for number in re.findall(r"\d\.\d\d", line.split("|")[4])] for line in (row, said)
        )
        assert len(measured) == len(told)
        assert all(abs(a - b) <= 0.011 for a, b in zip(measured, told, strict=True))
        # The last of them is near the order of the sampler.
        assert abs(measured[-1] - int(order)) < 0.1
    assert picture.read_text(encoding="utf-8") == (PAGE.parent / "images" / "convergence.svg").read_text(
        "utf-8"
    )

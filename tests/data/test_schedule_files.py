"""Schedules written and read: nothing is lost, foreign files are understood, bad ones are refused by name."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from diffviz.core.schedules import PRESETS, SCHEDULE_KINDS, ScheduleSpec, build_schedule
from diffviz.data.schedule_files import (
    COLUMNS,
    ScheduleFileError,
    csv_text,
    diffusers_config,
    json_text,
    read_schedule,
    recognise,
    schedule_rows,
    spec_from_json,
    spec_to_json,
    write_diffusers_config,
    write_schedule,
)

DRAWN = ScheduleSpec("custom", 60, quantity="alpha_cumprod", points=((0.1, 0.9), (0.5, 0.3), (1.0, 0.0)))
SPECS = [
    *(spec for _, spec in PRESETS),
    *(ScheduleSpec(kind, 50) for kind in SCHEDULE_KINDS if kind != "custom"),
    ScheduleSpec("cosine", 40, (("s", 0.02),), zero_terminal_snr=True),
    ScheduleSpec("constant", 1),
    DRAWN,
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind}-{spec.num_timesteps}")
def test_json_gives_back_the_same_description(tmp_path: Path, spec: ScheduleSpec):
    write_schedule(tmp_path / "schedule.json", spec)
    assert read_schedule(tmp_path / "schedule.json") == spec
    assert spec_from_json(json.loads(json.dumps(spec_to_json(spec)))) == spec


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind}-{spec.num_timesteps}")
def test_csv_gives_back_the_same_table(tmp_path: Path, spec: ScheduleSpec):
    write_schedule(tmp_path / "schedule.csv", spec)
    again = build_schedule(read_schedule(tmp_path / "schedule.csv"))
    np.testing.assert_allclose(again.betas, build_schedule(spec).betas, rtol=1e-12, atol=0)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind}-{spec.num_timesteps}")
def test_diffusers_configurations_give_back_the_same_table(tmp_path: Path, spec: ScheduleSpec):
    write_diffusers_config(tmp_path / "scheduler_config.json", spec)
    again = build_schedule(read_schedule(tmp_path / "scheduler_config.json"))
    np.testing.assert_allclose(again.betas, build_schedule(spec).betas, rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    "spec",
    [
        ScheduleSpec(),
        ScheduleSpec(num_timesteps=100),
        ScheduleSpec("cosine"),
        ScheduleSpec("quadratic"),
        DRAWN,
    ],
    ids=lambda spec: f"{spec.kind}-{spec.num_timesteps}",
)
def test_diffusers_builds_the_same_betas_from_our_configuration(spec: ScheduleSpec):
    diffusers = pytest.importorskip("diffusers")
    config = {name: value for name, value in diffusers_config(spec).items() if name[0] != "_"}
    theirs = diffusers.DDPMScheduler(**config)
    np.testing.assert_allclose(theirs.betas.double(), build_schedule(spec).betas[1:], rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize(
    "spec",
    [
        ScheduleSpec("cosine"),
        ScheduleSpec(zero_terminal_snr=True),
        ScheduleSpec("jsd", 33),
        ScheduleSpec("constant", 12, (("beta", 0.07),)),
        ScheduleSpec(num_timesteps=70, params=(("beta_min", 0.01), ("beta_max", 0.3), ("rescale", 0.0))),
        PRESETS[2][1],
    ],
    ids=lambda spec: spec.kind,
)
def test_tables_of_known_families_are_recognised(spec: ScheduleSpec):
    assert recognise(build_schedule(spec).betas[1:]) == spec


def test_an_unknown_table_becomes_a_curve_through_all_its_values():
    betas = np.random.default_rng(2).uniform(0.01, 0.3, 45)
    spec = recognise(betas)
    assert (spec.kind, spec.quantity, len(spec.points)) == ("custom", "beta", 45)
    np.testing.assert_allclose(build_schedule(spec).betas[1:], betas, rtol=1e-12)


def test_the_table_has_every_column_for_every_time():
    schedule = build_schedule(ScheduleSpec(zero_terminal_snr=True))
    rows = list(csv.DictReader(csv_text(schedule).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["t"]) for row in rows] == list(range(1001))
    assert (rows[0]["snr"], rows[0]["log_snr"], rows[1000]["log_snr"]) == ("inf", "inf", "-inf")
    for t in (0, 1, 500, 1000):
        values = (schedule.betas, schedule.alphas, schedule.alphas_cumprod, schedule.snr)
        assert [float(rows[t][name]) for name in COLUMNS[1:5]] == [table[t] for table in values]
        assert float(rows[t]["posterior_variance"]) == schedule.posterior_variance[t]
    assert next(iter(schedule_rows(schedule)))[:3] == (0, 0.0, 1.0)


def test_json_is_strict_and_says_infinities_in_words():
    spec = ScheduleSpec("jsd", 3)
    data = json.loads(json_text(spec, build_schedule(spec)), parse_constant=pytest.fail)
    assert [row["t"] for row in data["rows"]] == [0, 1, 2, 3]
    assert (data["rows"][0]["snr"], data["rows"][3]["log_snr"]) == ("inf", "-inf")
    assert data["rows"][1]["beta"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("config", "spec"),
    [
        ({"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}, ScheduleSpec()),
        ({}, ScheduleSpec()),
        ({"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}, PRESETS[2][1]),
        ({"beta_schedule": "squaredcos_cap_v2"}, ScheduleSpec("cosine")),
        ({"beta_schedule": "sigmoid"}, ScheduleSpec("sigmoid_beta")),
        ({"rescale_betas_zero_snr": True}, ScheduleSpec(zero_terminal_snr=True)),
        (
            {"trained_betas": build_schedule(ScheduleSpec("cosine")).betas[1:].tolist()},
            ScheduleSpec("cosine"),
        ),
    ],
)
def test_foreign_configurations_are_understood(tmp_path: Path, config: dict[str, object], spec: ScheduleSpec):
    path = tmp_path / "scheduler_config.json"
    path.write_text(json.dumps({"_class_name": "DDIMScheduler", "num_train_timesteps": 1000, **config}))
    assert read_schedule(path) == spec


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.csv", b"", "must name the columns"),
        ("a.csv", b"t,alpha\n1,0.5\n", "among them beta"),
        ("a.csv", b"t,beta\n1,quick\n", "line 2 has no number"),
        ("a.csv", b"t,beta\n1\n", "line 2 has no number"),
        ("a.csv", b"t,beta\n", "T = 0"),
        ("a.csv", b"beta\n1.5\n", "between 0 and 1"),
        ("a.csv", b"beta\nnan\n", "between 0 and 1"),
        ("a.csv", b"beta\n" + b"0.1\n" * 4001, "more than 4000"),
        ("a.csv", b"\xff\xfe\x00\x81", "not a text file"),
        ("a.json", b"{", "line 1 is not valid JSON"),
        ("a.json", b"[1, 2]", "neither"),
        ("a.json", b'{"schedule": {"kind": "linear"}}', "incomplete"),
        ("a.json", b'{"schedule": {"kind": "linear", "num_timesteps": 0}}', "1 to 4000"),
        ("a.json", b'{"num_train_timesteps": 10, "beta_schedule": "exp"}', "'exp' is unknown"),
        ("a.json", b'{"num_train_timesteps": "many"}', "not a number"),
    ],
)
def test_bad_files_are_refused_with_a_sentence_that_names_them(
    tmp_path: Path, name: str, content: bytes, part: str
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScheduleFileError, match=part) as caught:
        read_schedule(tmp_path / name)
    assert str(caught.value).startswith(name)


def test_a_missing_file_and_an_unknown_ending_are_named(tmp_path: Path):
    with pytest.raises(ScheduleFileError, match=r"gone\.csv could not be read"):
        read_schedule(tmp_path / "gone.csv")
    with pytest.raises(ScheduleFileError, match="xlsx: a schedule is written as"):
        write_schedule(tmp_path / "table.xlsx", ScheduleSpec())


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "schedule.json"
    write_schedule(path, ScheduleSpec())
    before = path.read_bytes()

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffviz.data.schedule_files.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_schedule(path, ScheduleSpec("cosine"))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["schedule.json"]


def test_numbers_survive_to_the_last_digit():
    schedule = build_schedule(ScheduleSpec("cosine"))
    for line, row in zip(csv_text(schedule).splitlines()[1:], schedule_rows(schedule), strict=True):
        assert [float(cell) for cell in line.split(",")] == list(row)

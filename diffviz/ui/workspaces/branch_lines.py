"""The runs of the session as lines of the timeline."""

from __future__ import annotations

from diffviz.engine.history import Run, RunHistory
from diffviz.engine.run_words import change_words
from diffviz.ui.widgets.branch_lane import Branch

_MOST_ROWS = 4


def branches_of(history: RunHistory) -> tuple[Branch, ...]:
    """The tree that the current run belongs to, at most four lines of it; empty for a run without forks."""
    current = history.current
    if current is None:
        return ()
    root = current.lineage[-1]
    tree = [run for run in history.runs if run.lineage[-1] is root]
    if len(tree) < 2:
        return ()
    shown = _most_telling(tree, current)
    return tuple(_branch(run, shown, current) for run in shown)


def _most_telling(tree: list[Run], current: Run) -> list[Run]:
    """The line of the current run, then the newest others; parents before their forks."""
    line = current.lineage[:_MOST_ROWS]
    others = [run for run in reversed(tree) if run not in line]
    kept = {*line, *others[: _MOST_ROWS - len(line)]}
    return [run for run in tree if run in kept]


def _branch(run: Run, shown: list[Run], current: Run) -> Branch:
    line = current.lineage
    parent = shown.index(run.parent) if run.parent in shown else None
    own = run.own_steps
    start = own[0].t if own else run.request.schedule.num_timesteps
    if run.fork_t is not None:
        start = run.fork_t
    reached = start if run.reached_t is None else run.reached_t
    until: int | None = None
    if run is current:
        until = reached
    elif run in line:
        # As far as the next run of the line has left it.
        until = line[line.index(run) - 1].fork_t
    label = change_words(run.parent.request, run.request) if run.parent is not None else ""
    return Branch(run.id, start, reached, parent, until, label, run is current)

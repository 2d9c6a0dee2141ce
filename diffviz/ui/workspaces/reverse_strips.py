"""The two filmstrips of the reverse workspace, filled a few cells at a time."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from diffviz.core.samplers import ReverseStep
from diffviz.engine.forward_frames import ForwardFrames
from diffviz.engine.history import Run, RunHistory
from diffviz.engine.images import ImageStore
from diffviz.engine.session import Session
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.run_pictures import batch_pixels

_CELLS_PER_TURN = 2
_FORWARD, _REVERSE = 0, 1
_SYMBOLS = {"x_t": "$x_t$", "x_0": "$x̂_0$", "noise": "$ε̂$"}


class ReverseStrips(QObject):
    """
    Draws the forward process of the picture above the reverse run, aligned by t.

    Parameters
    ----------
    timeline
        Gets two strips.
    session, images, history
        Where settings, pictures and runs come from.
    """

    def __init__(
        self,
        timeline: Timeline,
        session: Session,
        images: ImageStore,
        history: RunHistory,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._session = session
        self._images = images
        self._history = history
        self._frames = ForwardFrames(images)
        self._waiting: list[tuple[int, int]] = []
        self._is_active = False
        self._filling = QTimer(self)
        self._filling.setInterval(0)
        self._filling.timeout.connect(self._fill_some)
        timeline.set_play_direction(-1)
        timeline.set_even_in_visible(False)
        timeline.set_strips([("Forward", "of my image", "text"), ("Reverse", "no run yet", "text")])
        timeline.cells_changed.connect(self._on_cells_changed)

    def activate(self) -> None:
        """Draw everything; the workspace is seen now."""
        self._is_active = True
        self.refill()

    def deactivate(self) -> None:
        """Rest; the workspace is not seen."""
        self._is_active = False
        self._filling.stop()

    def refill(self) -> None:
        """Draw all cells of both strips again."""
        self._refill((_FORWARD, _REVERSE))

    def refill_reverse(self) -> None:
        """Draw all cells of the run again."""
        self._refill((_REVERSE,))

    def add_step(self, step: ReverseStep) -> None:
        """Draw the cells that a new step uncovers."""
        for cell, t in enumerate(self._timeline.cell_times()):
            if step.s <= t <= step.t and (_REVERSE, cell) not in self._waiting:
                self._waiting.append((_REVERSE, cell))
        if self._is_active:
            self._filling.start()

    def show_progress(self, run: Run | None) -> None:
        """Say beside the strip which run it is and how far it is, and draw what it uncovered just now."""
        sampled, label = (1, 0), "not sampled yet, press Run"
        subtitle = "no run yet"
        if run is not None and run.last is None:
            subtitle, label = f"run {run.id}", "not sampled yet"
        elif run is not None and run.last is not None:
            total = run.context.num_steps if run.context is not None else len(run.steps)
            subtitle = f"run {run.id}, {run.num_made} of {total}"
            sampled = (0 if run.complete else run.last.t, run.steps[0].t)
            faint = f", run {run.parent.id} shown faintly" if run.parent is not None else ""
            label = "" if run.complete else f"not sampled yet{faint}"
        title = f"[model]Reverse[/] {_SYMBOLS[self._session.state.reverse_shows]}"
        self._timeline.set_strip_label(_REVERSE, title, subtitle)
        self._timeline.set_sampled(_REVERSE, sampled, label)
        if self._filling.isActive():
            # With the drawing that is due anyway, so that a step does not cost two of them.
            self._fill_some()

    def _refill(self, strips: tuple[int, ...]) -> None:
        for strip in strips:
            self._timeline.clear_thumbnails(strip)
        count = len(self._timeline.cell_times())
        kept = [entry for entry in self._waiting if entry[0] not in strips]
        self._waiting = kept + [(strip, cell) for strip in strips for cell in range(count)]
        if self._is_active:
            self._filling.start()

    @Slot()
    def _on_cells_changed(self) -> None:
        if self._is_active:
            self.refill()

    @Slot()
    def _fill_some(self) -> None:
        """Draw a few of the cells that wait; the last of them ends the timer."""
        times = self._timeline.cell_times()
        for _ in range(_CELLS_PER_TURN):
            if not self._waiting:
                self._filling.stop()
                return
            strip, cell = self._waiting.pop(0)
            if cell < len(times):
                self._fill(strip, cell, times[cell])

    def _fill(self, strip: int, cell: int, t: int) -> None:
        state = self._session.state
        if strip == _FORWARD:
            height, width = self._images.x_0(state.image).shape[:2]
            small_width, small_height = self._timeline.thumbnail_size(width, height)
            picture = self._frames.thumbnail(state, t, (small_height, small_width))
            self._timeline.set_thumbnail(strip, cell, picture)
            return
        run = self._history.current
        # Where a fork has not been yet, the run that it left is shown, faintly.
        line = run.lineage if run is not None else ()
        frame = next((frame for kin in line if (frame := kin.frame_at(t)) is not None), None)
        if frame is not None:
            self._timeline.set_thumbnail(strip, cell, batch_pixels(frame).of(state.reverse_shows))

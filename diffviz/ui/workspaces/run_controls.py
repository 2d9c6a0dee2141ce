"""Play, pause and single steps of the run that is looked at, and how far it has come."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from diffviz.engine.history import Run
from diffviz.engine.job import JobState
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.session import Session
from diffviz.ui.widgets.run_block import RunBlock
from diffviz.ui.widgets.timeline import Timeline


class RunControls(QObject):
    """
    Brings the buttons of the run block and of the timeline to the driver, and its progress to them.

    Parameters
    ----------
    driver, session
        The runs and the playhead.
    block, timeline
        Where the buttons are.
    """

    def __init__(
        self,
        driver: RunDriver,
        session: Session,
        block: RunBlock,
        timeline: Timeline,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._driver, self._session, self._block, self._timeline = driver, session, block, timeline
        self._history, self._runner = driver.history, driver.runner
        self._runner.state_changed.connect(self._on_runner_state_changed)
        block.run_requested.connect(driver.run)
        block.pause_requested.connect(driver.pause)
        block.step_requested.connect(driver.step)
        block.back_requested.connect(self.step_back)
        block.restart_requested.connect(driver.restart)
        block.fork_requested.connect(driver.fork_with_settings)
        timeline.plays_itself = False
        timeline.play_requested.connect(self.toggle_play)
        timeline.timestep_requested.connect(self.go_to)

    @Slot()
    def toggle_play(self) -> None:
        """Run, pause or resume; a finished run is played again."""
        run = self._history.current
        if self._runner.state is JobState.RUNNING:
            self._driver.pause()
        elif run is not None and run.complete and not self._driver.is_stale(run):
            self._timeline.toggle_play()
        else:
            self._driver.run()

    @Slot()
    def step_back(self) -> None:
        """Show the step before the one that is shown, towards the noise."""
        run = self._history.current
        if run is None or not run.steps:
            return
        times = run.times()
        t = self._session.state.t
        place = min(range(len(times)), key=lambda index: abs(times[index] - t)) - 1
        if place >= 0:
            self.go_to(times[place])

    def show_progress(self) -> None:
        """Show how far the run is and what can be done with it."""
        run = self._history.current
        block = self._block
        if run is None:
            block.set_idle()
            return
        is_own = self._runner.tag is run and self._runner.busy
        stale = bool(run.steps) and self._driver.is_stale(run) and not self._driver.is_own(run)
        seconds = self._runner.seconds_per_step if is_own else None
        total = run.context.num_steps if run.context is not None else run.request.sampler.num_sampling_steps
        block.set_progress(
            run.num_made,
            total,
            is_running=is_own and self._runner.state is JobState.RUNNING,
            is_finished=run.complete,
            can_resume=not stale
            and (self._runner.state is JobState.PAUSED if is_own else run.resume_point() is not None),
            steps_per_s=1.0 / seconds if seconds else None,
        )
        block.set_note(_note(run) if stale else "")
        block.offer_fork(self._driver.fork_t() if stale else None)

    @Slot(int)
    def go_to(self, t: int) -> None:
        """Look at a time; the playhead follows the run no longer."""
        self._driver.is_following = False
        self._session.update(t=t)

    @Slot(object)
    def _on_runner_state_changed(self, state: JobState) -> None:
        self._timeline.transport.set_playing(state is JobState.RUNNING or self._timeline.is_playing)
        self.show_progress()


def _note(run: Run) -> str:
    """Why the settings are not those of the run."""
    if run.race is not None:
        return "This run took part in a race. The next run takes these settings."
    return "Settings changed. They take effect with the next run."

"""The recipe of the next training run, as it is edited, with the data that it is about."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleError, ScheduleSpec, build_schedule
from diffviz.data.point_files import is_painting, is_point_file
from diffviz.engine.lab_spec import DRAWN, Place
from diffviz.engine.latest import LatestWorker
from diffviz.engine.painted_points import is_painting_of, keep_painting, painting_problem
from diffviz.engine.session import Session, SessionState
from diffviz.engine.training_data import DataPreview, data_choices, preview_data, title_of
from diffviz.engine.training_plan import TrainingPlan, count_parameters, fitted, recommended
from diffviz.engine.training_presets import PRESETS, RECOMMENDED, preset_plan
from diffviz.export.whole_file import ExportError
from diffviz.models.network_config import ConvNetConfig, NetworkConfig, UNetConfig
from diffviz.ui.widgets.fields import Choice
from diffviz.ui.widgets.recipe_panel import RecipePanel
from diffviz.ui.widgets.recipe_words import OWN_PRESET, RecipeView

_FIRST_DATA = "emoji"
_NETWORKS: dict[str, NetworkConfig] = {"unet": UNetConfig(base_channels=16), "convnet": ConvNetConfig()}


class TrainRecipe(QObject):
    """
    Turns what is done in the recipe panel into a plan, and shows it there.

    The recipe is no part of the session document: it belongs to a run, is locked while that is active, and an
    undo from another workspace must not reach into it. Each field has its way back to the preset instead.

    Signals
    -------
    changed()
        The plan is another one.
    data_shown()
        The data that were asked for can be seen now.
    noted(str)
        Something that the status line should say.
    failed(str, str)
        Headline and reason of data or a value that cannot be used; the plan stays as it was.
    """

    changed = Signal()
    data_shown = Signal()
    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, session: Session, panel: RecipePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.panel = panel
        self.plan = recommended(_FIRST_DATA)
        self.preview: DataPreview | None = None
        self._preset = RECOMMENDED
        self._has_session_schedule = False
        self._lock = ""
        self._own: list[str] = []
        self._data_worker = LatestWorker(self)
        self._size_worker = LatestWorker(self)
        self._connect()
        self.refresh_data_choices()

    def _connect(self) -> None:
        panel = self.panel
        self._session.changed.connect(self._on_session_changed)
        self._data_worker.answered.connect(self._on_preview_ready)
        self._data_worker.failed.connect(self._on_preview_failed)
        self._size_worker.answered.connect(self._on_parameters_counted)
        panel.preset_chosen.connect(self._on_preset_chosen)
        panel.data_chosen.connect(self.take_data)
        panel.folder_requested.connect(self.choose_folder)
        panel.config_edited.connect(self._on_config_edited)
        panel.network_edited.connect(self._on_network_edited)
        panel.architecture_chosen.connect(self._on_architecture_chosen)
        panel.schedule_chosen.connect(self._on_schedule_chosen)
        panel.timesteps_edited.connect(self._on_timesteps_edited)
        panel.sheet_every_edited.connect(self._on_sheet_every_edited)

    # What the workspace asks for

    def activate(self) -> None:
        """Show everything; the first time, read the data."""
        self.refresh_data_choices()
        self._show_data_words()
        if self.preview is None:
            self._look_at(self.plan.config.data)

    def shutdown(self) -> None:
        """End the workers; the window is closing."""
        self._data_worker.shutdown()
        self._size_worker.shutdown()

    def set_lock(self, lock: str) -> None:
        """Lock the fields: "running", "paused" (the learning rate stays free) or "" (not)."""
        if lock != self._lock:
            self._lock = lock
            self.show()

    def take_plan(self, plan: TrainingPlan) -> None:
        """Show the plan of a run that goes on from disk, on the device that is chosen here."""
        plan = replace(plan, device=self.plan.device)
        self._preset = next(
            (key for key in PRESETS if self._is_preset(key, plan)),
            self._preset if self.preview else RECOMMENDED,
        )
        data = plan.config.data
        if _is_own(data):
            self._remember(data)
        self._become(plan)
        if self.preview is None or self.preview.key != data:
            self._look_at(data)

    def take_preset(self, preset: str, data: str) -> None:
        """Show a preset for a data set, read or not."""
        self._preset, self._has_session_schedule = preset, False
        self._become(replace(preset_plan(preset, data), device=self.plan.device))
        if self.preview is None or self.preview.key != data:
            self._look_at(data)

    def refresh_data_choices(self) -> None:
        """Look again which data are at hand."""
        choices = [Choice(c.key, c.title, unavailable=c.unavailable) for c in data_choices()]
        choices += [
            Choice(own, title_of(own), own, "pencil" if is_point_file(own) else "folder") for own in self._own
        ]
        if not any(is_painting_of(own, self._drawn) for own in self._own):
            problem = painting_problem(self._drawn)
            choices.append(
                Choice(DRAWN, "Painted points", "As in the 2-D lab now", "pencil", unavailable=problem)
            )
        self.panel.set_data_choices(choices)
        self.show()

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder of pictures to learn from."""
        folder = QFileDialog.getExistingDirectory(self.panel, "Learn from the pictures in a folder")
        if folder:
            self.take_data(folder)

    @Slot(str)
    def take_data(self, key: str) -> None:
        """Learn from a data set by name, from a folder, from a file of points, or from what is painted now.

        The old data stay until the new ones are read.
        """
        if self._lock:
            self.failed.emit("The data cannot be changed", "Stop the run first; it is kept.")
            self.show()
            return
        try:
            self._look_at(str(keep_painting(self._drawn)) if key == DRAWN else key)
        except (OSError, ExportError) as error:
            self.failed.emit("The painted points cannot be learned", str(error))
            self.show()

    def show(self) -> None:
        """Show the plan in the panel."""
        plan, is_points = self.plan, self.plan.is_points
        usual = preset_plan(self._preset, plan.config.data)
        is_own = replace(plan, device=usual.device) != usual
        preset = PRESETS[self._preset]
        lesson = f"Changed from “{preset.name}”; arrows lead back." if is_own else preset.lesson
        self.panel.set_presets(
            [
                Choice(p.key, p.name, p.lesson, unavailable=p.unavailable(is_points=is_points))
                for p in PRESETS.values()
            ]
        )
        self.panel.show_recipe(
            RecipeView(
                config=plan.config,
                sheet_every=plan.sheet_every,
                preset=OWN_PRESET if is_own else self._preset,
                lesson=lesson,
                usual=usual.config,
                usual_sheet_every=usual.sheet_every,
                has_session_schedule=self._has_session_schedule,
                is_folder=plan.config.data in self._own and not plan.is_points,
                lock=self._lock,
            )
        )

    # From the panel to the plan

    @Slot(str)
    def _on_preset_chosen(self, key: str) -> None:
        if key == OWN_PRESET:
            self.show()
            return
        self._preset = key
        self._has_session_schedule = False
        plan = preset_plan(key, self.plan.config.data)
        size = self.plan.config.image_size
        self._become(replace(plan, device=self.plan.device, config=replace(plan.config, image_size=size)))

    @Slot(str, object)
    def _on_config_edited(self, name: str, value: object) -> None:
        self._edit(**{name: value})
        if name == "image_size":
            self._look_at(self.plan.config.data)

    @Slot(str, object)
    def _on_network_edited(self, name: str, value: object) -> None:
        changes = {name: value}
        self._edit(network=replace(self.plan.config.network, **changes))  # type: ignore[arg-type]

    @Slot(str)
    def _on_architecture_chosen(self, kind: str) -> None:
        usual = preset_plan(self._preset, self.plan.config.data)
        self._edit(network=usual.config.network if usual.architecture == kind else _NETWORKS[kind])

    @Slot(str)
    def _on_schedule_chosen(self, kind: str) -> None:
        state = self._session.state
        self._has_session_schedule = kind not in SCHEDULE_KINDS
        if self._has_session_schedule:
            self._edit(schedule=state.schedule)
        else:
            self._edit(schedule=ScheduleSpec(kind, self.plan.config.schedule.num_timesteps))

    @Slot(int)
    def _on_timesteps_edited(self, num_timesteps: int) -> None:
        self._edit(schedule=replace(self.plan.config.schedule, num_timesteps=num_timesteps))

    @Slot(int)
    def _on_sheet_every_edited(self, images: int) -> None:
        self._become(replace(self.plan, sheet_every=images))

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if self._has_session_schedule and old.schedule != new.schedule and not self._lock:
            self._edit(schedule=new.schedule)

    def _edit(self, **changes: object) -> None:
        try:
            config = replace(self.plan.config, **changes)  # type: ignore[arg-type]
            build_schedule(config.schedule)
        except (ValueError, ScheduleError) as error:
            self.failed.emit("This recipe is not possible", str(error))
            self.show()
        else:
            self._become(replace(self.plan, config=config))

    def _become(self, plan: TrainingPlan) -> None:
        self.plan = plan
        self.show()
        self._count()
        self.changed.emit()

    def _is_preset(self, key: str, plan: TrainingPlan) -> bool:
        usual = preset_plan(key, plan.config.data)
        return replace(plan, device=usual.device) == usual

    # Data

    def _look_at(self, key: str) -> None:
        self._data_worker.ask(key, partial(preview_data, key, self.plan.config.image_size))

    @Slot(object, object)
    def _on_preview_ready(self, tag: object, answer: object) -> None:
        del tag
        if not isinstance(answer, DataPreview):
            return
        self.preview = answer
        if answer.key != self.plan.config.data:
            self._change_data(answer)
        self._show_data_words()
        self._count()
        self.data_shown.emit()

    def _show_data_words(self) -> None:
        """What the data are, with what was left out of them, or that they were painted anew since."""
        preview = self.preview
        if preview is None:
            return
        notes = list(preview.notes)
        if is_painting(preview.key) and self._drawn and not is_painting_of(preview.key, self._drawn):
            notes.append("The painting was changed since: **Painted points** takes the new one.")
        warning = f" [warn]{' '.join(notes)}[/]" if notes else ""
        self.panel.show_data(preview.pictures, f"**{preview.title}** {preview.words}.{warning}")

    @property
    def _drawn(self) -> tuple[Place, ...]:
        """What is painted in the lab now."""
        return self._session.state.lab.drawn

    def _change_data(self, preview: DataPreview) -> None:
        if _is_own(preview.key):
            self._remember(preview.key)
        is_points = preview.points is not None
        if PRESETS[self._preset].unavailable(is_points=is_points):
            self._preset = RECOMMENDED
        self._has_session_schedule = False
        plan = preset_plan(self._preset, preview.key)
        size = self.plan.config.image_size
        self._become(replace(plan, device=self.plan.device, config=replace(plan.config, image_size=size)))

    def _remember(self, own: str) -> None:
        if own not in self._own:
            self._own.append(own)
        self.refresh_data_choices()

    @Slot(object, object)
    def _on_preview_failed(self, tag: object, error: object) -> None:
        still = f"Still learning from {title_of(self.plan.config.data)}." if self.preview else ""
        self.failed.emit(f"“{title_of(str(tag))}” cannot be learned from", f"{error} {still}".strip())
        self.show()

    # Size of the network

    def _count(self) -> None:
        if self.preview is None:
            return
        pictures = self.preview.pictures
        shape = (2,) if pictures is None else (pictures.shape[3], *pictures.shape[1:3])
        num_classes = len(self.preview.class_names) if len(self.preview.class_names) > 1 else 0
        config = fitted(self.plan.config, shape, num_classes)
        self._size_worker.ask(config, partial(count_parameters, config))

    @Slot(object, object)
    def _on_parameters_counted(self, tag: object, count: object) -> None:
        del tag
        network = self.plan.config.network
        levels = f"{len(network.channel_mult)} levels · " if isinstance(network, UNetConfig) else ""
        example = "point" if self.plan.is_points else "image"
        words = {
            "noise": "noise $ε$",
            "x_0": f"the {example} $x_0$",
            "v": "velocity $v$",
            "mean": "the mean $μ$",
            "edm": "$F$, image and noise mixed",
        }
        self.panel.set_network_words(
            f"{count:,} weights · {levels}predicts {words[self.plan.config.prediction]}"
        )


def _is_own(data: str) -> bool:
    """Whether data are a person's own folder of pictures or file of points."""
    return is_point_file(data) or Path(data).is_dir()

"""Renders the export dialog over its window in every look, to be looked at by a person.

python tests/ui/export_sheet.py FOLDER    one PNG for each look and state
"""

import sys
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import RunHistory
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.session import Session
from diffviz.ui.export_controller import ExportController
from diffviz.ui.theme import apply_theme

LOOKS = (("dark", 1440, 900), ("light", 1440, 900), ("dark", 1100, 700), ("light", 1100, 700))


def run_exact(history: RunHistory, session: Session, images: ImageStore) -> None:
    """A short run of the exact denoiser."""
    request = ReverseRequest.from_state(session.state, images)
    run = history.begin(request)
    for record in reverse_steps(request, DenoiserShelf(images)):
        if isinstance(record, ReverseContext):
            history.set_context(run, record)
        else:
            history.append(run, record)


def rest(ms: int = 900) -> None:
    """Let workers answer."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def shot(window: QWidget, dialog: QWidget) -> QPixmap:
    """Window and dialog as they lie on the screen."""
    picture = window.grab()
    painter = QPainter(picture)
    spot = dialog.pos() - window.mapToGlobal(window.rect().topLeft())
    painter.setClipRegion(dialog.mask().translated(spot))
    painter.drawPixmap(spot, dialog.grab())
    painter.end()
    return picture


def main(folder: Path) -> None:
    """Write the sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication([])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
    app.setOrganizationName("diffviz")
    app.setApplicationName("export-sheet")
    images = ImageStore()
    session = Session()
    session.update(sampler=session.state.sampler.__class__(num_sampling_steps=20))
    history = RunHistory()
    for scheme, width, height in LOOKS:
        apply_theme(app, scheme, reduce_motion=True)
        window = QMainWindow()
        window.resize(width, height)
        window.show()
        controller = ExportController(session, images, history)
        controller.open(window)
        dialog = controller.dialog
        dialog.preview.set_frame(32)
        dialog.preview.want()
        rest(2500)
        name = f"{scheme}-{width}"
        shot(window, dialog).save(str(folder / f"{name}-mp4.png"))
        if (scheme, width) == ("dark", 1440):
            for form in ("gif", "png", "strip"):
                dialog.fields.formats.choose_by_user(form)
                rest(1500)
                shot(window, dialog).save(str(folder / f"{name}-{form}.png"))
            dialog.fields.formats.choose_by_user("webm")
            for picture in ("equation", "filmstrip"):
                dialog.fields.pictures["forward"].choose_by_user(picture)
                rest(2000)
                shot(window, dialog).save(str(folder / f"{name}-{picture}.png"))
            dialog.show_problem("film.mp4 could not be written: the disk is full.")
            rest(100)
            shot(window, dialog).save(str(folder / f"{name}-problem.png"))
            dialog.begin_export("film.mp4")
            dialog.show_progress(48, 120, 4_100_000, 3.2)
            rest(100)
            shot(window, dialog).save(str(folder / f"{name}-writing.png"))
            dialog.end_export()
        elif (scheme, width) == ("light", 1440):
            controller.shutdown()
            run_exact(history, session, images)
            controller = ExportController(session, images, history)
            controller.open(window)
            dialog = controller.dialog
            for what in ("reverse", "both"):
                dialog.fields.what.choose_by_user(what)
                rest(2000)
                shot(window, dialog).save(str(folder / f"{name}-{what}.png"))
            dialog.fields.what.choose_by_user("reverse")
            dialog.fields.pictures["reverse"].choose_by_user("triptych")
            rest(2000)
            shot(window, dialog).save(str(folder / f"{name}-triptych.png"))
            history.clear()
        controller.shutdown()
        window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The card of the first run: what to try, and the two ways to start."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import metric
from diffviz.ui.widgets.buttons import make_button, native_keys
from diffviz.ui.widgets.math_label import MathLabel


class HintCard(QFrame):
    """
    Shown once, above the stage; F1 brings it back.

    Signals
    -------
    open_requested()
        Open an image of one's own.
    play_requested()
        Play the noise.
    dismissed()
        The card was closed.
    """

    open_requested = Signal()
    play_requested = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setAccessibleName("First steps")
        self._title = MathLabel("Drag the playhead to add noise", "readout", weight=QFont.Weight.DemiBold)
        self._words = MathLabel(
            "A picture is loaded so that something moves at once. Pick another, or bring your own. "
            f"Short lessons are under {native_keys('Ctrl+L')}.",
            "body",
            "text2",
            wraps=True,
        )
        self.close_button = make_button("tool", "", "x", "Close this hint", "Esc")
        self.close_button.clicked.connect(self._on_close_clicked)
        self.open_button = make_button(
            "primary", "Open image", "folder", "Open an image of your own", "Ctrl+O"
        )
        self.open_button.set_shortcut_hint(native_keys("Ctrl+O"))
        self.open_button.clicked.connect(self.open_requested)
        self.play_button = make_button("plain", "Play the noise", "play", "Watch the image dissolve", "Space")
        self.play_button.set_shortcut_hint("Space")
        self.play_button.clicked.connect(self.play_requested)
        self._note = MathLabel(f"Shown once; {native_keys('F1')} brings it back", "label", "text2")

        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        bottom = QHBoxLayout()
        bottom.setSpacing(metric(10))
        bottom.addWidget(self.open_button)
        bottom.addWidget(self.play_button)
        bottom.addSpacing(metric(6))
        bottom.addWidget(self._note, 1)
        bottom.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(metric(22), metric(16), metric(14), metric(18))
        column.setSpacing(metric(6))
        column.addLayout(top)
        column.addWidget(self._words)
        column.addSpacing(metric(8))
        column.addLayout(bottom)

    @override
    def sizeHint(self) -> QSize:
        # The note counts though it may be hidden, or the card would never grow again.
        margins = metric(22) + metric(14)
        buttons = self.open_button.sizeHint().width() + self.play_button.sizeHint().width()
        width = buttons + self._note.sizeHint().width() + metric(26) + margins
        return QSize(width, self.heightForWidth(width))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._note.setVisible(self.width() >= self.sizeHint().width())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._on_close_clicked()
        else:
            super().keyPressEvent(event)

    def _on_close_clicked(self) -> None:
        self.hide()
        self.dismissed.emit()

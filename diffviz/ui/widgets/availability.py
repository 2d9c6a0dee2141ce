"""Say why a control cannot be used: the reason stands in its tooltip while it is disabled."""

from PySide6.QtWidgets import QWidget

_USUAL_TOOLTIP = "usualToolTip"


def set_unavailable(widget: QWidget, reason: str | None) -> None:
    """
    Disable a widget and give the reason, or enable it again.

    Parameters
    ----------
    widget
        The control.
    reason
        One sentence that says why it cannot be used; None: it can.
    """
    was_unavailable = widget.property(_USUAL_TOOLTIP) is not None
    if reason is None:
        if was_unavailable:
            widget.setToolTip(str(widget.property(_USUAL_TOOLTIP)))
            widget.setProperty(_USUAL_TOOLTIP, None)
        widget.setEnabled(True)
        return
    if not was_unavailable:
        widget.setProperty(_USUAL_TOOLTIP, widget.toolTip())
    widget.setToolTip(reason)
    widget.setEnabled(False)

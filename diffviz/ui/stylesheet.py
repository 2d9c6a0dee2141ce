"""The little that palettes cannot say: radii, borders, menus, scroll bars."""

from diffviz.ui.tokens import Tokens
from diffviz.ui.typography import metric


def stylesheet(tokens: Tokens) -> str:
    """Style sheet of the whole application in one set of colours."""
    c = tokens
    hover = c.blend("edge", "text", 0.25).name()
    # Thin and quiet at rest, so that a scrolled panel does not look framed; bright under the mouse.
    handle = c.blend("line", "edge", 0.6).name()
    return f"""
QToolTip {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.line};
    padding: 5px 8px; border-radius: 6px;
}}
QMenu {{
    background: {c.panel}; color: {c.text}; border: 1px solid {c.line}; border-radius: 8px; padding: 5px;
}}
QMenu::item {{ padding: 6px 26px 6px 12px; border-radius: 6px; min-height: 16px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::item:selected {{ background: {c.raised}; color: {c.text}; }}
QMenu::item:disabled {{ color: {c.text3}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 5px 8px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; border: none; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; border: none; }}
QScrollBar::handle {{ background: {handle}; border-radius: 2px; margin: 4px; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover {{ background: {hover}; border-radius: 3px; margin: 3px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; background: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QAbstractScrollArea::corner {{ background: transparent; }}
QSplitter::handle {{ background: {c.line}; }}
QSplitter::handle:hover {{ background: {c.accent}; }}
QLineEdit[field="true"] {{
    background: {c.field}; color: {c.text}; border: 1px solid {c.edge}; border-radius: 6px;
    padding: 0 9px; min-height: {metric(28)}px; selection-background-color: {c.accent};
    selection-color: {c.onacc};
}}
QLineEdit[field="true"]:hover {{ border-color: {hover}; }}
QLineEdit[field="true"][invalid="true"] {{ border-color: {c.bad}; }}
QFrame[surface="well"] {{ background: {c.field}; border: 1px solid {c.line}; border-radius: 8px; }}
QFrame[surface="card"] {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 8px; }}
QFrame[surface="rule"] {{ background: {c.line}; border: none; }}
QScrollArea[surface="panel"] {{ background: {c.panel}; border: none; }}
QComboBox QAbstractItemView {{
    background: {c.panel}; color: {c.text}; border: 1px solid {c.line}; border-radius: 8px; padding: 4px;
    outline: 0; selection-background-color: {c.raised}; selection-color: {c.text};
}}
QComboBox QAbstractItemView::item {{ min-height: {metric(26)}px; padding: 0 6px; border-radius: 6px; }}
QComboBox QAbstractItemView::item:selected {{ background: {c.raised}; color: {c.text}; }}
"""

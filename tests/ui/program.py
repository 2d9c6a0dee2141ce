"""The program as a process of its own, with a visitor who waits, looks and closes the window."""

PROGRAM = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from diffviz import app
from diffviz.ui.main_window import MainWindow

class Visitor:
    def __init__(self, look):
        self.look, self.notes = look, {}
        self.timer = QTimer(interval=20)
        self.timer.timeout.connect(self.visit)
        self.timer.start()
    def visit(self):
        for window in QApplication.topLevelWidgets():
            if isinstance(window, MainWindow) and window.isVisible() and self.look(window, self.notes):
                self.timer.stop()
                window.close()

def run(look, files=()):
    make = app.make_application
    def make_and_visit():
        made = make()
        made.visitor = Visitor(look)
        return made
    app.make_application = make_and_visit
    status = app.main(files)
    print(json.dumps(QApplication.instance().visitor.notes))
    sys.exit(status)
"""

"""The persona editor with real keys and mouse: form and text are two faces of one thing, with one history."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QSlider

from modelyard.modelfile.persona import ExampleMessage, Persona
from modelyard.ui.app import Desktop
from modelyard.ui.personas.draft import Draft
from modelyard.ui.personas.editor import PersonaEditor
from modelyard.ui.personas.view import PersonasView
from modelyard.ui.routes import Place

from .scenes import press, pump, wait_for
from .twins import MODEL, House

MARIO = Persona(name="Mario", system="You are Mario.", parameters={"temperature": 0.9}, base=MODEL.name)
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def page(desk: Desktop, house: House) -> PersonasView:
    desk.window.resize(1280, 860)
    desk.window.go(Place.PERSONAS)
    made = desk.window.page("personas")
    assert isinstance(made, PersonasView)
    wait_for(lambda: made.editor.head is not None and made._gallery.filled)
    return made


@pytest.fixture
def editor(page: PersonasView) -> PersonaEditor:
    page.edit(Draft(MARIO))
    pump(0.05)
    return page.editor


def field(editor: PersonaEditor, kind: type, name: str) -> QPlainTextEdit | QLineEdit | QSlider | QComboBox:
    return next(each for each in editor.form.findChildren(kind) if each.accessibleName() == name)


def keys(widget: object, text: str) -> None:
    """Typed key by key, Enter at each line's end, as the program's own window gets them."""
    for number, line in enumerate(text.split("\n")):
        if number:
            QTest.keyClick(widget, Qt.Key.Key_Return)  # type: ignore[arg-type]
        QTest.keyClicks(widget, line)  # type: ignore[arg-type]


def to_end(edit: QPlainTextEdit) -> None:
    edit.setFocus()
    edit.moveCursor(QTextCursor.MoveOperation.End)


def read(editor: PersonaEditor) -> Persona:
    wait_for(lambda: editor.source.settled)
    return editor.source.reading.persona


def undo(widget: object) -> None:
    QTest.keyClick(widget, Qt.Key.Key_Z, CONTROL)  # type: ignore[arg-type]


def test_the_form_changes_the_text_and_nothing_else(page: PersonasView) -> None:
    text = f"# mine\nFROM {MODEL.name}\n\nSYSTEM Hi.\n# why so cold?\nPARAMETER temperature 0.2\nPARAMETER seed 7\n"
    page.edit(Draft(Persona(name="A", system="Hi."), text))
    editor = page.editor
    role = field(editor, QPlainTextEdit, "Role and rules")
    assert isinstance(role, QPlainTextEdit)
    to_end(role)
    keys(role, " Be brief.\nAlways.")
    slider = field(editor, QSlider, "Creativity")
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert editor.source.text() == text.replace("SYSTEM Hi.", 'SYSTEM """Hi. Be brief.\nAlways."""').replace(
        "0.2", "0.25"
    )


def test_the_text_changes_the_form_and_the_cursor_stays(editor: PersonaEditor) -> None:
    edit = editor.text
    to_end(edit)
    keys(edit, "PARAMETER top_k 5\nMESSAGE user Who are you?\nMESSAGE assistant Mario!\nPARAMETER stop End")
    place = edit.textCursor().position()
    persona = read(editor)
    assert persona.parameters == {"temperature": 0.9, "top_k": 5, "stop": ("End",)}
    assert persona.messages == (ExampleMessage("user", "Who are you?"), ExampleMessage("assistant", "Mario!"))
    pump(0.05)
    shown = field(editor, QPlainTextEdit, "Text of message 2")
    assert isinstance(shown, QPlainTextEdit) and shown.toPlainText() == "Mario!"
    keys(edit, "!")
    assert edit.textCursor().position() == place + 1
    stop = field(editor, QPlainTextEdit, "Stop words")
    wait_for(lambda: stop.toPlainText() == "End!")  # type: ignore[union-attr]


def test_the_cursor_in_a_field_of_the_form_stays(editor: PersonaEditor) -> None:
    role = field(editor, QPlainTextEdit, "Role and rules")
    assert isinstance(role, QPlainTextEdit)
    role.setFocus()
    cursor = role.textCursor()
    cursor.setPosition(8)
    role.setTextCursor(cursor)
    keys(role, "not ")
    assert read(editor).system == "You are not Mario."
    assert role.textCursor().position() == 12


def test_one_history_for_both_sides_name_and_picture(editor: PersonaEditor) -> None:
    start = editor.source.text()
    to_end(editor.text)
    keys(editor.text, "PARAMETER seed 3\n")
    typed = editor.source.text()
    wait_for(lambda: editor.source.settled)
    slider = field(editor, QSlider, "Creativity")
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Left)
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert "temperature 0.8\n" in editor.source.text()
    name = field(editor, QLineEdit, "Name")
    assert isinstance(name, QLineEdit)
    name.setFocus()
    QTest.keyClicks(name, " B.")
    role = field(editor, QPlainTextEdit, "Role and rules")
    assert isinstance(role, QPlainTextEdit)
    to_end(role)
    keys(role, " Wahoo!")
    undo(role)
    assert role.toPlainText() == "You are Mario." and name.text() == "Mario B."
    undo(role)
    assert name.text() == "Mario"
    undo(name)
    assert editor.source.text() == typed and slider.value() == 18  # type: ignore[union-attr]
    while editor.history.can_undo:
        undo(editor.text)
    assert editor.source.text() == start
    while editor.history.can_redo:
        QTest.keyClick(editor.text, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert editor.persona().name == "Mario B."
    assert editor.persona().system == "You are Mario. Wahoo!"
    assert editor.persona().parameters == {"temperature": 0.8, "seed": 3}


def test_a_new_change_after_undo_forgets_what_was_undone(editor: PersonaEditor) -> None:
    to_end(editor.text)
    keys(editor.text, "# a\n")
    undo(editor.text)
    name = field(editor, QLineEdit, "Name")
    QTest.keyClicks(name, "!")
    assert not editor.source.text_document.isRedoAvailable()
    undo(name)
    keys(editor.text, "x")
    assert not editor.history.can_redo


def test_mistakes_are_underlined_with_line_and_reason(editor: PersonaEditor) -> None:
    to_end(editor.text)
    keys(editor.text, "PARAMETER temprature 1\nNONSENSE\nPARAMETER seed one\n")
    wait_for(lambda: len(editor.help.texts) == 3)
    assert "temprature" in editor.help.texts[0] and "4" in editor.help.texts[0]
    assert "Line 5" in editor.help.texts[1] and "NONSENSE" in editor.help.texts[1]
    pump(0.05)
    waves = [each for each in editor.text.extraSelections() if each.format.underlineStyle().value > 1]
    assert [each.cursor.selectedText() for each in waves] == ["1", "NONSENSE", "one"]
    notes = editor.help._list
    QTest.mouseClick(
        notes.viewport(), Qt.MouseButton.LeftButton, pos=notes.visualItemRect(notes.item(2)).center() - QPoint(0, 2)
    )
    assert editor.text.textCursor().block().text() == "PARAMETER seed one"
    editor.text.selectAll()
    keys(editor.text, "FROM x")
    wait_for(lambda: not any("temprature" in each for each in editor.help.texts))


def test_warnings(editor: PersonaEditor, house: House) -> None:
    to_end(editor.text)
    editor.text.insertPlainText("SYSTEM a\u200bb\nTEMPLATE {{ .Prompt }}\nPARAMETER num_ctx 100000000\n")
    wait_for(lambda: len(editor.help.texts) >= 4)
    told = "\n".join(editor.help.texts)
    assert "U+200B" in told and "built-in engine" in told and "num_ctx" in told and "17.2 GB" in told
    wait_for(lambda: editor.form.memory.too_much)


def test_what_no_modelfile_can_carry_is_kept_and_told(page: PersonasView) -> None:
    exact = Persona(name="X", system='A\u200db """\nline', base=MODEL.name)
    page.edit(Draft(exact))
    editor = page.editor
    assert editor.persona().system == exact.system
    assert any("U+200D" in each for each in editor.help.texts)
    assert any("three quotes" in each for each in editor.help.texts)
    to_end(editor.text)
    keys(editor.text, "PARAMETER seed 1\n")
    wait_for(lambda: editor.source.settled)
    assert editor.persona().system == exact.system, "another line was changed"
    editor.text.selectAll()
    keys(editor.text, "SYSTEM other\n")
    assert editor.persona().system == "other"


def test_completion_and_help(editor: PersonaEditor) -> None:
    edit = editor.text
    to_end(edit)
    keys(edit, "par")
    wait_for(lambda: edit.popup_open)
    popup = edit._completer.popup()
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert edit.textCursor().block().text() == "PARAMETER "
    wait_for(lambda: edit.popup_open)  # the parameters follow at once
    QTest.keyClicks(edit, "repeat_p")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.textCursor().block().text() == "PARAMETER repeat_penalty "
    pump(0.05)
    assert not edit.popup_open, "Enter after a number is a new line"
    QTest.keyClick(edit, Qt.Key.Key_Space, CONTROL)
    wait_for(lambda: edit.popup_open)  # its usual value
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    QTest.keyClicks(edit, "1.1")
    assert "Avoid repetition" in editor.help._meaning.text() and "0.5" in editor.help._meaning.text()
    QTest.keyClick(edit, Qt.Key.Key_Return)
    QTest.keyClicks(edit, "MESSAGE ")
    assert edit.popup_open
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    QTest.keyClicks(edit, "user par")
    assert not edit.popup_open, "a value is nobody's business"
    undo(edit)


def test_a_base_that_begins_like_another_stays_as_typed(editor: PersonaEditor) -> None:
    editor.text.selectAll()
    keys(editor.text, "FROM smol")
    wait_for(lambda: editor.text.popup_open)
    keys(editor.text, "\nSYSTEM x")
    assert editor.source.text() == "FROM smol\nSYSTEM x"
    wait_for(lambda: any("smol" in each for each in editor.help.texts))


def test_nothing_is_offered_inside_a_text_of_several_lines(page: PersonasView) -> None:
    page.edit(Draft(Persona(system="a\n\nb", base="x")))
    edit = page.editor.text
    cursor = edit.textCursor()
    cursor.setPosition(edit.toPlainText().index("\n\n") + 1)
    edit.setTextCursor(cursor)
    QTest.keyClicks(edit, "par")
    assert not edit.popup_open


def test_input_methods_and_wide_characters(editor: PersonaEditor) -> None:
    to_end(editor.text)
    keys(editor.text, "MESSAGE user ")
    before = editor.source.text()
    editor.text.inputMethodEvent(QInputMethodEvent("ni hao", []))
    assert editor.source.text() == before and not editor.text.popup_open
    done = QInputMethodEvent()
    done.setCommitString("你好👩\u200d🚀 שלום مرحبا")
    editor.text.inputMethodEvent(done)
    keys(editor.text, "!\nPARAMETER seed 5")
    persona = read(editor)
    assert editor.source.document.text == editor.source.text()
    assert persona.messages[0].content == "你好👩🚀 שלום مرحبا!" and persona.parameters["seed"] == 5
    slider = field(editor, QSlider, "Creativity")
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert "PARAMETER temperature 0.95\n" in editor.source.text()
    assert read(editor).parameters["seed"] == 5


def test_every_edit_is_followed_exactly(editor: PersonaEditor) -> None:
    """Cut, paste over a selection with emoji, undo, drag a block: the parsed text is always the text."""
    edit = editor.text
    for text in ("😀😀 a\nSYSTEM 😀", "", "FROM x\r\nSYSTEM y\n", "é😀" * 50, "\u2028x\u00a0y"):
        cursor = edit.textCursor()
        cursor.setPosition(min(3, len(edit.toPlainText())))
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text)
        wait_for(lambda: editor.source.settled)
        assert editor.source.document.text == editor.source.text()
    while editor.history.can_undo:
        editor.history.undo()
        assert editor.source.settle().document.text == editor.source.text()


def test_example_messages_by_mouse(editor: PersonaEditor) -> None:
    press(editor, "Add a question and an answer")
    pump(0.05)
    first = field(editor, QPlainTextEdit, "Text of message 1")
    second = field(editor, QPlainTextEdit, "Text of message 2")
    keys(first, "Hi")
    keys(second, "Ho\nha")
    role = field(editor, QComboBox, "Speaker of message 2")
    assert isinstance(role, QComboBox) and role.currentData() == "assistant"
    assert read(editor).messages == (ExampleMessage("user", "Hi"), ExampleMessage("assistant", "Ho\nha"))
    assert 'MESSAGE user "Hi"\nMESSAGE assistant "Ho\nha"\n' in editor.source.text()


def test_large_texts_are_read_beside_the_window(page: PersonasView) -> None:
    body = "MESSAGE user hello 😀\nMESSAGE assistant yes\n" * 5000
    page.edit(Draft(Persona(name="L", base=MODEL.name), f"FROM {MODEL.name}\n{body}"))
    editor = page.editor
    assert read(editor).base == MODEL.name
    to_end(editor.text)
    keys(editor.text, "PARAMETER seed 9\nWRONG\n")
    assert len(read(editor).messages) == 10_000
    assert editor.source.reading.document.text == editor.source.text()
    wait_for(lambda: bool(editor.source.reading.errors))
    assert "10002" in editor.help.texts[0] or "10003" in editor.help.texts[0]


def test_another_persona_while_the_last_is_being_read(page: PersonasView) -> None:
    page.edit(Draft(Persona(name="L"), "FROM x\n" + "junk\n" * 20_000))
    page.edit(Draft(MARIO))
    pump(0.6)
    assert page.editor.persona() == MARIO
    QApplication.processEvents()

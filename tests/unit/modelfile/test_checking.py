"""What the editor underlines."""

from __future__ import annotations

from modelyard.modelfile.checking import check
from modelyard.modelfile.document import Document


def _found(text: str) -> list[tuple[str, str]]:
    return [(finding.code, text[finding.start : finding.stop]) for finding in check(Document.of(text))]


def test_every_mistake_is_found_not_only_the_first() -> None:
    text = (
        "FROM a\n  BAD line here\nMESSAGE tool x\nPARAMETER nope 1\nPARAMETER top_k 1.5\nREQUIRES latest\n"
        "PARAMETER mirostat 1\nPARAMETER temperature 7\nSYSTEM a\u200bb\nPARAMETER num-ctx 1\n"
        'TEMPLATE "never closed\nand more'
    )
    assert _found(text) == [
        ("modelfile_command", "BAD line here"),
        ("modelfile_role", "MESSAGE tool x"),
        ("parameter_unknown", "1"),
        ("parameter_value", "1.5"),
        ("modelfile_requires", "latest"),
        ("parameter_deprecated", "1"),
        ("parameter_range", "7"),
        ("modelfile_dropped", "a\u200bb"),
        ("modelfile_unfinished", "PARAMETER num-ctx 1"),
        ("modelfile_unfinished", 'TEMPLATE "never closed'),
    ]


def test_a_good_file_has_no_findings() -> None:
    assert _found("# x\nFROM a\nREQUIRES v0.14\nREQUIRES 1.2.3-rc.1\nPARAMETER num_ctx 4096\nSYSTEM 漢字 ❤️\n") == []


def test_without_a_base_model() -> None:
    [finding] = check(Document.of("SYSTEM hi\n"))
    assert (finding.code, finding.start, finding.stop, finding.is_error) == ("modelfile_no_from", 0, 0, True)


def test_fields_name_what_is_meant() -> None:
    [finding] = check(Document.of("FROM a\nSYSTEM x\u3000y\u200b\u200b\n"))
    assert finding.fields == {"characters": "U+200B, U+3000", "count": 3}
    assert not finding.is_error

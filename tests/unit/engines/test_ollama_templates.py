"""Chat templates: recognised as Ollama does, made into Go templates that say the same, checked on the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.engines.base import ChatFormat, ChatMessage, ChatRequest, InstallRequest, Ownership
from modelyard.engines.ollama.derive import derive_go_template
from modelyard.engines.ollama.distance import distance_below
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.engines.ollama.jinja import JinjaFailed, render_jinja
from modelyard.engines.ollama.templates import choose_template, known_formats, parted_stops, recognise
from modelyard.events import CancelToken, Event, Kind
from modelyard.modelfile.persona import ExampleMessage, ParameterValue, Persona
from tests.builders import go_template
from tests.builders.ollama_gguf import CHATML, write_gguf
from tests.builders.ollama_server import OllamaServer
from tests.shared import shared

Connect = Callable[[OllamaServer], OllamaEngine]
OPENING = (
    "<|im_start|>",
    "<start_of_turn>",
    "<|start_header_id|>",
    "[INST]",
    "<|user|>",
    "<|assistant|>",
    "<start_user>",
)
TALKS = (
    (("user", "Hi"),),
    (("system", "S"), ("user", "Hi")),
    (("user", "a"), ("assistant", "b"), ("user", "c")),
    (("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), ("user", "e")),
)


def _data(key: str) -> Any:
    return json.loads(shared("conformance/template_cases.json").read_text(encoding="utf-8"))[key]


def test_every_recorded_template_is_recognised() -> None:
    cases = _data("cases")
    assert len(cases) == 39
    for case in cases:
        known = recognise(case["chat_template"])
        assert (known.name if known else None) == case["expect"], case["chat_template"][:80]


def test_every_format_has_a_go_template_and_ends() -> None:
    expected = _data("template_stop_parameters")
    assert set(known_formats()) == set(expected)
    for known in known_formats().values():
        go_template.parse(known.go.replace("{{eos}}", "</s>"))
        assert known.ends
        assert not set(known.ends) & set(OPENING)


def test_near_is_enough_and_far_is_not() -> None:
    known = recognise(CHATML.replace("assistant", "ASSISTANT!"))
    assert known is not None
    assert known.name == "chatml"
    assert recognise(CHATML + "{# " + "far " * 30 + "#}") is None


def test_made_go_templates_say_what_the_jinja_says() -> None:
    """For every recorded template, in every conversation that it takes, but for system texts that it would drop."""
    compared = 0
    for case in _data("cases"):
        if not case["expect"]:
            continue
        made = derive_go_template(case["chat_template"], "</s>")
        assert made is not None, case["expect"]
        for talk in TALKS:
            messages = [{"role": role, "content": text} for role, text in talk]
            try:
                expected = render_jinja(case["chat_template"], messages, eos_token="</s>")
            except JinjaFailed:
                continue
            if talk[0][0] == "system" and "S" not in expected.replace("Source", "").replace("System", ""):
                continue
            data = {"Messages": [{"Role": role, "Content": text} for role, text in talk]}
            if talk[0] == ("system", "S") and expected == render_jinja(
                case["chat_template"], messages[1:], eos_token="</s>"
            ):
                continue
            assert go_template.render(made, data) == expected, case["expect"]
            compared += 1
    assert compared > 100


@pytest.mark.parametrize(
    "jinja",
    [
        "{{ raise_exception('no') }}",
        "{% for m in messages %}{{ m.content | upper }}{% endfor %}",
        "{{ messages | length }}",
        "{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}",
        "{% broken",
    ],
)
def test_what_no_go_template_can_say(jinja: str) -> None:
    assert derive_go_template(jinja, "</s>") is None


def test_distance() -> None:
    assert distance_below("kitten", "sitting", 100) == 3
    assert distance_below("", "abc", 100) == 3
    assert distance_below("abc", "abc", 1) == 0
    assert distance_below("a" * 50, "b" * 50, 50) is None
    assert distance_below("a" * 50, "b" * 50, 51) == 50
    assert distance_below("x" * 500 + "abc", "y" + "x" * 500, 10) == 4


# --- what is chosen --------------------------------------------------------------------------------------------------


def test_stops_are_all_ends_and_never_openings() -> None:
    chat_format = ChatFormat("llama", CHATML, "<s>", "</s>", ("</s>", "<|endoftext|>", "<|im_end|>"))
    choice = choose_template(chat_format, Persona(parameters={"stop": ("Me:",), "top_k": 1}))
    assert choice.parameters == {"top_k": 1, "stop": ("Me:", "</s>", "<|endoftext|>", "<|im_end|>")}


def test_an_unknown_jinja_is_left_to_ollama() -> None:
    choice = choose_template(ChatFormat("llama", "{{ messages[0].content }}" * 9, end_tokens=("<e>",)), Persona())
    assert (choice.template, choice.parameters) == ("", {"stop": ("<e>",)})


def test_a_jinja_that_can_do_more_is_left_to_ollama() -> None:
    with_tools = CHATML + "{% if tools %}{% endif %}"
    assert choose_template(ChatFormat("llama", with_tools), Persona()).template == ""


def test_a_persons_template_is_sent_with_a_warning_where_it_would_be_ignored() -> None:
    mine = Persona(template="{{ .Prompt }}!")
    assert choose_template(ChatFormat("llama", CHATML), mine).template == mine.template
    assert choose_template(ChatFormat("llama", CHATML), mine).warnings == ()
    choice = choose_template(ChatFormat("llama", CHATML + "{% if tools %}{% endif %}"), mine)
    assert (choice.template, choice.warnings) == (mine.template, ("ollama_template_ignored",))


def test_nothing_known_changes_nothing() -> None:
    assert choose_template(ChatFormat(), Persona()).parameters == {}


# --- on a server -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(0, 35, 3))
def test_ollama_sends_what_the_model_expects(
    new_server: OllamaServer, connect: Connect, tmp_path: Path, number: int
) -> None:
    jinja = _data("cases")[number]["chat_template"]
    chat_format = ChatFormat("llama", jinja, "<s>", "</s>", ("</s>",))
    persona = Persona(messages=(ExampleMessage("user", "q"), ExampleMessage("assistant", "a")))
    path = write_gguf(tmp_path / "m.gguf", chat_template=jinja)
    engine = connect(new_server)
    request = InstallRequest("m", path, Ownership.THEIRS, persona, chat_format=chat_format)
    engine.install(request, lambda event: None, CancelToken())
    check = engine.check_rendering("m", chat_format)
    assert check.expected is not None
    assert check.expected == check.actual


def test_a_prompt_that_differs_is_seen(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    chat_format = ChatFormat("llama", CHATML, "<s>", "</s>")
    path = write_gguf(tmp_path / "m.gguf", chat_template=CHATML)
    engine = connect(server)
    request = InstallRequest("m", path, Ownership.THEIRS, Persona(template="Q: {{ .Prompt }}"), chat_format=chat_format)
    engine.install(request, lambda event: None, CancelToken())
    check = engine.check_rendering("m", chat_format)
    assert check.differs
    assert check.actual == "Q: Hello"
    assert not engine.repair_rendering("m", chat_format, CancelToken()).differs
    mended = server.store.find("m")
    assert mended is not None
    assert server.store.text(mended, "template").startswith("{{- range")
    nothing_helps = ChatFormat("llama", "{% for m in messages %}{{ m.content | upper }}{% endfor %}")
    assert engine.repair_rendering("m", nothing_helps, CancelToken()).differs
    restored = server.store.find("m")
    assert restored is not None
    assert restored.of("template") == mended.of("template")


def test_what_nothing_can_mend_is_as_it_was(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf", chat_template="{% for m in messages %}{{ m.content }}{% endfor %}")
    engine = connect(server)
    engine.install(InstallRequest("m", path, Ownership.THEIRS), lambda event: None, CancelToken())
    wanted = ChatFormat("llama", CHATML.replace("im_start", "open").replace("im_end", "close"), "<s>", "</s>")
    assert not engine.repair_rendering("m", wanted, CancelToken()).differs
    hopeless = ChatFormat("llama", "{% for m in messages %}{{ m.content | upper }}{% endfor %}", "<s>", "</s>")
    other = InstallRequest("n", path, Ownership.THEIRS)
    engine.install(other, lambda event: None, CancelToken())
    assert engine.repair_rendering("n", hopeless, CancelToken()).differs
    model = server.store.find("n")
    assert model is not None
    assert model.of("template") == []


THINKER = (
    "{%- if tools %}{{ tools }}{% endif %}{%- for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant\n"
    "{%- if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def test_a_template_that_is_told_not_to_think(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    """Qwen3 and its like write an empty thought where they are told so, and Ollama tells them."""
    path = write_gguf(tmp_path / "m.gguf", chat_template=THINKER)
    chat_format = ChatFormat("llama", THINKER, "<s>", "<|im_end|>", ("<|im_end|>",))
    engine = connect(server)
    request = InstallRequest("m", path, Ownership.THEIRS, chat_format=chat_format)
    engine.install(request, lambda event: None, CancelToken())
    check = engine.check_rendering("m", chat_format)
    assert check.actual.endswith("<think>\n\n</think>\n\n")
    assert not check.differs


def test_what_answers_right_outlives_a_persona(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    """The model's own template and the ends of its turns stay when a persona goes; trying one needs no copy."""
    path = write_gguf(tmp_path / "m.gguf", chat_template=CHATML)
    chat_format = ChatFormat("llama", CHATML, "<s>", "</s>", ("</s>", "<|im_end|>"))
    persona = Persona(system="S", parameters={"stop": ("User:",), "top_k": 3})
    engine = connect(server)
    request = InstallRequest("m", path, Ownership.THEIRS, persona, chat_format=chat_format)
    engine.install(request, lambda event: None, CancelToken())
    installed = server.store.find("m")
    assert installed is not None
    assert engine.show("m").persona == persona
    del server.bodies[:]
    wanted = Persona(system="T", parameters={"stop": ("###",)})
    list(engine.chat(ChatRequest("m", (ChatMessage("user", "hi"),), persona=wanted), CancelToken()))
    sent = [body for body in server.bodies if "messages" in body]
    assert [body["model"] for body in sent] == ["m"], "no helper was made"
    assert sent[0]["options"]["stop"] == ["###", "</s>", "<|im_end|>"]
    list(engine.chat(ChatRequest("m", (ChatMessage("user", "hi"),), {"stop": ("X",)}), CancelToken()))
    assert server.bodies[-1]["options"] == {"stop": ["X", "</s>", "<|im_end|>"]}
    engine.update("m", Persona(), lambda event: None, CancelToken())
    updated = server.store.find("m")
    assert updated is not None
    assert engine.show("m").persona == Persona()
    assert updated.of("template") == installed.of("template")
    assert server.store.data(updated, "params") == {"stop": ["</s>", "<|im_end|>"]}


ENDS = ("</s>", "<|eot_id|>", "<｜end▁of▁sentence｜>", "<|return|>")
NO_ENDS = ("User:", "<|start_header_id|>", "<|end_header_id|>")


@pytest.mark.parametrize(
    ("stops", "chosen", "ends"),
    [
        (("<|im_start|>", "<|im_end|>"), (), ()),
        (ENDS, (), ENDS),
        (NO_ENDS, NO_ENDS, ()),
        ("###", ("###",), ()),
        (None, (), ()),
    ],
)
def test_whose_stops_they_are(stops: ParameterValue | None, chosen: tuple[str, ...], ends: tuple[str, ...]) -> None:
    assert parted_stops(stops) == (chosen, ends)


def test_the_warning_reaches_the_listener(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    jinja = CHATML + "{% if tools %}{{ tools }}{% endif %}"
    path = write_gguf(tmp_path / "m.gguf", chat_template=jinja)
    events: list[Event] = []
    persona = Persona(template="mine {{ .Prompt }}")
    request = InstallRequest("m", path, Ownership.THEIRS, persona, chat_format=ChatFormat("llama", jinja))
    connect(new_server).install(request, events.append, CancelToken())
    warnings = [event.fields["code"] for event in events if event.kind is Kind.WARNING]
    assert warnings == ["ollama_template_ignored"]


# --- strangers' templates --------------------------------------------------------------------------------------------


# A text of 2 MB, made in few steps, and what may be done with it in one; lists in lists, small until they are written.
GROWN = "{% set n = namespace(a='aaaaaaaa') %}{% for i in range(18) %}{% set n.a = n.a ~ n.a %}{% endfor %}"
USES = (
    "{{ n.a.join(range(5000) | map('string')) | length }}",
    "{{ range(5000) | join(n.a) | length }}",
    "{{ (n.a" + " ~ n.a" * 900 + ") | length }}",
    "{{ (n.a" + " + n.a" * 900 + ") | length }}",
    "{% for i in range(900) %}{{ n.a }}{% endfor %}",
    "{% for i in range(9999) %}{{ n.a.count('aaab') }}{{ n.a[1:] | length }}{% endfor %}",
    "{{ [" + "n.a | list, " * 60 + "] | length }}",
    "{{ n.a.replace('a', 'b' * 9000) | length }}",
)
NESTED = (
    "{% set n = namespace(a=('x',), b=('x',)) %}{% for i in range(40) %}"
    "{% set n.a = (n.a, n.a) %}{% set n.b = (n.b, n.b) %}{% endfor %}"
)


@pytest.mark.parametrize(
    "jinja",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
        "{% set n = namespace(a='xxxxxxxxxx') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}{% endfor %}{{ n.a }}",
        "{{ range(10**9) | list }}",
        "{{ 'a' * 10**9 }}",
        "{{ 2 ** 999999999 }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ '%9999999999d' % 1 }}",
        "{{ '{:9999999999}'.format(1) }}",
        "{{ 'a'.ljust(9999999999) }}",
        "{% set a = 'a'.replace('a', 'x' | string) %}{% for i in range(99) %}{% set a = a.replace('', a) %}{% endfor %}"
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include '/etc/passwd' %}",
        "{{ self._TemplateReference__context.environment.loader }}{{ cycler.__init__.__globals__ }}",
        "{{ messages" * 1000,
        "x" * (1 << 20),
        *(f"{GROWN}{use}" for use in USES),
        *(f"{NESTED}{use}" for use in ("{{ n.a }}", "{{ n.a == n.b }}", "{{ {n.a: 1} }}", "{{ n.a | tojson }}")),
        "{% macro m(a, n) %}{% if n %}{{ m([a, a], n - 1) }}{% else %}{{ a }}{% endif %}{% endmacro %}{{ m(1, 40) }}",
        "{% set n = namespace(a=7) %}{% for i in range(60) %}{% set n.a = n.a * n.a %}{% endfor %}{{ n.a > 1 }}",
        "{% set n = namespace(a=7) %}{% for i in range(9) %}{% set n.a = n.a ** 64 %}{% endfor %}{{ n.a > 1 }}",
        "{% set a = range(9999) | list %}{% for i in range(9999) %}{{ 'x' in a }}{% endfor %}",
        "{{ lipsum(n=1000000) }}",
    ],
)
def test_hostile_templates_end(jinja: str) -> None:
    with pytest.raises(JinjaFailed):
        render_jinja(jinja, [{"role": "user", "content": "x"}])


def test_templates_as_models_have_them() -> None:
    jinja = (
        "{%- for m in messages if m.role != 'tool' -%}\n  {%- if loop.first %}{{ bos_token }}{% endif -%}\n"
        "  {{ m.content | trim }}{{ m.get('x', '') }}{% if not loop.last %}{% continue %}{% endif %}{{ '\\n' }}\n"
        "{%- endfor -%}{{ {'a': 'é'} | tojson }}{{ strftime_now('%Y') | length }}"
        "{{ nothing }}{{ ['b', 'c'] | join('-') ~ '+'.join(['d'] + ['e']) }}{{ 'fgf'.replace('f', 'h') }}"
    )
    text = render_jinja(jinja, [{"role": "user", "content": " hi "}], bos_token="<s>")
    assert text == '<s>hi\n{"a": "é"}4b-cd+ehgh'

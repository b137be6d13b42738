"""What each command of the command line does. Each returns the fields of its `done` event, or None if it has printed
everything itself."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from .engines.base import ChatMessage, ChatRequest, Engine, InstalledModel
from .errors import Cancelled, Code, ModelyardError
from .events import CancelToken, Event, Kind, warning
from .importing.inspection import Inspection, Refusal
from .importing.plan import NO_ENGINE, ImportChoice, ImportPlan
from .importing.wire import to_json
from .modelfile.persona import ParameterValue

if TYPE_CHECKING:
    from .bootstrap import House
    from .cli_output import Output
    from .importing.running import ImportResult


def inspect(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    seen = _inspect(house, options.source, "", cancel)
    if output.as_json:
        fields: dict[str, Any] = to_json(seen)
        return fields | {"recommended": seen.recommended.size if seen.recommended else ""}
    _show_inspection(seen, output)
    return {}


def bring(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    engine = options.engine or ("none" if options.output else "")
    if options.output and engine != "none":
        raise ModelyardError(Code.USAGE, detail="--output needs --engine none")
    seen = _inspect(house, options.source, options.base, cancel)
    if options.imatrix:
        seen = seen.with_importance()
    choice = ImportChoice(
        size=options.size,
        engine=engine,
        name=options.name,
        output=options.output,
        replace=options.replace,
        imatrix=options.imatrix,
        repair=options.repair and bool(seen.repairs),
        keep_original=house.settings.flag("keep_originals"),
    )
    plan = make_plan_or_raise(house, seen, choice)
    if output.as_json:
        output(Event(Kind.PLAN, to_json(plan)))
    elif not _confirmed(plan, seen, options, output):
        raise Cancelled
    result = _run_noted(house, seen.title, plan, output, cancel)
    _show_result(result.fields(), output)
    return result.fields()


def _run_noted(house: House, title: str, plan: ImportPlan, output: Output, cancel: CancelToken) -> ImportResult:
    """Runs an import and keeps the book of jobs, so that the window can go on with it after an interruption. A file
    that is only written somewhere is nobody's business but the caller's."""
    from .importing.housekeeping import interrupted, tidy
    from .importing.jobs import JobBook, JobState
    from .importing.running import run_import

    if plan.choice.engine == NO_ENGINE:
        return run_import(plan, house.surroundings, output, cancel)
    book = JobBook(house.folders.jobs)
    for left in interrupted(book):
        if left.plan == plan:
            book.remove(left)  # this very run goes on with it
        else:
            output(warning("import_interrupted", title=left.title))
    tidy(book, house.surroundings.work_folder)
    job = replace(book.add(title, plan), state=JobState.RUNNING)
    book.save(job)
    try:
        result = run_import(plan, house.surroundings, output, cancel)
    except (Cancelled, KeyboardInterrupt):
        book.save(replace(job, state=JobState.PAUSED))
        raise
    except ModelyardError as error:
        book.save(replace(job, state=JobState.FAILED, error_code=error.code.value, error_fields=error.fields))
        raise
    book.save(replace(job, state=JobState.DONE, result=result.fields()))
    return result


def make_plan_or_raise(house: House, seen: Inspection, choice: ImportChoice) -> ImportPlan:
    from .importing.planning import make_plan

    plan = make_plan(seen, choice, house.surroundings)
    if isinstance(plan, Refusal):
        raise plan.error()
    return plan


def models(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    found = [model for engine in _usable_engines(house) for model in engine.models()]
    for model in found:
        size = f"{output.words.amount(model.size_bytes):>9}"
        output.line(f"{model.name:<40} {model.engine:<8} {model.size_label:<8} {size}  {model.display_name}")
    return {"models": [_model_fields(model) for model in found]}


def chat(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    engine = _engine_with(house, options.name, options.engine)
    chosen = _options(options.option)
    history: list[ChatMessage] = []
    result: dict[str, Any] = {}
    prompts = [options.prompt] if options.prompt is not None else iter(_read_line, None)
    for prompt in prompts:
        if not prompt.strip():
            continue
        history.append(ChatMessage("user", prompt))
        result = _answer(engine, ChatRequest(options.name, tuple(history), chosen), output, cancel)
        output.line()
        history.append(ChatMessage("assistant", result["text"]))
    cancel.check()
    return result


def copy(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    made = _engine_with(house, options.name, options.engine).copy(options.name, options.new_name)
    output.line(f"{made.engine}: {made.name}")
    return _model_fields(made)


def remove(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    engine = _engine_with(house, options.name, options.engine)
    return {"name": options.name, "engine": engine.id, "freed_bytes": engine.remove(options.name)}


def publish(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    from .importing.publishing import PublishRequest, publish_model

    engine = _engine_with(house, options.name, options.engine)
    request = PublishRequest(engine.id, options.name, options.repository, options.private)
    published = publish_model(request, house.surroundings, output, cancel)
    output.line(published.url)
    return asdict(published)


def modelfile(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> None:
    from .formats.source import FileSource
    from .modelfile.report import report

    with FileSource(options.file) as source:
        output.record(report(source.read_at(0, source.size)))


def demo(house: House, options: argparse.Namespace, output: Output, cancel: CancelToken) -> dict[str, Any]:
    """Brings the sample home (once) and asks it one question, with the built-in engine."""
    from .importing.sample import SAMPLE_NAME, sample_text

    engine = house.engines["builtin"]
    if SAMPLE_NAME not in {model.name for model in engine.models()}:
        seen = _inspect(house, sample_text(), "", cancel)
        plan = make_plan_or_raise(house, seen, ImportChoice(engine="builtin", name=SAMPLE_NAME))
        _run_noted(house, seen.title, plan, output, cancel)
    question = "Why is the sky blue? Answer in two sentences."
    output.line(f"\n> {question}\n")
    request = ChatRequest(SAMPLE_NAME, (ChatMessage("user", question),), {"temperature": 0.0})
    result = _answer(engine, request, output, cancel)
    output.line()
    return result


def _inspect(house: House, text: str, base: str, cancel: CancelToken) -> Inspection:
    from .importing.inspecting import inspect as look
    from .importing.sources import AdapterFolder, HubRepo
    from .importing.understand import parse_source

    source = parse_source(text)
    if base and isinstance(source, AdapterFolder | HubRepo):
        source = replace(source, base=base)
    return look(source, house.surroundings, cancel)


def _options(given: list[str]) -> dict[str, ParameterValue]:
    """Raises USAGE for what is no NAME=VALUE, MODELFILE_* for values of a wrong type."""
    from .modelfile.parameters import read_value

    chosen: dict[str, ParameterValue] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals:
            raise ModelyardError(Code.USAGE, detail=f"--option {each}")
        chosen[name] = read_value(name, text)
    return chosen


def _answer(engine: Engine, request: ChatRequest, output: Output, cancel: CancelToken) -> dict[str, Any]:
    text, thinking, stats = "", "", None
    for chunk in engine.chat(request, cancel):
        text, thinking = text + chunk.text, thinking + chunk.thinking
        if chunk.text or chunk.thinking:
            output(Event(Kind.TEXT, {"text": chunk.text, "thinking": chunk.thinking}))
        stats = chunk.stats or stats
    cancel.check()
    return {"text": text, "thinking": thinking, "stats": asdict(stats) if stats else {}}


def _read_line() -> str | None:
    if sys.stdin.isatty():
        sys.stderr.write("> ")
        sys.stderr.flush()
    line = sys.stdin.readline()
    return None if not line or line.strip() in ("/bye", "/exit") else line


def _usable_engines(house: House) -> list[Engine]:
    from .engines.base import EngineState

    return [engine for engine in house.engines.values() if engine.status().state is EngineState.READY]


def _engine_with(house: House, name: str, wanted: str) -> Engine:
    """The engine that has a model of this name. Raises ENGINE_MODEL_MISSING."""
    engines = [house.engines[wanted]] if wanted else _usable_engines(house)
    for engine in engines:
        known = {model.name.lower().removesuffix(":latest") for model in engine.models()}
        if name.lower().removesuffix(":latest") in known:
            return engine
    raise ModelyardError(Code.ENGINE_MODEL_MISSING, name=name)


def _model_fields(model: InstalledModel) -> dict[str, Any]:
    fields: dict[str, Any] = to_json(model)
    fields.pop("type")
    return fields


def _confirmed(plan: ImportPlan, seen: Inspection, options: argparse.Namespace, output: Output) -> bool:
    _show_inspection(seen, output, only=plan.choice.size)
    for note in plan.warnings:
        output.line("! " + output.words.warning(note.code, note.fields))
    if options.yes or not sys.stdin.isatty():
        return True
    answer = input("[Y/n] ").strip().lower()
    return answer in ("", "y", "yes", "j", "是", "好")


def _show_inspection(seen: Inspection, output: Output, only: str = "") -> None:
    words = output.words
    output.line(f"{seen.title}  ·  {seen.architecture}  ·  {seen.stored_as}  ·  {words.amount(seen.source_bytes)}")
    if seen.form == "adapter":
        output.line(f"+ {seen.base_model}  ·  {words.label('base_places', seen.base_place or 'missing')}")
    for note in (*seen.risks, *seen.warnings, *seen.repairs):
        output.line("! " + words.warning(note.code, note.fields))
    if seen.refusal is not None:
        output.line("✗ " + words.error_line(seen.refusal.error()))
    shown = [seen.option(only)] if only else [option for option in seen.sizes if option.listed]
    for option in shown:
        mark = "→" if option.recommended else " "
        fit = words.label("fits", option.fit.value)
        title = words.size(option.size)[0]
        size = words.amount(option.disk_bytes)
        output.line(f"{mark} {option.size:<10} {size:>9}  {words.amount(option.memory.total):>9}  {fit:<12} {title}")


def _show_result(fields: dict[str, Any], output: Output) -> None:
    where = fields.get("path") or f"{fields['engine']}: {fields['name']}"
    output.line(f"✓ {where}  ({output.words.amount(fields['size_bytes'])})")
    if verdict := fields.get("verdict"):
        output.line(output.words.label("verdicts", str(verdict)))
    if answer := fields.get("answer"):
        output.line(f"“{answer}”")

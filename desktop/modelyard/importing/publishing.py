"""An installed model goes to Hugging Face: weights, Modelfile, what Ollama reads, and a model card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..engines.base import ModelDetails
from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step
from ..formats.gguf_facts import GgufFacts, facts
from ..formats.split import read_set
from ..hub.account import whoami
from ..hub.publish.card import Card, CardFile, model_card, ollama_files
from ..hub.publish.files import PublishFile
from ..hub.publish.publish import PublishJob, check_publish, publish
from ..hub.session import Session
from ..hub.values import Account
from ..modelfile.writing import write_persona
from .naming import technical_name
from .steps import step
from .surroundings import Surroundings
from .workspace import Workspace

LARGEST_FILE = 45_000_000_000  # the Hub takes 50 GB in one file


@dataclass(frozen=True)
class PublishRequest:
    """`repository` is owner/name. `private` counts only when the repository is made."""

    engine: str
    name: str
    repository: str
    private: bool = False


@dataclass(frozen=True)
class WeightFile:
    """A file of the model under the name it gets in the repository."""

    name: str
    path: Path
    size_bytes: int


@dataclass(frozen=True)
class Published:
    url: str
    files: tuple[str, ...]
    size_bytes: int


def publisher(hub: Callable[[], Session], cancel: CancelToken) -> Account:
    """Whose key it is, asked before anything is decided. Raises HUB_NO_KEY, HUB_KEY_READ_ONLY, HUB_*."""
    with hub() as session:
        account = whoami(session, cancel)
        if not account.can_write:
            raise ModelyardError(Code.HUB_KEY_READ_ONLY, account=account.name, url=session.endpoint.keys_page)
        return account


def weight_files(details: ModelDetails) -> tuple[WeightFile, ...]:
    """What goes up, under names people understand: the model, then its projectors. A model beyond LARGEST_FILE is cut
    into shards of that name. Raises FILE_MISSING, GGUF_*."""
    if not details.files:
        raise ModelyardError(Code.FILE_MISSING, name=details.model.name)
    whole, parts = read_set(details.files[0])
    stem = f"{technical_name(details.model.display_name or details.model.name)}-{facts(whole.header).size}"
    names = [path.name for path in parts] if len(parts) > 1 else [f"{stem}.gguf"]
    others = [path for path in details.files if path not in parts]
    names += [f"mmproj-{stem}{_number(at)}.gguf" for at in range(len(others))]
    return tuple(
        WeightFile(name, path, path.stat().st_size) for name, path in zip(names, (*parts, *others), strict=True)
    )


def publish_model(
    request: PublishRequest, surroundings: Surroundings, listener: Listener, cancel: CancelToken
) -> Published:
    """A key that may not write is recognised before anything is read. Raises ENGINE_MODEL_MISSING, FILE_MISSING (the
    engine's files cannot be read by us), HUB_*, DISK_FULL (for splitting), Cancelled."""
    with surroundings.hub() as session:
        with step(Step.LOOKING, listener):
            check_publish(session, request.repository, cancel)
            details = surroundings.engine(request.engine).show(request.name)
            named = weight_files(details)
            known = facts(read_set(named[0].path)[0].header)
        key = "publish-" + technical_name(f"{request.repository} {request.name}")
        workspace = Workspace(surroundings.work_folder)
        weights = _weights(named, workspace, key, listener, cancel)
        job = PublishJob(
            request.repository, (*weights, *_small_files(request, details, known, weights)), request.private
        )
        with step(Step.PUBLISHING, listener):
            url = publish(session, job, listener, cancel)
        published = Published(url, tuple(file.name for file in job.files), sum(file.size for file in weights))
        workspace.release(key)  # shards go, so they were measured before
    return published


def _weights(
    named: tuple[WeightFile, ...], workspace: Workspace, key: str, listener: Listener, cancel: CancelToken
) -> tuple[PublishFile, ...]:
    """The files; what is too large for the Hub is cut into shards in the folder of job `key`."""
    files: list[PublishFile] = []
    for each in named:
        if each.size_bytes > LARGEST_FILE:
            shards = _split(each.path, workspace.folder(key) / each.name, listener, cancel)
            files += [PublishFile(path.name, path, sha256=sha256) for path, sha256 in shards]
        else:
            files.append(PublishFile(each.name, each.path))
    return tuple(files)


def _split(model: Path, destination: Path, listener: Listener, cancel: CancelToken) -> list[tuple[Path, str]]:
    from ..quantize.gguf_sets import split
    from ..quantize.gguf_source import GgufFile

    whole, _ = read_set(model)
    with step(Step.PREPARING, listener):
        written = split(GgufFile(model, whole.header), destination, LARGEST_FILE, listener=listener, cancel=cancel)
    return [(each.path, each.sha256) for each in written]


def _small_files(
    request: PublishRequest, details: ModelDetails, known: GgufFacts, weights: tuple[PublishFile, ...]
) -> list[PublishFile]:
    persona = replace(details.persona, base=f"./{weights[0].name}")
    small = ollama_files(persona.template, persona.system, persona.parameters)
    total = sum(file.size for file in weights if not file.name.startswith("mmproj-"))
    card = Card(
        title=details.model.display_name or request.name,
        repository=request.repository,
        files=(CardFile(weights[0].name, known.size, total),),
        base_model=next(iter(known.base_models), ""),
        licence=details.licence or known.licence,
        licence_link=known.licence_link,
        persona=bool(persona.system or persona.parameters or persona.messages),
    )
    small["Modelfile"] = write_persona(persona).text.encode("utf-8")
    small["README.md"] = model_card(card)
    return [PublishFile(name, content=content) for name, content in small.items()]


def _number(at: int) -> str:
    return f"-{at + 1}" if at else ""

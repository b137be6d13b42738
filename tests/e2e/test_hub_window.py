"""From a Hugging Face name to a model that answers, through the window with real mouse and keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.hub_server import ALICE, Hub, running_hub

from .program import calm
from .screen import Box, Screen, screen, wait_until
from .test_window import answers, ask, close, fresh, jobs

pytestmark = [pytest.mark.screen, pytest.mark.timeout(300)]
_HERE = Path(__file__).parent
NAME = "studio/Tiny-Llama-Instruct"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = write_tiny_llama(tmp_path / "Tiny-Llama-Instruct", layers=8, shards=3)
    with running_hub() as server:
        server.add(NAME, {path.name: path for path in folder.iterdir()})
        yield server


@pytest.fixture
def on(hub: Hub, tmp_path: Path) -> Iterator[Screen]:
    with screen(tmp_path) as shown:
        shown.environment.update(HF_ENDPOINT=hub.url, HF_HUB_CACHE=str(tmp_path / "cache"))
        yield shown


def give_name(on: Screen, window: Box, hub: Hub) -> None:
    """Presses "Import a model", types the name into the field, which searches while one types, and presses Enter."""
    searched = f"search={quote(NAME, safe='')}&"

    def type_it() -> bool:
        on.click(window, 767, 471)
        on.press("ctrl+a")
        on.write(NAME)
        try:
            wait_until(lambda: hub.requests(searched), "a search for all that is typed", 5)
        except AssertionError:
            return False
        return True

    wait_until(type_it, "the field")
    on.press("Return")
    wait_until(lambda: hub.requests(f"GET /api/models/{NAME}"), "a look at the repository")


def may_go_on(on: Screen, window: Box) -> bool:
    """Next is in the colour of what may be pressed."""
    colour = on.colour(window, -82, -22)
    return max(colour) - min(colour) > 60


def import_it(on: Screen, window: Box, data: Path) -> None:
    wait_until(lambda: may_go_on(on, window), "a check card that lets one go on")

    def press() -> bool:
        on.press("ctrl+Return")
        return bool(jobs(data))

    wait_until(press, "an import that runs")
    wait_until(lambda: jobs(data)[0]["state"] == "done", "the import's end", 120)


def test_a_name_a_size_a_model(on: Screen, hub: Hub, tmp_path: Path) -> None:
    data = tmp_path / "data"
    fresh(data)
    with on.program("-m", "modelyard", "--data-dir", str(data)) as program:
        window = on.window("Modelyard")
        give_name(on, window, hub)
        wait_until(lambda: may_go_on(on, window), "the check card")
        on.click(window, 635, 424)  # the first size of the list: small
        import_it(on, window, data)
        calm(data)
        on.press("Return")  # Chat now
        ask(on, "Hello")
        wait_until(lambda: answers(data) == 1, "the answer")
        close(on, program)
    [job] = jobs(data)
    result = job["result"]
    assert isinstance(result, dict)
    assert (result["engine"], result["size"]) == ("builtin", "Q3_K_M")
    assert [path.parent.name for path in (data / "models").glob("*/Modelfile")]


def test_a_closed_door_that_opens(on: Screen, hub: Hub, tmp_path: Path) -> None:
    """The terms are accepted in the browser; coming back is enough, the card looks again by itself."""
    repo = hub.repos[NAME]
    repo.gated = "manual"
    on.environment["HF_TOKEN"] = ALICE
    data = tmp_path / "data"
    fresh(data)
    with on.program("-m", "modelyard", "--data-dir", str(data)) as program:
        window = on.window("Modelyard")
        give_name(on, window, hub)
        asked = "auth-check"
        wait_until(lambda: hub.requests(asked), "the question whether it is open")
        with on.program(str(_HERE / "drag_source.py"), "nothing"):
            on.window("DragSource")  # stands for the browser, and takes the keys
            assert not may_go_on(on, window)
            repo.people["alice"] = "allowed"
            before = len(hub.requests(asked))
            wait_until(lambda: came_back(on, hub, before), "another look")
        import_it(on, window, data)
        close(on, program)
    assert jobs(data)[0]["state"] == "done"
    assert not any(each.key for each in hub.seen if each.host.startswith("localhost")), "the key left its host"


def came_back(on: Screen, hub: Hub, before: int) -> bool:
    """Goes to the other window and back until the program has asked again (the refusal may not be shown yet)."""
    for name in ("DragSource", "Modelyard"):
        [first, *_] = on.xdotool("search", "--onlyvisible", "--name", f"^{name}$").split()
        subprocess.run(["xdotool", "windowactivate", "--sync", first], env=on.environment, timeout=30, check=True)
    return len(hub.requests("auth-check")) > before

"""Answers that grow: saved by themselves, marked when the program ended, safe from several threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from modelyard.chat.store import ChatStore
from modelyard.chat.values import State, Stats
from modelyard.errors import Code, ModelyardError
from modelyard.host.owner import is_alive, this_process

STREAM = """
import sys, time
from pathlib import Path
from modelyard.chat.store import ChatStore
from modelyard.chat.values import Role
store = ChatStore(Path(sys.argv[1]))
number = store.conversations.create().id
store.messages.add(number, Role.USER, "count")
answer = store.begin_answer(number)
start = time.monotonic()
for piece in range(100000):
    answer.add(f"{piece} ")
    print(piece, time.monotonic() - start, flush=True)
    time.sleep(0.01)
"""


def wait_until(condition: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_an_answer_is_saved_by_itself(store: ChatStore) -> None:
    number = store.conversations.create().id
    answer = store.begin_answer(number, model="m", seconds=0.02)
    answer.add("one ", thinking="a")
    wait_until(lambda: store.messages.get(answer.message.id).content == "one ")
    answer.add("two ")
    answer.add("three", thinking="b")
    stats = Stats("stop", 1, 3)
    done = answer.finish(State.STOPPED, stats)
    assert (done.content, done.thinking, done.state, done.stats) == ("one two three", "ab", State.STOPPED, stats)


def test_an_answer_can_fail_and_go_on(store: ChatStore) -> None:
    number = store.conversations.create().id
    answer = store.begin_answer(number)
    answer.add("half")
    failed = answer.finish(State.FAILED, error={"code": "engine_crashed", "name": "m", "detail": None})
    assert failed.error == {"code": "engine_crashed", "name": "m", "detail": None}
    assert len(store.search("half")) == 1
    more = store.resume_answer(failed.id)
    assert store.search("half") == []  # it is growing again
    more.add(" and the rest")
    done = more.finish()
    assert (done.content, done.state, done.error) == ("half and the rest", State.DONE, None)
    assert len(store.search("half and the rest")) == 1


def test_the_conversation_is_deleted_meanwhile(store: ChatStore) -> None:
    number = store.conversations.create().id
    answer = store.begin_answer(number, seconds=0.01)
    store.conversations.delete(number)
    answer.add("x")
    with pytest.raises(ModelyardError) as caught:
        answer.finish()
    assert caught.value.code is Code.CHAT_MISSING


def test_many_threads_at_once(store: ChatStore) -> None:
    """Answers stream into several conversations while others are read and searched."""
    numbers = [store.conversations.create().id for _ in range(4)]
    faults: list[BaseException] = []

    def stream(number: int) -> None:
        try:
            answer = store.begin_answer(number, seconds=0.005)
            for piece in range(200):
                answer.add(f"{piece},")
                if piece % 20 == 0:
                    store.search("199,")
                    store.messages.tail(number)
            answer.finish()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=stream, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    whole = "".join(f"{piece}," for piece in range(200))
    assert [store.messages.tail(number).messages[0].content for number in numbers] == [whole] * 4
    assert len(store.search("198,199,")) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_while_streaming(path: Path) -> None:
    """At most the last second is lost; the answer is marked at the next start."""
    child = subprocess.Popen([sys.executable, "-c", STREAM, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said: list[tuple[int, float]] = []
    try:
        while not said or said[-1][1] < 2.5:
            piece, moment = child.stdout.readline().split()
            said.append((int(piece), float(moment)))
        with ChatStore(path) as meanwhile:  # another process leaves the growing answer alone
            assert meanwhile.interrupted == ()
    finally:
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split("\n")
        child.wait()
        child.stdout.close()
    said += [(int(line.split()[0]), float(line.split()[1])) for line in rest if len(line.split()) == 2]
    with ChatStore(path) as store:
        assert len(store.interrupted) == 1 and store.rescued is None
        answer = store.messages.get(store.interrupted[0])
        assert answer.state is State.INTERRUPTED
        saved = len(answer.content.split())
        assert answer.content == "".join(f"{piece} " for piece in range(saved))
        assert saved > 0
        lost = [moment for piece, moment in said if piece >= saved]
        assert not lost or said[-1][1] - lost[0] <= 1.5  # a second, and the slowness of a busy machine
        assert [found.message for found in store.search(f"{saved - 1} ")] == [answer.id]
    with ChatStore(path) as store:
        assert store.interrupted == ()


def test_writers_are_told_apart() -> None:
    own = this_process()
    assert is_alive(own)
    assert not is_alive(own, lambda number: None)
    assert not is_alive(own, lambda number: 12345.0)  # another process with the same number
    assert not is_alive("") and not is_alive("x:y")

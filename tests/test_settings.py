"""Flag, then environment, then file, then default; and errors that say what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansard.errors import Invalid
from hansard.settings import (
    DEFAULTS,
    NAMES,
    Settings,
    described,
    load,
    masked,
    strangers,
    type_name,
)


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_anything_every_setting_has_its_default() -> None:
    loaded = load({}, {})
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}


def test_each_place_goes_before_the_next(somewhere: Path) -> None:
    (somewhere / "hansard.toml").write_text('host = "file"\nworkspace = "file"\nstore = "file"\n')
    loaded = load(
        {"host": "flag", "port": None},
        {"HANSARD_HOST": "variable", "HANSARD_WORKSPACE": "variable"},
    )
    assert (loaded.settings.host, loaded.settings.workspace, loaded.settings.store) == (
        "flag",
        "variable",
        "file",
    )
    assert (loaded.sources["host"], loaded.sources["workspace"], loaded.sources["store"]) == (
        "flag",
        "HANSARD_WORKSPACE",
        "hansard.toml",
    )


def test_variables_are_read_as_what_the_setting_is() -> None:
    settings = load(
        {}, {"HANSARD_PORT": "9000", "HANSARD_MIGRATE": "false", "HANSARD_REAP_SECONDS": "0.5"}
    ).settings
    assert (settings.port, settings.migrate, settings.reap_seconds) == (9000, False, 0.5)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HANSARD_PORT", "many", "port (from HANSARD_PORT) must be a whole number, not 'many'"),
        ("HANSARD_PORT", "99999", "port (from HANSARD_PORT) must be <= 65535, not '99999'"),
        (
            "HANSARD_MIGRATE",
            "perhaps",
            "migrate (from HANSARD_MIGRATE) must be true or false, not 'perhaps'",
        ),
        (
            "HANSARD_STROE",
            "x",
            "unknown setting HANSARD_STROE in the environment: did you mean HANSARD_STORE?",
        ),
    ],
)
def test_a_wrong_variable_says_what_is_wrong(variable: str, value: str, message: str) -> None:
    with pytest.raises(Invalid) as problem:
        load({}, {variable: value})
    assert problem.value.message == message


def test_the_type_in_a_file_is_taken_strictly(somewhere: Path) -> None:
    (somewhere / "hansard.toml").write_text('port = "9000"\n')
    with pytest.raises(Invalid, match=r"port \(from hansard.toml\) must be a whole number"):
        load({}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", "did you mean 'port'"),
        ("xyzzy = 1", "the settings are store, "),
        ("port", "not sound TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(somewhere: Path, text: str, message: str) -> None:
    (somewhere / "hansard.toml").write_text(text)
    with pytest.raises(Invalid, match=message):
        load({}, {})


def test_a_file_that_was_asked_for_must_be_there(somewhere: Path) -> None:
    with pytest.raises(Invalid, match=r"cannot read the settings file other\.toml"):
        load({}, {}, Path("other.toml"))
    with pytest.raises(Invalid, match="cannot read the settings file"):
        load({}, {"HANSARD_CONFIG": "gone.toml"})
    (somewhere / "other.toml").write_text("port = 1\n")
    assert load({}, {"HANSARD_CONFIG": "other.toml"}).sources["port"] == "other.toml"


def test_what_a_container_platform_announces_is_passed_over() -> None:
    announced = {
        "HANSARD_PORT": "tcp://10.0.0.1:8765",
        "HANSARD_SERVICE_HOST": "10.0.0.1",
        "HANSARD_PORT_8765_TCP_ADDR": "10.0.0.1",
    }
    assert load({}, announced).settings == Settings()


def test_strangers_are_named_and_the_clients_variables_are_none() -> None:
    assert strangers(
        {
            "HANSARD_COLOUR": "1",
            "HANSARD_API_KEY": "k",
            "HANSARD_URL": "u",
            "HANSARD_CONFIG": "c",
            "HANSARD_PORT": "1",
            "PATH": "",
        }
    ) == ["HANSARD_COLOUR"]


def test_passwords_are_masked() -> None:
    assert masked("store", "postgresql://me:secret@host/db") == "postgresql://me:****@host/db"
    for careless in ("p@ss", "p/ss", "p?ss#@"):
        assert (
            masked("store", f"postgresql://me:{careless}@host/db") == "postgresql://me:****@host/db"
        )
    assert masked("store", "sqlite:///hansard.db") == "sqlite:///hansard.db"
    assert (masked("migrate", True), masked("port", 1)) == ("true", "1")


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_says_what_it_is(name: str) -> None:
    assert described(name)
    assert type_name(name)
    assert name in DEFAULTS

"""What brings Hansard to a machine says what the program says: names, versions, ports, probes."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml  # type: ignore[import-untyped]  # safe_load needs no stubs

from hansard import __version__
from hansard.app import DIALECTS
from hansard.metrics import FAMILIES, Metrics
from hansard.settings import NAMES, PREFIX
from hansard.system import system
from scripts import release

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "hansard"
RUNBOOK = ROOT / "docs" / "runbook"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "hansard.json"
UNIT = DEPLOY / "systemd" / "hansard.service"
SUFFIXES = ("_bucket", "_sum", "_count")
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
BESIDE = {"job", "instance", "le"}
"""Labels that Prometheus puts on everything, and that of a bucket."""


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def alerts() -> list[dict[str, Any]]:
    return [rule for group in read(ALERTS)["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Each question that an alert or a panel asks, with who asks."""
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", ()))


def families_of(expression: str) -> dict[str, set[str]]:
    """The labels of each family of ours that an expression asks for.

    KeyError for an unknown one.
    """
    known = {family.name: set(family.labels) for family in FAMILIES}
    names = set(re.findall(r"\b(hansard_\w+|process_\w+)\b", expression)) - PROCESS
    histograms = {family.name for family in FAMILIES if family.kind == "histogram"}
    return {
        name: known[
            next((base for base in histograms if name in {base + each for each in SUFFIXES}), name)
        ]
        for name in names
    }


@pytest.mark.parametrize(("asker", "expression"), list(expressions()))
def test_alerts_and_panels_ask_for_metrics_that_there_are(asker: str, expression: str) -> None:
    labels = set().union(*families_of(expression).values()) | BESIDE
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    labels_used = {label.strip() for group in grouped for label in group.split(",")}
    labels_used |= set(re.findall(r"[{,](\w+)[!=]~?=?\"", expression))
    assert labels_used <= labels, asker


def test_a_metric_that_there_is_not_would_be_noticed() -> None:
    with pytest.raises(KeyError):
        families_of("rate(hansard_http_requests_total[5m])")


def test_a_counter_is_never_asked_for_as_a_gauge() -> None:
    counters = [family.name for family in FAMILIES if family.kind == "counter"]
    for asker, expression in expressions():
        for name in counters:
            for match in re.finditer(rf"\b{name}\b", expression):
                assert re.search(r"(rate|increase)\($", expression[: match.start()]), asker


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = {f"docs/runbook/{page.name}": page for page in RUNBOOK.glob("*.md")}
    assert {rule["annotations"]["runbook"] for rule in alerts()} == set(pages)
    for rule in alerts():
        page = pages[rule["annotations"]["runbook"]].read_text("utf-8")
        assert page.startswith(f"# {rule['alert']}\n"), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_prometheus_takes_the_alerts() -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("NOT TESTED: there is no promtool here; it comes with Debian's prometheus")
    checked = subprocess.run(
        [program, "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_everything_that_says_a_version_says_the_programs() -> None:
    assert set(release.versions().values()) == {__version__}


def test_a_version_that_differs_stops_a_release() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "release.py"), "9.9.9"]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert checked.stdout.count("not 9.9.9") == len(release.versions())


def test_the_image_is_built_without_a_complaint_of_hadolint() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_image_runs_as_an_account_of_its_own_and_is_probed() -> None:
    recipe = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.findall(r"^USER (.+)$", recipe, re.MULTILINE) == ["10001:10001"]
    probed = re.search(r"HEALTHCHECK.*?http://127\.0\.0\.1:8765(/\w+)", recipe, re.DOTALL)
    assert probed
    assert probed[1] in paths()
    assert "UV_PYTHON_DOWNLOADS=never" in recipe
    pinned = re.search(r'"(uv==[\d.]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert pinned
    assert pinned[1] in recipe


def test_the_image_gets_what_it_copies_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    assert sent == {name for line in copied for name in line.split()}
    assert all((ROOT / name).exists() for name in sent)


def paths() -> set[str]:
    return {route.path for route in system(DIALECTS, Metrics()).routes}


def test_what_is_set_is_a_setting() -> None:
    files = [
        ROOT / "Dockerfile",
        ROOT / "compose.yaml",
        *CHART.rglob("*.yaml"),
        CHART / "templates" / "_helpers.tpl",
    ]
    used = {name for file in files for name in re.findall(r"\bHANSARD_[A-Z_]+\b", file.read_text())}
    known = {PREFIX + name.upper() for name in NAMES}
    assert used - known <= {"HANSARD_DB_PASSWORD", "HANSARD_"}  # compose's own; a prefix in prose
    assert "HANSARD_STORE" in used


def test_compose_starts_the_server_behind_its_database() -> None:
    services = read(ROOT / "compose.yaml")["services"]
    server = services["hansard"]
    assert server["read_only"]
    assert server["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["database"]["image"].startswith("postgres:")
    assert server["environment"]["HANSARD_STORE"].endswith("@database/hansard")
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])


def test_the_unit_is_sound_and_the_guide_shows_it(tmp_path: Path) -> None:
    text = UNIT.read_text("utf-8")
    guide = (ROOT / "docs" / "guides" / "service.md").read_text("utf-8")
    assert f"```ini\n{text}```" in guide
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment]  # the names are told apart by case
    parser.read_string(text)
    assert parser["Service"]["ExecStart"].startswith("/opt/hansard/bin/hansard serve --quiet")
    if (program := shutil.which("systemd-analyze")) is None:
        pytest.skip("NOT TESTED: there is no systemd-analyze here")
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    checked = subprocess.run([program, "verify", unit], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_chart_takes_its_own_values_and_refuses_wrong_ones() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    jsonschema_rs.meta.validate(schema)
    values = read(CHART / "values.yaml")
    validator = jsonschema_rs.validator_for(schema)
    validator.validate(values)
    for wrong in ({"replicas": 0}, {"replica": 3}, {"settings": {"PORT": "1"}}):
        assert not validator.is_valid(values | wrong), wrong


def test_the_chart_uses_the_values_that_it_has() -> None:
    values = read(CHART / "values.yaml")
    templates = "".join(file.read_text() for file in (CHART / "templates").iterdir())
    for path in set(re.findall(r"\.Values\.([\w.]+)", templates)):
        value = values
        for name in path.split("."):
            assert name in value, f".Values.{path}"
            value = value[name]
    assert set(re.findall(r"\.Values\.(\w+)", templates)) == set(values)
    defined = set(re.findall(r'define "([\w.]+)"', templates))
    assert set(re.findall(r'include "([\w.]+)"', templates)) == defined
    assert len(re.findall(r"\{\{-? (?:if|with|range|define)\b", templates)) == len(
        re.findall(r"\{\{-? end\b", templates)
    )


def test_the_chart_probes_what_there_is() -> None:
    template = (CHART / "templates" / "deployment.yaml").read_text("utf-8")
    assert set(re.findall(r"path: (/\w+), port", template)) == {"/healthz", "/readyz"} <= paths()
    assert "/metrics" in paths()
    assert "path: /metrics" in (CHART / "templates" / "monitor.yaml").read_text("utf-8")


def test_the_release_runs_what_there_is() -> None:
    workflow = read(ROOT / ".github" / "workflows" / "release.yml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    runs = "\n".join(step.get("run", "") for step in steps)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"\bmake (\w+)", runs):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script in re.findall(r"(?:python|bash) (\S+)", runs):
        assert (ROOT / script).is_file(), script
    assert workflow["permissions"] == {}
    assert all(
        "@v" in step["uses"] or "@release/" in step["uses"] for step in steps if "uses" in step
    )


@pytest.mark.parametrize(
    "template", sorted((CHART / "templates").glob("*.yaml")), ids=lambda path: path.name
)
def test_what_surrounds_the_directives_of_a_template_is_yaml(template: Path) -> None:
    """Helm itself is not here: this sees what is indented wrongly, not what a value becomes."""
    text = template.read_text("utf-8")
    block = re.compile(r"^( *)\{\{- (?:include|toYaml) .*?nindent (\d+) \}\}$", re.MULTILINE)
    for indent, width in block.findall(text):
        assert len(indent) == int(width), template.name
    text = block.sub(r"\1rendered: true", text)
    text = re.sub(r"^ *\{\{-? ?(?:if|with|end|range).*\}\}\n", "", text, flags=re.MULTILINE)
    manifest = yaml.safe_load(re.sub(r"\{\{.*?\}\}", "rendered", text))
    assert {"apiVersion", "kind", "metadata", "spec"} == set(manifest)

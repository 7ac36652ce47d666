"""What the page weighs: the list cold, all scripts, all styles, the wheel."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Browser, Response, expect

from hansard.web.assets import Assets
from tests.support.serving import Served
from tests.ui.conftest import ROOT, visitor_at

KB = 1000
LIST, SCRIPTS, STYLES, WHEEL = 15 * KB, 14 * KB, 12 * KB, 2_500_000


def test_the_list_is_light_when_nothing_is_cached(browser: Browser, server: Served) -> None:
    """All that the browser fetches for the list until a click, but for events."""
    visitor = visitor_at(browser, server)
    visitor.context.new_cdp_session(visitor.page).send(
        "Network.setCacheDisabled", {"cacheDisabled": True}
    )
    fetched: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if "/ui/events" not in response.url:
            fetched[response.url.removeprefix(server.url)] = int(
                response.header_value("content-length") or 0
            )

    visitor.page.on("response", weigh)
    visitor.go("/ui/")
    expect(visitor.page.locator("#live.on")).to_be_visible()
    visitor.page.wait_for_timeout(500)
    visitor.context.close()
    print(f"the list, cold: {sum(fetched.values())} bytes in {fetched}")
    assert len(fetched) >= 3
    assert sum(fetched.values()) < LIST, fetched


def test_scripts_and_styles_keep_to_their_budgets() -> None:
    files = Assets().files
    scripts = {name: len(file.packed) for name, file in files.items() if name.endswith(".js")}
    styles = {name: len(file.packed) for name, file in files.items() if name.endswith(".css")}
    print(f"scripts {sum(scripts.values())} {scripts}, styles {sum(styles.values())} {styles}")
    assert sum(scripts.values()) < SCRIPTS, scripts
    assert sum(styles.values()) < STYLES, styles
    assert all(gzip.decompress(file.packed) == file.plain for file in files.values())


def test_the_wheel_is_small_and_has_the_page_in_it(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "build", "--wheel", "--quiet", "--out-dir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    print(f"the wheel: {wheel.stat().st_size} bytes")
    assert wheel.stat().st_size < WHEEL
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        "hansard/web/static/base.css",
        "hansard/web/templates/list.html",
        "hansard/store/migrations/postgres/0004_web.sql",
    } <= set(names)

"""Two hundred real sessions of an airline's agent.

Find every refused refund, read why, settle it, pass it on.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.serving import serving
from tests.ui.conftest import ROOT, hansard, visitor_at

DATA = ROOT.parent / "shared" / "data" / "airline-agent.json.gz"


@pytest.mark.skipif(not DATA.exists(), reason=f"the file is not here: {DATA}")
def test_the_refused_refunds_are_found_read_settled_and_passed_on(
    browser: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path) as server:
        hansard(server, "import", str(DATA), "--json")
        visitor = visitor_at(browser, server)
        page = visitor.page
        page.fill("input[type=search]", "cannot refund role:assistant")
        expect(page.locator(".row p mark").first).to_be_visible(timeout=10_000)
        refused = page.locator(".row").count()
        assert refused >= 5
        for index in range(refused):
            page.locator(".row a").nth(index).click()
            expect(page.locator(".row a").nth(index)).to_have_attribute("aria-current", "true")
            expect(page.locator("[data-target]")).to_contain_text("refund")
            if page.locator(".call.failed").count():
                break
        failed = page.locator(".call.failed").first
        expect(failed).to_be_attached()
        expect(failed.locator("pre").last).to_contain_text("Error")
        page.locator(".acts details summary").click()
        page.get_by_role("button", name="Mark unresolved").or_(
            page.get_by_role("button", name="Reopen")
        ).first.click()
        expect(page.locator("#toasts")).to_contain_text("Undo")
        page.keyboard.press("c")
        link = page.evaluate("navigator.clipboard.readText()")
        other = visitor.context.new_page()
        other.goto(link)
        expect(other.locator("#pane h1")).to_have_text(page.locator("#pane h1").inner_text())
        expect(other.locator(".call.failed").first).to_be_attached()
        assert visitor.seen.nothing, visitor.seen
        visitor.context.close()

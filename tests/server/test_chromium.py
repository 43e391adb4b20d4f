"""Every page in Chromium: nothing foreign runs, everybody can read it, keys and no JavaScript suffice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from dagnosis.data.store import ProfileStore
from dagnosis.incidents.contract import Change
from dagnosis.model import TaskRef
from dagnosis.pages.links import Links
from dagnosis.pages.stores import Stores
from dagnosis.server.app import make
from dagnosis.server.guards import Guards
from dagnosis.server.visitors import Visitors
from dagnosis.services.health import Status, say
from dagnosis.services.outlook import Why, keep
from dagnosis.services.tokens import Tokens
from tests.pages import making
from tests.server.conftest import FAST

HERE = Path(__file__).parent
PAYLOADS: list[str] = [
    json.loads(row) for row in (HERE / "xss.jsonl").read_text("utf-8").splitlines()
]
AXE = (HERE / "axe.min.js").read_text("utf-8")
TASK = "/dags/orders/runs/run-0/tasks/load?try_number=1"
PAGES = ("/", "/incidents", "/incidents/1", "/risk", "/data", "/data/shop%2Forders", "/models", "/health",
         "/dags/orders", "/dags/orders/runs/run-0", TASK, "/login", "/nothing")  # fmt: skip
ALARM = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt"]) window[name] = (...said) => window.ran.push([name, ...said]);
addEventListener("securitypolicyviolation", (event) => window.ran.push(["policy", event.violatedDirective, event.sample]));
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed (apt install chromium)")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def add_dataset(stores: Stores, folder: Path, name: str, values: tuple[str, ...]) -> None:
    """Four batches of a dataset, the last one with another kind of text; its finding as if by a check."""
    from dagnosis.data.batch import Blame, Difference
    from dagnosis.data.profile import profile_rows, read
    from dagnosis.data.profile.duckdb import DuckDBEngine
    from dagnosis.services.check import Finding

    path, profiles = folder / "batch.jsonl", cast(ProfileStore, stores.profiles)
    for day in range(1, 5):
        path.write_text(
            "".join(
                json.dumps({"amount": n, values[0]: values[n % len(values)]}) + "\n"
                for n in range(20)
            )
        )
        _, totals, rows = read(DuckDBEngine(path))
        made = profile_rows(rows, totals, dataset=name, partition=f"2026-11-0{day}")
        finding = Finding(
            dataset=name, partition=made.partition, run="", status="alarm", alarm=day == 4, summary=values[0],
            score=9.0, limit=8.0, confidence=0.5, batches=3, rows=20, blamed=(Blame(values[0], 1.0),),
            differences=(Difference(values[0], "nulls", 0.5, 0.0, 9.0, values[-1]),),
            examples=({"row": 1, values[0]: values[-1]},), since=values[0], gaps=(values[-1],),
        )  # fmt: skip
        profiles.record(
            made, "alarm" if day == 4 else "healthy", finding=msgspec.json.encode(finding)
        )


def visible_text(page: Any) -> str:
    found: str = page.inner_text("body")
    return found


def wait_for_text(page: Any, told: str) -> None:
    """Until the page says it: a click returns before the page that it leads to is there."""
    from playwright.sync_api import expect

    expect(page.locator("body")).to_contain_text(told, use_inner_text=True, timeout=20_000)


@pytest.fixture
def poisoned(tmp_path: Path) -> Iterator[Stores]:
    """Every text field of everything holds a payload; together all of them."""
    found = making.stores(tmp_path)
    size = 22
    for start in range(0, len(PAYLOADS), size):
        own = PAYLOADS[start : start + size]
        p = (own * size)[:size]
        number = start // size
        task = TaskRef(p[0], p[1] or "r", p[2], -1, 1)
        one = making.occurrence(
            number, task=task, fingerprint=f"f{number}", title=p[3], message=p[4], quote=p[5], fix=(p[6], p[7]),
            diagnosis_id=f"{number:016x}", operator=p[8], hostname=p[9], dag_version=p[10], blast=(p[11], p[12]),
            cause="network" if number % 2 else "unknown", detail=f"network.{p[13]}" if number % 2 else "unknown.unknown",
        )  # fmt: skip
        making.fill(found, one)
        making.remember(
            found,
            making.diagnosis(one, lines="\n".join(f"{n + 1}| {row}" for n, row in enumerate(own))),
        )
        incident = found.incidents.of_task(one.task)
        assert incident
        found.incidents.note(incident.id, p[14], who=p[15])
        change = Change(kind=p[16], text=p[17], before=p[18], after=p[19], detail=p[20])
        found.incidents.keep_changes(incident.id, [change])
        found.diagnoses.label(
            one.diagnosis_id, "correct", f"network.{p[21]}", who=p[15], note=p[14]
        )
        state = Status(
            process="watch",
            version=p[0],
            said=making.NOW,
            last_error=p[1],
            host=p[2],
            counts={p[3]: 1.0},
        )
        say(found.incidents, state)
        keep(
            found.incidents,
            making.outlook(p[0], task_id=p[2], reasons=tuple(Why(text, 1.0) for text in own)),
        )
    add_dataset(found, tmp_path, PAYLOADS[0], tuple(PAYLOADS[1:21]))
    yield found
    making.close(found)


def address(served: Callable[[Any], str], stores: Stores, tokens: Tokens) -> str:
    made = make(
        stores,
        Visitors(tokens, trusting=True, user=PAYLOADS[0]),
        Links(airflow="http://airflow.example"),
        rate=FAST,
    )
    made.writing.rate = made.writing.burst = FAST
    return served(made)


def test_no_payload_runs(
    chromium: Any, served: Callable[[Any], str], poisoned: Stores, tokens: Tokens
) -> None:
    assert len(PAYLOADS) >= 200
    base = address(served, poisoned, tokens)
    context = chromium.new_context()
    context.add_init_script(ALARM)
    page = context.new_page()
    dialogs: list[str] = []

    def told(dialog: Any) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", told)
    links = Links()
    incidents = poisoned.incidents.find(
        msgspec.structs.replace(making_query(), limit=200)
    ).incidents
    tasks = [one.last_failed for one in incidents if one.last_failed]
    visited = ["/", "/incidents?group=dag", "/risk", "/data", links.dataset(PAYLOADS[0]), "/models", "/health",
               *(links.incident(one.id) for one in incidents), *(links.task(one) for one in tasks[:4]),
               *(links.dag(one.dag_id) for one in tasks[:4]), *(links.run(one.dag_id, one.run_id) for one in tasks[:4]),
               *(links.to("incidents", text=one, dag_id=one, done=one) for one in PAYLOADS[::40])]  # fmt: skip
    shown = ""
    for path in visited:
        page.goto(base + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.evaluate("document.querySelectorAll('[autofocus]').forEach((one) => one.focus())")
        assert page.evaluate("window.ran") == [], path
        assert page.url.startswith(base), path
        leads = page.evaluate("[...document.querySelectorAll('a')].map((one) => one.protocol)")
        assert set(leads) <= {"http:"}, path
        foreign = page.evaluate(
            "document.querySelectorAll('script:not([src^=\"/static/\"]), iframe, object, embed, base, [onerror], [onload], [onclick], [style*=expression]').length"
        )
        assert foreign == 0, path
        shown += visible_text(page)
    assert dialogs == []
    # what was not run is there to be read
    assert shown.count("onerror=alert(1)") > 50
    context.close()


def making_query() -> Any:
    from dagnosis.incidents.contract import Query

    return Query()


@pytest.fixture
def base(served: Callable[[Any], str], stores: Stores, app: Guards, tmp_path: Path) -> str:
    """A server with a little of everything."""
    add_dataset(stores, tmp_path, "shop/orders", ("country", "DE", "FR"))
    return served(app)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Any, base: str, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    wrong = []
    for path in PAGES:
        page.goto(base + path)
        page.evaluate(AXE)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = page.evaluate("(tags) => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
        wrong += [
            (path, one["id"], one["impact"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    context.close()
    assert wrong == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_window(chromium: Any, base: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    for path in PAGES:
        page.goto(base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()


def test_all_is_read_and_done_without_javascript(chromium: Any, base: str, stores: Stores) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base + "/")
    wait_for_text(page, "A column is not in the frame")
    page.click("text=A column is not in the frame")
    for told in (
        "KeyError: 'amount'",
        "Compare the columns",
        "Will a retry help?",
        "publish",
        "the supplier renamed it",
    ):
        wait_for_text(page, told)
    page.click("text=Yes, that is it")
    wait_for_text(page, "Confirmed.")
    page.fill("#note", "seen without a script")
    page.click("text=Add it")
    wait_for_text(page, "seen without a script")
    page.goto(base + "/incidents")
    page.fill("#text", "refused")
    page.click("text=Show")
    page.wait_for_url("**text=refused**")
    wait_for_text(page, "The connection is refused")
    assert "A column is not in the frame" not in visible_text(page)
    page.check(".pick input")
    page.click("button:has-text('Acknowledge')")
    page.wait_for_url("**done=**")
    assert {one.state for one in stores.incidents.find(making_query()).incidents} == {
        "open",
        "acknowledged",
    }
    page.goto(base + "/data/shop%2Forders")
    wait_for_text(page, "2026-11-03")
    context.close()


def test_keys_suffice(chromium: Any, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + "/incidents")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("refused")
    page.wait_for_url("**text=refused**")
    assert page.locator(".incident").count() == 1
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "The connection is refused"
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*")
    assert page.text_content("h1") == "The connection is refused"
    context.close()


def test_feedback_and_theme_without_leaving_the_page(
    chromium: Any, base: str, stores: Stores
) -> None:
    context = chromium.new_context(color_scheme="light")
    context.add_init_script(ALARM)
    page = context.new_page()
    page.goto(base + "/incidents/1")
    page.click("text=Yes, that is it")
    page.wait_for_selector("#feedback .said")
    assert page.url.endswith("/incidents/1")
    assert [one.verdict for one in stores.diagnoses.feedback()] == ["confirm"]
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 24)"
    page.goto(base + "/data/shop%2Forders")
    page.wait_for_selector("figure .u-wrap canvas")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 24)"
    assert page.evaluate("window.ran") == []
    context.close()

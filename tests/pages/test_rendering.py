"""Templates: whole, framed and alone; and what goes with them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from dagnosis.model import TaskRef
from dagnosis.pages import incidents, overview, task
from dagnosis.pages.links import Links, Visitor
from dagnosis.pages.rendering import STATIC, headers, render, static
from dagnosis.pages.stores import Stores

FRAMED = Links(base="/dagnosis", airflow="https://airflow.example", embedded=True)


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def pages(stores: Stores, links: Links) -> dict[str, str]:
    visitor = Visitor(name="anna", write=True, csrf="c" * 64)
    ref = TaskRef("orders", "run-0", "load")
    return {
        "overview": render("overview", overview.overview(stores), links, visitor),
        "incidents": render(
            "incidents", incidents.listed(stores, incidents.asked({})), links, visitor
        ),
        "task": render("task", task.task(stores, ref, links), links, visitor),
        "run": render("run", task.run(stores, "orders", "run-0"), links, visitor),
        "dag": render("dag", task.dag(stores, "orders"), links, visitor),
    }


@pytest.mark.parametrize("links", [Links(), FRAMED], ids=["alone", "framed"])
def test_pages_have_no_script_or_style_of_their_own(stores: Stores, links: Links) -> None:
    for name, page in pages(stores, links).items():
        found = Outline(page)
        assert "style" not in found.tags, name
        assert found.tags.count("h1") == 1, name
        assert found.tags.count("main") == 1, name
        for attribute, value in found.attributes:
            assert not attribute.startswith("on"), (name, attribute)
            assert attribute != "style", (name, value)
            if attribute in ("href", "src", "action", "hx-get", "hx-post"):
                assert value.startswith((f"{links.base}/", "#", "https://airflow.example/")), (
                    name,
                    value,
                )


def test_a_framed_page_leaves_navigation_to_airflow(stores: Stores) -> None:
    page = pages(stores, FRAMED)["task"]
    assert 'class="top"' not in page
    assert (
        'href="https://airflow.example/dags/orders/runs/run-0/tasks/load?try_number=1#7" target="_top"'
        in page
    )
    assert "frame-ancestors 'self'" in headers(FRAMED)["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers(Links())["Content-Security-Policy"]


def test_who_may_not_write_sees_no_forms(stores: Stores) -> None:
    ref = TaskRef("orders", "run-0", "load")
    page = render("task", task.task(stores, ref, Links()), Links(), Visitor(name="ben"))
    assert "<form" not in page
    assert "You may read, not judge" in page


def test_static_files_are_those_that_are_listed() -> None:
    for name in STATIC:
        assert static(name)
    for name in ("../rendering.py", "style.css/", "", "htmx.LICENSE"):
        assert static(name) is None

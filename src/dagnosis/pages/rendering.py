"""HTML of a view. Templates escape whatever is put in; hidden characters are made visible on the way."""

from __future__ import annotations

from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dagnosis.pages import words
from dagnosis.pages.links import Links, Visitor
from dagnosis.pages.text import clipped, visible

STATIC = {
    "style.css": "text/css; charset=utf-8",
    "uplot.min.css": "text/css; charset=utf-8",
    "theme.js": "text/javascript; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "uplot.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that a page may ask for, and what they are."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


def headers(links: Links) -> dict[str, str]:
    """What is sent with every page. One that Airflow embeds may be framed by its own origin only."""
    ancestors = "'self'" if links.embedded else "'none'"
    return {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY.format(ancestors=ancestors),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN" if links.embedded else "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }


def render(name: str, view: Any, links: Links, visitor: Visitor | None = None, **more: Any) -> str:
    """The page `name` (a template without its ending) of a view."""
    found = _environment().get_template(f"{name}.html")
    return found.render(view=view, links=links, visitor=visitor or Visitor(), page=name, **more)


@cache
def static(name: str) -> bytes | None:
    """A static file; None for a name that is not in `STATIC`."""
    if name not in STATIC:
        return None
    return (files("dagnosis.pages") / "static" / name).read_bytes()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dagnosis.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for one in (
        words.ago, words.count, words.family, words.meaning, words.moment, words.number,
        words.share, words.size, words.span, clipped,
    ):  # fmt: skip
        made.filters[one.__name__] = partial(_passed, one)
    made.globals.update(KINDS=words.KINDS, NOVELTY=words.NOVELTY, RETRY=words.RETRY)
    return made


def _passed(function: Any, *values: Any) -> Any:
    return function(*values)


def _shown(value: Any) -> Any:
    """Every text that a template puts in a page goes through here; our own markup does not."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value

"""`dagnosis serve` and `dagnosis token`: the pages and the API, and who may use them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from socket import socket

    from dagnosis.services.tokens import Tokens

from dagnosis.cli.terminal import CONTEXT, complain, print_json
from dagnosis.errors import WrongUse


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), help="Port (default 8642).")
@click.option("--watch", is_flag=True, help="Follow Airflow, too: all in one command.")
@click.option("--auth", is_flag=True, help="Ask for a token on this machine, too.")
def serve(host: str | None, port: int | None, watch: bool, auth: bool) -> None:
    """Serve the pages, the JSON API (/api/v1) and /metrics.

    On this machine alone nobody needs a token: who is on it reads, acknowledges and corrects as you.
    Any other address is refused until a token exists, and then everybody shows one.

    \b
    Examples:
      dagnosis serve
      dagnosis serve --watch                   with settings for Airflow: docs/howto/pages.md
      dagnosis token create anna --scope write
      dagnosis serve --host 0.0.0.0 --port 8642

    Ctrl-C or SIGTERM ends it after the open requests. Exit code: 0 ended, 2 wrong use.
    """
    from dagnosis import app, settings
    from dagnosis.server.running import listening, run
    from dagnosis.services.tokens import Tokens

    flags = {"serve_host": host, "serve_port": port, "serve_auth": "always" if auth else None}
    chosen = settings.load(flags).settings
    has_tokens = bool(Tokens(chosen.tokens_file).all())
    if chosen.serve_auth == "always" and not has_tokens:
        raise WrongUse("serve: no token exists; make one: dagnosis token create NAME --scope write")
    opened = listening(chosen.serve_host, chosen.serve_port, authenticated=has_tokens)
    with app.opened(chosen) as found:
        metrics = app.measured(chosen, found)
        run(
            app.web(chosen, found, metrics),
            opened,
            watch=app.counted(metrics) if watch else None,
            started=lambda: complain(f"pages on {address(opened)}"),
        )


def address(opened: socket) -> str:
    """Where to point a browser at."""
    name = opened.getsockname()
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(name[0], name[0])  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{name[1]}/"


@click.group(context_settings=CONTEXT)
def token() -> None:
    """Tokens for the pages and the API.

    \b
    Examples:
      dagnosis token create anna --scope write
      dagnosis token create prometheus --scope read
      dagnosis token revoke anna
    """


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["read", "write", "admin"]),
    default="read",
    show_default=True,
    help="read: look. write: acknowledge, note, correct. admin: change models.",
)
@click.option("--days", type=click.FloatRange(0, 3660, min_open=True), help="Valid so long.")
def create(name: str, scope: str, days: float | None) -> None:
    """Make a token and print it, this once; a hash of it is kept.

    \b
    Examples:
      dagnosis token create anna --scope write
      curl -H "Authorization: Bearer $(dagnosis token create ci --days 1)" \\
          http://127.0.0.1:8642/api/v1/incidents
    """
    click.echo(_tokens().create(name, scope, days))  # type: ignore[arg-type]
    if sys.stdout.isatty():
        complain(
            f"this is all that is ever shown of it; to take it back: dagnosis token revoke {name}"
        )


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a token.")
def list_(as_json: bool) -> None:
    """List tokens: name, scope, when made, until when valid."""
    for one in _tokens().all():
        if as_json:
            print_json(
                {
                    "name": one.name,
                    "scope": one.scope,
                    "created": one.created,
                    "expires": one.expires,
                }
            )
        else:
            until = f"{one.expires:%Y-%m-%d}" if one.expires else "no end"
            click.echo(f"{one.name:<24} {one.scope:<6} {one.created:%Y-%m-%d}  {until}")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take a token back; it is refused from now on."""
    _tokens().revoke(name)


def _tokens() -> Tokens:
    from dagnosis import settings
    from dagnosis.services.tokens import Tokens

    return Tokens(settings.load().settings.tokens_file)

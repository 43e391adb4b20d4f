"""The command `digest`."""

from __future__ import annotations

from datetime import timedelta

import click

from dagnosis.cli.terminal import complain, print_json


@click.command()
@click.option(
    "--hours", metavar="N", type=click.FloatRange(0, 8760, min_open=True), default=24.0,
    show_default=True, help="How far back it goes.",
)  # fmt: skip
@click.option("--send", "sends", is_flag=True, help="Send it by e-mail instead of printing it.")
@click.option("--html", "as_html", is_flag=True, help="Print the HTML of the e-mail.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def digest(hours: float, sends: bool, as_html: bool, as_json: bool) -> None:
    """What is new, what is still broken, what is well again, and what is at risk next.

    It tells of the incidents in the store and of the risks that a watch reckoned last. --send takes the
    server and the people of the settings notify_mail_*.

    \b
    Examples:
      dagnosis digest
      dagnosis digest --hours 168
      dagnosis digest --send              for cron, every morning
      dagnosis digest --html > digest.html

    Exit code: 0 printed or sent, 2 no e-mail is set up, 4 the mail server or the store did not answer.
    """
    from dagnosis import settings
    from dagnosis.services import digest as service

    chosen = settings.load().settings
    told = service.made(chosen, timedelta(hours=hours))
    sent = service.send(told, chosen) if sends else ()
    if sent:
        complain(f"sent to {', '.join(sent)}: {told.subject}")
    if as_json:
        print_json(told)
    elif as_html:
        click.echo(service.html(told), nl=False)
    elif not sends:
        click.echo(f"{told.subject}\n\n{service.text(told)}", nl=False)

"""E-mail: plain text and HTML in one message, over SMTP with STARTTLS."""

from __future__ import annotations

import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import blake2b
from html import escape
from typing import TYPE_CHECKING

from dagnosis.errors import WrongUse
from dagnosis.incidents.notifications.contract import Notice, Undelivered
from dagnosis.incidents.notifications.message import Message, of_notice
from dagnosis.incidents.notifications.webhook import secret_of

if TYPE_CHECKING:
    from datetime import datetime

    from dagnosis.settings import Settings

SECONDS = 15.0


class Mail:
    """Sends each notice to the same people. `tls` is starttls, tls (from the first byte) or none."""

    name = "mail"

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        to: tuple[str, ...],
        *,
        tls: str = "starttls",
        user: str = "",
        password: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port, self.tls = host, port, tls
        self.sender, self.to = _address(sender), tuple(map(_address, to))
        self.user, self.password, self.context = user, password, context

    def notify(self, notice: Notice) -> None:
        """See `Notifier.notify`."""
        self.send(mail(notice, self.sender, self.to))

    def send(self, message: EmailMessage) -> None:
        """Send a message that is made already. Raises `Undelivered`."""
        try:
            with self._connection() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise Undelivered(
                f"{self.host}: refused all recipients ({', '.join(map(str, sorted(codes)))})",
                again=min(codes) < 500,
            ) from None
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            raise Undelivered(
                f"{self.host}: {error.smtp_code} {' '.join(text.split())[:200]}",
                again=error.smtp_code < 500,
            ) from None
        except (OSError, smtplib.SMTPException, MessageError) as error:
            raise Undelivered(f"{self.host}: {' '.join(str(error).split())[:200]}") from None

    def _connection(self) -> smtplib.SMTP:
        context = self.context or ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def _address(text: str) -> Address:
    """One address. Raises `WrongUse` for what is none."""
    try:
        if text.count("@") != 1 or any(c in text for c in "\r\n,;<>"):
            raise ValueError("write it as name@host")
        return Address(addr_spec=text.strip())
    except (ValueError, IndexError, MessageError) as error:
        raise WrongUse(f"notify_mail: {text!r} is no address of one person ({error})") from None


def mail(notice: Notice, sender: Address, to: tuple[Address, ...]) -> EmailMessage:
    """The message; its id is made of the notice's key, so that the same notice is the same message."""
    told = of_notice(notice)
    message = written(
        told.headline,
        told.text(),
        page(told),
        key=notice.key,
        when=notice.when,
        sender=sender,
        to=to,
    )
    if notice.incident is not None:  # one thread an incident
        message["References"] = f"<incident-{notice.incident.id}@{sender.domain}>"
    return message


def written(
    subject: str, text: str, html: str, *,
    key: str, when: datetime, sender: Address, to: tuple[Address, ...],
) -> EmailMessage:  # fmt: skip
    """A message in plain text and HTML; the same `key` gives the same id."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = f"[dagnosis] {subject}"
    message["Date"] = format_datetime(when)
    name = blake2b(key.encode(), digest_size=12).hexdigest()
    message["Message-ID"] = f"<{name}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def page(message: Message) -> str:
    """The message as HTML, everything escaped."""
    parts = [f"<h2>{escape(message.headline)}</h2>"]
    parts += [f"<div>{escape(fact)}</div>" for fact in message.facts]
    if message.quote:
        style = "white-space:pre-wrap;background:#f4f4f4;padding:8px"
        parts.append(f'<pre style="{style}">{escape(message.quote)}</pre>')
    if message.fix:
        steps = "".join(f"<li>{escape(step)}</li>" for step in message.fix)
        parts.append(f"<p>What to do:</p><ol>{steps}</ol>")
    links = [f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in message.links]
    if links:
        parts.append(f"<p>{' · '.join(links)}</p>")
    return "<html><body>" + "\n".join(parts) + "</body></html>\n"


def configured(settings: Settings) -> Mail | None:
    """E-mail as the settings have it."""
    to = tuple(filter(None, (one.strip() for one in settings.notify_mail_to.split(","))))
    if not to:
        return None
    if not settings.notify_mail_host or not settings.notify_mail_from:
        raise WrongUse("notify_mail_to needs notify_mail_host and notify_mail_from")
    return Mail(
        settings.notify_mail_host,
        settings.notify_mail_port,
        settings.notify_mail_from,
        to,
        tls=settings.notify_mail_tls,
        user=settings.notify_mail_user,
        password=secret_of(settings.notify_mail_password_env, "notify_mail_password_env"),
    )

"""Slack, by an incoming webhook (or what takes the same: Mattermost, Rocket.Chat)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dagnosis.incidents.notifications.contract import Notice
from dagnosis.incidents.notifications.guard import Resolver, resolve
from dagnosis.incidents.notifications.message import Message, of_notice
from dagnosis.incidents.notifications.posting import post
from dagnosis.incidents.notifications.webhook import secret_of

if TYPE_CHECKING:
    from dagnosis.settings import Settings

_MARK = {"new": "🔴", "regressed": "🔁", "escalated": "🔺", "resolved": "✅"}
_ESCAPED = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        # a zero-width space: "@channel" and "@here" call nobody
        "@": "@\N{ZERO WIDTH SPACE}",
        # marks of formatting as letters that look like them
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
        "*": "\N{LOW ASTERISK}",
        "~": "\N{TILDE OPERATOR}",
    }
)


class Slack:
    """Posts each notice as blocks, with a plain text for notifications on phones."""

    name = "slack"

    def __init__(self, url: str, *, allowed: str = "", resolver: Resolver = resolve) -> None:
        self.url, self.allowed, self.resolver = url, allowed, resolver

    def notify(self, notice: Notice) -> None:
        """See `Notifier.notify`."""
        body = msgspec.json.encode(blocks(of_notice(notice), _MARK.get(notice.reason, "")))
        headers = {"Content-Type": "application/json"}
        post(self.url, body, headers, allowed=self.allowed, resolver=self.resolver)


def escaped(text: str) -> str:
    """A text that Slack shows as it is: no links, no mentions, no formatting.

    >>> escaped("<!channel> & <http://evil|Airflow>")
    '&lt;!channel&gt; &amp; &lt;http://evil|Airflow&gt;'
    """
    return text.translate(_ESCAPED)


def _code(text: str) -> str:
    """Within a block of code only these mean something."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for name in ("channel", "here", "everyone"):  # other words with an @ stay as they can be copied
        plain = plain.replace(f"@{name}", f"@\N{ZERO WIDTH SPACE}{name}")
    return plain.replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")


def blocks(message: Message, mark: str = "") -> dict[str, Any]:
    """The message as Slack's blocks, within its limits (150 characters a header, 3,000 a text)."""
    headline = f"{mark} {message.headline}".strip()
    parts: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": _headline(headline), "emoji": False},
        }
    ]
    if message.facts:
        parts.append(_section("\n".join(map(escaped, message.facts))))
    if message.quote:
        parts.append(_section(f"```{_code(message.quote)[:2900]}```"))
    if message.fix:
        steps = "\n".join(f"{n}. {escaped(step)}" for n, step in enumerate(message.fix, 1))
        parts.append(_section(steps))
    if message.links:
        shown = " · ".join(f"<{_address(url)}|{escaped(name)}>" for name, url in message.links)
        parts.append({"type": "context", "elements": [{"type": "mrkdwn", "text": shown[:2900]}]})
    return {"text": escaped(headline), "blocks": parts, "link_names": 0, "unfurl_links": False}


def _headline(text: str) -> str:
    """Within the limit after escaping, and not cut within an escape."""
    most = 150
    while len(escaped(text[:most])) > 150:
        most -= 1
    return escaped(text[:most])


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000], "verbatim": True}}


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def configured(settings: Settings) -> Slack | None:
    """Slack as the settings have it; the address itself is the secret."""
    url = secret_of(settings.notify_slack_url_env, "notify_slack_url_env")
    return Slack(url, allowed=settings.notify_allow) if url else None

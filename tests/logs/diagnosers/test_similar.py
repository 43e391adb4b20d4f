"""What users said of a failure answers the next one; what nobody confirmed is listed only."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import msgspec
import pytest

from dagnosis.logs.diagnosers.rules import diagnose
from dagnosis.logs.diagnosers.similar import CONFIRMED, NEIGHBOUR, Earlier, Recalled, recall
from dagnosis.logs.parsing import parse
from dagnosis.logs.reading import read_text

UNKNOWN = "gizmo.core.FlangeError: the flange of unit 7 is wobbling"
REFUSED = "ConnectionRefusedError: [Errno 111] Connection refused"


class Known:
    """A memory of what a test says."""

    def __init__(self, same: Sequence[Earlier] = (), near: Sequence[Earlier] = ()) -> None:
        self.same = same
        self.near = near
        self.asked: list[array[float]] = []

    def lookup(self, fingerprint: str) -> Sequence[Earlier]:
        return [msgspec.structs.replace(one, fingerprint=fingerprint) for one in self.same]

    def nearest(self, vector: array[float], k: int) -> Sequence[Earlier]:
        self.asked.append(vector)
        return self.near[:k]


def ask(message: str, memory: Known) -> Recalled:
    log = parse(read_text(message))
    return recall(log, diagnose(log), "f1", memory)


def labelled(*labels: str, detail: str = "unknown.unknown", closeness: float = 1.0) -> Earlier:
    name = f"{closeness}-{'-'.join(labels)}"
    return Earlier(name, name, detail, labels=labels, closeness=closeness)


def test_a_label_answers_the_same_failure_at_once() -> None:
    memory = Known([labelled("network.vpn_down")])
    recalled = ask(UNKNOWN, memory)
    assert recalled.finding
    assert recalled.finding.verdict
    assert recalled.finding.verdict.detail == "network.vpn_down"
    assert recalled.finding.verdict.title.startswith("Vpn down: no connection")
    assert recalled.finding.confidence == CONFIRMED
    assert (recalled.exact, recalled.ids) == (True, ("1.0-network.vpn_down",))
    assert recalled.finding.evidence[0].text == UNKNOWN
    assert memory.asked == []  # no vector is looked up


def test_a_label_overrules_the_rules_which_stay_ranked() -> None:
    recalled = ask(REFUSED, Known([labelled("disk_full.quota")]))
    assert recalled.finding
    details = [ranked.detail for ranked in recalled.finding.ranked]
    assert details[0] == "disk_full.quota"
    assert any(detail.startswith("network.") for detail in details[1:])
    confidences = [ranked.confidence for ranked in recalled.finding.ranked]
    assert confidences == sorted(confidences, reverse=True)


def test_a_confirmed_answer_keeps_its_advice() -> None:
    log = parse(read_text(REFUSED))
    finding = diagnose(log)
    assert finding
    assert finding.verdict
    recalled = recall(log, finding, "f1", Known([labelled(finding.verdict.detail)]))
    assert recalled.finding
    assert recalled.finding.verdict == finding.verdict


def test_a_cause_of_ones_own_keeps_the_advice_of_its_family() -> None:
    recalled = ask(REFUSED, Known([labelled("network.proxy_of_the_bank")]))
    assert recalled.finding
    assert recalled.finding.verdict
    assert recalled.finding.verdict.retry.action == "retry"
    assert recalled.finding.verdict.fix


def test_an_answer_of_then_gives_title_and_transience() -> None:
    earlier = Earlier(
        "a", "f1", "timeout.http_504", "Gateway timeout", "transient", ("timeout.http_504",)
    )
    recalled = ask(UNKNOWN, Known([earlier]))
    assert recalled.finding
    assert recalled.finding.verdict
    assert recalled.finding.verdict.title == "Gateway timeout"
    assert recalled.finding.verdict.retry.action == "retry"


def test_contradiction_is_said_and_none_counts() -> None:
    memory = Known([labelled("network.refused", "disk_full.quota")])
    recalled = ask(UNKNOWN, memory)
    assert recalled.finding is None
    assert "contradict each other" in recalled.gaps[0]
    assert recalled.ids


def test_a_clear_majority_counts_with_less_confidence() -> None:
    recalled = ask(UNKNOWN, Known([labelled("network.a", "network.a", "disk_full.b")]))
    assert recalled.finding
    assert recalled.finding.confidence == pytest.approx(CONFIRMED * 2 / 3, abs=1e-3)
    assert "do not all agree" in recalled.gaps[0]


def test_what_nobody_confirmed_is_listed_and_does_not_vote() -> None:
    recalled = ask(UNKNOWN, Known([labelled()], [labelled(closeness=0.99, detail="network.x")]))
    assert recalled.finding is None
    assert recalled.ids == ("1.0-", "0.99-")


def test_a_near_label_votes() -> None:
    recalled = ask(UNKNOWN, Known([], [labelled("network.vpn_down", closeness=0.9)]))
    assert recalled.finding
    assert (recalled.exact, recalled.finding.confidence) == (False, NEIGHBOUR)
    assert "closeness 0.90" in recalled.finding.gaps[0]


@pytest.mark.parametrize(
    "near",
    [
        [labelled("network.a", closeness=0.59)],
        [labelled("network.a", closeness=0.9), labelled("disk_full.b", closeness=0.7)],
        [labelled("network.a", "disk_full.b", closeness=0.9)],
    ],
    ids=["far", "no lead", "contradiction"],
)
def test_neighbours_that_do_not_vote(near: list[Earlier]) -> None:
    assert ask(UNKNOWN, Known([], near)).finding is None


def test_no_failure_asks_nothing() -> None:
    memory = Known([labelled("network.a")])
    log = parse(read_text("all good"))
    assert recall(log, None, "f1", memory) == Recalled()
    assert recall(log, diagnose(parse(read_text(UNKNOWN))), "", memory) == Recalled()

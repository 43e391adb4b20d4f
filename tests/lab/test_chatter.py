from __future__ import annotations

from lab import catalogue, chatter
from lab.fault import noisy

NOISY = catalogue.load_noisy()


def test_a_seed_decides_every_line() -> None:
    assert list(chatter.lines("a", 50)) == list(chatter.lines("a", 50))
    assert list(chatter.lines("a", 50)) != list(chatter.lines("b", 50))
    assert list(chatter.lines("a", 0)) == []


def test_no_line_states_the_cause_of_a_fault() -> None:
    text = "\n".join(text for seed in ("a", "b") for _, _, text in chatter.lines(seed, 3000))
    stated = [
        fault.name
        for fault in catalogue.load_all()
        for states in (fault.states, fault.states_in_2)
        if states and states in text
    ]
    assert stated == []


def test_noisy_faults_are_many_and_long() -> None:
    assert len(NOISY) >= 60
    assert all(300 <= fault.chatter <= 8000 for fault in NOISY)
    assert sum(fault.chatter >= 1000 for fault in NOISY) >= 30


def test_a_noisy_fault_has_names_of_its_own_and_the_file_of_its_original() -> None:
    originals = {fault.name: fault for fault in catalogue.load_all()}
    names = {fault.name for fault in NOISY} | set(originals)
    assert len(names) == len(NOISY) + len(originals)
    for fault in NOISY:
        assert noisy(originals[fault.name.removesuffix("_noisy")]) == fault
        assert catalogue.path_of(fault).exists()
        assert catalogue.text_of(fault).endswith("dag = noisy(FAULT).dag()\n")

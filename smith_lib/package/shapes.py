"""The shapes of an issue text: each takes facts and gives Markdown, title first. One function a shape."""

import random
from collections.abc import Callable

from smith_lib.package.case import Facts
from smith_lib.package.phrases import tick
from smith_lib.package.wording import (
    decapital,
    happens,
    meant,
    name_of,
    now,
    opening,
    sentence,
    should,
    subject,
    title,
)

Shape = Callable[[Facts, random.Random], str]


def fits(name: str, fact: Facts) -> bool:
    """Whether the facts hold what the shape needs."""
    if name == "traceback":
        return bool(fact.traceback)
    if name == "terse":
        return bool(fact.code) and fact.code.count("\n") <= 12 and fact.kind != "unknown"
    if name == "question":
        return bool(fact.shown or fact.code) and fact.kind != "unknown"
    return bool(fact.code or fact.shown or fact.api)


def report(fact: Facts, rng: random.Random) -> str:
    """A bug report with its sections."""
    heads = rng.choice(
        [
            ("Description", "To reproduce", "Actual behaviour", "Expected behaviour"),
            ("What happened", "How to reproduce", "What I see", "What I expected"),
            ("Bug", "Steps to reproduce", "Actual", "Expected"),
        ]
    )
    return _join(
        f"# {title(fact)}",
        f"### {heads[0]}",
        opening(fact, rng),
        *_reproduction(fact, f"### {heads[1]}\n\n"),
        f"### {heads[2]}",
        sentence(happens(fact, subject(fact)), fact),
        _traceback(fact),
        f"### {heads[3]}",
        sentence(should(fact, subject(fact)), fact),
        _more(fact),
        _environment(fact),
    )


def question(fact: Facts, rng: random.Random) -> str:
    """Somebody who asks whether it is meant to be like that."""
    start = rng.choice(
        ["Is this intended?", "Am I using this wrong?", "I am not sure whether this is a bug."]
    )
    end = rng.choice(
        [
            "Is there something that I am missing, or is this a bug?",
            "Is this a regression, or should I be doing it differently?",
            "If that is on purpose, what is the right way to get what I want?",
        ]
    )
    expected = "From the documentation" if fact.documented else "Instead"
    return _join(
        f"# {title(fact)}",
        f"{start} {opening(fact, rng)}",
        *_reproduction(fact, ""),
        _both(fact, f"{expected} I would expect it to "),
        _traceback(fact),
        _more(fact),
        end,
        _environment(fact),
    )


def terse(fact: Facts, rng: random.Random) -> str:
    """Code, what comes, what should come."""
    got, want = rng.choice([("Got", "Expected"), ("Actual", "Expected"), ("What I get", "What I want")])
    return _join(
        f"# {title(fact)}",
        *_reproduction(fact, ""),
        f"{got}:{now(fact)}",
        f"{want}:{meant(fact)}",
        _more(fact),
        _environment(fact),
    )


def traceback(fact: Facts, rng: random.Random) -> str:
    """The traceback first, then how to get there."""
    first = rng.choice(
        ["I ran into this exception", "This is what I get", "My code stopped with this exception"]
    )
    where = f" out of {name_of(fact)}" if fact.api else ""
    return _join(
        f"# {title(fact)}",
        f"{first}{where} ({_release(fact)}):",
        f"```\n{fact.traceback}\n```",
        *_reproduction(
            fact, rng.choice(["To reproduce:", "This is enough to trigger it:", "Minimal example:"]) + "\n\n"
        ),
        f"It should {fact.want} here.",
        _more(fact),
    )


def regression(fact: Facts, rng: random.Random) -> str:
    """Somebody whose code used to work."""
    start = rng.choice(
        [
            f"After updating {fact.project}, {name_of(fact)} behaves differently.",
            f"{sentence(name_of(fact), fact)} used to work for this,"
            f" and with the current code of {fact.project} it does not.",
            f"Something in {fact.project} changed for the worse around {name_of(fact)}.",
        ]
    )
    return _join(
        f"# Regression: {decapital(title(fact))}",
        start,
        *_reproduction(fact, ""),
        f"Before:{meant(fact)}",
        f"Now:{now(fact)}",
        _traceback(fact),
        _more(fact),
        _environment(fact),
    )


SHAPES: dict[str, Shape] = {
    "report": report,
    "question": question,
    "terse": terse,
    "traceback": traceback,
    "regression": regression,
}


def original(head: str, body: str, fact: Facts | None) -> str:
    """What somebody wrote, with what the current code does below it."""
    if fact is None:
        return _join(f"# {head}", body)
    return _join(
        f"# {head}",
        body,
        f"With the current code of {fact.project}:",
        *_reproduction(fact, ""),
        _both(fact),
        _traceback(fact),
        _more(fact),
        _environment(fact),
    )


def plain(fact: Facts) -> str:
    """The least that is still a report: what is concerned, what it does, what it should do."""
    return _join(
        f"# {title(fact)}",
        f"Code that uses {name_of(fact)} {fact.got}. It should {fact.want}.",
        f"This is with the current code of {fact.project}; earlier versions did.",
        _environment(fact),
    )


def _both(fact: Facts, expected: str = "It should ") -> str:
    """What happens and what should, in two sentences; texts of several lines each in a block."""
    what = sentence(happens(fact, subject(fact)), fact)
    if fact.want_text:
        what += ("\n\n" if fact.got_text else " ") + should(fact)
    else:
        what += f" {expected}{fact.want}."
    return what


def more_of(fact: Facts) -> str:
    """Another piece of code with what it does and should do."""
    name = f"With {name_of(fact)}:" if fact.api else "And this:"
    return _join(name, *_reproduction(fact, ""), _both(fact)).rstrip("\n")


def _more(fact: Facts) -> str:
    parts = [fact.detail] if fact.detail else []
    if fact.also:
        parts += ["That is not all that goes wrong.", *map(more_of, fact.also)]
    if fact.others:
        parts.append("The same goes for\n\n" + "\n".join(f"- {other}" for other in fact.others))
    return "\n\n".join(parts)


def _reproduction(fact: Facts, head: str) -> list[str]:
    if fact.code:
        return [f"{head}```python\n{fact.code}\n```"]
    return [f"{head}The call is {tick(fact.shown)}."] if fact.shown else []


def _traceback(fact: Facts) -> str:
    return f"```\n{fact.traceback}\n```" if fact.traceback else ""


def _release(fact: Facts) -> str:
    return f"{fact.project} {fact.version}".strip() + (f", Python {fact.python}" if fact.python else "")


def _environment(fact: Facts) -> str:
    return f"({_release(fact)})"


def _join(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"

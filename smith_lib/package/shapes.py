"""The shapes of an issue text: each takes facts and gives Markdown, title first. One function a shape."""

import random
from collections.abc import Callable

from smith_lib.package.facts import Facts
from smith_lib.package.phrases import tick

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
        _opening(fact, rng),
        *_reproduction(fact, f"### {heads[1]}\n\n"),
        f"### {heads[2]}",
        _sentence(f"{_subject(fact)} {fact.got}.", fact) + _more(fact),
        _traceback(fact),
        f"### {heads[3]}",
        _sentence(f"{_subject(fact)} should {fact.want}.", fact),
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
        f"{start} {_opening(fact, rng)}",
        *_reproduction(fact, ""),
        f"{_sentence(_subject(fact), fact)} {fact.got}."
        f" {expected} I would expect it to {fact.want}." + _more(fact),
        _traceback(fact),
        end,
        _environment(fact),
    )


def terse(fact: Facts, rng: random.Random) -> str:
    """Code, what comes, what should come."""
    got, want = rng.choice([("Got", "Expected"), ("Actual", "Expected"), ("Now", "Should be")])
    return _join(
        f"# {title(fact)}",
        *_reproduction(fact, ""),
        f"{got}: {_here(fact)}{fact.got}.",
        f"{want}: {_here(fact)}{_third(fact.want)}." + _more(fact),
        _environment(fact),
    )


def traceback(fact: Facts, rng: random.Random) -> str:
    """The traceback first, then how to get there."""
    first = rng.choice(
        ["I ran into this exception", "This is what I get", "My code stopped with this exception"]
    )
    where = f" out of {_name(fact)}" if fact.api else ""
    return _join(
        f"# {title(fact)}",
        f"{first}{where} ({_release(fact)}):",
        f"```\n{fact.traceback}\n```",
        *_reproduction(
            fact, rng.choice(["To reproduce:", "This is enough to trigger it:", "Minimal example:"]) + "\n\n"
        ),
        f"It should {fact.want} here." + _more(fact),
    )


def regression(fact: Facts, rng: random.Random) -> str:
    """Somebody whose code used to work."""
    start = rng.choice(
        [
            f"After updating {fact.project}, {_name(fact)} behaves differently.",
            f"{_sentence(_name(fact), fact)} used to work for this,"
            f" and with the current code of {fact.project} it does not.",
            f"Something in {fact.project} changed for the worse around {_name(fact)}.",
        ]
    )
    return _join(
        f"# Regression: {_decapital(title(fact))}",
        start,
        *_reproduction(fact, ""),
        f"Before: {_here(fact)}{_third(fact.want)}.\n\nNow: {_here(fact)}{fact.got}." + _more(fact),
        _traceback(fact),
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
    shows = f"{_sentence(_subject(fact), fact)} {fact.got}. It should {fact.want}."
    return _join(
        f"# {head}",
        body,
        f"With the current code of {fact.project}:",
        *_reproduction(fact, ""),
        shows + _more(fact),
        _traceback(fact),
        _environment(fact),
    )


def plain(fact: Facts) -> str:
    """The least that is still a report: what is concerned, what it does, what it should do."""
    return _join(
        f"# {title(fact)}",
        f"Code that uses {_name(fact)} {fact.got}. It should {fact.want}.",
        f"This is with the current code of {fact.project}; earlier versions did.",
        _environment(fact),
    )


def title(fact: Facts) -> str:
    """One line that tells what is wrong with what."""
    got = fact.got.split(":")[0].removesuffix(" ") if len(fact.got) > 90 else fact.got
    if got.count("`") % 2:
        got = "gives a wrong result" if fact.kind != "raised" else f"raises `{fact.error.split(':')[0]}`"
    if len(got) > 90:
        got = "gives a wrong result"
    if fact.kind == "silent" and fact.want.startswith("raise "):
        return f"{_sentence(_name(fact), fact)} does not {fact.want}"
    if (
        fact.kind == "compared"
        and len(got) + len(fact.want) < 90
        and got.startswith("gives ")
        and fact.want.startswith("give ")
    ):
        return f"{_sentence(_name(fact), fact)} {got} instead of {fact.want.removeprefix('give ')}"
    return f"{_sentence(_name(fact), fact)} {got}"


def _name(fact: Facts) -> str:
    if fact.api:
        return f"`{fact.api}`"
    short = fact.shown and len(fact.shown) <= 60
    return tick(fact.shown) if short else fact.project


def _subject(fact: Facts) -> str:
    if fact.shown and (fact.is_expression or fact.shown.startswith(("import ", "from "))):
        return tick(fact.shown)
    if fact.early and fact.code:
        return "this code"
    return "the last line" if fact.code else f"code that uses {_name(fact)}"


def _here(fact: Facts) -> str:
    return f"{tick(fact.shown)} " if fact.shown and fact.is_expression and not fact.code else ""


def _opening(fact: Facts, rng: random.Random) -> str:
    called = f"`{fact.api}{fact.signature}`" if fact.api else fact.project
    if len(called) > 160:
        called = f"`{fact.api}`"
    if fact.kind == "raised":
        error = f"`{fact.error.partition(':')[0]}`" if fact.error else "an exception"
        other = fact.want.startswith("raise ")
        why = "which is not the exception that I expect" if other else "on input that it should handle"
        return rng.choice(
            [f"{called} fails with {error}{',' if other else ''} {why}.", f"I get {error} from {called}."]
        )
    if fact.kind == "silent":
        return rng.choice(
            [
                f"{called} accepts something that it should refuse.",
                f"{called} lets a wrong use pass without an exception.",
            ]
        )
    return rng.choice([f"{called} does not do what I expect of it.", f"I get a wrong result from {called}."])


def _reproduction(fact: Facts, head: str) -> list[str]:
    if fact.code:
        return [f"{head}```python\n{fact.code}\n```"]
    return [f"{head}The call is {tick(fact.shown)}."] if fact.shown else []


def _more(fact: Facts) -> str:
    detail = f"\n\nWhere they differ:\n\n```\n{fact.detail}\n```" if fact.detail else ""
    if not fact.others:
        return detail
    return detail + "\n\nThe same goes for\n\n" + "\n".join(f"- {other}" for other in fact.others)


def _traceback(fact: Facts) -> str:
    return f"```\n{fact.traceback}\n```" if fact.traceback else ""


def _release(fact: Facts) -> str:
    return f"{fact.project} {fact.version}".strip() + (f", Python {fact.python}" if fact.python else "")


def _environment(fact: Facts) -> str:
    return f"({_release(fact)})"


def _third(want: str) -> str:
    """A bare verb phrase in the third person: `give 3` as `gives 3`."""
    verb, _, rest = want.partition(" ")
    if verb == "not":
        return f"does {want}"
    return f"{'is' if verb == 'be' else verb + 's'} {rest}".strip()


def _sentence(text: str, fact: Facts | None = None) -> str:
    """With a capital first letter, but for the project's own name."""
    return text if fact is not None and text.startswith(fact.project) else text[:1].upper() + text[1:]


def _decapital(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _join(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"

"""What the shapes of an issue text say alike: the title, names, what happens and what should."""

import random

from smith_lib.package.case import Facts
from smith_lib.package.phrases import tick

WRONG = "gives a wrong result"


def title(fact: Facts) -> str:
    """One line that tells what is wrong with what."""
    name, got = sentence(name_of(fact), fact), fact.got
    if of_the_same_type(fact):
        return f"{name} raises `{_type(fact)}` with the wrong message"
    if fact.want_text or fact.got_text:
        return f"{name} {'prints' if got.startswith('prints') else 'gives'} the wrong text"
    if len(got) > 90:
        got = got.split(":")[0].removesuffix(" ")
    if got.count("`") % 2:
        got = WRONG if fact.kind != "raised" else f"raises `{_type(fact)}`"
    if len(got) > 90 or "..." in got.replace("0x...", ""):
        got = WRONG
    if fact.kind == "silent" and fact.want.startswith("raise "):
        return f"{name} does not {fact.want}"
    if fact.kind == "compared" and len(got) + len(fact.want) < 90 and "..." not in fact.want:
        for verb in ("gives ", "prints "):
            if got.startswith(verb) and fact.want.startswith(verb.replace("s ", " ")):
                return f"{name} {got} instead of {fact.want.partition(' ')[2]}"
    return f"{name} {got}"


def of_the_same_type(fact: Facts) -> bool:
    """Whether an exception came with another message than the one that should."""
    return fact.kind == "raised" and bool(fact.error) and fact.want.startswith(f"raise `{_type(fact)}:")


def _type(fact: Facts) -> str:
    return fact.error.partition(":")[0]


def name_of(fact: Facts) -> str:
    """What the text calls the thing that is concerned."""
    if fact.api:
        return f"`{called(fact)}`"
    short = fact.shown and fact.alone and len(fact.shown) <= 60
    return tick(fact.shown) if short else fact.project


def called(fact: Facts) -> str:
    """The function's name; of an object that is called the name of its class."""
    return fact.api.removesuffix(".__call__")


def subject(fact: Facts) -> str:
    """The beginning of a sentence on what the code does."""
    if fact.shown and (fact.is_expression or fact.shown.startswith(("import ", "from "))):
        return tick(fact.shown)
    if fact.early and fact.code:
        return "this code"
    return "the last line" if fact.code else f"code that uses {name_of(fact)}"


def happens(fact: Facts, who: str) -> str:
    """A sentence on what somebody or something does."""
    if fact.got_text:
        return f"{who} {fact.got.partition(' ')[0]}{_block(fact.got_text)}"
    return f"{who} {fact.got}."


def should(fact: Facts, who: str = "It") -> str:
    """A sentence on what somebody or something should do."""
    if fact.want_text:
        return f"{who} should {fact.want.partition(' ')[0]}{_block(fact.want_text)}"
    return f"{who} should {fact.want}."


def now(fact: Facts) -> str:
    """What happens, behind a word and a colon."""
    if fact.got_text:
        return _block(fact.got_text)[1:]
    return f" {_here(fact)}{_bare(fact.got, 'gives ')}."


def meant(fact: Facts) -> str:
    """What should happen, behind a word and a colon."""
    if fact.want_text:
        return _block(fact.want_text)[1:]
    if fact.want.startswith("work without an exception"):
        return " no exception."
    return f" {_here(fact)}{_bare(_third(fact.want), 'gives ')}."


def _bare(phrase: str, verb: str) -> str:
    return phrase.removeprefix(verb) if phrase.startswith(verb + "`") else phrase


def _block(text: str) -> str:
    return f":\n\n```\n{text}\n```"


def _here(fact: Facts) -> str:
    return f"{tick(fact.shown)} " if fact.shown and fact.is_expression and not fact.code else ""


def opening(fact: Facts, rng: random.Random) -> str:
    """A sentence or two on what is wrong, in general."""
    what = f"`{fact.api}{fact.signature}`" if fact.api else fact.project
    if len(what) > 160 or fact.api.endswith("__"):
        what = f"`{called(fact)}`"
    if of_the_same_type(fact):
        error = f"`{_type(fact)}`"
        return rng.choice(
            [
                f"The message of the {error} that {what} raises is not the right one.",
                f"I get {error} from {what} as I should, but it says something else than I expect.",
            ]
        )
    if fact.kind == "raised":
        error = f"`{_type(fact)}`" if fact.error else "an exception"
        other = fact.want.startswith("raise ")
        why = "which is not the exception that I expect" if other else "on input that it should handle"
        return rng.choice(
            [f"{what} fails with {error}{',' if other else ''} {why}.", f"I get {error} from {what}."]
        )
    if fact.kind == "silent":
        return rng.choice(
            [
                f"{what} accepts something that it should refuse.",
                f"{what} lets a wrong use pass without an exception.",
            ]
        )
    return rng.choice([f"{what} does not do what I expect of it.", f"I get a wrong result from {what}."])


def _third(want: str) -> str:
    """A bare verb phrase in the third person: `give 3` as `gives 3`."""
    verb, _, rest = want.partition(" ")
    if verb == "not":
        return f"does {want}"
    return f"{'is' if verb == 'be' else verb + 's'} {rest}".strip()


def sentence(text: str, fact: Facts | None = None) -> str:
    """With a capital first letter, but for the project's own name."""
    return text if fact is not None and text.startswith(fact.project) else text[:1].upper() + text[1:]


def decapital(text: str) -> str:
    """With a small first letter, where that begins a word."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text

"""Licences as SPDX ids, from what a project declares and from the words of its licence files."""

import re
from collections.abc import Iterable

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

UNKNOWN = "unknown"

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Other/Proprietary License": "LicenseRef-Proprietary",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Zero-Clause BSD (0BSD)": "0BSD",
    "zlib/libpng License": "Zlib",
}
"""The index's classifiers (after `License :: OSI Approved ::`). `BSD License` is left to the text."""

ALIASES = {
    "apache 2": "Apache-2.0", "apache 2 0": "Apache-2.0", "apache license 2 0": "Apache-2.0",
    "apache license version 2 0": "Apache-2.0", "apache software license 2 0": "Apache-2.0",
    "mit license": "MIT", "the mit license": "MIT", "the mit license mit": "MIT", "expat": "MIT",
    "bsd 3 clause": "BSD-3-Clause", "3 clause bsd": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "bsd 3 clause license": "BSD-3-Clause", "3 clause bsd license": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "bsd 2 clause": "BSD-2-Clause", "2 clause bsd": "BSD-2-Clause", "simplified bsd": "BSD-2-Clause",
    "isc license": "ISC", "psf": "PSF-2.0", "psf license": "PSF-2.0", "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0", "mpl 2 0": "MPL-2.0",
    "gpl": "GPL-1.0-or-later", "gplv2": "GPL-2.0-only", "gplv3": "GPL-3.0-only", "lgpl": "LGPL-2.0-or-later",
}  # fmt: skip

PHRASES = (
    (
        "MIT",
        "permission is hereby granted free of charge to any person obtaining a copy of this software and "
        "associated documentation files",
    ),
    ("BSD", "redistribution and use in source and binary forms"),
    ("Apache-2.0", "apache license version 2 0"),
    ("MPL-2.0", "mozilla public license version 2 0"),
    ("PSF-2.0", "python software foundation license version 2"),
    ("Unlicense", "this is free and unencumbered software released into the public domain"),
    ("Zlib", "altered source versions must be plainly marked as such"),
    ("BSL-1.0", "boost software license version 1 0"),
    ("CC0-1.0", "cc0 1 0 universal"),
    ("WTFPL", "do what the fuck you want to public license"),
    ("EPL-2.0", "eclipse public license v 2 0"),
    (
        "HPND",
        "permission to use copy modify and distribute this software and its documentation for any purpose",
    ),
)
GNU = (
    ("AGPL", "gnu affero general public license"),
    ("LGPL", "gnu lesser general public license"),
    ("LGPL", "gnu library general public license"),
    ("GPL", "gnu general public license"),
)


def plain(text: str) -> str:
    """The text's words in lower case, single spaces between them."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def from_expression(text: str) -> str:
    """The SPDX expression in its canonical form, or `unknown` where it is none."""
    try:
        return str(canonicalize_license_expression(text.strip()))
    except InvalidLicenseExpression:
        return UNKNOWN


def from_field(text: str) -> str:
    """What a free-text licence field says: an expression, a usual name, or a licence's own words."""
    if (found := from_expression(text)) != UNKNOWN:
        return found
    words = plain(text)
    return ALIASES.get(words) or from_text(text)


def from_classifiers(classifiers: Iterable[str]) -> str:
    """The licence of the trove classifiers; several are a choice between them. `BSD License` gives `BSD`."""
    ids: list[str] = []
    for classifier in classifiers:
        kind, _, rest = classifier.partition(" :: ")
        name = rest.rpartition(" :: ")[2]
        if kind.strip() == "License" and name != "OSI Approved":
            ids.append("BSD" if name == "BSD License" else CLASSIFIERS.get(name, UNKNOWN))
    known = sorted({i for i in ids if i != UNKNOWN})
    return " OR ".join(known) if known else UNKNOWN


def from_text(text: str) -> str:
    """The licences whose words the text holds, joined by AND; `unknown` where it holds none.

    By phrases that every copy of a licence keeps; names, years and line breaks do not matter.
    """
    words = plain(text)
    found = {_variant(name, words) for name, phrase in PHRASES if phrase in words}
    if match := re.search(
        r"permission to use copy modify and( or)? distribute this software for any purpose with or without "
        r"fee is hereby granted( provided that)?",
        words,
    ):
        found.add("ISC" if match[2] else "0BSD")
    if gnu := _gnu(words):
        found.add(gnu)
    return " AND ".join(sorted(found)) if found else UNKNOWN


def _variant(name: str, words: str) -> str:
    if name == "MIT":
        return "MIT" if "permission notice shall be included" in words else "MIT-0"
    if name == "BSD":
        if "all advertising materials mentioning" in words:
            return "BSD-4-Clause"
        return "BSD-3-Clause" if "endorse or promote products" in words else "BSD-2-Clause"
    return name


def _gnu(words: str) -> str | None:
    places = [(words.find(title), name, title) for name, title in GNU if title in words]
    if not places or ("mozilla public license" in words and min(places)[0] > 400):
        return None  # other licences name the GNU ones as compatible, far below their own title
    at, name, _ = min(places)
    version = re.search(r"version (\d)( [01])?\b", words[at : at + 400])
    number = f"{version[1]}.{(version[2] or ' 0').strip()}" if version else "1.0" if name == "GPL" else "3.0"
    later = " or at your option any later version" in words and "everyone is permitted to copy" not in words
    return f"{name}-{number}-{'or-later' if later or not version else 'only'}"


def allowed(expression: str, accepted: Iterable[str]) -> bool:
    """Whether the expression can be met by accepted licences: any side of an OR, every side of an AND."""
    names = {name.casefold() for name in accepted}
    tokens = re.findall(r"[()]|[^\s()]+", expression)

    def either() -> bool:
        sides = [both()]
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            sides.append(both())
        return any(sides)

    def both() -> bool:
        sides = [one()]
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            sides.append(one())
        return all(sides)

    def one() -> bool:
        token = tokens.pop(0) if tokens else ""
        if token == "(":
            inner = either()
            if tokens:
                tokens.pop(0)
            return inner
        if tokens and tokens[0] == "WITH":
            del tokens[:2]  # an exception only ever permits more
        return token.casefold() in names

    return either() and not tokens

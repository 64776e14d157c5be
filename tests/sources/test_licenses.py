import textwrap
from pathlib import Path

import pytest

from smith_lib.sources.facts import facts
from smith_lib.sources.licenses import allowed, from_field, from_text
from tests.sources.made import write

GRANT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software
and associated documentation files (the “Software”), to deal in the Software without restriction."""
KEEP = " The above copyright notice and this permission notice shall be included in all copies."
BSD = "Redistribution and use in source and binary forms, with or without modification, are permitted if: "
NAMES = "Neither the name of X may be used to endorse or promote products derived from it. "
USE = """Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee
is hereby granted"""
COPY = " Everyone is permitted to copy and distribute verbatim copies. "

TEXTS = {
    "MIT": GRANT + KEEP,
    "MIT-0": GRANT,
    "BSD-2-Clause": BSD + "1. Keep the notice. 2. In binary form too.",
    "BSD-3-Clause": BSD + NAMES,
    "BSD-4-Clause": BSD + NAMES + "All advertising materials mentioning features must say so.",
    "Apache-2.0": "Apache License\n   Version 2.0, January 2004\n   TERMS AND CONDITIONS",
    "ISC": USE + ", provided that the above copyright notice appear in all copies.",
    "0BSD": USE + ". THE SOFTWARE IS PROVIDED AS IS",
    "PSF-2.0": "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n-----\n1. This LICENSE AGREEMENT is between",
    "MPL-2.0": "Mozilla Public License Version 2.0\n=====\n1. Definitions "
    + "x " * 900
    + "means the GNU General Public License, Version 2.0, the GNU Lesser General Public License, Version 2.1",
    "Unlicense": "This is free and unencumbered software released into the public domain.",
    "Zlib": "2. Altered source versions must be plainly marked as such, and must not be misrepresented.",
    "GPL-3.0-only": "GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007"
    + COPY
    + "x " * 300
    + "GNU Affero General Public License",
    "GPL-2.0-or-later": """under the terms of the GNU General Public License as published by the FSF; either
version 2 of the License, or (at your option) any later version.""",
    "LGPL-2.1-only": "GNU LESSER GENERAL PUBLIC LICENSE Version 2.1, February 1999" + COPY,
    "AGPL-3.0-only": "GNU AFFERO GENERAL PUBLIC LICENSE Version 3, 19 November 2007" + COPY,
    "BSL-1.0": "Boost Software License - Version 1.0 - August 17th, 2003",
    "unknown": "All rights reserved. Ask us.",
}


@pytest.mark.parametrize("spdx", TEXTS)
def test_a_licence_is_known_by_its_words(spdx: str, tmp_path: Path):
    assert from_text(TEXTS[spdx]) == spdx
    wrapped = "/* " + "\n * ".join(textwrap.wrap(TEXTS[spdx].upper(), 40)) + " */\r\n"
    assert facts(write(tmp_path, {"COPYING.txt": wrapped})).license == spdx


def test_several_licences_must_all_be_met():
    assert from_text(TEXTS["MIT"] + TEXTS["Apache-2.0"]) == "Apache-2.0 AND MIT"


def info(*lines: str) -> str:
    return "Name: x\n" + "\n".join(lines) + "\n\n"


@pytest.mark.parametrize(
    ("files", "spdx"),
    [
        ({"PKG-INFO": info("License-Expression: mit or Apache-2.0")}, "MIT OR Apache-2.0"),
        ({"PKG-INFO": info("License-Expression: mit"), "LICENSE": TEXTS["ISC"]}, "MIT"),
        ({"PKG-INFO": info("License-Expression: nonsense"), "LICENSE": TEXTS["ISC"]}, "ISC"),
        ({"PKG-INFO": info("Classifier: License :: OSI Approved :: MIT License")}, "MIT"),
        ({"PKG-INFO": info("Classifier: License :: OSI Approved :: BSD License")}, "BSD-3-Clause"),
        (
            {
                "PKG-INFO": info("Classifier: License :: OSI Approved :: BSD License"),
                "LICENSE": TEXTS["BSD-2-Clause"],
            },
            "BSD-2-Clause",
        ),
        (
            {
                "PKG-INFO": info(
                    "Classifier: License :: OSI Approved :: BSD License",
                    "Classifier: License :: OSI Approved :: Apache Software License",
                )
            },
            "Apache-2.0 OR BSD-3-Clause",
        ),
        ({"PKG-INFO": info("Classifier: License :: OSI Approved"), "LICENCE": TEXTS["MIT"]}, "MIT"),
        ({"PKG-INFO": info("License: UNKNOWN"), "COPYING": TEXTS["Zlib"]}, "Zlib"),
        ({"PKG-INFO": info("License: Apache License, Version 2.0")}, "Apache-2.0"),
        ({"pyproject.toml": '[project]\nname="x"\nlicense = "MIT"\n'}, "MIT"),
        ({"pyproject.toml": '[project]\nname="x"\nlicense = {text = "BSD 3-Clause"}\n'}, "BSD-3-Clause"),
        ({"pyproject.toml": '[project]\nname="x"\nlicense = {file = "X"}\n', "LICENSE": TEXTS["MIT"]}, "MIT"),
        ({"setup.py": "setup(license='MIT')\n"}, "MIT"),
        ({"src/vendored/LICENSE": TEXTS["MIT"], "license.py": TEXTS["MIT"]}, "unknown"),
        ({"PKG-INFO": info("Classifier: License :: Other/Proprietary License")}, "LicenseRef-Proprietary"),
    ],
)
def test_what_is_declared_goes_before_what_files_say(tmp_path: Path, files: dict[str, str], spdx: str):
    assert facts(write(tmp_path, files)).license == spdx


def test_usual_names_are_understood():
    assert [from_field(t) for t in ("MIT License", "BSD-3-Clause", "Apache 2.0", "PSF", "Dual License")] == [
        "MIT", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "unknown",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "ok"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND ISC", True),
        ("MIT AND (GPL-3.0-only OR LGPL-3.0-only)", False),
        ("GPL-3.0-only OR MIT AND ISC", True),
        ("ISC WITH some-exception AND MIT", True),
        ("MIT ISC", False),
        ("", False),
        ("((", False),
    ],
)
def test_an_expression_is_met_as_spdx_reads_it(expression: str, ok: bool):
    assert allowed(expression, ("MIT", "ISC")) is ok

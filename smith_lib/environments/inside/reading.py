"""The one line that tells what went wrong, out of much output."""

import re


def last_line(text):
    """The line of pytest's or Python's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [
        line for line in lines if re.match(r"E\s{2,}|ERROR:|(\w+\.)*\w*(Error|Exception|Warning)\b", line)
    ]
    return re.sub(r"^E\s+", "", (errors or lines or ["no output"])[-1])[:200]


def one_line(output):
    """The line of uv's output that says what went wrong: a compiler's, a build's or the resolver's."""
    lines = [re.sub(r"^[\s×├╰─▶│]+", "", line).strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("error: Failed to")]
    for pattern in (r"fatal error: ", r"^(\w+\.)*\w*(Error|Exception): ", r"\berror: (?!command|sub)\S"):
        hits = [line for line in told if re.search(pattern, line)]
        if hits:
            return hits[-1][:300]
    because = [at for at, line in enumerate(lines) if re.match(r"(cause: )?Because", line)]
    if because:
        return " ".join(lines[because[0] :]).replace("cause: ", "")[:300]
    causes = [line for line in lines if line.startswith("cause: ")]
    return (causes or lines or ["no output"])[-1].replace("cause: ", "")[:300]

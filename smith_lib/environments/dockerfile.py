"""The environment as a Dockerfile and a digest, from which it is rebuilt anywhere."""

import re
import shlex
from importlib.metadata import version

from smith_lib.environments.trial import Best
from smith_lib.sandbox.archive import UID
from smith_lib.sandbox.protocol import TESTBED, VENV, Environment
from smith_lib.sources.protocol import Tree
from smith_lib.sources.table import public
from smith_lib.storage import digest

_TEXT = """\
# {repo_id}: the folder testbed/ beside this file holds the files of {source},
# commit {commit}; requirements.txt holds the frozen requirements.
# BASE is any Debian with {python}, its venv module and git; `smith base-image` makes one.
ARG BASE={base}
FROM ${{BASE}}
USER root
RUN grep -q '^smith:' /etc/passwd || {{ \\
      echo 'smith:x:{uid}:{uid}:smith:/home/smith:/bin/sh' >> /etc/passwd && \\
      echo 'smith:x:{uid}:' >> /etc/group; }}; \\
    mkdir -p {testbed} {venv} /home/smith && chown smith:smith {testbed} {venv} /home/smith
RUN command -v uv > /dev/null || {{ \\
      {python} -m venv /opt/uv && /opt/uv/bin/python -m pip install --quiet uv=={uv} && \\
      ln -s /opt/uv/bin/uv /usr/local/bin/uv; }}
USER smith
WORKDIR /
{environ}COPY requirements.txt /opt/requirements.txt
RUN uv venv --allow-existing --python {python} {venv} && \\
    uv pip install --python {venv} --no-cache --no-deps -r /opt/requirements.txt
COPY --chown=smith:smith testbed {testbed}
{install}ENV PATH={venv}/bin:$PATH VIRTUAL_ENV={venv}
WORKDIR {testbed}
"""


def environment(tree: Tree, base: str, image: str, best: Best, environ: dict[str, str]) -> Environment:
    """The environment that the best recipe gives on this base; its Dockerfile starts from `image`."""
    path = {"PYTHONPATH": ":".join(best.pythonpath)} if best.pythonpath else {}
    variables = tuple(sorted({**environ, **path}.items()))
    requirements = "".join(f"{line}\n" for line in best.requirements)
    install = install_args(best)
    python = f"python3.{best.minor}"
    dockerfile = text(tree, image, python, install, variables)
    made_from = digest(base, python, requirements, install, variables, dockerfile, tree.commit)
    project = re.sub(r"[^a-z0-9]+", "-", tree.pin.repo.rpartition("/")[2].lower()).strip("-") or "project"
    return Environment(tree.repo_id, base, python, requirements, install, variables, dockerfile, made_from,
                       f"smith/{project}:{made_from[:12]}")  # fmt: skip


def install_args(best: Best) -> tuple[str, ...]:
    """uv pip arguments that install the project from its tree, its build tools of the same date."""
    if best.mode == "source":
        return ()
    dated = ("--exclude-newer", best.date) if best.date else ()
    compat = ("--config-settings", "editable_mode=compat") if best.mode == "compat" else ()
    return ("--no-deps", "--no-sources", *dated, *compat, "-e", TESTBED)


def text(
    tree: Tree, image: str, python: str, install: tuple[str, ...], environ: tuple[tuple[str, str], ...]
) -> str:
    """The Dockerfile. The project's own code runs in it as the unprivileged user only.

    It builds on any base with the interpreter: the user, its folders and uv are made where they are lacking.
    """
    run = f"RUN uv pip install --python {VENV} --no-cache {shlex.join(install)}\n" if install else ""
    return _TEXT.format(
        repo_id=tree.repo_id, source=_plain(public(tree.pin.source)), commit=tree.commit, base=image,
        python=python, venv=VENV, testbed=TESTBED, install=run, uid=UID, uv=version("uv"),
        environ="".join(f"ENV {k}={shlex.quote(v)}\n" for k, v in environ),
    )  # fmt: skip


def _plain(words: str) -> str:
    """On one line, and without a user's name or token that a URL may carry."""
    return re.sub(r"//[^/@]*@", "//", " ".join(words.split()))

"""`smith base-image`: the image under every environment, for machines that cannot pull one."""

from pathlib import Path

import click
from rich.markup import escape

from smith_lib.cli import interrupt
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.screen import console, document
from smith_lib.settings import Settings


def _id_of(name: str) -> str:
    """The image's id, or an empty string where no engine has one."""
    import docker
    from docker.errors import DockerException

    from smith_lib.sandbox.docker import FIRST_ANSWER

    try:
        client = docker.from_env(timeout=FIRST_ANSWER)
        try:
            return str(client.images.get(name).id)
        finally:
            client.close()
    except DockerException:
        return ""


@click.command(
    "base-image",
    cls=Command,
    examples=[
        "smith base-image",
        "smith base-image my-base --python ~/.pyenv/versions/3.8.18 --python ~/.pyenv/versions/3.13.0",
        "smith base-image my-base:trixie --suite trixie --mirror http://mirror.example/debian",
    ],
)
@click.argument("name", required=False)
@click.option("--suite", default="bookworm", show_default=True, help="Debian's release.")
@click.option(
    "--mirror", help="Where Debian's packages come from; this machine's own mirror where not given."
)
@click.option(
    "--python", "pythons", multiple=True, type=click.Path(path_type=Path),
    help="A Python that is installed in this folder (with bin and lib), to be there too. Repeatable.",
)  # fmt: skip
@click.option("--if-lacking", is_flag=True, help="Make nothing where the engine has that image.")
@with_settings("--settings")
@json_option
def base_image(
    name: str | None, suite: str, mirror: str | None, pythons: tuple[Path, ...], if_lacking: bool,
    settings: Settings, as_json: bool,
) -> None:  # fmt: skip
    """Make the image that every environment is layered on.

    NAME is the image's name, the setting `environments.base_image` where not given. It is made from Debian's
    packages alone, so that no registry is needed.
    """
    from smith_lib.sandbox.base_image import make

    interrupt.install()
    name = name or settings.environments.base_image
    if if_lacking and (there := _id_of(name)):
        if as_json:
            document({"image": name, "id": there})
        else:
            click.echo(f"{name} is there: {there}")
        return
    screen_lines = console(stderr=True)
    with screen_lines.status(f"making {name}", spinner="line") as status:

        def report(line: str) -> None:
            if as_json:
                return
            if screen_lines.is_terminal:
                status.update(f"making {name}: {escape(line)}")
            else:
                screen_lines.print(line, markup=False, soft_wrap=True)

        made = make(name, suite=suite, report=report, mirror=mirror, pythons=pythons)
    if as_json:
        document({"image": name, "id": made})
    else:
        click.echo(f"made {name}: {made}")

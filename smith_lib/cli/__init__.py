"""The command line: one module a command, loaded only when that command is called. It owns everything
that is shown: progress bars, tables, error lines and exit codes; the library prints nothing."""


def main() -> None:
    """Run `smith` with the process's arguments and exit with its code."""
    from smith_lib.cli.app import smith

    smith.main(prog_name="smith")


__all__ = ["main"]

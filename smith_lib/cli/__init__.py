"""The command line: one module a command, loaded only when that command is called. It owns everything
that is shown: progress bars, tables, error lines and exit codes; the library prints nothing."""


def main() -> None:
    """Run `smith` with the process's arguments and exit with its code."""
    from smith_lib.cli import edges

    edges.leave_at_once()
    try:
        from smith_lib.cli.app import smith

        edges.let_ctrl_c_raise()
        smith.main(prog_name="smith")
    finally:
        edges.leave_at_once()


__all__ = ["main"]

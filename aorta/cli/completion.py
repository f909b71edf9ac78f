"""``aorta completion``."""

from __future__ import annotations

import click

from aorta.cli.command import Answer, Console, command


@command("completion", click.argument("shell", type=click.Choice(["bash", "zsh", "fish"])))
def completion(console: Console, shell: str) -> Answer:
    """Print shell completion for SHELL.

    \b
    Examples:
      aorta completion bash > ~/.local/share/bash-completion/completions/aorta
      aorta completion fish > ~/.config/fish/completions/aorta.fish
    """
    from click.shell_completion import get_completion_class

    from aorta.cli.main import group

    kind = get_completion_class(shell)
    assert kind is not None  # click has these three
    script = kind(group, {}, "aorta", "_AORTA_COMPLETE").source()
    return Answer({"shell": shell, "script": script}, script)

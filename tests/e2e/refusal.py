"""What every refusal must be, whatever is refused."""

import json

from command_line import MARKER

from aorta.cli.main import main


def refused(path, out, capfd, status, code, phrase, commands=("check", "plan")):
    """Runs the commands on a case file; checks what each tells as text and as JSON, and returns the last error."""
    error = {}
    for command in commands:
        arguments = [command, str(path), "-o", str(out), *(("--until", "anatomy") if command == "plan" else ())]
        assert main([*arguments, "--json"]) == status
        told = capfd.readouterr()
        answer = json.loads(told.out)
        error = answer["error"]
        assert (answer["ok"], error["exit_status"], error["code"]) == (False, status, code)
        assert phrase in error["what"]
        assert error["fix"] and (error["where"] or error["details"])
        assert main(arguments) == status
        text = capfd.readouterr()
        assert text.out == "" and f"error[{code}]: {error['what']}\n" in text.err
        for stream in (told.out, told.err, text.err):
            assert MARKER not in stream and "Traceback" not in stream and "ERR" not in stream
    return error

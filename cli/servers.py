"""Where the servers are that a command works on.

An embedded stack wrote it into a file. Others, such as those of docker-compose.yml, are named by
the variables that workers and API have, too.
"""

import os
from pathlib import Path

from pydantic import ValidationError

from stack import DEFAULT, Addresses, NoStackRunning, StackError, read_addresses
from stack.postgres import normalised

DATABASE_URL = "TAHSIL_DATABASE_URL"
"""The variable that says that servers are named in the environment."""
API_URL = "TAHSIL_API_URL"
"""Where commands call the API, if not where consumers and providers do."""


class Ambiguous(StackError):  # noqa: N818 - reads as what happened
    """A stack runs under `data`, and the environment names another record."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"a stack runs in {data}, and TAHSIL_DATABASE_URL names another record: "
            f"say --data {data} for the one that runs here, or unset the variable; "
            "for the other one, be in another directory."
        )


def find_servers(data: Path | None) -> Addresses:
    """Where the servers are: of the stack that runs under `data`, if it is given.

    Else of the one that runs in the usual place, or those that the environment names. Raises
    NoStackRunning if there are none, and Ambiguous where there are both and they differ.
    """
    if data is not None:
        return read_addresses(data)
    named = os.environ.get(DATABASE_URL)
    try:
        found = read_addresses(DEFAULT)
    except NoStackRunning:
        if not named:
            raise NoStackRunning from None
        return _named()
    if named and normalised(named) != found.database_url:
        raise Ambiguous(DEFAULT)
    return found


def _named() -> Addresses:
    """The servers that the environment names. StackError unless all that it takes is there."""
    from workers.settings import Settings

    try:
        told = Settings()
    except ValidationError as error:
        wrong = (
            f"{Settings.model_config['env_prefix']}{fault['loc'][0]}".upper() + f" ({fault['msg']})"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise StackError(
            f"{DATABASE_URL} names a record, but not all that belongs to it is right: "
            f"{', '.join(wrong)}. Give commands the variables that workers and API have."
        ) from None
    return Addresses(
        temporal_address=told.temporal_address,
        temporal_namespace=told.temporal_namespace,
        temporal_ui_url=told.temporal_ui_url,
        database_url=normalised(told.database_url),
        master_key_file=None if told.master_keys else told.master_key_file,
        sandbox=told.sandbox_url,
        api_url=os.environ.get(API_URL) or told.public_url,
        may_skip_time=told.fast_forward,
    )

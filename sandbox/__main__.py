"""`python -m sandbox`: one process, one port, one data directory."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from sandbox.app import create_app


def main(
    port: Annotated[int, typer.Option(help="Port to listen on, at 127.0.0.1 only.")],
    data: Annotated[Path, typer.Option(help="Directory for credentials and state.")],
    app_url: Annotated[str, typer.Option(help="Where the product's webhooks are.")],
) -> None:
    """Play Twilio, SendGrid and Stripe on loopback."""
    typer.echo(f"Sandbox on http://127.0.0.1:{port}/outbox, calling {app_url}")
    uvicorn.run(
        create_app(data, app_url),
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    typer.run(main)

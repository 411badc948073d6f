"""What `tahsil backup` and `tahsil restore` do."""

from pathlib import Path

from rich.console import Console

from stack import backup, read_addresses, running_stack
from workers.clock import wall

MEGABYTE = 1_000_000


def make_backup(data: Path, target: Path, console: Console) -> None:
    """Back up the running stack, and say what is not in it."""
    manifest = backup.back_up(read_addresses(data), data, target)
    size = sum((target / name).stat().st_size for name in manifest.files)
    console.print(
        f"{target}: the record and Temporal as of {manifest.moment:%Y-%m-%d %H:%M:%S} UTC,"
        f" {size / MEGABYTE:.1f} MB",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        "Not in it: the master keys, without which it cannot be read. Keep a copy of them apart.",
        soft_wrap=True,
    )


async def restore_backup(source: Path, data: Path, console: Console) -> None:
    """Fill an empty data directory from a backup, and say what comes next."""
    backup.check(source)
    backup.check_place(data)
    async with running_stack(data, parts=["postgres"], report=console.print) as stack:
        backup.load_record(source, stack.addresses.database_url)
    manifest = backup.put_back(source, data, wall())
    console.print(
        f"restored as of {manifest.moment:%Y-%m-%d %H:%M:%S} UTC. Now: `tahsil up`, then"
        " `tahsil reconcile --hear` for payments made and plans accepted since, `tahsil audit` for"
        " messages that left since, then have creditors send again what they placed and reported."
        " docs/backup.md says who may have been promised something that the record lacks.",
        highlight=False,
        soft_wrap=True,
    )

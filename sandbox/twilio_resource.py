"""A message as Twilio's API shows it."""

import sqlite3

from sandbox import clock
from sandbox.segments import segments
from sandbox.world import Json, World

API_VERSION = "2010-04-01"


def resource(row: sqlite3.Row, world: World) -> Json:
    """Return a message with exactly the fields of Twilio's published schema."""
    account = world.credentials.twilio_account
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{row['id']}"
    accepted = row["status"] == "accepted"
    return {
        "sid": row["id"],
        "account_sid": account,
        "api_version": API_VERSION,
        "messaging_service_sid": row["service"],
        "direction": row["direction"],
        "from": None if accepted else row["sender"],
        "to": row["recipient"],
        "body": row["text"],
        "status": row["status"],
        "num_segments": str(segments(row["text"])),
        "num_media": "0",
        "error_code": row["error_code"],
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "date_created": clock.rfc2822(row["created"]),
        "date_updated": clock.rfc2822(row["updated"]),
        "date_sent": clock.rfc2822(row["sent"]),
        "uri": uri + ".json",
        "subresource_uris": {"media": uri + "/Media.json"},
    }

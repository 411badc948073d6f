"""The shapes of messages against the OpenAPI document Twilio publishes."""

import json
import re
import shutil
import subprocess
import tarfile
from typing import Any

import pytest

from .conftest import Running

SPEC = "package/twilio-oai/spec/json/twilio_api_v2010.json"
PACKAGE = "@twilio-alpha/mcp@0.7.0"
MESSAGE = "api.v2010.account.message"


@pytest.fixture(scope="session")
def spec(tmp_path_factory):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is absent, and with it Twilio's published schema")
    folder = tmp_path_factory.mktemp("spec")
    packed = subprocess.run(
        [npm, "pack", PACKAGE], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    if packed.returncode:
        pytest.skip(f"npm could not get {PACKAGE}: {packed.stderr.strip()[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        file = package.extractfile(SPEC)
        assert file is not None
        return json.load(file)


def test_a_message_carries_exactly_the_fields_of_twilios_schema(sandbox, spec):
    shape = spec["components"]["schemas"][MESSAGE]["properties"]
    message = _raw(sandbox, f"Messages/{sandbox.text().sid}.json")
    assert message.keys() == shape.keys()
    for name, rule in shape.items():
        _check(name, message[name], rule, spec)


def test_a_page_of_messages_carries_exactly_the_fields_of_twilios_schema(sandbox, spec):
    sandbox.text()
    listing = spec["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["get"]
    shape = listing["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    assert _raw(sandbox, "Messages.json").keys() == shape.keys()


def _raw(sandbox: Running, path: str) -> Any:
    account = sandbox.secrets["twilio"]["account_sid"]
    return json.loads(
        sandbox.twilio.request(
            "GET", f"https://api.twilio.com/2010-04-01/Accounts/{account}/{path}"
        ).text
    )


def _check(name: str, value: object, rule: Any, spec: Any) -> None:
    if "$ref" in rule:
        rule = spec["components"]["schemas"][rule["$ref"].rpartition("/")[2]]
        assert value in rule["enum"], name
        return
    if value is None:
        assert rule["nullable"], name
        return
    kinds = {"string": str, "integer": int, "object": dict}
    assert isinstance(value, kinds[rule["type"]]), name
    assert re.fullmatch(rule.get("pattern", ".*"), str(value), re.DOTALL), name

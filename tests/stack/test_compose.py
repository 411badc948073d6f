"""docker-compose.yml, read as Docker would: nothing here can run it."""

import itertools
import re
import shlex
from pathlib import Path

import pytest
import yaml

from providers.settings import SendGridSettings, StripeSettings, TwilioSettings
from stack.temporal import DYNAMIC_CONFIG, SEARCH_ATTRIBUTES
from workers.settings import Settings

TEXT = (Path(__file__).parents[2] / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = ("api", "workers", "migrations")
NEEDED_BY_FAST_FORWARD = {
    "frontend.WorkflowTimeSkippingEnabled",
    "history.timerProcessorMaxTimeShift",
    "history.workflowIdReuseMinimalInterval",
}
ENDS = {"service_completed_successfully": "on-failure", "service_healthy": "unless-stopped"}


def known_variables():
    for settings in (Settings, TwilioSettings, SendGridSettings, StripeSettings):
        prefix = settings.model_config["env_prefix"]
        for name, field in settings.model_fields.items():
            yield str(field.validation_alias or f"{prefix}{name}").upper()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_services_that_come_to_what_it_waits_for(name):
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        condition = how["condition"]
        assert SERVICES[needed]["restart"] == ENDS[condition], (name, needed)
        assert condition != "service_healthy" or "healthcheck" in SERVICES[needed]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_told_what_they_read(name):
    told = SERVICES[name]["environment"]

    assert set(told) <= set(known_variables())
    assert {"TAHSIL_DATABASE_URL", "TAHSIL_PUBLIC_URL", "TAHSIL_MASTER_KEYS"} <= set(told)


@pytest.mark.parametrize("name", ["api", "workers"])
def test_what_serves_says_whether_it_can(name):
    port = 8000
    assert f"http://127.0.0.1:{port}/readyz" in SERVICES[name]["healthcheck"]["test"][-1]
    listens = SERVICES[name]["environment"].get("TAHSIL_HEALTH_ADDRESS", "")
    assert listens.endswith(f":{port}") or str(port) in SERVICES[name]["command"]


def test_no_secret_stands_in_the_file():
    secret = re.compile(r"(PASSWORD|PWD|KEYS?|TOKEN|SECRET|SID)$")
    values = {
        (name, variable): value
        for name, service in SERVICES.items()
        for variable, value in (service.get("environment") or {}).items()
        if secret.search(variable)
    }

    assert len(values) > 20
    literal = {
        each for each, value in values.items() if not re.match(r"^\$\{\w+:(\?.*|-)\}$", value)
    }
    assert literal == {("temporal-ui", "TEMPORAL_CODEC_PASS_ACCESS_TOKEN")}  # a switch


def test_only_the_api_is_reached_from_elsewhere():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert ports == {"temporal-ui": ["127.0.0.1:8080:8080"], "api": ["8000:8000"]}


def test_temporal_has_the_search_attributes_of_the_embedded_one():
    pairs = list(itertools.pairwise(shlex.split(SERVICES["temporal-namespace"]["command"][0])))
    names = [after for word, after in pairs if word == "--name"]
    kinds = [after for word, after in pairs if word == "--type"]

    assert dict(zip(names, kinds, strict=True)) == dict(SEARCH_ATTRIBUTES)


def test_temporal_is_tuned_as_the_embedded_one_but_for_fast_forwarding():
    tuned = yaml.safe_load(COMPOSE["configs"]["temporal"]["content"])

    told = {name: yaml.safe_dump(each[0]["value"]).split("\n")[0] for name, each in tuned.items()}
    assert told == {
        name: value for name, value in DYNAMIC_CONFIG.items() if name not in NEEDED_BY_FAST_FORWARD
    }
    assert "TAHSIL_FAST_FORWARD" not in TEXT


def test_there_are_connections_enough_for_four_workers():
    assert "max_connections=400" in SERVICES["postgres"]["command"]

"""What each process of the stack is told, where one machine holds them all."""

from stack.places import Places
from stack.plan import Plan
from stack.providers import PROVIDERS

LIVE = {name: "given" for each in PROVIDERS for name in (*each.keys, *each.fixed)}


def test_workers_on_one_machine_tell_their_figures_at_ports_after_the_apis(tmp_path):
    given = LIVE | {
        "TAHSIL_METRICS_ADDRESS": "127.0.0.1:9464",
        "TAHSIL_HEALTH_ADDRESS": "[::1]:8100",
    }
    plan = Plan(Places.prepare(tmp_path / "data"), ["workers", "api"], 2, given, lambda _: None)
    told = {
        service.name: service.command().environment
        for service in plan.services()
        if service.part in {"workers", "api"}
    }

    assert {name: each["TAHSIL_METRICS_ADDRESS"] for name, each in told.items()} == {
        "api": "127.0.0.1:9464",
        "workers-1": "127.0.0.1:9465",
        "workers-2": "127.0.0.1:9466",
    }
    assert told["workers-1"]["TAHSIL_HEALTH_ADDRESS"] == "[::1]:8101"


def test_without_an_address_nothing_is_told_to_anybody(tmp_path):
    plan = Plan(Places.prepare(tmp_path / "data"), ["workers"], 1, LIVE, lambda _: None)
    [worker] = [each for each in plan.services() if each.part == "workers"]

    assert "TAHSIL_METRICS_ADDRESS" not in worker.command().environment

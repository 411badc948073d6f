import asyncio
import re
import signal
import sys

import pytest

from stack.errors import PartFailed, StackError, UnknownPart
from stack.places import Places
from stack.processes import Command
from stack.services import Service
from stack.supervisor import BackOff, Keeper, Supervisor

QUICK = BackOff(first=0.01, longest=0.02, limit=3)
STAY = "import signal; signal.pause()"


class Tiny(Service):
    """Runs a line of Python; ready as soon as `is_ready` says so."""

    def __init__(self, part, text=STAY, *, needs=(), name="", one_shot=False, is_ready=bool):
        super().__init__(part, needs, name)
        self.text = text
        self.one_shot = one_shot
        self.is_ready = is_ready

    def command(self):
        return Command([sys.executable, "-I", "-S", "-c", self.text], {})

    async def ready(self):
        return self.is_ready is bool or self.is_ready()


@pytest.fixture
def places(tmp_path):
    return Places.prepare(tmp_path / "data")


@pytest.fixture
def lines():
    return []


@pytest.fixture
def tell(places, lines):
    """Runs services, tells a story about them, stops them."""

    def run(services, story=None):
        async def main():
            supervisor = Supervisor(services, places, lines.append, QUICK)
            try:
                await supervisor.start()
                if story:
                    await story(supervisor)
            finally:
                await supervisor.stop()

        asyncio.run(asyncio.wait_for(main(), 20))

    return run


def told(lines):
    return [tuple(line.split()[:2]) for line in lines]


def test_parts_start_after_what_they_need_and_stop_in_reverse_order(tell, lines):
    tell(
        [
            Tiny("postgres"),
            Tiny("migrations", "pass", needs=["postgres"], one_shot=True),
            Tiny("api", needs=["migrations"]),
        ]
    )
    assert told(lines) == [
        ("postgres", "ready"),
        ("migrations", "done"),
        ("api", "ready"),
        ("api", "stopped"),
        ("postgres", "stopped"),
    ]


def test_a_part_that_crashes_is_reported_and_restarted(tell, lines):
    async def story(supervisor):
        (before,) = supervisor.process_ids("api")
        await supervisor.kill("api", signal.SIGKILL)
        (after,) = supervisor.process_ids("api")
        assert before != after

    tell([Tiny("api")], story)
    assert told(lines) == [("api", s) for s in ("ready", "crashed", "ready", "stopped")]
    assert re.search(r"signal 9; starting again in 0\.0 s \(log .*/logs/api\.log\)", lines[1])


def test_killing_a_part_on_purpose_again_and_again_never_gives_it_up(tell):
    async def story(supervisor):
        for _ in range(QUICK.limit + 1):
            await supervisor.kill("api", signal.SIGKILL)

    tell([Tiny("api")], story)


def test_a_restart_is_no_crash(tell, lines):
    async def story(supervisor):
        await supervisor.restart("api")

    tell([Tiny("api")], story)
    assert told(lines) == [("api", s) for s in ("ready", "stopped", "ready", "stopped")]


def test_too_many_crashes_give_an_error_that_names_the_log_and_what_it_says(tell, lines, places):
    with pytest.raises(PartFailed) as raised:
        tell([Tiny("api", "import sys; sys.exit('no such table')", is_ready=lambda: False)])
    assert str(raised.value) == (
        f"api crashed 3 times in a row, at last with exit code 1; see {places.log('api')}:\n"
        "    no such table"
    )
    assert told(lines) == [("api", "crashed"), ("api", "crashed"), ("api", "given")]


def test_a_part_that_is_given_up_while_running_ends_the_wait(tell):
    crashing: Tiny = Tiny("workers", is_ready=lambda: crashing.text == STAY)

    async def story(supervisor):
        crashing.text = "raise SystemExit(3)"
        with pytest.raises(PartFailed, match="crashed 3 times in a row, at last with exit code 3"):
            await supervisor.kill("workers", signal.SIGKILL)
        with pytest.raises(PartFailed):
            await supervisor.wait_for_failure()

    tell([crashing, Tiny("api")], story)


def test_a_one_shot_that_fails_stops_the_start_and_shows_its_error(tell, lines):
    failing = Tiny("migrations", "import sys; sys.exit('bad column')", one_shot=True)
    with pytest.raises(PartFailed, match=r"migrations ended with exit code 1; see .*\n.*bad col"):
        tell([Tiny("postgres"), failing, Tiny("api", needs=["migrations"])])
    assert ("api", "ready") not in told(lines)
    assert told(lines)[-1] == ("postgres", "stopped")


def test_a_part_that_never_gets_ready_is_given_up(tell):
    waiting = Tiny("api", is_ready=lambda: False)
    waiting.patience = 0.1
    with pytest.raises(PartFailed, match="api was not ready after 0 s"):
        tell([waiting])


def test_a_part_waits_for_what_it_needs_after_a_crash_too(tell, lines):
    async def story(supervisor):
        both = (supervisor.kill(part, signal.SIGKILL) for part in ("postgres", "api"))
        await asyncio.gather(*both)

    tell([Tiny("postgres"), Tiny("api", needs=["postgres"])], story)
    ready = [name for name, state in told(lines) if state == "ready"]
    assert ready == ["postgres", "api", "postgres", "api"]


def test_services_of_one_part_answer_to_its_name_and_to_their_own(tell):
    async def story(supervisor):
        first, second = supervisor.process_ids("workers")
        await supervisor.kill("workers-1", signal.SIGKILL)
        assert supervisor.process_ids("workers")[0] != first
        assert supervisor.process_ids("workers")[1] == second

    tell([Tiny("workers", name="workers-1"), Tiny("workers", name="workers-2")], story)


def test_a_name_that_is_no_part_is_an_error_that_lists_the_parts(tell):
    async def story(supervisor):
        with pytest.raises(UnknownPart, match='no part "wrokers": expected one of api, workers'):
            await supervisor.restart("wrokers")

    tell([Tiny("api"), Tiny("workers")], story)


def test_a_one_shot_cannot_be_restarted(tell):
    async def story(supervisor):
        with pytest.raises(StackError, match="runs once and ends"):
            await supervisor.restart("migrations")

    tell([Tiny("migrations", "pass", one_shot=True)], story)


def test_a_trouble_that_passes_by_itself_is_no_crash(tell, lines):
    class Patient(Tiny):
        def may_try_again(self, output, *, first_start):
            self.text = STAY
            return first_start and output == "address already in use"

    failing = "import sys; sys.exit('address already in use')"
    patient: Patient = Patient("temporal", failing, is_ready=lambda: patient.text == STAY)
    tell([patient])
    assert told(lines) == [("temporal", "ready"), ("temporal", "stopped")]


def test_each_crash_has_as_many_tries_for_a_trouble_that_passes_by_itself(tell, lines, monkeypatch):
    class Lingering(Tiny):
        def may_try_again(self, output, *, first_start):
            tries.append(first_start)
            self.text = STAY if len(tries) % 2 == 0 else self.text
            return output == "still in use"

    async def story(supervisor):
        lingering.text = "import sys; sys.exit('still in use')"
        await supervisor.kill("postgres", signal.SIGKILL)

    monkeypatch.setattr(Keeper, "TRIES_AGAIN", 2)
    tries = list[bool]()
    lingering: Lingering = Lingering(
        "postgres", "import sys; sys.exit('still in use')", is_ready=lambda: lingering.text == STAY
    )
    tell([lingering], story)
    assert tries == [True, True, False, False]
    assert told(lines) == [("postgres", s) for s in ("ready", "crashed", "ready", "stopped")]


def test_back_off_doubles_up_to_its_longest():
    delays = [BackOff().delay(failures) for failures in range(1, 8)]
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]

"""What a process tells those who watch it: the SDK's figures and ours, and traces.

Figures: with TAHSIL_METRICS_ADDRESS a worker serves Temporal's own, and with them what came of
contacts and charges. Traces: with OTEL_EXPORTER_OTLP_ENDPOINT, and only then, every request, the
workflow that it starts, its activities and their calls to providers are sent there as one trace.

Labels and attributes are codes and ids. What an error says may hold a value, so of errors only the
kind is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from temporalio.common import MetricCounter, MetricMeter
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from compliance.orders import Reached, ReachOut
from compliance.verdicts import AnyVerdict
from domain.contacts import Channel
from domain.orders import Charged

TOLD = frozenset(
    """
    temporalWorkflowID temporalRunID temporalActivityID temporalUpdateID
    http.request.method http.route http.response.status_code error.type provider
    """.split()  # noqa: SIM905 -- a list of words reads better
)
"""Attributes that leave the house. A path may hold the secret of a consumer's link, and is none."""
KIND = "exception.type"

Thing = TypeVar("Thing")


def runtime(address: str | None) -> Runtime:
    """What connects to Temporal; with an address, HOST:PORT, it tells Prometheus its figures."""
    if address is None:
        return Runtime.default()
    figures = PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
    )
    return Runtime(telemetry=TelemetryConfig(metrics=figures))


class Counting(Interceptor):
    """Counts what came of contacts and charges, beside the SDK's figures."""

    def __init__(self, meter: MetricMeter) -> None:
        """Count with this meter of the runtime's."""
        self.contacts = meter.create_counter(
            "tahsil_contacts", "Contacts by verdict, the rule that gave it, and what became of them"
        )
        self.charges = meter.create_counter("tahsil_charges", "Charges by what came of them")

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the SDK's name
        """Stand before the activity."""
        return _Counted(next, self.contacts, self.charges)


class _Counted(ActivityInboundInterceptor):
    def __init__(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 -- the SDK's name
        contacts: MetricCounter,
        charges: MetricCounter,
    ) -> None:
        super().__init__(next)
        self._contacts, self._charges = contacts, charges

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 -- the SDK's
        """Carry it out, and count what came of it."""
        came = await super().execute_activity(input)
        match came:
            case Reached():
                for labels in _contacts(input.args[0], came):
                    self._contacts.add(1, labels)
            case Charged():
                decline = came.decline.value if came.decline else ""
                self._charges.add(1, {"status": came.status.value, "decline": decline})
        return came


def _contacts(order: ReachOut, reached: Reached) -> Iterator[Mapping[str, str]]:
    """The labels of a contact, and of the waits that its account slept through before."""
    for slept in order.waits:
        yield _labels(slept.message.channel, slept.verdict, "slept")
    status = reached.status.value if reached.status else ""
    yield _labels(order.message.channel, reached.verdict, status)


def _labels(channel: Channel, verdict: AnyVerdict, status: str) -> dict[str, str]:
    rule = verdict.reasons[0].rule if verdict.reasons else ""
    return {"channel": channel.value, "verdict": verdict.kind, "rule": rule, "status": status}


# traces


def send_traces(endpoint: str | None, service: str) -> None:
    """Send this process's traces to a collector, as OpenTelemetry's own variables name it.

    Without an endpoint nothing is traced.
    """
    if endpoint:
        trace.set_tracer_provider(provided(OTLPSpanExporter(), service))


def end_traces() -> None:
    """Send what has not left yet."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def provided(exporter: SpanExporter, service: str) -> TracerProvider:
    """A provider whose spans say nothing that is not to be told."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    return provider


def _are_on() -> bool:
    return isinstance(trace.get_tracer_provider(), TracerProvider)


def interceptors() -> list[TracingInterceptor]:
    """For the client of a process that is traced; its workers have them, too."""
    return [TracingInterceptor()] if _are_on() else []


def traced(thing: Thing, provider: str) -> Thing:
    """A provider's client, each call of whose methods is a span where the process is traced."""
    return cast("Thing", _Traced(thing, provider)) if _are_on() else thing


class Discreet(SpanExporter):
    """Hands spans on with the attributes that may leave, and of errors the kind alone."""

    def __init__(self, to: SpanExporter) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand them on."""
        return self._to.export([_discreet(each) for each in spans])

    def shutdown(self) -> None:
        """Nothing comes any more."""
        self._to.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is kept."""
        return self._to.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    told = {name: value for name, value in (span.attributes or {}).items() if name in TOLD}
    events = [
        Event(each.name, {KIND: (each.attributes or {}).get(KIND, "")}, each.timestamp)
        for each in span.events
    ]
    return ReadableSpan(
        span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=told,
        events=events,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


class _Traced:
    """Stands for a client of a provider."""

    def __init__(self, thing: object, provider: str) -> None:
        self._thing, self._provider = thing, provider
        self._tracer = trace.get_tracer("tahsil")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the client has
        found = getattr(self._thing, name)
        if not callable(found):
            return found

        @wraps(found)
        def called(*args: object, **given: object) -> object:
            with self._span(name):
                return found(*args, **given)

        return called

    @contextmanager
    def _span(self, name: str) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            f"{self._provider}.{name}",
            kind=SpanKind.CLIENT,
            attributes={"provider": self._provider},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

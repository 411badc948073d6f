"""A journey as a picture: what is in it, as Mermaid and as the page that stands in the docs.

The picture shows the stages and where they lead by themselves. Stages that only answer and go back
are listed below it: arrows to them would come from everywhere, and say nothing.
"""

from dataclasses import dataclass
from textwrap import dedent

from simulation.charts import Chart, StageChart, Way
from simulation.describing import HOME_LANGUAGE, LANGUAGES, Teller

ENDS = frozenset({Way.CLOSES, Way.SWITCHES})
AGAIN, BACK = "again", "back"


@dataclass(frozen=True)
class Box:
    """A stage as it is drawn."""

    name: str
    when: tuple[str, ...] = ()
    """What is heard that leads here from everywhere."""
    lines: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    """Ends, or other journeys, that it leads to."""
    is_first: bool = False


@dataclass(frozen=True)
class Picture:
    """All that is drawn of a journey."""

    name: str
    purpose: str
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    """Stages that only answer, and then go back."""
    legend: str


def pictured(chart: Chart) -> Picture:
    """The picture of a journey."""
    teller = Teller(chart, HOME_LANGUAGE)
    shown = [stage for stage in chart.stages if not _only_answers(stage)]
    arrows = dict.fromkeys(
        (stage.name, name)
        for stage in shown
        for name in chart.follows(stage)
        if name != stage.name and chart.stage(name) is not None
    )
    closures = "; ".join(teller.words.closures[each] for each in chart.safeguards)
    return Picture(
        name=chart.name,
        purpose=chart.purpose,
        boxes=tuple(_box(stage, teller) for stage in shown),
        arrows=tuple(arrows),
        answers=tuple(stage.name for stage in chart.stages if _only_answers(stage)),
        legend=teller.words.lines["picture"].format(closures=closures),
    )


def _only_answers(stage: StageChart) -> bool:
    return bool(stage.on) and all(lead.way is Way.BACK for lead in stage.leads)


def _box(stage: StageChart, teller: Teller) -> Box:
    channels = dict.fromkeys(teller.words.channels[each.channel] for each in stage.sends)
    ways = {lead.way for lead in stage.leads}
    goes_on = [BACK] if Way.BACK in ways else []
    goes_on += [AGAIN] if stage.name in teller.chart.follows(stage) else []
    lines = (", ".join(channels).replace(" message", ""), ", ".join(goes_on))
    return Box(
        stage.name,
        when=tuple(f"when {each}" for each in teller.heard(stage)),
        lines=tuple(filter(None, lines)),
        ends=tuple(teller.lead(lead).replace("`", "") for lead in stage.leads if lead.way in ENDS),
        is_first=stage is teller.chart.stages[0],
    )


# Mermaid


def mermaid(chart: Chart) -> str:
    """The picture as a Mermaid flowchart."""
    picture = pictured(chart)
    lines = ["flowchart TD"]
    lines += [f"    {_node(box)}" for box in picture.boxes]
    lines += [f"    {_id(start)} --> {_id(following)}" for start, following in picture.arrows]
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    """Never one of Mermaid's own words, such as end."""
    return f"stage_{name}"


def _node(box: Box) -> str:
    heard = "".join(f"<i>{line}</i><br>" for line in box.when)
    small = "".join(f"<br><small>{line}</small>" for line in (*box.lines, *box.ends))
    said = f'"{heard}<b>{box.name}</b>{small}"'
    return f"{_id(box.name)}([{said}])" if box.is_first else f"{_id(box.name)}[{said}]"


# the page


def page(chart: Chart) -> str:
    """The page about a journey: its diagram, and its description in every language."""
    picture = pictured(chart)
    also = Teller(chart, HOME_LANGUAGE).words.lines["also"]
    answers = also.format(stages=", ".join(f"`{each}`" for each in picture.answers))
    told = [_in_its_direction(Teller(chart, language)) for language in LANGUAGES]
    head = dedent(
        f"""\
        <!-- Made from the code by `tahsil journeys diagram {chart.name}`: change the journey. -->

        # {chart.name}

        {chart.purpose} [As a picture]({chart.name}.svg).

        ```mermaid
        """
    )
    below = [picture.legend, *([answers] if picture.answers else [])]
    return f"{head}{mermaid(chart)}```\n\n" + "\n\n".join([*below, *told])


def _in_its_direction(teller: Teller) -> str:
    if teller.words.direction == "ltr":
        return teller.told()
    return f'<div dir="rtl" lang="{teller.language}">\n\n{teller.told()}\n</div>\n'

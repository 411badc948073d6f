"""The file's own chain: whatever is done to its bytes or lines is found, and its line named."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import check
from evidence.faults import read_file
from evidence.lines import HEADER, KINDS, SEAL, Line, chained, digest, line_hash
from evidence.links import check_links
from tests.evidence.kit import NOON, Story, key, usual

FILE = usual().export().data
LINES = FILE.splitlines(keepends=True)


def smallest():
    story = Story()
    story.ask(1, NOON)
    return story.export(law=[]).data


def line_of(data, position):
    """The line on which a byte stands; a newline ends its line."""
    return data.count(b"\n", 0, position) + 1


def flipped(data, position, bit):
    changed = bytearray(data)
    changed[position] ^= 1 << bit
    return bytes(changed)


def named(data):
    """The lines that a check names."""
    return [fault.line for fault in check(data).faults]


def says(data):
    return " | ".join(map(str, check(data).faults))


def rewritten(change, data=FILE):
    """The file with its lines changed as they were written, and every hash worked out anew."""
    lines = [json.loads(line) for line in data.splitlines()]
    bodies = [(line["kind"], line["body"]) for line in lines]
    kept = [(kind, body) for kind, body in change(bodies) if kind != SEAL]
    written = list(chained(kept))
    last = written[-1]
    body = {"lines": last.n, "head": last.hash}
    seal = Line(last.n + 1, SEAL, body, last.hash, line_hash(last.n + 1, SEAL, body, last.hash))
    return "".join(f"{line}\n" for line in (*written, seal)).encode()


def test_a_file_as_it_was_written_has_no_fault():
    report = check(FILE)
    assert report.sound
    assert (report.lines, report.decisions, report.rerun, report.contacts) == (12, 5, 4, 2)


def test_the_same_record_at_the_same_time_is_the_same_file():
    assert usual().export().data == FILE


def test_a_file_rewritten_without_a_change_is_the_same_file():
    assert rewritten(lambda bodies: bodies) == FILE


def test_a_flip_at_every_byte_of_a_small_file_is_found_and_its_line_named():
    data = smallest()
    missed = []
    for position in range(len(data)):
        file = read_file(flipped(data, position, position % 8))
        check_links(file)
        if line_of(data, position) not in file.damaged:
            missed.append(position)
    assert missed == []


@settings(deadline=None, max_examples=150)
@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_any_flipped_bit_is_found_and_its_line_is_the_first_named(position, bit):
    assert named(flipped(FILE, position, bit))[0] == line_of(FILE, position)


@pytest.mark.parametrize("n", range(len(LINES)))
def test_a_flipped_byte_in_the_body_of_any_line_blames_that_line_alone(n):
    start = sum(map(len, LINES[:n]))
    position = start + LINES[n].index(b'"body":') + 12
    assert set(named(flipped(FILE, position, 0))) == {n + 1}


@pytest.mark.parametrize("n", range(len(LINES)))
def test_any_line_taken_out_is_found(n):
    assert named(b"".join(LINES[:n] + LINES[n + 1 :]))


@pytest.mark.parametrize("n", range(len(LINES)))
def test_any_line_written_twice_is_found_and_the_second_named(n):
    assert n + 2 in named(b"".join(LINES[: n + 1] + LINES[n:]))


@pytest.mark.parametrize("n", range(len(LINES) - 1))
def test_any_two_neighbours_swapped_are_found_and_named(n):
    swapped = [*LINES[:n], LINES[n + 1], LINES[n], *LINES[n + 2 :]]
    assert {n + 1, n + 2} & set(named(b"".join(swapped)))


@pytest.mark.parametrize("kept", range(1, len(LINES)))
def test_a_file_cut_after_any_line_says_that_it_was_cut(kept):
    assert f"line {kept}: it is no seal: the file was cut" in says(b"".join(LINES[:kept]))


@pytest.mark.parametrize("less", [1, 2, 40, 200])
def test_a_file_cut_inside_its_last_line_names_it(less):
    assert len(LINES) in named(FILE[:-less])


def test_an_empty_file_is_no_evidence():
    assert says(b"") == "line 1: the file is empty: expected a header"


def test_lines_after_the_seal_are_found():
    assert f"line {len(LINES)}: a seal in the middle of the file" in says(FILE + LINES[0])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\xff{}", "not UTF-8 at byte 1"),
        (b"{", "not JSON at column 2"),
        (b"[]", "expected an object with n, kind, body, previous, hash"),
        (b"{}", "no body, hash, kind, n, previous"),
        (b'{"n":NaN}', "not JSON that this format uses"),
        (b"[" * 100_000, "not JSON that this format uses"),
        (b'{"n":true,"kind":"","body":{},"previous":"","hash":""}', "n is not of the type int"),
        (b'{"n":1,"kind":"","body":{},"previous":"","hash":"","x":1}', "1 unknown fields"),
        (b'{"n":1,"kind":"","body":{"a":"\\ud800"},"previous":"","hash":""}', "UTF-8 cannot say"),
    ],
)
def test_bytes_that_are_no_line_are_told_from_lines(raw, expected):
    assert expected in says(b"".join([*LINES[:2], raw + b"\n", *LINES[2:]]))


def test_a_line_written_in_another_way_is_a_changed_line():
    spaced = FILE.replace(b'{"n":2,', b'{ "n":2,')
    escaped = FILE.replace("ë".encode(), b"\\u00eb", 1)
    assert "line 2: changed at byte 2" in says(spaced)
    assert "it is not written as this format writes lines" in says(escaped)


def test_a_field_given_twice_is_a_changed_line():
    assert 2 in named(FILE.replace(b'{"n":2,', b'{"n":3,"n":2,'))


@pytest.mark.parametrize(
    ("field", "which"),
    [("hash", "its hash"), ("previous", "its previous hash"), ("n", "its number")],
)
def test_what_of_a_line_was_changed_is_told_where_its_neighbours_know(field, which):
    line = json.loads(LINES[4])
    line[field] = 77 if field == "n" else "0" * 64
    raw = f"{Line(**line)}\n".encode()
    assert f"line 5: {which} was changed" in says(b"".join([*LINES[:4], raw, *LINES[5:]]))


def test_a_line_of_a_kind_that_is_unknown_is_named():
    assert "line 2: its kind is none of" in says(
        FILE.replace(b'"account","body"', b'"acount","body"')
    )


def test_a_change_with_its_own_hash_worked_out_anew_breaks_the_line_after():
    line = json.loads(LINES[2])
    del line["hash"]
    line["body"]["extra"] = "forged"
    forged = Line(**line, hash=line_hash(**line))
    data = b"".join([*LINES[:2], f"{forged}\n".encode(), *LINES[3:]])
    assert says(data).startswith("line 4: it does not follow the line before")


def test_a_header_that_tells_of_other_lines_is_found():
    def lie(bodies):
        (kind, header), *rest = bodies
        return [(kind, header | {"decisions": {"count": 1, "head": ""}, "format": 2}), *rest]

    found = says(rewritten(lie))
    assert "line 1: the format is not 1" in found
    assert "line 1: the header tells of other decisions than follow" in found


def test_a_seal_that_counts_wrong_is_found():
    *_, seal = [json.loads(line) for line in LINES]
    seal["body"]["lines"] = 3
    del seal["hash"]
    forged = Line(**seal, hash=line_hash(**seal))
    data = b"".join([*LINES[:-1], f"{forged}\n".encode()])
    assert says(data) == f"line {len(LINES)}: it seals other lines than stand before it"


def test_a_file_that_was_rewritten_with_less_no_longer_has_the_seal_that_was_noted():
    noted = check(FILE)
    story = usual()
    story.decisions.pop()
    shorter = story.export().data
    assert check(shorter).sound
    for known in (noted.seal, noted.head):
        assert "is neither a decision of this file nor its seal" in str(
            check(shorter, known=known).faults
        )
        assert check(FILE, known=known).sound


def test_an_earlier_head_is_still_in_a_file_that_was_written_later():
    story = Story()
    story.ask(1, NOON)
    head = check(story.export().data).head
    story.ask(2, NOON.replace(day=4))
    assert check(story.export().data, known=head).sound


def test_the_hash_of_a_line_can_be_worked_out_from_its_text_alone():
    for raw in LINES:
        text = raw.decode().rstrip("\n")
        line = json.loads(text)
        body = text.split(',"body":', 1)[1].rsplit(',"previous":', 1)[0]
        assert digest(line["previous"], body, line["kind"], str(line["n"])) == line["hash"]


def test_kinds_begin_with_the_header_and_end_with_the_seal():
    assert (KINDS[0], KINDS[-1]) == (HEADER, SEAL)


def test_a_contact_key_is_in_the_file_as_it_is_on_record():
    assert f'"key":"{key(1)}"'.encode() in FILE

"""The chain of decisions: what is hashed, exactly, so that anybody can check it."""

import hashlib
import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.facts import Content, Said
from storage.chain import FIRST, body_of, link


def test_a_body_is_sorted_at_every_depth_without_spaces_and_without_escapes():
    assert body_of({"b": {"z": 1, "a": "é"}, "a": [None, True]}) == (
        '{"a":[null,true],"b":{"a":"é","z":1}}'
    )


def test_a_model_is_written_by_its_fields_and_a_set_in_order():
    content = Content(said=frozenset({Said.OPT_OUT, Said.DEMAND}), owed=5)

    assert body_of({"until": datetime(2026, 1, 1, tzinfo=UTC), "content": content}) == (
        '{"content":{"demanded":null,"owed":5,"said":["demand","opt-out"]},'
        '"until":"2026-01-01T00:00:00+00:00"}'
    )


LETTERS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | LETTERS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(LETTERS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=50)
@given(st.dictionaries(LETTERS, PLAIN, max_size=5))
def test_anybody_can_write_the_same_bytes_with_plain_python(decision):
    plain = json.dumps(decision, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert body_of(decision) == plain


def test_a_link_is_the_hash_of_the_one_before_and_the_body():
    first = link(FIRST, "{}")
    second = link(first, '{"seq":2}')

    assert first == hashlib.sha256(b"{}").hexdigest()
    assert second == hashlib.sha256(f'{first}{{"seq":2}}'.encode()).hexdigest()


def test_one_flipped_byte_changes_the_hash():
    assert link("", '{"a":1}') != link("", '{"a":2}')

"""Conditions: what may be written, what it means, and what one says about another."""

from __future__ import annotations

import pytest

from callcenter.domain.conditions import (
    BRANCHES_MAX,
    LENGTH_MAX,
    PARTS_MAX,
    BadCondition,
    ConditionFailed,
    Kind,
    Value,
    covers,
    read_condition,
)

ATTRIBUTES = {
    "customer": {
        "tier": Kind.TEXT,
        "value": Kind.NUMBER,
        "tags": Kind.TEXTS,
        "known": Kind.TRUTH,
    },
    "time": {"local": Kind.TEXT},
}
VALUES: dict[str, dict[str, Value]] = {
    "customer": {"tier": "gold", "value": 12.5, "tags": ("vip", "old"), "known": True},
    "time": {"local": "09:30"},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('customer.tier == "gold"', True),
        ("customer.tier != 'gold'", False),
        ('"gold" == customer.tier', True),
        ('customer.tier in ["silver", "gold"]', True),
        ('not (customer.tier in ["silver", "gold"])', False),
        ("customer.value > 12 and customer.value <= 12.5", True),
        ("12.5 < customer.value", False),
        ("customer.value >= -3", True),
        ("customer.value in [1, 12.5]", True),
        ('"vip" in customer.tags', True),
        ('not "vip" in customer.tags', False),
        ("customer.known", True),
        ("not customer.known", False),
        ("customer.known == true", True),
        ("customer.known != true", False),
        ("customer.known == false or true", True),
        ("false", False),
        ('time.local >= "08:00" and time.local < "18:00"', True),
        ('not (customer.known and customer.tier == "silver")', True),
        ('not (customer.known or customer.tier == "silver")', False),
    ],
)
def test_a_condition_holds_of_the_values_it_is_given(text: str, holds: bool) -> None:
    assert read_condition(text, ATTRIBUTES).holds(VALUES) is holds


def test_a_condition_knows_what_it_reads() -> None:
    condition = read_condition(
        'time.local > "08" and (customer.known or time.local < "07") and true', ATTRIBUTES
    )

    assert condition.reads == ("time.local", "customer.known")


@pytest.mark.parametrize(
    ("text", "what", "mend", "column"),
    [
        ("", "the condition is empty", "Write one, or leave `when` out.", 0),
        ("  ", "the condition is empty", "Write one, or leave `when` out.", 0),
        (
            "customer.known and " * 60 + "customer.known",
            f"longer than {LENGTH_MAX} characters",
            "Split",
            0,
        ),
        (
            "(" * 60 + "true" + ")" * 60,
            f"more than {PARTS_MAX} parts",
            "Split the rule.",
            0,
        ),
        ('customer.tire == "gold"', "`customer` has no attribute `tire`", "Did you mean", 1),
        ("customer == 1", "`customer` has no attribute ``", "Known are: customer.tier,", 1),
        (
            'true and costumer.tier == "x"',
            "`costumer.tier` is not known",
            "Did you mean customer?",
            10,
        ),
        ("quux.y", "`quux.y` is not known", "Known are: customer, time.", 1),
        ("$now > 1", "`$` may not stand here", "reads only the attributes", 1),
        ("customer.value ** 99 > 1", "`*` may not stand here", "Compare attributes", 16),
        ('customer.tier =~ "(a+)+"', "`=` may not stand here", "Write == to compare.", 15),
        ('customer.tier = "gold"', "`=` may not stand here", "Write == to compare.", 15),
        ("customer.known && customer.known", "`&` may not stand here", "Write and.", 16),
        ('customer.tier == "go\\"ld"', '`"` may not stand here', "Close the quotes.", 18),
        ("customer.tier == ", "the condition breaks off", "join comparisons", 0),
        ("customer.known customer.known", "cannot be read from here on", "join comparisons", 16),
        ('customer.value > "a"', "this cannot be compared", "numbers with numbers", 0),
        ("customer.tier == 3", "`customer.tier` is text", "Write text in quotes.", 0),
        ('customer.value == "3"', "`customer.value` is number", "Write a number.", 0),
        ("customer.tier", "`customer.tier` is text, not true or false", "Compare it", 0),
        ("customer.tier == customer.tier", "`customer.tier` is text", "Write text", 0),
        ('customer.tags == "a"', "holds texts", 'Write "..." in customer.tags.', 0),
        ("customer.known == 1", "holds truth", "or not customer.known", 0),
        (
            "customer.tags in ['a']",
            "`customer.tags` holds texts, not one value",
            "Turn it round",
            0,
        ),
        ("customer.tier in 'gold'", "needs an attribute", "customer.tier", 0),
        ("'o' in customer.tier", "`customer.tier` is text, not a list", "== ...", 0),
        ("customer.tier[0] == 'g'", "needs an attribute on one side", "customer.tier", 0),
        ("5", "this part is not true or false", "Compare an attribute", 0),
        ('"a" in ["b", customer.tier]', "needs an attribute on one side", "customer.tier", 0),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_what_to_write(
    text: str, what: str, mend: str, column: int
) -> None:
    with pytest.raises(BadCondition) as refused:
        read_condition(text, ATTRIBUTES)

    assert what in refused.value.what
    assert mend in refused.value.mend
    assert refused.value.column == column
    assert str(refused.value) == f"{refused.value.what}. {refused.value.mend}"


def test_values_that_do_not_fit_are_a_failure_and_not_an_answer() -> None:
    condition = read_condition('customer.tier == "gold" and customer.value > 3', ATTRIBUTES)

    for values in (
        {},
        {"customer": {"tier": "gold"}},
        {"customer": {"tier": "gold", "value": "x"}},
    ):
        with pytest.raises(ConditionFailed, match=r"customer\.tier"):
            condition.holds(values)


@pytest.mark.parametrize(
    ("earlier", "later", "is_covered"),
    [
        ("true", 'customer.tier == "gold"', True),
        ("true", "true", True),
        ("false", "true", False),
        ("customer.known", "false", True),
        ('customer.tier == "gold"', "true", False),
        ('customer.tier == "gold"', 'customer.tier == "gold" and customer.known', True),
        ('customer.tier == "gold" and customer.known', 'customer.tier == "gold"', False),
        ('customer.tier == "gold"', 'time.local == "gold"', False),
        ('customer.tier in ["gold", "silver"]', 'customer.tier == "gold"', True),
        ('customer.tier != "standard"', 'customer.tier in ["gold", "silver"]', True),
        ('customer.tier != "gold"', 'customer.tier in ["gold", "silver"]', False),
        ('customer.tier != "gold"', 'not customer.tier in ["gold", "silver"]', True),
        ('customer.tier == "gold"', 'customer.tier != "silver"', False),
        ("customer.value > 10", "customer.value > 20", True),
        ("customer.value > 10", "customer.value >= 10", False),
        ("customer.value >= 10", "customer.value > 10", True),
        ("customer.value >= 10", "customer.value >= 10", True),
        ("customer.value > 20", "customer.value > 10", False),
        ("customer.value < 20", "customer.value < 10", True),
        ("customer.value < 10", "customer.value > 20", False),
        ("customer.value > 10", "customer.value == 11", True),
        ("customer.value >= 10", "customer.value in [10, 11]", True),
        ("customer.value > 10", "customer.value in [10, 11]", False),
        ("customer.value > 10", "not customer.value == 11", False),
        ('time.local >= "08:00"', 'time.local > "09:00"', True),
        ('time.local < "08:00"', 'time.local == "09:00"', False),
        ("customer.known", "customer.known or customer.value > 3", False),
        ("customer.known or customer.value > 1", "customer.known or customer.value > 3", True),
        ("not (customer.known and customer.value > 1)", "not customer.known", True),
        ("customer.known", "not customer.known", False),
        ('"a" in customer.tags', '"a" in customer.tags and "b" in customer.tags', True),
        ('"a" in customer.tags', '"b" in customer.tags', False),
        ('"a" in customer.tags', 'not "a" in customer.tags', False),
    ],
)
def test_one_condition_covers_another(earlier: str, later: str, is_covered: bool) -> None:
    first, second = (read_condition(text, ATTRIBUTES).part for text in (earlier, later))

    assert covers(first, second) is is_covered


def test_conditions_with_too_many_alternatives_are_taken_for_different() -> None:
    either = "(customer.known or customer.value > 1)"
    many = read_condition(" and ".join([either] * 8), ATTRIBUTES).part
    one = read_condition("customer.known", ATTRIBUTES).part
    assert BRANCHES_MAX < 2**7

    assert not covers(many, one)
    assert not covers(one, many)


def test_a_truth_is_not_told_by_values() -> None:
    known = read_condition("customer.known", ATTRIBUTES).part
    equal = read_condition('customer.tier == "a"', ATTRIBUTES).part
    has = read_condition('"a" in customer.tags', {"customer": {"tags": Kind.TEXTS}}).part

    assert str(known) == "customer.known is"
    assert str(equal) == 'customer.tier == "a"'
    assert str(has) == 'customer.tags has "a"'

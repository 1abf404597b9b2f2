"""Numbers as models write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from duet.metrics.numbers import Number, last_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", "42"), ("The answer is 42.", "42"), ("**42**", "42"), ("\\boxed{42}", "42"), ("= 42!", "42"),
        ("$1,234.50", "1234.50"), ("1 234 567", None), ("1\u202f234\u202f567 km", "1234567"), ("1'234", "1234"),
        ("-5", "-5"), ("−5", "-5"), ("x=-5", "-5"), ("-$5", "-5"), ("$-5", "-5"), ("- 5", "5"), ("+5", "5"),
        ("10-5=5", "5"), (".5", "0.5"), ("1e3", "1000"), ("1.5E-2", "0.015"), ("3/4", "0.75"), ("1 1/2 cups", "1.5"),
        ("2 million", "2000000"), ("3.5 Billion people", "3500000000"), ("50%", "50"), ("12km", "12"), ("42 m^2", "42"),
        ("42 m2", "42"), ("12:30", None), ("2024-05-12", None), ("12/05/2024", None), ("1.2.3", None), ("5-10", None),
        ("H2O", None), ("none", None), ("", None), ("12,50", None), ("from 3 to 7", "7"), ("1/0", None),
        ("9" * 5000, "9" * 5000), ("1e999999999", None),
    ],
)  # fmt: skip
def test_the_last_number_of_a_text_is_read(text: str, value: str | None) -> None:
    found = last_number(text)
    if text == "1 234 567":  # plain spaces may part three numbers
        assert found == 567
    else:
        assert found == (None if value is None else Decimal(value))


@pytest.mark.parametrize(("answer", "output"), [("12.50", "12.5"), ("1,000", "1000"), ("$7.00", "7"), ("0.75", "3/4")])
def test_numbers_are_compared_by_value(answer: str, output: str) -> None:
    assert Number()(answer, [output]) == Number()(output, [answer]) == 1


@pytest.mark.parametrize(
    ("answer", "output"), [("12.50", "12.01"), ("5", "-5"), ("1,000", "1"), ("", "0"), ("none", "none"), ("3", "30")]
)
def test_other_numbers_and_no_number_at_all_are_wrong(answer: str, output: str) -> None:
    assert Number()(answer, [output]) == Number()(output, [answer]) == 0


def test_a_tolerance_is_the_largest_difference() -> None:
    assert Number(tolerance=0.1)("3.1", ["3.2"]) == 1
    assert Number(tolerance=0.1)("3.1", ["3.21"]) == 0
    assert Number(relative_tolerance=0.01)("101", ["100"]) == 1
    assert Number(relative_tolerance=0.01)("-102", ["-100"]) == 0


def test_a_decimal_comma_is_read_on_demand() -> None:
    assert Number(decimal_comma=True)("Das macht 1.234,50 €.", ["1234,5"]) == 1
    assert Number(decimal_comma=True)("12,50", ["12,01"]) == 0


@pytest.mark.parametrize("arguments", [{"tolerance": -1.0}, {"tolerance": float("nan")}, {"relative_tolerance": 1.0}])
def test_a_tolerance_that_makes_no_sense_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="tolerance of at least 0"):
        Number(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("5 kilometres", "5 km"), ("5000 m", "5 km"), ("0.5 km", "500 metres"), ("5", "5 km"), ("5 km", "5"),
        ("It takes 2 hours.", "120 min"), ("20%", "20 percent"), ("$5", "5 dollars"), ("5 €", "€5"),
        ("**5 kg**", "5kg"),
        ("30 m²", "30 m^2"), ("20 degrees Celsius", "20 °C"), ("5 apples", "5 pears"), ("5 in the box", "5 cm"),
        ("72 km/h", "20 m/s"), ("3 m of cloth", "3 m"), ("5 million", "5 million"), ("5 people", "5 km"),
    ],
)  # fmt: skip
def test_units_that_mean_the_same_and_unknown_ones_do_not_matter(answer: str, output: str) -> None:
    assert Number()(answer, [output]) == 1


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("5 m", "5 km"), ("5 kg", "5 km"), ("$5", "5 €"), ("20", "20.5%"), ("20 %", "$20"), ("5 min", "5 hours"),
        ("5 m2", "5 m"), ("20 °F", "20 °C"), ("5 GB", "5 MB"), ("5 km", "5 km/h"),
    ],
)  # fmt: skip
def test_the_same_number_of_another_unit_is_wrong(answer: str, output: str) -> None:
    assert Number()(answer, [output]) == Number()(output, [answer]) == 0


def test_a_tolerance_is_in_the_unit_of_the_accepted_output() -> None:
    assert Number(tolerance=0.1)("5050 m", ["5 km"]) == 1
    assert Number(tolerance=0.1)("5200 m", ["5 km"]) == 0
    assert Number(relative_tolerance=0.01)("1 mile", ["1.6 km"]) == 1

"""The page in headless Chromium: sorting, filtering, answers, copying, hostile text, 5,000 rows, phone and dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from duet.reporting.html.page import runs_page, write_run_page
from duet.reporting.runs import read_run
from tests.reporting.conftest import CANDIDATES, MakeRun, candidate
from tests.reporting.html.test_page import EXAMPLES, HOSTILE

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900")
PHONE = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    binary = next((path for path in map(shutil.which, names) if path), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("needs Chromium and chromedriver (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    chrome.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    yield chrome
    chrome.quit()


@pytest.fixture
def page(browser: Any, make_run: MakeRun) -> Any:
    """A run's page; whatever the browser complains about fails the test."""
    hostile = candidate(3, HOSTILE, 0.25, outputs=(HOSTILE, "b"), scores=(0.5, 0.0))
    folder = make_run("a", candidates=(*CANDIDATES, hostile), examples=EXAMPLES, best_instruction=HOSTILE)
    return shown(browser, folder)


def shown(browser: Any, folder: Path) -> Any:
    browser.get(write_run_page(folder).as_uri())
    assert browser.get_log("browser") == []
    return browser


def all_of(page: Any, selector: str) -> list[Any]:
    found: list[Any] = page.find_elements(By.CSS_SELECTOR, selector)
    return found


def one_of(page: Any, selector: str) -> Any:
    return page.find_element(By.CSS_SELECTOR, selector)


def texts(page: Any, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText.trim())"
    found: list[str] = page.execute_script(script, selector)
    return found


def scores(page: Any) -> list[str]:
    return texts(page, "#instructions-table tbody td:nth-child(2)")


def heading(page: Any, name: str) -> Any:
    return page.find_element(By.XPATH, f"//*[@id='instructions-table']//th[normalize-space()='{name}']")


def test_the_table_starts_with_the_best_and_sorts_by_any_column(page: Any) -> None:
    assert scores(page) == ["0.250", "1.000", "0.500", "0.000", "0.000"]  # the winner stands first
    assert heading(page, "Examples").get_attribute("aria-sort") == "descending"
    one_of(heading(page, "Score"), "button").click()
    assert scores(page) == ["1.000", "0.500", "0.250", "0.000", "0.000"]
    one_of(heading(page, "Score"), "button").click()
    assert scores(page) == ["0.000", "0.000", "0.250", "0.500", "1.000"]
    one_of(heading(page, "Iteration"), "button").send_keys(Keys.ENTER)
    assert texts(page, "#instructions-table tbody td:nth-child(4)") == ["3", "2", "1", "0", "0"]
    assert heading(page, "Iteration").get_attribute("aria-sort") == "descending"
    assert heading(page, "Score").get_attribute("aria-sort") is None


def test_what_has_no_value_comes_last_in_both_directions(page: Any) -> None:
    for _ in range(2):
        one_of(heading(page, "Predicted"), "button").click()
        assert texts(page, "#instructions-table tbody td:nth-child(6)")[-2:] == ["–", "–"]


def test_words_and_menus_filter_the_rows(page: Any) -> None:
    one_of(page, "#instructions-table input").send_keys("LAST say")
    assert texts(page, "#instructions-table td.instruction") == ["Say the last word."]
    assert one_of(page, "#instructions-table [role=status]").text == "1 of 5 instructions"
    one_of(page, "#instructions-table input").clear()
    one_of(page, "#instructions-table input").send_keys(" ")
    one_of(page, "#instructions-table select option[value='=initial']").click()
    assert texts(page, "#instructions-table td.instruction") == ["Say the first word.", "Say it."]


def test_a_row_opens_its_answers_side_by_side(page: Any) -> None:
    button = all_of(page, "#instructions-table .open button")[2]
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert texts(page, ".answers th") == ["Input", "Expected", "Answer", "Score"]
    cells = [element.get_property("textContent") for element in all_of(page, ".answers td")]
    assert cells == ["a b", "b\nB", "a", "✓ right", HOSTILE, HOSTILE, "b", "✗ wrong"]
    button.click()
    assert all_of(page, ".answers") == []


def test_the_answers_on_the_test_examples_are_there(page: Any) -> None:
    cells = [element.get_property("textContent") for element in all_of(page, "#test-table tbody tr:first-child td")]
    assert cells == ["1", "c d", "d", HOSTILE, "✗ wrong", "d", "✓ right"]


def test_the_winner_is_marked_and_no_other_row(page: Any) -> None:
    assert texts(page, "tr.winner td.instruction") == [f"★ best {HOSTILE}"]
    assert len(all_of(page, ".badge")) == 1


def test_what_was_scored_stands_beside_the_raw_answer(browser: Any, make_run: MakeRun) -> None:
    row = candidate(
        0, "Say it.", 0.5, outputs=["<think>b</think> It is b.", None], extracted=["b", None], scores=[1, None]
    )
    page = shown(browser, make_run("a", candidates=[row], examples=EXAMPLES))
    one_of(page, "#instructions-table .open button").click()
    assert texts(page, ".answers th") == ["Input", "Expected", "Answer", "Scored part", "Score"]
    entries = [place.get_property("textContent") for place in all_of(page, ".answers td")]
    assert entries[2:5] == ["<think>b</think> It is b.", "b", "✓ right"]
    assert entries[7:] == ["no answer", "no answer", "–"]


def test_a_run_of_5000_instructions_with_long_answers_opens_at_once(browser: Any, make_run: MakeRun) -> None:
    long = [f"answer {place} {'and so on ' * 150}" for place in range(10_000)]
    many = [
        candidate(place, f"Instruction {place}", place / 5000, outputs=long[2 * place : 2 * place + 2])
        for place in range(5000)
    ]
    folder = make_run("many", candidates=many)
    assert (folder / "candidates.jsonl").stat().st_size > 15e6
    page = shown(browser, folder)
    assert (folder / "report.html").stat().st_size < 9e6
    entry = page.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert entry < 5000  # milliseconds; half a second on a quiet machine
    buttons = all_of(page, "#instructions-table .open button")
    buttons[0].click()
    assert texts(page, ".answers td")[0].startswith("answer 9998 and so on")
    for _ in range(2):  # descending, ascending
        one_of(heading(page, "Score"), "button").click()
    all_of(page, "#instructions-table .open button")[0].click()
    assert "the page holds those of the best instructions" in texts(page, ".detail .note")[0]


def test_a_hostile_instruction_is_only_text(page: Any) -> None:
    for button in all_of(page, "#instructions-table .open button"):
        button.click()
    assert page.title == "last_word"
    assert all_of(page, "img") == []
    assert len(all_of(page, "script")) == 2
    assert one_of(page, "blockquote").get_property("textContent") == HOSTILE
    shown = [place.get_property("textContent") for place in all_of(page, "td.instruction")]
    assert f"★ best {HOSTILE}" in shown
    assert page.get_log("browser") == []


def test_a_script_that_gets_in_all_the_same_is_not_run(page: Any) -> None:
    page.execute_script(
        "const one = document.createElement('div'); one.innerHTML = '<img src=x onerror=\"document.title=1\">';"
        "const two = document.createElement('script'); two.textContent = 'document.title=2';"
        "document.body.append(one, two)"
    )
    assert page.title == "last_word"
    assert "Content Security Policy" in str(page.get_log("browser"))


def clipboard(page: Any) -> str:
    page.execute_cdp_cmd("Page.bringToFront", {})
    return str(page.execute_async_script("navigator.clipboard.readText().then(arguments[0])"))


def wait_for(page: Any, button: Any, text: str) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(page, 10).until(lambda _: button.text == text)


def test_copying_gives_the_instruction_letter_for_letter(page: Any) -> None:
    button = one_of(page, ".best button")
    button.click()
    wait_for(page, button, "Copied")
    assert clipboard(page) == HOSTILE
    all_of(page, "#instructions-table .open button")[1].click()
    row = one_of(page, ".detail button")
    row.click()
    wait_for(page, row, "Copied")
    assert clipboard(page) == "Say the last word."


def test_copying_works_where_there_is_no_clipboard_to_ask(page: Any) -> None:
    page.execute_script("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    button = one_of(page, ".best button")
    button.click()
    wait_for(page, button, "Copied")
    page.execute_script("delete navigator.clipboard")
    assert clipboard(page) == HOSTILE


def test_5000_rows_are_shown_by_the_hundred_and_sorted_and_filtered_as_one(browser: Any, make_run: MakeRun) -> None:
    many = [candidate(index, f"Instruction {index}", index % 1000 / 1000) for index in range(5000)]
    page = shown(browser, make_run("many", candidates=many))
    assert one_of(page, "#instructions-table [role=status]").text == "5,000 instructions"
    assert len(texts(page, "#instructions-table tbody tr")) <= 300
    one_of(heading(page, "Instruction"), "button").click()
    assert texts(page, "td.instruction")[:3] == ["Instruction 0", "Instruction 1", "Instruction 2"]
    before = len(texts(page, "#instructions-table tbody tr"))
    page.execute_script("document.querySelector('.more').click()")
    assert len(texts(page, "#instructions-table tbody tr")) >= before + 100
    one_of(page, "#instructions-table input").send_keys("4999")
    assert texts(page, "td.instruction") == ["Instruction 4999"]


def test_a_phone_shows_cards_and_nothing_sticks_out(page: Any) -> None:
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        for button in all_of(page, "#instructions-table .open button"):
            button.click()
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
        assert one_of(page, ".only-narrow select").is_displayed()
        assert not heading_is_visible(page)
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def heading_is_visible(page: Any) -> bool:
    width: int = one_of(page, "#instructions-table thead").size["width"]
    return width > 1


@pytest.mark.parametrize("width", [1000, 1280])
def test_long_names_of_tasks_do_not_widen_the_page_of_many_runs(
    browser: Any, make_run: MakeRun, tmp_path: Path, width: int
) -> None:
    text = "Find the word that is the longest and copy its first two characters. " * 3
    folders = [
        make_run(f"{seed}", task="alphabetically_first_word_last_two_letters", seed=seed, best_instruction=text)
        for seed in range(3)
    ]
    (tmp_path / "page.html").write_text(runs_page([read_run(folder) for folder in folders], [], [], []))
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE | {"width": width, "mobile": False})
    try:
        browser.get((tmp_path / "page.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert len(browser.find_elements(By.CSS_SELECTOR, ".explorer tbody tr")) >= 3
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_light_and_dark_follow_the_reader_and_both_are_readable(page: Any) -> None:
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        colours = ("--paper", "--ink"), ("--paper", "--quiet"), ("--soft", "--right"), ("--soft", "--wrong")
        assert min(contrast(page, *pair) for pair in colours) > 4.5  # WCAG 2.2, level AA
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def contrast(page: Any, *names: str) -> float:
    """WCAG's contrast ratio of two of the page's colours."""
    script = "return arguments[0].map(n => getComputedStyle(document.documentElement).getPropertyValue(n).trim())"
    low, high = sorted(luminance(value) for value in page.execute_script(script, names))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
